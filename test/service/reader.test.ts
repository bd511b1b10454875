import { afterAll, describe, expect, it } from 'vitest';
import { ThreadReader } from '../../src/service/reader.ts';

const reader = new ThreadReader(5_000);
afterAll(() => reader.close());

const model = (lines: string): string =>
  `probity: 1\nname: x\nvariables:\n${lines}\nactors: { a: {} }\nactions:\n  go: { actor: a, then: { v0: true } }\n`;
const variables = (count: number): string =>
  Array.from({ length: count }, (_, at) => `  v${at}: { type: bool, init: false }`).join('\n');

describe('reading apart', () => {
  it('answers as reading does', async () => {
    expect(
      await reader.inspect({ source: model(variables(3)), format: 'native', name: 'x' }),
    ).toMatchObject({
      ok: true,
      value: { digest: expect.stringMatching(/^sha256:/u), document: { name: 'x' } },
    });
    expect(await reader.inspect({ source: ': : :', format: 'native', name: 'x' })).toMatchObject({
      ok: false,
    });
  });

  it.each([
    [
      'a mapping without end',
      Array.from({ length: 150_000 }, (_, at) => `k${at}: 1`).join('\n'),
      'native',
    ],
    ['a state that is too wide', model(variables(60_000)), 'native'],
    [
      'an endless expression',
      model('  v0: { type: bool, init: false }').replace(
        'actor: a,',
        `actor: a, when: "${'v0 or '.repeat(300_000)}v0",`,
      ),
      'native',
    ],
    ['elements without end', `${'<a>'.repeat(400_000)}`, 'bpmn'],
    [
      'attributes without end',
      `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" ${Array.from({ length: 200_000 }, (_, at) => `a${at}="1"`).join(' ')}/>`,
      'bpmn',
    ],
  ] as const)(
    '%s is answered in bounded time, with codes where it is refused, while this thread goes on',
    async (name, source, format) => {
      let turns = 0;
      const timer = setInterval(() => {
        turns += 1;
      }, 5);
      const result = await reader.inspect({ source, format, name: 'x' });
      clearInterval(timer);
      if (!result.ok && result.problems[0]?.code === 'INPUT_TOO_COMPLEX')
        expect(turns).toBeGreaterThan(0);
      // A wide state is legal, and a fast machine reads it in time; everything else is refused, all
      // of it with codes.
      if (name !== 'a state that is too wide') expect(result.ok).toBe(false);
      if (!result.ok) {
        expect(result.problems.length).toBeGreaterThan(0);
        for (const found of result.problems)
          expect(found).toMatchObject({ code: expect.any(String), message: expect.any(String) });
      }
      expect(
        await reader.inspect({ source: model(variables(2)), format: 'native', name: 'x' }),
      ).toMatchObject({ ok: true });
    },
    60_000,
  );
});
