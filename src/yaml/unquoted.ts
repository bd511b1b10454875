/** A text without quotes, in flow style, with a bracket inside: YAML ends it there. */
export interface Unquoted {
  /** Where it begins, as an offset into the source. */
  readonly at: number;
  readonly text: string;
}

const OPENS = '[{';
const CLOSES = ']}';

/**
 * Finds the plain scalars of flow collections that have a bracket in them (`when: s[o] = x` inside
 * of `{ … }`), which YAML 1.2.2 (7.3.3) does not allow: the commonest reason for which a model
 * cannot be read. Guessed from the text alone, for one that no parser takes.
 */
export function unquotedBrackets(source: string): readonly Unquoted[] {
  const found: Unquoted[] = [];
  let depth = 0;
  let at = 0;
  while (at < source.length) {
    const c = source[at] as string;
    if (c === '"' || c === "'") at = afterQuotes(source, at);
    else if (c === '#' && /[\s]|^$/.test(source[at - 1] ?? '')) at = afterLine(source, at);
    else if (OPENS.includes(c)) {
      depth += 1;
      at += 1;
    } else if (CLOSES.includes(c)) {
      depth = Math.max(0, depth - 1);
      at += 1;
    } else if (depth === 0 || /[\s,:]/.test(c)) at += 1;
    else {
      const end = afterPlain(source, at);
      const text = source.slice(at, end).trimEnd();
      if (/[[{]/.test(text)) found.push({ at, text });
      at = Math.max(end, at + 1);
    }
  }
  return found;
}

/** The end of a plain scalar as its author meant it: brackets inside of it are its own. */
function afterPlain(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const c = source[at] as string;
    if (c === '\n') return at;
    if (OPENS.includes(c)) depth += 1;
    else if (CLOSES.includes(c)) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (depth === 0 && (c === ',' || (c === ':' && /\s/.test(source[at + 1] ?? ' '))))
      return at;
  }
  return source.length;
}

function afterQuotes(source: string, from: number): number {
  const quote = source[from];
  for (let at = from + 1; at < source.length; at += 1) {
    if (source[at] === '\\' && quote === '"') at += 1;
    else if (source[at] === quote) return at + 1;
  }
  return source.length;
}

function afterLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}
