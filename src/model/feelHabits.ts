/** What is written by habit from other languages, and what FEEL says in its place. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/==/y, '`==` is written `=`'],
  [/&&?/y, '`&&` is written `and`'],
  [/\|\|?/y, '`||` is written `or`'],
  [/!/y, '`!a` is written `not(a)`'],
  [/<>|≠|\/=/y, '`<>` is written `!=`'],
  [/≤|=</y, '`≤` is written `<=`'],
  [/≥/y, '`≥` is written `>=`'],
  [/=>/y, '`=>` is written `>=`, or, for what follows from something, `if a then b else true`'],
  [/->|⇒|→|implies\b/y, '`a implies b` is written `if a then b else true`'],
  [/∧/y, '`∧` is written `and`'],
  [/∨/y, '`∨` is written `or`'],
  [/¬/y, '`¬a` is written `not(a)`'],
  [/'/y, 'a text stands in double quotes: "…"'],
  [/\?/y, '`a ? b : c` is written `if a then b else c`'],
];

/**
 * What is most likely meant at a place where an expression cannot be read, as the end of a message;
 * the place may be the second of two signs, which the first of them led to.
 */
export function cureFor(text: string, at: number, keywords: ReadonlySet<string>): string {
  for (const start of [at - 1, at])
    for (const [pattern, words] of HABITS) {
      pattern.lastIndex = Math.max(0, start);
      const found = pattern.exec(text);
      if (found && pattern.lastIndex > at) return `: ${words}`;
    }
  const word = /[\p{L}_]+/uy;
  word.lastIndex = at;
  const written = word.exec(text)?.[0] ?? '';
  const keyword = written.toLowerCase();
  return keyword !== written && keywords.has(keyword)
    ? `: \`${written}\` is written \`${keyword}\``
    : '';
}
