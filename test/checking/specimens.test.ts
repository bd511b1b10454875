import { describe, expect, it } from 'vitest';
import { answersOf, describeSpecimens, outcomes } from './specimens.ts';

describeSpecimens('explore');

describe('what cannot be looked at whole', () => {
  it.each([
    ['a parameter', 'parameters: { price: int }', 'n = price and price > 7', 'n: 0'],
    ['one cell of a map', '', 'm[b] * m[b] = 14400', 'm: any'],
  ])('is bounded for %s without a bound', async (_, parameters, goal) => {
    const answers = await answersOf(
      `
sets: { S: [a, b] }
${parameters}
variables:
  n: { type: "int 0..3", init: 0 }
  m: { type: map S to int, init: { a: 0, b: any } }
properties: { goal: { reachable: "${goal}" }, low: { always: n < 3 } }
final: "true"`,
      'explore',
    );
    expect(outcomes(answers)).toEqual(
      expect.objectContaining({ goal: 'bounded', low: 'bounded', withinRange: 'bounded' }),
    );
  });

  it('stops, and says so, where integers leave the exact range, also below', async () => {
    for (const step of ['n - 1', '0 - 2 * (0 - n)', 'sum(n, -3)']) {
      const answers = await answersOf(
        `
variables: { n: { type: int, init: -9007199254740991 } }
actions: { fall: { actor: me, then: { n: "${step}" } } }
properties: { low: { always: n < 0 } }`,
        'explore',
      );
      expect(answers['low'], step).toMatchObject({
        outcome: 'bounded',
        bound: expect.stringContaining('53 bits') as string,
      });
    }
  });
});
