/** A part of a text, by the offset of its beginning. */
export interface Span {
  /** Offsets into the text, in UTF-16 units; `end` is exclusive. */
  readonly at: number;
  readonly end: number;
}

/** Words that start FEEL which this subset leaves out. */
export const OUTSIDE = new Set(['between', 'function', 'external', 'instance']);

/** An expression that cannot be read, and where. Only `parseFeel` catches it. */
export class FeelError extends Error {
  readonly code: 'EXPRESSION_SYNTAX' | 'EXPRESSION_UNSUPPORTED' | 'EXPRESSION_TOO_DEEP';
  readonly at: number;
  constructor(code: FeelError['code'], message: string, at: number) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

export interface FeelToken extends Span {
  readonly kind: 'number' | 'string' | 'word' | 'symbol' | 'end';
  readonly text: string;
}

const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<number>\d+(?:\.\d+)?)|(?<string>"(?:[^"\\]|\\.)*")|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>\.\.|!=|<=|>=|\*\*|->|[=<>+\-*/()[\]{},.:@])/uy;

export function tokens(text: string): FeelToken[] {
  const found: FeelToken[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match)
      throw new FeelError(
        'EXPRESSION_SYNTAX',
        `unexpected character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`,
        at,
      );
    const end = at + match[0].length;
    const groups = match.groups ?? {};
    for (const kind of ['number', 'string', 'word', 'symbol'] as const) {
      if (groups[kind] !== undefined) found.push({ kind, text: match[0], at, end });
    }
    at = end;
  }
  found.push({ kind: 'end', text: '', at: text.length, end: text.length });
  return found;
}

/** The words that FEEL reserves: none of them can name anything. */
export const FEEL_KEYWORDS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'if',
  'then',
  'else',
  'for',
  'in',
  'return',
  'some',
  'every',
  'satisfies',
  'between',
  'true',
  'false',
  'null',
  'function',
  'external',
  'instance',
  'of',
]);
