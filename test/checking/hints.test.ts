import { describe, expect, it } from 'vitest';
import { reportOn } from '../conformance/checking.ts';

const model = (actions: string, properties = ''): string => `
probity: 1
name: Hints
actors: { a: {}, b: {} }
channels:
  one: { from: a, to: b, carries: { n: int 0..2 }, capacity: 1 }
  two: { from: a, to: b, carries: { n: int 0..2 }, capacity: 2 }
variables:
  n: { type: int 0..2, init: 0 }
  m: { type: int 0..9, init: 0 }
actions:
${actions}
properties: { ${properties} }
`;

async function hints(source: string): Promise<Readonly<Record<string, string | undefined>>> {
  const { properties } = await reportOn(source, ['explore']);
  return Object.fromEntries(
    properties
      .filter(({ outcome }) => outcome === 'violated')
      .map(({ name, hint }) => [name, hint]),
  );
}

describe('what the author of a model may have missed', () => {
  it('which of two channels is full', async () => {
    expect(
      await hints(model('  go: { actor: a, send: { two: { n: 1 }, one: { n: 1 } } }')),
    ).toMatchObject({ withinCapacity: 'one is full: its capacity is 1' });
    expect(
      await hints(
        model(
          '  go: { actor: a, send: { two: { n: 1 } } }\n  more: { actor: a, when: n = 0, send: { one: { n: 1 } }, then: { n: 1 } }',
        ),
      ),
    ).toMatchObject({ withinCapacity: 'two is full: its capacity is 2' });
  });

  it('which variable, or which message, leaves its range', async () => {
    expect(await hints(model('  go: { actor: a, then: { n: n + 1, m: 0 } }'))).toMatchObject({
      withinRange: 'n would leave int 0..2',
    });
    expect(
      await hints(model('  go: { actor: a, send: { one: { n: 3 } }, then: { n: 1 } }')),
    ).toMatchObject({ withinRange: 'a message of one would leave the types of its fields' });
  });

  it('which action could always happen, and nothing makes it', async () => {
    const source = model(
      [
        '  go: { actor: a, when: n = 0, then: { n: 1 } }',
        '  turn: { actor: a, fair: weak, when: n = 0, then: { m: if m = 0 then 1 else 0 } }',
        '  rest: { actor: a, when: n = 1, then: { n: 2 } }',
      ].join('\n'),
      'p: { eventually: n = 1 }',
    );
    expect(await hints(source)).toEqual({
      p: 'go could happen all the while, and nothing makes it: no `fair`',
    });
  });

  it('nothing where nothing can be said', async () => {
    const source = model(
      '  go: { actor: a, fair: weak, when: m < 9, then: { m: m + 1 } }',
      'p: { eventually: n = 1 }, q: { always: m < 3 }',
    );
    expect(await hints(source)).toMatchObject({ p: undefined, q: undefined });
  });
});
