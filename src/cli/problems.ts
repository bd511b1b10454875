import type { Problem } from '../errors/index.ts';
import { EXIT, type Io } from './io.ts';

/** More than these nobody reads in one go; `--json` has all. */
const TOLD = 20;
/** Of a long line, so many characters around the place. */
const AROUND = 60;

/** Prints what is wrong with an input, with its lines where the text they stand in is given. */
export function printProblems(
  problems: readonly Problem[],
  json: boolean,
  io: Io,
  source?: string,
): number {
  if (json) {
    io.stdout(`${JSON.stringify({ problems }, null, 2)}\n`);
    return EXIT.badInput;
  }
  const lines = source?.split(/\r\n|\r|\n/);
  for (const found of problems.slice(0, TOLD)) {
    const place = placeOf(found);
    io.stderr(`${found.code}  ${place === '' ? '' : `${place}  `}${found.message}\n`);
    for (const line of excerpt(found, lines)) io.stderr(`${line}\n`);
  }
  if (problems.length > TOLD)
    io.stderr(`and ${problems.length - TOLD} more problems (--json has all)\n`);
  return EXIT.badInput;
}

function placeOf({ path, message, elementId, line, column }: Problem): string {
  // What is wrong with an argument begins with its name, or has it.
  const isSaid =
    (path.startsWith('--') && message.includes(path)) ||
    (/^[A-Z]/u.test(path) && message.startsWith(`${path} `));
  return [
    isSaid ? '' : path,
    elementId === undefined ? '' : `element ${elementId}`,
    line === undefined ? '' : `line ${line}:${column ?? 1}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** The line that a problem points at, and a caret under its place. */
function excerpt({ line, column }: Problem, lines: readonly string[] | undefined): string[] {
  const text = line === undefined ? undefined : lines?.[line - 1];
  if (line === undefined || column === undefined || !text || column > text.length + 1) return [];
  const from = Math.max(0, column - 1 - AROUND);
  const to = Math.min(text.length, column - 1 + AROUND);
  const [before, after] = [from > 0 ? '…' : '', to < text.length ? '…' : ''];
  const shown = text.slice(from, to).replaceAll('\t', ' ');
  const margin = `${' '.repeat(4)}${line} | `;
  return [
    `${margin}${before}${shown}${after}`,
    `${' '.repeat(margin.length - 2)}| ${' '.repeat(before.length + column - 1 - from)}^`,
  ];
}
