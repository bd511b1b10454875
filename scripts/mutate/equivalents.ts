import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A fault that changes nothing that anybody could see, and why. */
export interface Equivalent {
  /** What stands there, for whoever reads the list. */
  readonly line: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** The list, by the ids of the mutants. */
export function equivalents(): ReadonlyMap<string, Equivalent> {
  const path = fileURLToPath(new URL('equivalents.json', import.meta.url));
  const rows = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Equivalent>;
  return new Map(Object.entries(rows));
}
