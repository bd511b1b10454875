import type { PrintedValue } from '../../encode/tla/decode.ts';
import type { EngineProgress } from '../../model/engine.ts';

/** One message of TLC's `-tool` output: its number (see `tlc2.output.EC`) and its text. */
export interface TlcMessage {
  readonly code: number;
  readonly text: string;
}

const START = /^@!@!@STARTMSG (\d+)(?::\d+)? @!@!@$/;
const END = /^@!@!@ENDMSG (\d+) @!@!@$/;

/** Splits the output; text outside messages (a stack trace, a JVM's last words) is left out. */
export function parseMessages(output: string): TlcMessage[] {
  const messages: TlcMessage[] = [];
  let open: { code: number; lines: string[] } | undefined;
  for (const line of output.split('\n')) {
    const start = START.exec(line);
    if (start) {
      open = { code: Number(start[1]), lines: [] };
      continue;
    }
    if (END.test(line)) {
      if (open) messages.push({ code: open.code, text: open.lines.join('\n') });
      open = undefined;
      continue;
    }
    open?.lines.push(line);
  }
  return messages;
}

/**
 * The messages that this wrapper reads; `noError` also carries the estimate of fingerprint
 * collisions.
 */
export const EC = {
  general: 1000,
  assumptionFalse: 2104,
  invariantInitial: 2107,
  propertyInitial: 2108,
  invariant: 2110,
  invariantFailed: 2111,
  actionProperty: 2112,
  actionPropertyFailed: 2113,
  deadlock: 2114,
  temporal: 2116,
  backTo: 2122,
  assertion: 2132,
  notStatePredicate: 2146,
  noError: 2193,
  depth: 2194,
  stats: 2199,
  state: 2217,
  loop: 2218,
} as const;

/**
 * Whether TLC ran out of heap, stack or disk (`tlc2.output.EC.SYSTEM_*`): what it says then is no
 * answer.
 */
export function outOfRoom(messages: readonly TlcMessage[], text: string): string | undefined {
  const has = (...codes: readonly number[]): boolean =>
    messages.some((m) => codes.includes(m.code));
  if (/OutOfMemoryError/.test(text) || has(1001, 1002, 1003)) return 'TLC ran out of memory';
  if (/StackOverflowError/.test(text) || has(1005))
    return 'TLC ran out of stack: a recursion too deep, or without end';
  return /No space left on device/.test(text) ? 'TLC found the disk full' : undefined;
}

/** The counts of a run's last message, and its depth. */
export function statsOf(messages: readonly TlcMessage[]): {
  readonly generated: number | undefined;
  readonly distinct: number | undefined;
  readonly left: number | undefined;
  readonly depth: number | undefined;
} {
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text.replaceAll(',', ''));
  const counts =
    /([\d,]+) states generated, ([\d,]+) distinct states found, ([\d,]+) states left/.exec(
      messages.find((m) => m.code === EC.stats)?.text ?? '',
    );
  const depth = /depth of the complete state graph search is ([\d,]+)/.exec(
    messages.find((m) => m.code === EC.depth)?.text ?? '',
  );
  return {
    generated: number(counts?.[1]),
    distinct: number(counts?.[2]),
    left: number(counts?.[3]),
    depth: number(depth?.[1]),
  };
}

/**
 * How far a run has come, where a piece of its output says so: TLC does once a minute, and at the
 * end.
 */
export function progressIn(chunk: string, onProgress: (progress: EngineProgress) => void): void {
  const found =
    /Progress\((\d+)\)[^:]*:[^:]*:[^:]*: ([\d,]+) states generated(?: \(([\d,]+) s\/min\))?, ([\d,]+) distinct states found(?: \([\d,]+ ds\/min\))?, ([\d,]+) states left/.exec(
      chunk,
    );
  if (!found) return;
  const number = (text: string | undefined): number => Number((text ?? '').replaceAll(',', ''));
  onProgress({
    phase: 'checking',
    depth: number(found[1]),
    states: number(found[4]),
    queue: number(found[5]),
    ...(found[3] === undefined ? {} : { statesPerSecond: Math.round(number(found[3]) / 60) }),
  });
}

