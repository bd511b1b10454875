/** A place in an event, from the whole of it: `$.data.order`, `$['a b'][0]`. */
export type Path = readonly (string | number)[];

const PATH = /^\$((?:\.[A-Za-z_]\w*|\['[^']*'\]|\[\d+\])+)$/;
const PART = /\.([A-Za-z_]\w*)|\['([^']*)'\]|\[(\d+)\]/g;

export function parsePath(text: string): Path | undefined {
  const parts = PATH.exec(text)?.[1];
  if (parts === undefined) return undefined;
  return [...parts.matchAll(PART)].map(([, name, quoted, index]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}

/** What stands there; nothing where there is no such place. */
export function valueAtPath(path: Path, value: unknown): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part))
      return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}
