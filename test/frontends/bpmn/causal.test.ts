import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { ChannelSemantics } from '../../../src/frontends/bpmn/diagram.ts';
import { collaboration, definitions, process } from './diagramXml.ts';
import { explore } from './modelGame.ts';

/** A message from one participant to another; each is sent once and received once. */
interface Message {
  readonly from: number;
  readonly to: number;
}

/** What each participant does, in order: `s3` sends message 3, `r3` receives it. */
type Programs = readonly (readonly string[])[];

function drawn(messages: readonly Message[], programs: Programs): string {
  const pools = programs.map((_, i) => `P${i} p${i}`);
  return definitions(
    collaboration(
      pools,
      messages.map((_, m) => `s${m} r${m}`),
    ) +
      programs
        .map((program, i) => {
          const nodes = [`start${i}`, ...program, `end${i}`];
          const kinds = nodes.map(
            (node, at) =>
              `${at === 0 ? 'startEvent' : at === nodes.length - 1 ? 'endEvent' : node.startsWith('s') ? 'sendTask' : 'receiveTask'} ${node}`,
          );
          return process(
            `p${i}`,
            kinds,
            nodes.slice(1).map((node, at) => `${nodes[at]} ${node}`),
          );
        })
        .join(''),
  );
}

async function completes(
  messages: readonly Message[],
  programs: Programs,
  channels: ChannelSemantics,
): Promise<boolean> {
  const read = await readBpmn(drawn(messages, programs), { channels });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const verdicts = explore(read.value, 50_000);
  if (!verdicts) throw new Error('more states than expected');
  return verdicts.optionToComplete;
}

/**
 * The definition itself: every message carries all that was sent before it as its sender could
 * know; it waits for those to the same receiver.
 */
function completesByDefinition(messages: readonly Message[], programs: Programs): boolean {
  const seen = new Set<string>();
  const stuck = (
    at: readonly number[],
    pasts: readonly ReadonlySet<number>[],
    carried: ReadonlyMap<number, ReadonlySet<number>>,
  ): boolean => {
    const key = JSON.stringify([
      at,
      pasts.map((past) => [...past].sort()),
      [...carried].map(([m, past]) => [m, [...past].sort()]).sort(),
    ]);
    if (seen.has(key)) return false;
    seen.add(key);
    let moved = false;
    for (const [i, program] of programs.entries()) {
      const step = program[at[i] as number];
      if (step === undefined) continue;
      const message = Number(step.slice(1));
      const past = pasts[i] as ReadonlySet<number>;
      const next = at.map((place, j) => (j === i ? place + 1 : place));
      const carrying = new Map(carried);
      let known: ReadonlySet<number>;
      if (step.startsWith('s')) {
        carrying.set(message, past);
        known = new Set([...past, message]);
      } else {
        const before = carried.get(message);
        if (!before || [...before].some((other) => carried.has(other) && messages[other]?.to === i))
          continue;
        carrying.delete(message);
        known = new Set([...past, ...before, message]);
      }
      moved = true;
      if (
        stuck(
          next,
          pasts.map((own, j) => (j === i ? known : own)),
          carrying,
        )
      )
        return true;
    }
    return !moved && programs.some((program, i) => (at[i] as number) < program.length);
  };
  return !stuck(
    programs.map(() => 0),
    programs.map(() => new Set<number>()),
    new Map(),
  );
}

const TRIANGLE: readonly Message[] = [
  { from: 0, to: 2 },
  { from: 0, to: 1 },
  { from: 1, to: 2 },
];

describe('causal order between three participants', () => {
  it('a message does not overtake what it was sent after, by whatever way', async () => {
    const hurried: Programs = [
      ['s0', 's1'],
      ['r1', 's2'],
      ['r2', 'r0'],
    ];
    expect(await completes(TRIANGLE, hurried, 'fifo-pair')).toBe(true);
    expect(await completes(TRIANGLE, hurried, 'causal')).toBe(false);
    expect(completesByDefinition(TRIANGLE, hurried)).toBe(false);
  });

  it('what is sent side by side may arrive in any order', async () => {
    const patient: Programs = [
      ['s0', 's1'],
      ['r1', 's2'],
      ['r0', 'r2'],
    ];
    const apart: Programs = [
      ['s1', 's0'],
      ['s2', 'r1'],
      ['r2', 'r0'],
    ];
    for (const programs of [patient, apart])
      expect(await completes(TRIANGLE, programs, 'causal')).toBe(true);
  });

  it('is what the definition says, on random exchanges', async () => {
    const exchanges = fc.record({
      messages: fc.array(
        fc
          .tuple(fc.nat(2), fc.integer({ min: 1, max: 2 }))
          .map(([from, by]): Message => ({ from, to: (from + by) % 3 })),
        { minLength: 3, maxLength: 5 },
      ),
      order: fc.array(fc.nat(1_000), { minLength: 10, maxLength: 10 }),
    });
    const met = { completes: 0, stuck: 0, causalOnly: 0 };
    await fc.assert(
      fc.asyncProperty(exchanges, async ({ messages, order }) => {
        const programs = [0, 1, 2].map((i) =>
          messages
            .flatMap(({ from, to }, m) => [
              ...(from === i ? [`s${m}`] : []),
              ...(to === i ? [`r${m}`] : []),
            ])
            .map((step, at) => ({ step, at: order[(at + i * 3) % 10] as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ step }) => step),
        );
        const expected = completesByDefinition(messages, programs);
        expect(await completes(messages, programs, 'causal')).toBe(expected);
        met[expected ? 'completes' : 'stuck'] += 1;
        if (!expected && (await completes(messages, programs, 'fifo-pair'))) met.causalOnly += 1;
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(Object.entries(met).filter(([, count]) => count < 5)).toEqual([]);
  }, 120_000);
});
