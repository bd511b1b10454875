import { problem, type Problem } from '../errors/index.ts';

/** A record of a CSV text: its fields, and the line of the text on which it begins (from 1). */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/**
 * Records of RFC 4180: commas, double quotes doubled inside quotes, CRLF or LF; blank lines and a
 * byte order mark are left out. One after the other; in the end what stopped it, if something did.
 */
export function* csvRecords(text: string): Generator<CsvRecord, Problem | undefined> {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const began = line;
    const fields: string[] = [];
    for (;;) {
      const field = readField(text, at);
      if (field === undefined)
        return problem(
          'EVENT_LOG_SYNTAX',
          `line ${began}`,
          'a quotation mark that is not closed, or text after a closed one',
          { line: began, column: 1 },
        );
      fields.push(field.value);
      line += field.newlines;
      at = field.end;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    if (fields.length > 1 || fields[0] !== '') yield { fields, line: began };
  }
  return undefined;
}

/** One field from `at` to the comma, line end or end of the text after it. */
function readField(
  text: string,
  at: number,
): { readonly value: string; readonly end: number; readonly newlines: number } | undefined {
  if (text[at] !== '"') {
    let end = at;
    while (
      end < text.length &&
      text[end] !== ',' &&
      text[end] !== '\n' &&
      !(text[end] === '\r' && (text[end + 1] === '\n' || end + 1 === text.length))
    )
      end += 1;
    return { value: text.slice(at, end), end, newlines: 0 };
  }
  let end = at + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0) return undefined;
    if (text[end + 1] !== '"') break;
    end += 2;
  }
  const raw = text.slice(at + 1, end);
  const after = text[end + 1];
  if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r') return undefined;
  return { value: raw.replaceAll('""', '"'), end: end + 1, newlines: raw.split('\n').length - 1 };
}

/** One line of CSV. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\n`;
}

/** A field of CSV, quoted only where it must be. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
