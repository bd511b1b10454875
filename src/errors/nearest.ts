/**
 * What somebody most likely meant who wrote a name that is not there: the nearest of those that
 * are, by edits (an insertion, a deletion, a letter for another, two letters exchanged), the case
 * of letters aside; at most one edit for every three letters. Levenshtein 1966, Damerau 1964.
 */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  const written = wrong.toLowerCase();
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const name of names) {
    const most = Math.floor(Math.max(name.length, written.length) / 3);
    if (Math.abs(name.length - written.length) > most || name === wrong) continue;
    const edits = editsBetween(written, name.toLowerCase());
    if (edits <= most && edits < (best?.edits ?? Infinity)) best = { name, edits };
  }
  return best?.name;
}

/** The end of a message: `; did you mean x?`, or nothing. */
export function didYouMean(wrong: string, names: Iterable<string>): string {
  const near = nearest(wrong, names);
  return near === undefined ? '' : `; did you mean \`${near}\`?`;
}

/** The names that there are, for a message on one that there is not: with the likeliest of them. */
export function listed(names: readonly string[], wrong: string): string {
  return `${names.join(', ')}${didYouMean(wrong, names)}`;
}

/** The longest part of a name of somebody else's that is repeated to him. */
const REPEATED = 80;

/** What is said of a name that is not there: the fact, then what there is, and the likeliest. */
export function unknownName(what: string, wrong: string, names: readonly string[]): string {
  const shown = wrong.slice(0, REPEATED);
  return `unknown ${what} \`${shown}\`; there are ${listed(names, shown)}`;
}

/** The optimal string alignment distance: three rows of its table are enough. */
function editsBetween(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, at(before, j - 2) + 1);
      row.push(edits);
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
