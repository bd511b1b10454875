import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { DEFAULT_OPTIONS } from '../../../src/verification/types.ts';
import { verify } from '../../../src/verification/verify.ts';
import { describeShared, sharedPath } from '../../shared.ts';

interface Answer {
  readonly outcomes: Readonly<Record<string, string>>;
  readonly states: number | undefined;
}

/** What the exact engine says of each property. */
async function answers(file: string, maxStates: number, changed = (source: string): string => source): Promise<Answer> {
  const options = { ...DEFAULT_OPTIONS, engines: ['explore'], maxStates } as const;
  const context = { signal: new AbortController().signal, cacheDir: tmpdir(), onProgress: () => undefined };
  const result = await verify({ source: changed(readFileSync(file, 'utf8')), format: 'bpmn', name: file }, options, context);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { properties } = result.value.report;
  return {
    outcomes: Object.fromEntries(properties.map((found) => [found.name, found.outcome])),
    states: properties.flatMap((found) => found.engines).find((engine) => engine.states !== undefined)?.states,
  };
}

interface Case {
  readonly file: string;
  readonly states?: number;
  readonly checked?: readonly string[];
  readonly unfulfilled: readonly string[];
}

/** What rust_bpmn_analyzer calls our properties. */
const NAMES = { Safeness: 'safe', OptionToComplete: 'optionToComplete', ProperCompletion: 'properCompletion', NoDeadActivities: 'noDeadActivities' } as const;

/** State counts that our encoding shares; the others differ by how finished processes are told from those not begun (docs/bpmn.md). */
const SAME_COUNT = new Set(['p2.bpmn', 'p6_stuck.bpmn']);

describeShared('rust_bpmn_analyzer', () => {
  const folder = sharedPath('cases', 'bpmn', 'rust_bpmn_analyzer');
  const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as { readonly files: readonly Case[]; readonly p17x01: { readonly states: number } };

  // Its tokens multiply without end: an exact graph finds what breaks, and cannot say that nothing else does.
  for (const { file, states, checked, unfulfilled } of expected.files.filter((found) => found.file !== 'livelock.bpmn')) {
    it(file, async () => {
      const answer = await answers(`${folder}/${file}`, 100_000);
      for (const [theirs, ours] of Object.entries(NAMES)) {
        if (checked && !checked.includes(theirs)) continue;
        expect(`${ours} ${answer.outcomes[ours]}`).toBe(`${ours} ${unfulfilled.includes(theirs) ? 'violated' : 'holds'}`);
      }
      if (SAME_COUNT.has(file)) expect(answer.states).toBe(states);
    });
  }

  it('livelock.bpmn is unsafe, and never called complete', async () => {
    const { outcomes } = await answers(`${folder}/livelock.bpmn`, 2_000);
    expect(outcomes['safe']).toBe('violated');
    expect(['violated', 'unknown', 'bounded']).toContain(outcomes['optionToComplete']);
  });

  it('p17x01.bpmn has as many states as published', async () => {
    expect(await answers(`${folder}/p17x01.bpmn`, 200_000)).toMatchObject({ states: expected.p17x01.states, outcomes: { safe: 'holds', sound: 'holds' } });
  }, 120_000);
});

interface FbpmnModel {
  readonly file: string;
  readonly expected: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/** Models whose messages pile up without end: they are published as safe within a bound on messages, which the exact graph cannot leave out. */
const MESSAGES_WITHOUT_END = new Set(['e039TravelAgency.bpmn']);

/** Its timer of 10 minutes that interrupts nothing goes off again and again there, once here (docs/bpmn.md). */
const OTHERWISE: Readonly<Record<string, string>> = { 'e041MBE.bpmn': 'holds' };

describeShared('fbpmn, Prop02Safe under Network01Bag', () => {
  const folder = sharedPath('cases', 'bpmn', 'fbpmn');
  const { models } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as { readonly models: readonly FbpmnModel[] };
  for (const { file, expected } of models) {
    it(file, async () => {
      const read = await readBpmn(readFileSync(`${folder}/${file}`, 'utf8'));
      expect(read.ok ? [] : read.problems).toEqual([]);
      const { outcomes } = await answers(`${folder}/${file}`, 3_000);
      const safe = expected['Network01Bag']?.['Prop02Safe'];
      if (MESSAGES_WITHOUT_END.has(file)) expect(['bounded', 'unknown']).toContain(outcomes['safe']);
      else if (safe === undefined) expect(['holds', 'violated']).toContain(outcomes['safe']);
      else expect(outcomes['safe']).toBe(OTHERWISE[file] ?? (safe ? 'holds' : 'violated'));
    });
  }

  it('e041MBE.bpmn with a timer that goes off again and again is as unsafe as published', async () => {
    const { outcomes } = await answers(`${folder}/e041MBE.bpmn`, 3_000, (source) => source.replaceAll('timeDuration', 'timeCycle'));
    expect(outcomes['safe']).toBe('violated');
  });
});

describe('the demo', () => {
  const path = (file: string): string => new URL(`../../../specs/demo/${file}`, import.meta.url).pathname;
  it('order.bpmn is sound', async () => {
    const { outcomes } = await answers(path('order.bpmn'), 10_000);
    expect(outcomes).toMatchObject({ safe: 'holds', optionToComplete: 'holds', properCompletion: 'holds', noDeadActivities: 'holds', sound: 'holds', deadlockFree: 'holds' });
  });
  it('order-broken.bpmn waits for ever in the shop', async () => {
    const { outcomes } = await answers(path('order-broken.bpmn'), 10_000);
    expect(outcomes).toMatchObject({ safe: 'holds', optionToComplete: 'violated', properCompletion: 'holds', noDeadActivities: 'violated', sound: 'violated', deadlockFree: 'violated' });
  });
});
