import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHANNEL_SEMANTICS, type ChannelSemantics } from '../../../src/frontends/bpmn/diagram.ts';
import type { EngineName } from '../../../src/model/engine.ts';
import { DEFAULT_OPTIONS } from '../../../src/checking/types.ts';
import { checkSubmission } from '../../../src/checking/check.ts';
import { CACHE_DIR } from '../../conformance/checking.ts';
import { describeShared, sharedPath } from '../../shared.ts';

/** Machines that run tests are loaded: what is decided must not hang on it. */
const PATIENCE_MS = 300_000;

interface Answer {
  readonly outcomes: Readonly<Record<string, string>>;
  readonly states: number | undefined;
}

/** What the exact engine says of each property. */
async function answers(
  file: string,
  maxStates: number,
  how: {
    readonly changed?: (source: string) => string;
    readonly channels?: ChannelSemantics;
    readonly engines?: readonly EngineName[];
    readonly reduction?: 'never';
  } = {},
): Promise<Answer> {
  const { changed = (source) => source, channels, engines = ['explore'], reduction } = how;
  const options = {
    ...DEFAULT_OPTIONS,
    timeoutMs: PATIENCE_MS,
    engines,
    maxStates,
    ...(reduction && { reduction }),
  };
  const context = {
    signal: new AbortController().signal,
    cacheDir: CACHE_DIR,
    onProgress: () => undefined,
  };
  const result = await checkSubmission(
    {
      source: changed(readFileSync(file, 'utf8')),
      format: 'bpmn',
      name: file,
      ...(channels && { channels }),
    },
    options,
    context,
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { properties } = result.value.report;
  return {
    outcomes: Object.fromEntries(properties.map((found) => [found.name, found.outcome])),
    states: properties
      .flatMap((found) => found.engines)
      .find((engine) => engine.states !== undefined)?.states,
  };
}

interface Case {
  readonly file: string;
  readonly states?: number;
  readonly checked?: readonly string[];
  readonly unfulfilled: readonly string[];
}

/** What rust_bpmn_analyzer calls our properties. */
const NAMES = {
  Safeness: 'safe',
  OptionToComplete: 'optionToComplete',
  ProperCompletion: 'properCompletion',
  NoDeadActivities: 'noDeadActivities',
} as const;

/**
 * State counts that our encoding shares; the others differ by how finished processes are told from
 * those not begun (docs/bpmn.md).
 */
const SAME_COUNT = new Set(['p2.bpmn', 'p6_stuck.bpmn']);

describeShared('rust_bpmn_analyzer', () => {
  const folder = sharedPath('cases', 'bpmn', 'rust_bpmn_analyzer');
  const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as {
    readonly files: readonly Case[];
    readonly p17x01: { readonly states: number };
  };

  // Its tokens multiply without end: an exact graph finds what breaks, and cannot say that nothing
  // else does.
  for (const { file, states, checked, unfulfilled } of expected.files.filter(
    (found) => found.file !== 'livelock.bpmn',
  )) {
    it(file, async () => {
      const answer = await answers(`${folder}/${file}`, 100_000);
      for (const [theirs, ours] of Object.entries(NAMES)) {
        if (checked && !checked.includes(theirs)) continue;
        expect(`${ours} ${answer.outcomes[ours]}`).toBe(
          `${ours} ${unfulfilled.includes(theirs) ? 'violated' : 'holds'}`,
        );
      }
      if (SAME_COUNT.has(file)) expect(answer.states).toBe(states);
    });
  }

  it('livelock.bpmn is unsafe, and never called complete', async () => {
    const { outcomes } = await answers(`${folder}/livelock.bpmn`, 2_000);
    expect(outcomes['safe']).toBe('violated');
    expect(['violated', 'unknown', 'bounded']).toContain(outcomes['optionToComplete']);
  });

  it(
    'p17x01.bpmn has as many states as published',
    async () => {
      expect(await answers(`${folder}/p17x01.bpmn`, 200_000, { reduction: 'never' })).toMatchObject(
        { states: expected.p17x01.states, outcomes: { safe: 'holds', sound: 'holds' } },
      );
    },
    PATIENCE_MS,
  );
});

interface FbpmnModel {
  readonly file: string;
  readonly expected: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/**
 * Models whose tokens or messages multiply without end. They are published within a bound (their
 * `.constraint` files), which the exact graph does not know: what is violated within it is
 * violated, everything else is open.
 */
const WITHOUT_END = new Set([
  'e004TravelAgency.bpmn',
  'e005TravelAgency.bpmn',
  'e006TravelAgency.bpmn',
  'e039TravelAgency.bpmn',
]);

/**
 * Explained in docs/bpmn.md: a timer that goes off once here, again and again there; a message that
 * starts a sub-process, which never comes there.
 */
const OTHERWISE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'e041MBE.bpmn': { safe: 'holds' },
  'e035SP.bpmn': { fairSound: 'holds', fairMessageSound: 'holds' },
};

const PUBLISHED = {
  safe: 'Prop02Safe',
  fairSound: 'Prop03Sound',
  fairMessageSound: 'Prop04MsgSound',
} as const;
const NETWORKS: Readonly<Record<ChannelSemantics, string>> = {
  bag: 'Network01Bag',
  'fifo-pair': 'Network02FifoPair',
  causal: 'Network03Causal',
  inbox: 'Network04Inbox',
  outbox: 'Network05Outbox',
  'fifo-all': 'Network06Fifo',
  rsc: 'Network07RSC',
};

/**
 * TLC answers all of them too, in about a quarter of an hour: `PROBITY_FBPMN_TLC=all`. Else these.
 */
const WITH_TLC: Readonly<Record<string, readonly ChannelSemantics[]>> = {
  'e001ClientSupplier.bpmn': ['bag', 'fifo-pair', 'rsc'],
  'e033MBE.bpmn': ['fifo-all'],
};

describeShared(
  'fbpmn: safe, fairSound and fairMessageSound under seven semantics of channels',
  () => {
    const folder = sharedPath('cases', 'bpmn', 'fbpmn');
    const { models } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as {
      readonly models: readonly FbpmnModel[];
    };
    const met: string[] = [];
    for (const { file, expected } of models) {
      it(
        file,
        async () => {
          for (const channels of CHANNEL_SEMANTICS) {
            const published = expected[NETWORKS[channels]];
            const tlc =
              process.env['PROBITY_FBPMN_TLC'] === 'all'
                ? !WITHOUT_END.has(file)
                : WITH_TLC[file]?.includes(channels) === true;
            const { outcomes } = await answers(`${folder}/${file}`, 3_000, {
              channels,
              engines: tlc ? ['explore', 'tlc'] : ['explore'],
            });
            for (const [ours, theirs] of Object.entries(PUBLISHED)) {
              const said = published?.[theirs];
              const where = `${channels} ${ours}`;
              if (said === undefined)
                expect(`${where} ${outcomes[ours]}`).toMatch(/holds|violated/);
              else if (WITHOUT_END.has(file) && outcomes[ours] === 'bounded') continue;
              else {
                expect(`${where} ${outcomes[ours]}`).toBe(
                  `${where} ${OTHERWISE[file]?.[ours] ?? (said ? 'holds' : 'violated')}`,
                );
                met.push(`${file} ${where}`);
              }
            }
          }
        },
        600_000,
      );
    }

    it('most of them as published', () => {
      // 26 models, 7 semantics, 3 properties, but for one model without an answer and those that
      // are bounded.
      expect(met.length).toBeGreaterThan(488);
    });

    it('e041MBE.bpmn with a timer that goes off again and again is as unsafe as published', async () => {
      const { outcomes } = await answers(`${folder}/e041MBE.bpmn`, 3_000, {
        changed: (source) => source.replaceAll('timeDuration', 'timeCycle'),
      });
      expect(outcomes['safe']).toBe('violated');
    });
  },
);

describe('the demo', () => {
  const path = (file: string): string =>
    new URL(`../../../specs/demo/${file}`, import.meta.url).pathname;
  it('order.bpmn is sound', async () => {
    const { outcomes } = await answers(path('order.bpmn'), 10_000);
    expect(outcomes).toMatchObject({
      safe: 'holds',
      optionToComplete: 'holds',
      properCompletion: 'holds',
      noDeadActivities: 'holds',
      sound: 'holds',
      deadlockFree: 'holds',
    });
  });
  it('order-broken.bpmn waits for ever in the shop', async () => {
    const { outcomes } = await answers(path('order-broken.bpmn'), 10_000);
    expect(outcomes).toMatchObject({
      safe: 'holds',
      optionToComplete: 'violated',
      properCompletion: 'holds',
      noDeadActivities: 'violated',
      sound: 'violated',
      deadlockFree: 'violated',
    });
  });
});
