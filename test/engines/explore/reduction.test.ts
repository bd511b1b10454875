import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explore } from '../../../src/engines/explore/index.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { CHANNEL_SEMANTICS, type ChannelSemantics } from '../../../src/frontends/bpmn/diagram.ts';
import { replayWitness } from '../../../src/graph/replay.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import type { EngineResult, Reduction, Task } from '../../../src/model/engine.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { timeOf } from '../../../src/time/time.ts';
import { definitions, process } from '../../frontends/bpmn/diagramXml.ts';
import { drawings } from '../../frontends/bpmn/randomDrawing.ts';
import { describeShared, sharedPath } from '../../shared.ts';

async function taskOf(xml: string, channels?: ChannelSemantics): Promise<Task | undefined> {
  const read = await readBpmn(xml, { ...(channels && { channels }) });
  const model = read.ok ? typecheck(read.value) : undefined;
  if (!model?.ok) return undefined;
  const semantics = new Semantics(model.value);
  return {
    semantics,
    digest: '',
    properties: model.value.properties.filter((p) => p.formula.kind !== 'all'),
  };
}

const run = (task: Task, reduction: Reduction, maxStates: number): Promise<EngineResult> =>
  explore.run(
    task,
    { memoryMb: 2_048, maxStates, cacheDir: '', reduction },
    timeOf(60_000),
    () => undefined,
  );

const decided = (outcome: Outcome | undefined): boolean =>
  outcome?.outcome === 'holds' || outcome?.outcome === 'violated';

/**
 * Compares the part of the graph with the whole, property by property; what the part decided, and
 * how many states both had.
 */
async function compare(
  task: Task,
  maxStates: number,
): Promise<
  { readonly compared: number; readonly part: number; readonly whole: number } | undefined
> {
  const [whole, part] = [await run(task, 'never', maxStates), await run(task, 'always', maxStates)];
  let compared = 0;
  for (const property of task.properties) {
    const [mine, other] = [part.outcomes.get(property.name), whole.outcomes.get(property.name)];
    if (mine?.outcome === 'violated') {
      const replayed = mine.trace
        ? replayWitness(task.semantics, property, mine.witness, mine.trace)
        : { ok: false };
      expect(`${property.name} ${String(replayed.ok)}`).toBe(`${property.name} true`);
    }
    if (!decided(mine) || !decided(other)) continue;
    expect(`${property.name} ${mine?.outcome}`).toBe(`${property.name} ${other?.outcome}`);
    compared += 1;
  }
  return { compared, part: part.states ?? 0, whole: whole.states ?? 0 };
}

