import { describe, expect, it } from 'vitest';
import { tell } from '../../src/explain/explain.ts';
import { draw } from '../../src/explain/pictures.ts';
import { answerInThread } from '../../src/explain/thread.ts';
import {
  collaboration,
  definitions,
  MISMATCH,
  process,
  reportOf,
  SOUND,
  UNJOINED,
} from './diagram.ts';

async function why(source: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(
    (await tell(source, await reportOf(source))).explanations.map((found) => [
      found.property,
      found.why,
    ]),
  );
}

describe('why a property breaks, in words', () => {
  it('who waits, for what, and which choice it was', async () => {
    expect((await why(MISMATCH))['optionToComplete']).toBe(
      'The parallel gateway join waits for a token from the activity b, which never comes: the exclusive gateway split took the way to the activity a instead of the one to the activity b.',
    );
  });

  it('a state without a way back is followed to where nothing goes on', async () => {
    const {
      explanations: [found],
    } = await tell(MISMATCH, await reportOf(MISMATCH));
    expect(found?.elements).toEqual(['join']);
  });

  it('two tokens, and where they come from', async () => {
    const told = await why(UNJOINED);
    expect(told['safe']).toContain(
      'the parallel gateway split sends a token along each of 2 ways, and they meet at the exclusive gateway join without being joined',
    );
    expect(told['properCompletion']).toMatch(
      /^The end event e happens more than once in one run: the parallel gateway split/,
    );
  });

  it('a loop that leaves tokens behind', async () => {
    const loop = definitions(
      process(
        'p',
        [
          'startEvent s',
          'exclusiveGateway x',
          'parallelGateway g',
          'intermediateCatchEvent m message',
          'endEvent e',
        ],
        ['s x', 'x g', 'g x', 'g m', 'm e'],
      ),
    );
    expect((await why(loop))['safe']).toContain(
      'sends out several tokens, and one of them comes back to it while another is still under way',
    );
  });

  it('what can never happen, and why not', async () => {
    const dead = definitions(
      process(
        'p',
        ['startEvent s', 'task a', 'task lost', 'task after', 'endEvent e'],
        ['s a', 'a e', 'lost after', 'after e'],
      ),
    );
    expect((await why(dead))['noDeadActivities']).toBe(
      'The activity lost can never happen: no sequence flow leads to it. The activity after can never happen: it comes after the activity lost.',
    );
  });

  it('a message that is not sent any more', async () => {
    const talk = definitions(
      collaboration(['P p', 'Q q'], ['send receive']) +
        process(
          'p',
          ['startEvent s', 'exclusiveGateway x', 'sendTask send', 'task other', 'endEvent e'],
          ['s x', 'x send', 'x other', 'send e', 'other e'],
        ) +
        process(
          'q',
          ['startEvent qs', 'receiveTask receive', 'endEvent qe'],
          ['qs receive', 'receive qe'],
        ),
    );
    expect((await why(talk))['optionToComplete']).toBe(
      'The activity receive waits for a message from the activity send, which is not sent any more: the exclusive gateway x took the way to the activity other instead of the one to the activity send.',
    );
  });

  it('a signal that came too early', async () => {
    const lost = definitions(
      process('p', ['startEvent s', 'endEvent e signal'], ['s e']) +
        process(
          'q',
          ['startEvent qs', 'task b', 'intermediateCatchEvent c signal', 'endEvent qe'],
          ['qs b', 'b c', 'c qe'],
        ),
    );
    expect((await why(lost))['optionToComplete']).toContain(
      'waits for a signal that is not thrown any more',
    );
  });

  it('going round for ever', async () => {
    const round = definitions(
      process(
        'p',
        ['startEvent s', 'exclusiveGateway x', 'task a', 'task b'],
        ['s x', 'x a', 'a b', 'b x'],
      ),
    );
    expect((await why(round))['optionToComplete']).toMatch(
      /can go on for ever, but no way leads to an end of everything\.$/,
    );
  });

  it('says nothing of what holds, or of what is no diagram', async () => {
    expect(await why(SOUND)).toEqual({});
    expect(await tell('no diagram', await reportOf(SOUND))).toEqual({
      explanations: [],
      findings: [],
    });
  });
});

describe('the answer on the diagram', () => {
  it('numbers the steps, puts the tokens where they stand, marks who is stuck', async () => {
    const svg = (await draw(MISMATCH, await reportOf(MISMATCH), 'deadlockFree')) ?? '';
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg.match(/data-element-id="(s|split|a|b|join|last|e)"/g)).toHaveLength(7);
    expect(svg).toContain('data-tokens="1"');
    expect(/data-element-id="join">.*?stroke="#d55e00"/.test(svg)).toBe(true);
    expect(/data-steps-of="split">.*?>1<\/text>/.test(svg)).toBe(true);
    expect(svg).toContain('waits for a token from the activity b');
  });

  it('draws the diagram alone where nothing is violated, and nothing of what is no diagram', async () => {
    const svg = (await draw(SOUND, await reportOf(SOUND))) ?? '';
    expect(svg).toContain('data-element-id="a"');
    expect(svg).not.toContain('data-tokens');
    expect(await draw('no diagram', await reportOf(SOUND))).toBeUndefined();
  });

  it('in a thread, the same', async () => {
    const report = await reportOf(MISMATCH);
    expect(
      await answerInThread({ ask: 'drawing', source: MISMATCH, report, property: undefined }),
    ).toBe(await draw(MISMATCH, report));
    expect(await answerInThread({ ask: 'told', source: MISMATCH, report }, 1)).toBeUndefined();
  });
});
