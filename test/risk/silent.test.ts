import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/checking/inspect.ts';
import { quietOf } from '../../src/checking/inspect.ts';
import { assessRisk, readEventLog, type RiskAssessment } from '../../src/risk/index.ts';
import { definitions, process } from '../frontends/bpmn/diagramXml.ts';
import { semanticsOf, value } from './fixture.ts';

/** The running example of process mining (van der Aalst, *Process Mining*, 2016, chapter 2). */
const CLAIM = definitions(
  process(
    'claim',
    [
      'startEvent s',
      'task register',
      'exclusiveGateway m',
      'parallelGateway f',
      'exclusiveGateway x',
      'task thorough',
      'task casual',
      'exclusiveGateway y',
      'task check',
      'parallelGateway j',
      'task decide',
      'exclusiveGateway d',
      'task reinitiate',
      'task pay',
      'task reject',
      'endEvent paid',
      'endEvent rejected',
    ],
    [
      's register',
      'register m',
      'm f',
      'f x',
      'f check',
      'x thorough',
      'x casual',
      'thorough y',
      'casual y',
      'y j',
      'check j',
      'j decide',
      'decide d',
      'd reinitiate',
      'd pay',
      'd reject',
      'reinitiate m',
      'pay paid',
      'reject rejected END',
    ],
  ).replace(
    '<bpmn:process id="claim">',
    '$&<bpmn:extensionElements xmlns:probity="urn:probity:bpmn:v1"><probity:property name="noRejection" never="FLOW &gt; 0"/></bpmn:extensionElements>',
  ),
);

/** The six cases of the book, without a word of any gateway. */
const CASES = [
  'register thorough check decide reject',
  'register check casual decide pay',
  'register casual check decide reinitiate thorough check decide pay',
  'register check thorough decide reject',
  'register casual check decide reinitiate check casual decide reinitiate casual check decide reject',
  'register check thorough decide pay',
];
const LOG = `case,activity\n${CASES.flatMap((steps, i) => steps.split(' ').map((step) => `${i},${step}\n`)).join('')}`;

async function ask(source: string, log: string, quiet = true): Promise<RiskAssessment> {
  const flow = /<bpmn:sequenceFlow id="([^"]+)"[^>]*targetRef="rejected"/.exec(source)?.[1] ?? '';
  const submission = {
    source: source.replace('FLOW', flow),
    format: 'bpmn',
    name: 'claim.bpmn',
  } as const;
  return value(
    await assessRisk({
      semantics: value(await inspect(submission)).semantics,
      loss: { property: 'noRejection' },
      log: value(readEventLog(log)),
      options: { draws: 400, ...(quiet ? { quiet: await quietOf(submission) } : {}) },
      signal: new AbortController().signal,
    }),
  );
}

describe('steps that need no events', () => {
  it('the running example of the field fits, though nobody reports a gateway', async () => {
    const { card, direct, probability } = await ask(CLAIM, LOG);
    expect(card.data).toMatchObject({
      cases: 6,
      nonConformantCases: 0,
      openCases: 0,
      lossCases: 3,
      ambiguousCases: 0,
    });
    expect(card.data.silentActions.length).toBeGreaterThan(5);
    expect(direct).toMatchObject({ lost: 3, cases: 6 });
    // Flows are kept: (k + ½) ÷ (n + 1), silent steps and circles included.
    expect(probability.atMeanRates).toBeCloseTo(3.5 / 7, 6);
  });

  it('needs its gateways where they are not said to be quiet', async () => {
    await expect(ask(CLAIM, LOG, false)).rejects.toThrow(/RISK_NOTHING_FITS/);
  });

  it('a quiet step that the log names is a step', async () => {
    const { card } = await ask(CLAIM, `${LOG}x,register\nx,f\nx,check\n`);
    expect(card.data.nonConformantCases).toBe(6);
    expect(card.data.silentActions).not.toContain('f');
  });

  it('an activity is never skipped', async () => {
    const { card } = await ask(CLAIM, `${LOG}x,register\nx,decide\n`);
    expect(card.nonConformance).toMatchObject([{ case: 'x', activity: 'decide' }]);
  });

  it('of a model in our own language those that are named', async () => {
    const semantics = await semanticsOf(`
probity: 1
name: Hidden
variables: { at: { type: "enum [a, b, c, d, lost]", init: a } }
actors: { x: { trust: trusted } }
actions:
  go: { actor: x, when: at = a, then: { at: b }, fair: weak }
  sort: { actor: x, when: at = b, then: { at: c }, fair: weak }
  hand: { actor: x, when: at = c, then: { at: d }, fair: weak }
  lose: { actor: x, when: at = c, then: { at: lost }, fair: weak }
properties: { safe: { never: at = lost } }
final: at in (d, lost)
`);
    const log = value(readEventLog('case,activity\n1,go\n1,hand\n2,go\n2,lose\n3,go\n'));
    const { card } = value(
      await assessRisk({
        semantics,
        loss: { property: 'safe' },
        log,
        options: { quiet: new Set(['sort']) },
        signal: new AbortController().signal,
      }),
    );
    expect(card.data).toMatchObject({ nonConformantCases: 0, openCases: 1, lossCases: 1 });
    const sorted = card.branches.rows.filter(({ state }) => state === 'at = c');
    expect(sorted.map(({ branch, count }) => [branch, count])).toEqual([
      ['hand', 1],
      ['lose', 1],
    ]);
  });
});