describe('a part of the graph that is enough', () => {
  it('gives the answers of the whole graph, on random drawings', async () => {
    let smaller = 0;
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(drawings, async (xml) => {
        const task = await taskOf(xml);
        const found = task && (await compare(task, 1_500));
        if (!found) return;
        compared += found.compared;
        if (found.part < found.whole) smaller += 1;
      }),
      { numRuns: Number(globalThis.process.env['PROBITY_RUNS'] ?? 400), seed: 11 },
    );
    expect(compared).toBeGreaterThan(2_000);
    expect(smaller).toBeGreaterThan(100);
  }, 240_000);

  it('says nothing of what a reduction may hide: runs that go round for ever', async () => {
    const loop = await taskOf(
      definitions(
        process(
          'p',
          ['startEvent s', 'exclusiveGateway m', 'task a', 'exclusiveGateway x', 'endEvent e'],
          ['s m', 'm a', 'a x', 'x m', 'x e'],
        ),
      ),
    );
    const { outcomes } = await run(loop as Task, 'always', 1_000);
    expect(outcomes.get('fairSound')).toMatchObject({ outcome: 'unknown', reason: 'unsupported' });
    expect((await run(loop as Task, 'auto', 1_000)).outcomes.get('fairSound')?.outcome).toBe(
      'holds',
    );
  });

  it('does not move a token that somebody watches', async () => {
    // The inclusive join waits for the token before `b`: a step of `b` is no private matter.
    const watched = await taskOf(
      definitions(
        process(
          'p',
          [
            'startEvent s',
            'inclusiveGateway g',
            'task a',
            'task b',
            'inclusiveGateway j',
            'endEvent e',
          ],
          ['s g', 'g a', 'g b', 'a j', 'b j', 'j e'],
        ),
      ),
    );
    const [whole, part] = [
      await run(watched as Task, 'never', 1_000),
      await run(watched as Task, 'always', 1_000),
    ];
    expect(part.states).toBe(whole.states);
  });

  it('sees two tokens that meet on a flow before an activity that would move them on', async () => {
    const meeting = await taskOf(
      definitions(
        process(
          'p',
          [
            'startEvent s',
            'parallelGateway g',
            'task a',
            'task b',
            'exclusiveGateway j',
            'task c',
            'task d',
            'endEvent e',
          ],
          ['s g', 'g a', 'g b', 'a j', 'b j', 'j c', 'c d', 'd e'],
        ),
      ),
    );
    expect((await run(meeting as Task, 'always', 1_000)).outcomes.get('safe')?.outcome).toBe(
      'violated',
    );
  });

  it('is small where many branches go side by side', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `b${i}`);
    const wide = await taskOf(
      definitions(
        process(
          'p',
          [
            'startEvent s',
            'parallelGateway g',
            ...names.map((name) => `task ${name}`),
            'parallelGateway j',
            'endEvent e',
          ],
          ['s g', ...names.flatMap((name) => [`g ${name}`, `${name} j`]), 'j e'],
        ),
      ),
    );
    const found = await run(wide as Task, 'auto', 100_000);
    expect(found.states).toBeLessThan(20);
    expect([...found.outcomes.values()].map(({ outcome }) => outcome)).toEqual(
      [...found.outcomes].map(() => 'holds'),
    );
    expect(found.outcomes.get('safe')?.evidence).toMatchObject({ reduction: 'eager' });
  });
});

describe('a graph without an end', () => {
  it('is cut early and says what grows, though most of its counters stay as they are', async () => {
    const endless = await taskOf(
      definitions(
        process(
          'p',
          [
            'startEvent s',
            'exclusiveGateway m',
            'task a',
            'parallelGateway g',
            'task b',
            'task c',
            'parallelGateway j',
            'endEvent e',
          ],
          ['s m', 'm a', 'a g', 'g m', 'g b', 'b j', 'g c', 'c j', 'j e'],
        ),
      ),
    );
    const { outcomes, states } = await run(endless as Task, 'never', 100_000);
    expect(states).toBeLessThan(100_000);
    expect(outcomes.get('safe')?.outcome).toBe('violated');
    expect(outcomes.get('optionToComplete')).toMatchObject({
      outcome: 'bounded',
      bound: expect.stringMatching(/without end, .*b to j.* can grow/u) as unknown,
    });
  });
});

describeShared('a part of the graph that is enough: published diagrams', () => {
  for (const folder of ['fbpmn', 'rust_bpmn_analyzer']) {
    for (const file of readdirSync(sharedPath('cases', 'bpmn', folder)).filter(
      (name) => name.endsWith('.bpmn') && name !== 'p17x01.bpmn',
    )) {
      it(`${folder}/${file}`, async () => {
        for (const channels of CHANNEL_SEMANTICS) {
          const task = await taskOf(
            readFileSync(sharedPath('cases', 'bpmn', folder, file), 'utf8'),
            channels,
          );
          const found = task && (await compare(task, 2_500));
          if (found) expect(found.part).toBeLessThanOrEqual(Math.max(found.whole, 2_501));
        }
      }, 60_000);
    }
  }

  it('p17x01.bpmn: 21 states instead of 131,075', async () => {
    const task = await taskOf(
      readFileSync(sharedPath('cases', 'bpmn', 'rust_bpmn_analyzer', 'p17x01.bpmn'), 'utf8'),
    );
    const found = await run(task as Task, 'auto', 200_000);
    expect(found.states).toBe(21);
    expect([...found.outcomes].filter(([, { outcome }]) => outcome !== 'holds')).toEqual([]);
  });
});
