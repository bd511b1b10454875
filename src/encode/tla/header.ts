/**
 * The standard modules that we use, each with what of it is used; a module extends only what it
 * needs, and is read the sooner for it.
 */
const STANDARD: readonly (readonly [string, RegExp])[] = [
  ['Sequences', /\b(Len|Append|Head|Tail|SelectSeq)\b/],
  ['FiniteSets', /\bCardinality\b/],
  ['Bags', /\b(EmptyBag|BagToSet|SetToBag|BagCardinality)\b/],
  ['TLC', /:>|@@/],
];

/** Operators of ours, each in front of those that use it. */
const HELPERS: readonly (readonly [RegExp, string])[] = [
  [
    /\bTotal\(/,
    'RECURSIVE Sum(_, _)\nSum(f, S) == IF S = {} THEN 0 ELSE LET x == CHOOSE x \\in S : TRUE IN f[x] + Sum(f, S \\ {x})\nTotal(f) == Sum(f, DOMAIN f)',
  ],
  [/\bLeastOf\(/, 'LeastOf(S) == CHOOSE x \\in S : \\A y \\in S : x <= y'],
  [/\bGreatestOf\(/, 'GreatestOf(S) == CHOOSE x \\in S : \\A y \\in S : x >= y'],
  [/\bMessages\(/, 'Messages(f) == {f[x] : x \\in DOMAIN f}'],
];

/**
 * `EXTENDS …` of a module with this text; what stands in a comment or a string may add a module too
 * many, never lose one.
 */
export function extendsOf(text: string): string {
  return `EXTENDS ${['Integers', ...STANDARD.filter(([, used]) => used.test(text)).map(([name]) => name)].join(', ')}`;
}

export function helpersOf(text: string): string {
  return HELPERS.filter(([used]) => used.test(text))
    .map(([, definition]) => definition)
    .join('\n');
}
