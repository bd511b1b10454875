import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { MAX_CHARACTERS, MAX_SCAN_PROBLEMS, rename, type Scan, Scanner } from './scanner.ts';

/**
 * Refuses what no parser should see (huge text, document types and their entities, abysmal
 * nesting), checks that tags match, and remembers where each id stands, since the parser keeps no
 * positions.
 */
export function scan(source: string): Result<Scan> {
  const refused = refusal(source);
  if (refused) return bad(refused);
  const scanner = new Scanner(source.startsWith('\uFEFF') ? source.slice(1) : source);
  scanner.run();
  const repeated = scanner.leaveOut();
  if (scanner.problems.length > 0) return bad(...scanner.problems.slice(0, MAX_SCAN_PROBLEMS));
  return ok({
    ...rename(scanner.withoutOddities(), scanner.places),
    leftOut: scanner.leftOut,
    repeated,
    interchange: scanner.onlyInterchange(),
    places: scanner.places,
  });
}

function refusal(source: string): Problem | undefined {
  if (source.length > MAX_CHARACTERS) {
    return problem(
      'INPUT_TOO_LARGE',
      '',
      `the diagram has ${source.length} characters; the limit is ${MAX_CHARACTERS}`,
    );
  }
  if (source.includes('\0') || source.includes('\uFFFD')) {
    return problem(
      'INPUT_NOT_UTF8',
      '',
      'the text is not UTF-8; save the diagram with the encoding UTF-8',
    );
  }
  const impossible = impossibleReference(source);
  if (impossible) return impossible;
  if (source.trim() === '')
    return problem('XML_SYNTAX', '', 'the text is empty', { line: 1, column: 1 });
  return undefined;
}

/**
 * `&#0;`, `&#xD800;`: references to what is no character (XML 1.0, 4.1). The parser would build
 * half a character from them.
 */
function impossibleReference(source: string): Problem | undefined {
  for (const match of source.matchAll(/&#(?:x([\da-f]+)|(\d+));/giu)) {
    const code =
      match[1] === undefined ? Number.parseInt(match[2] ?? '', 10) : Number.parseInt(match[1], 16);
    if (code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff)) continue;
    const before = source.slice(0, match.index).split('\n');
    return problem('XML_SYNTAX', '', `\`${match[0].slice(0, 20)}\` is no character`, {
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
    });
  }
  return undefined;
}
