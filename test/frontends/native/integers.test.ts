import { describe, expect, it } from 'vitest';
import { readNative } from '../../../src/frontends/native/index.ts';

const model = (init: string): string => `probity: 1
name: big
variables:
  n: { type: int, init: ${init} }
actors: { shop: {} }
actions:
  up: { actor: shop, then: { n: ${init} } }
properties:
  p: { always: "true" }
`;

describe('integers that are read exactly, or not at all', () => {
  it.each(['9007199254740993', '-9007199254740993', '12345678901234567890123'])(
    '%s is named as it was written, at each place',
    (text) => {
      const read = readNative(model(text));
      expect(read.ok ? [] : read.problems).toEqual([
        expect.objectContaining({
          code: 'EXPRESSION_UNSUPPORTED',
          path: 'variables.n.init',
          message: `${text} is not an integer below 2^53; models count in whole units`,
          line: 4,
        }),
        expect.objectContaining({ path: 'actions.up.then.n', line: 7 }),
      ]);
    },
  );

  it('is the same in JSON', () => {
    const text =
      '{"probity":1,"name":"x","variables":{"n":{"type":"int","init":9007199254740993}}}';
    const read = readNative(text);
    expect(read.ok ? '' : read.problems[0]?.message).toContain('9007199254740993');
  });

  it('takes what is exact', () => expect(readNative(model('9007199254740991')).ok).toBe(true));
});
