/** Below this depth a value is written in one piece: in a report, the steps of a trace. */
const DEPTH = 5;
/** Pieces are gathered to so many characters before they are written. */
const CHUNK = 64 * 1024;

/**
 * `JSON.stringify(value, null, 2)` in parts: a report may hold traces of millions of steps, which
 * are more text than one string can be.
 */
export function* jsonText(value: unknown): Generator<string> {
  let chunk = '';
  for (const piece of pieces(value, 0)) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function* pieces(value: unknown, depth: number): Generator<string> {
  const margin = `\n${'  '.repeat(depth)}`;
  const isEmpty = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (depth >= DEPTH || isEmpty) {
    yield (JSON.stringify(value, null, 2) ?? 'null').replaceAll('\n', margin);
    return;
  }
  const isList = Array.isArray(value);
  let between = isList ? '[' : '{';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined && !isList) continue;
    yield `${between}${margin}  ${isList ? '' : `${JSON.stringify(key)}: `}`;
    yield* pieces(item, depth + 1);
    between = ',';
  }
  yield between === ',' ? `${margin}${isList ? ']' : '}'}` : '{}';
}
