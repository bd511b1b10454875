import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/cli/jsonText.ts';

describe('JSON in parts', () => {
  it('is the JSON of one piece', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 7, withNullPrototype: false }), (value) => {
        const text = JSON.stringify(value, null, 2);
        expect([...jsonText(JSON.parse(text))].join('')).toBe(text);
      }),
    );
  });

  it.each([[{ a: undefined }], [{ a: undefined, b: [undefined, 1] }], [[]], [null], ['a\nb']])(
    'leaves out what JSON leaves out: %j',
    (value) => expect([...jsonText(value)].join('')).toBe(JSON.stringify(value, null, 2)),
  );

  it('never makes one string of a long list', () => {
    const steps = Array.from({ length: 200_000 }, (_, i) => ({ action: 'step', i }));
    const parts = [...jsonText({ properties: [{ trace: { steps } }] })];
    expect(parts.length).toBeGreaterThan(50);
    expect(parts.every((part) => part.length < 200_000)).toBe(true);
  });
});
