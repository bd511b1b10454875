import { describe, expect, it } from 'vitest';
import { tell } from '../../src/explain/explain.ts';
import { withTold } from '../../src/explain/told.ts';
import { drawFindings } from '../../src/explain/pictures.ts';
import type { Finding } from '../../src/model/outcome.ts';
import {
  definitions,
  MISMATCH,
  process,
  reportOf,
  SOUND,
  TWO_FAULTS,
  UNJOINED,
} from './diagram.ts';

async function findings(source: string): Promise<readonly Finding[]> {
  return (await tell(source, await reportOf(source))).findings;
}

describe('one finding for each cause', () => {
  it('six properties that break for one reason are one finding', async () => {
    const found = await findings(MISMATCH);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ rule: 'stuck', elements: ['join'] });
    expect(found[0]?.breaks).toEqual(
      expect.arrayContaining(['optionToComplete', 'deadlockFree', 'fairSound']),
    );
  });

  it('two faults are two findings, each with its own properties and its own run', async () => {
    const found = await findings(TWO_FAULTS);
    expect(found.map(({ rule }) => rule)).toEqual(['stuck', 'crowded']);
    const [stuck, crowded] = found as [Finding, Finding];
    expect(stuck.breaks).not.toContain('safe');
    expect(crowded.breaks.toSorted()).toEqual(['properCompletion', 'safe']);
    expect(crowded.also).toEqual([expect.stringMatching(/merged happens more than once/)]);
    const elements = ({ trace }: Finding): readonly unknown[] =>
      trace?.steps.map((step) => step.elementId) ?? [];
    expect(elements(stuck)).toEqual(['which', 'choice', 'a']);
    expect(elements(crowded)).toContain('split');
  });

  it('every way to be stuck is found, not only the first', async () => {
    const stuckTwice = definitions(
      process(
        'p',
        [
          'startEvent s',
          'exclusiveGateway x',
          'exclusiveGateway y',
          'exclusiveGateway z',
          'task a',
          'task b',
          'task c',
          'task d',
          'parallelGateway early',
          'parallelGateway late',
          'endEvent e',
          'endEvent f',
        ],
        [
          's x',
          'x y',
          'x z',
          'y a',
          'y b',
          'a early',
          'b early',
          'early e',
          'z c',
          'z d',
          'c late',
          'd late',
          'late f',
        ],
      ),
    );
    const found = await findings(stuckTwice);
    expect(found.map(({ elements }) => elements)).toEqual([['early'], ['late']]);
    for (const { breaks } of found) expect(breaks).toContain('optionToComplete');
  });

  it('activities that are dead for reasons of their own are findings of their own', async () => {
    const lost = definitions(
      process(
        'p',
        ['startEvent s', 'task a', 'task lost', 'task after', 'task gone', 'endEvent e'],
        ['s a', 'a e', 'lost after'],
      ),
    );
    expect((await findings(lost)).map(({ rule, root, dead }) => [rule, root, dead])).toEqual([
      ['dead', ['lost'], ['lost', 'after']],
      ['dead', ['gone'], ['gone']],
    ]);
  });

  it('nothing of what is sound; one picture each of what is not', async () => {
    expect(await findings(SOUND)).toEqual([]);
    const report = await reportOf(UNJOINED);
    const told = withTold(report, await tell(UNJOINED, report));
    const pictures = await drawFindings(UNJOINED, told);
    expect(pictures.map(({ name }) => name)).toEqual(['1-crowded.svg']);
    expect(pictures[0]?.text).toContain('<title>Breaks ');
  });
});