const PROGRESS = /^PROGRESS (\d+) (\d+) (\d+) (\d+)\r?\n?/gm;
const lastStates = new WeakMap<
  (progress: EngineProgress) => void,
  { readonly states: number; readonly at: number }
>();

/**
 * What `TlcHost` says once a second: depth, states generated, distinct states, states in the queue.
 */
export function hostProgress(chunk: string, onProgress: (progress: EngineProgress) => void): void {
  const [, depth, , states, queue] = [...chunk.matchAll(PROGRESS)].at(-1) ?? [];
  if (depth === undefined) return;
  const before = lastStates.get(onProgress);
  const now = { states: Number(states), at: Date.now() };
  lastStates.set(onProgress, now);
  const rate =
    before && now.at > before.at
      ? Math.round(Math.max(0, now.states - before.states) / ((now.at - before.at) / 1_000))
      : undefined;
  onProgress({
    phase: 'checking',
    depth: Number(depth),
    states: now.states,
    queue: Number(queue),
    ...(rate === undefined ? {} : { statesPerSecond: rate }),
  });
}

export function withoutProgress(stderr: string): string {
  return stderr.replace(PROGRESS, '');
}

/** The variables of one printed state. */
export function parseState(text: string): Map<string, PrintedValue> {
  const body = text.slice(text.indexOf('\n') + 1);
  const reader = new ValueReader(body);
  const variables = new Map<string, PrintedValue>();
  while (reader.take('/\\') || variables.size === 0) {
    const name = reader.identifier();
    if (name === '') break;
    reader.expect('=');
    variables.set(name, reader.value());
  }
  return variables;
}

class ValueReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }

  take(token: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token))
      throw new Error(
        `TLC printed ${JSON.stringify(this.#text.slice(this.#at, this.#at + 40))} where ${token} was due`,
      );
  }

  identifier(): string {
    this.#skip();
    const word = /^\w+/.exec(this.#text.slice(this.#at, this.#at + 400))?.[0] ?? '';
    this.#at += word.length;
    return word;
  }

  value(): PrintedValue {
    if (this.take('<<')) return { kind: 'sequence', items: this.#items('>>') };
    if (this.take('{')) return { kind: 'set', items: this.#items('}') };
    if (this.take('[')) return { kind: 'function', pairs: this.#record() };
    if (this.take('(')) return { kind: 'function', pairs: this.#pairs() };
    if (this.take('"')) {
      const end = this.#text.indexOf('"', this.#at);
      const value = this.#text.slice(this.#at, end);
      this.#at = end + 1;
      return { kind: 'string', value };
    }
    const negative = this.take('-');
    const word = this.identifier();
    if (word === 'TRUE' || word === 'FALSE') return { kind: 'boolean', value: word === 'TRUE' };
    if (!/^\d+$/.test(word))
      throw new Error(`TLC printed a value that starts with ${JSON.stringify(word)}`);
    return { kind: 'number', value: Number(word) * (negative ? -1 : 1) };
  }

  #items(close: string): PrintedValue[] {
    const items: PrintedValue[] = [];
    if (this.take(close)) return items;
    do items.push(this.value());
    while (this.take(','));
    this.expect(close);
    return items;
  }

  #record(): [PrintedValue, PrintedValue][] {
    const pairs: [PrintedValue, PrintedValue][] = [];
    if (this.take(']')) return pairs;
    do {
      const key = this.identifier();
      this.expect('|->');
      pairs.push([{ kind: 'string', value: key }, this.value()]);
    } while (this.take(','));
    this.expect(']');
    return pairs;
  }

  #pairs(): [PrintedValue, PrintedValue][] {
    const pairs: [PrintedValue, PrintedValue][] = [];
    do {
      const key = this.value();
      this.expect(':>');
      pairs.push([key, this.value()]);
    } while (this.take('@@'));
    this.expect(')');
    return pairs;
  }
}
