import { describe, expect, it, vi } from 'vitest';
import type { PrintedValue } from '../../../src/encode/tla/decode.ts';
import {
  EC,
  hostProgress,
  outOfRoom,
  parseMessages,
  parseState,
  progressIn,
  statsOf,
  withoutProgress,
  type TlcMessage,
} from '../../../src/engines/tlc/output.ts';
import type { EngineProgress } from '../../../src/model/engine.ts';

const message = (code: number, ...lines: readonly string[]): string =>
  [`@!@!@STARTMSG ${code}:0 @!@!@`, ...lines, `@!@!@ENDMSG ${code} @!@!@`].join('\n');

describe('messages', () => {
  it('are what stands between their marks, and nothing else', () => {
    const output = [
      'a word before',
      message(2217, '1: <Initial predicate>', '/\\ x = 0', ''),
      'a stack trace',
      message(2193),
      '@!@!@ENDMSG 7 @!@!@',
      '@!@!@STARTMSG 2199 @!@!@',
      'without a class',
      '@!@!@ENDMSG 2199 @!@!@',
      'last words',
    ].join('\n');
    expect(parseMessages(output)).toEqual([
      { code: 2217, text: '1: <Initial predicate>\n/\\ x = 0\n' },
      { code: 2193, text: '' },
      { code: 2199, text: 'without a class' },
    ]);
  });

  it('that were begun and not ended were not said', () => {
    expect(parseMessages('@!@!@STARTMSG 2193:0 @!@!@\nModel checking completed')).toEqual([]);
    const [only, ...more] = parseMessages(
      `@!@!@STARTMSG 2110:1 @!@!@\nlost\n${message(2193, 'kept')}`,
    );
    expect([only, more]).toEqual([{ code: 2193, text: 'kept' }, []]);
  });

  it('have marks that are whole lines', () => {
    for (const mark of ['x@!@!@STARTMSG 1:0 @!@!@', '@!@!@STARTMSG 1:0 @!@!@x'])
      expect(parseMessages(`${mark}\na\n@!@!@ENDMSG 1 @!@!@`)).toEqual([]);
    for (const mark of ['x@!@!@ENDMSG 1 @!@!@', '@!@!@ENDMSG 1 @!@!@x'])
      expect(parseMessages(`@!@!@STARTMSG 1:0 @!@!@\n${mark}`)).toEqual([]);
  });

  // The numbers of tlc2.output.EC: a wrong one would read one answer as another.
  it('have the numbers that TLC gives them', () => {
    expect(EC).toEqual({
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
    });
  });
});

describe('a TLC that ran out of something', () => {
  const of = (code: number): TlcMessage[] => [{ code, text: '' }];
  it.each([
    ['memory', [1001, 1002, 1003], 'java.lang.OutOfMemoryError: Java heap space'],
    ['stack', [1005], 'java.lang.StackOverflowError'],
  ])('says so: %s', (what, codes, text) => {
    for (const code of codes) expect(outOfRoom(of(code), '')).toContain(what);
    expect(outOfRoom([], text)).toContain(what);
    expect(outOfRoom([...of(2193), ...of(codes[0] as number)], '')).toContain(what);
  });

  it('says so: disk', () => {
    expect(outOfRoom([], 'java.io.IOException: No space left on device')).toContain('disk');
  });

  it('says nothing where there was room', () => {
    for (const code of [1000, 1004, 1006, 2193, 2110])
      expect(outOfRoom(of(code), 'all is well')).toBeUndefined();
    expect(outOfRoom([], '')).toBeUndefined();
  });
});

describe('counts', () => {
  const stats = (text: string, depth = ''): ReturnType<typeof statsOf> =>
    statsOf([
      { code: EC.state, text: '9 states generated, 9 distinct states found, 9 states left' },
      { code: EC.stats, text },
      { code: EC.depth, text: depth },
    ]);

  it('are read with their commas', () => {
    expect(
      stats(
        '1,234,567 states generated, 89,012 distinct states found, 3,456 states left on queue.',
        'The depth of the complete state graph search is 1,078.',
      ),
    ).toEqual({ generated: 1_234_567, distinct: 89_012, left: 3_456, depth: 1_078 });
    expect(stats('7 states generated, 5 distinct states found, 0 states left on queue.')).toEqual({
      generated: 7,
      distinct: 5,
      left: 0,
      depth: undefined,
    });
  });

  it('that were not said are not there, and no zeros', () => {
    const nothing = { generated: undefined, distinct: undefined, left: undefined };
    expect(stats('many states generated')).toEqual({ ...nothing, depth: undefined });
    expect(statsOf([])).toEqual({ ...nothing, depth: undefined });
  });
});

describe('progress', () => {
  const told = (chunk: string): EngineProgress[] => {
    const seen: EngineProgress[] = [];
    progressIn(chunk, (progress) => seen.push(progress));
    return seen;
  };

  it('is what TLC says once a minute', () => {
    expect(
      told(
        'x\nProgress(12) at 2026-11-29 06:28:15: 1,200 states generated (6,030 s/min), 345 distinct states found (99 ds/min), 67 states left on queue.\n',
      ),
    ).toEqual([{ phase: 'checking', depth: 12, states: 345, queue: 67, statesPerSecond: 101 }]);
    expect(
      told(
        'Progress(3) at 2026-11-29 06:28:15: 8 states generated, 5 distinct states found, 0 states left on queue.',
      ),
    ).toEqual([{ phase: 'checking', depth: 3, states: 5, queue: 0 }]);
    expect(told('Finished in 3s')).toEqual([]);
  });

  it('of the host is its last line, with a rate from the second on', () => {
    vi.useFakeTimers();
    try {
      const seen: EngineProgress[] = [];
      const onProgress = (progress: EngineProgress): void => void seen.push(progress);
      hostProgress('nothing', onProgress);
      hostProgress('PROGRESS 1 20 10 4\nPROGRESS 2 40 30 5\n', onProgress);
      vi.advanceTimersByTime(2_000);
      hostProgress('noise\nPROGRESS 3 400 130 6\r\n', onProgress);
      hostProgress('PROGRESS 3 400 140 6\n', onProgress);
      vi.advanceTimersByTime(1_000);
      hostProgress('PROGRESS 4 400 100 0\n', onProgress);
      expect(seen).toEqual([
        { phase: 'checking', depth: 2, states: 30, queue: 5 },
        { phase: 'checking', depth: 3, states: 130, queue: 6, statesPerSecond: 50 },
        { phase: 'checking', depth: 3, states: 140, queue: 6 },
        { phase: 'checking', depth: 4, states: 100, queue: 0, statesPerSecond: 0 },
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is taken out of what is shown', () => {
    expect(withoutProgress('a\nPROGRESS 1 2 3 4\nb\nPROGRESS 1 2 3\n')).toBe(
      'a\nb\nPROGRESS 1 2 3\n',
    );
  });
});

describe('a printed state', () => {
  const number = (value: number): PrintedValue => ({ kind: 'number', value });
  const string = (value: string): PrintedValue => ({ kind: 'string', value });
  const valueOf = (text: string): PrintedValue | undefined =>
    parseState(`1: <Initial predicate>\n/\\ x = ${text}`).get('x');

  it('has its variables, one or many, over several lines', () => {
    expect([...parseState('2: <Act line 1>\n/\\ x = 1\n/\\ y =\n   -2\n/\\ z_1 = TRUE\n')]).toEqual(
      [
        ['x', number(1)],
        ['y', number(-2)],
        ['z_1', { kind: 'boolean', value: true }],
      ],
    );
    expect([...parseState('1: <Initial predicate>\nx = 7')]).toEqual([['x', number(7)]]);
  });

  it.each<readonly [string, PrintedValue]>([
    ['FALSE', { kind: 'boolean', value: false }],
    ['-300', number(-300)],
    ['"paid"', string('paid')],
    ['""', string('')],
    ['<<>>', { kind: 'sequence', items: [] }],
    ['<<1, -2>>', { kind: 'sequence', items: [number(1), number(-2)] }],
    ['{}', { kind: 'set', items: [] }],
    [
      '{ {1}, {} }',
      {
        kind: 'set',
        items: [
          { kind: 'set', items: [number(1)] },
          { kind: 'set', items: [] },
        ],
      },
    ],
    ['[]', { kind: 'function', pairs: [] }],
    [
      '[a |-> 1, b_2 |-> <<"c">>]',
      {
        kind: 'function',
        pairs: [
          [string('a'), number(1)],
          [string('b_2'), { kind: 'sequence', items: [string('c')] }],
        ],
      },
    ],
    [
      '("a" :> 1 @@\n "b" :> -1)',
      {
        kind: 'function',
        pairs: [
          [string('a'), number(1)],
          [string('b'), number(-1)],
        ],
      },
    ],
  ])('reads %s', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it.each([
    ['<<1', 'where >> was due'],
    ['{1', 'where } was due'],
    ['[a |-> 1', 'where ] was due'],
    ['[a 1]', 'where |-> was due'],
    ['(1 :> 2', 'where ) was due'],
    ['(1 2)', 'where :> was due'],
    ['m1', 'a value that starts with "m1"'],
    ['', 'a value that starts with ""'],
    ['1x', 'a value that starts with "1x"'],
  ])('refuses %s, and says where', (text, why) => {
    expect(() => valueOf(text)).toThrow(why);
  });

  it('is not taken for one where a name has no value', () => {
    expect(() => parseState('1: <Initial predicate>\n/\\ x 1')).toThrow('where = was due');
    expect(() => parseState(`1: <I>\n/\\ x ${'y'.repeat(60)}`)).toThrow(
      `TLC printed "${'y'.repeat(40)}" where = was due`,
    );
  });
});
