import { afterEach, describe, expect, it, vi } from 'vitest';
import { replayOutcome } from '../../src/checking/combine.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { survival } from '../../src/checking/mutants.ts';
import { ENGINES, runForAssurance, runPlan } from '../../src/checking/plan.ts';
import { DEFAULT_OPTIONS, type CheckOptions } from '../../src/checking/types.ts';
import { encodeSystem } from '../../src/encode/smt/system.ts';
import { learnedClauses } from '../../src/engines/z3/learned.ts';
import type { Task } from '../../src/model/engine.ts';
import type { Property } from '../../src/model/model.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { isOver, leftOf, timeOf, type Time } from '../../src/time/time.ts';
import { check, fileOf } from '../cli/run.ts';
import { wideDiagram, wideModel } from '../wide.ts';

afterEach(() => void vi.restoreAllMocks());

async function taskOf(source: string): Promise<Task> {
  const read = await inspect({ source, format: 'native', name: 'model.yaml' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics, digest } = read.value;
  return { semantics, digest, properties: semantics.model.properties };
}

const OVER: Time = { ...timeOf(0), deadline: 0 };
const context = {
  signal: new AbortController().signal,
  cacheDir: '',
  onProgress: () => undefined,
};

describe('one budget of time', () => {
  /** Every engine leaves everything open; what times they are given is noted. */
  function engineTimes(): number[] {
    const given: number[] = [];
    for (const engine of Object.values(ENGINES)) {
      vi.spyOn(engine, 'version').mockResolvedValue('1');
      vi.spyOn(engine, 'run').mockImplementation((_task, _budget, time) => {
        given.push(time.deadline);
        return Promise.resolve({ outcomes: new Map<string, Outcome>(), artifacts: [] });
      });
    }
    return given;
  }

  it.each<[string, Partial<CheckOptions>]>([
    ['of the plan', {}],
    ['named by hand', { engines: ['explore', 'tlc', 'z3'] }],
    ['asked for assurance', { assurance: ['crossChecked', 'obligationsReproved'] }],
  ])('no engine gets more of it than there is: %s', async (_, asked) => {
    const task = await taskOf(wideModel(2));
    const given = engineTimes();
    const options = { ...DEFAULT_OPTIONS, ...asked };
    const time = timeOf(3_000);
    const runs = await runPlan(task, options, time, context);
    await runForAssurance(task, [], runs, options, time, context);
    expect(given.length).toBeGreaterThan(0);
    for (const deadline of given) expect(deadline).toBeLessThanOrEqual(time.deadline);
  });

  it('who decides everything first ends the other, if what it says replays', async () => {
    const task = await taskOf(
      'probity: 1\nname: Lamp\nvariables: { on: { type: bool, init: false } }\nactors: { me: {} }\nactions: { flip: { actor: me, then: { on: not(on) } } }\nproperties: { dark: { never: on } }\n',
    );
    const holds: Outcome = { outcome: 'holds', method: 'inductive', evidence: {} };
    const step = { action: 'flip', binding: {}, changed: { on: [false, true] as const } };
    const trace = (steps: readonly (typeof step)[]): Outcome => ({
      outcome: 'violated',
      witness: 'trace',
      trace: { params: {}, initial: { on: false }, steps },
      evidence: {},
    });
    for (const [dark, ended] of [
      [trace([step]), true],
      [trace([step, step]), false],
    ] as const) {
      let explored: 'whole' | 'ended' | undefined;
      vi.spyOn(ENGINES.explore, 'run').mockImplementation(
        (asked, _budget, time) =>
          new Promise((resolve) => {
            const end = (how: typeof explored): void => {
              explored ??= how;
              const outcomes =
                how === 'whole' ? asked.properties.map(({ name }) => [name, holds] as const) : [];
              resolve({ outcomes: new Map(outcomes), artifacts: [] });
            };
            time.signal.addEventListener('abort', () => end('ended'));
            setTimeout(() => end('whole'), 1_200);
          }),
      );
      vi.spyOn(ENGINES.z3, 'version').mockResolvedValue('1');
      vi.spyOn(ENGINES.z3, 'run').mockImplementation((asked) =>
        Promise.resolve({
          outcomes: new Map(
            asked.properties.map(({ name }) => [name, name === 'dark' ? dark : holds]),
          ),
          artifacts: [],
        }),
      );
      const runs = await runPlan(task, DEFAULT_OPTIONS, timeOf(2_000), context);
      expect(explored).toBe(ended ? 'ended' : 'whole');
      expect(runs.map(({ engine }) => engine.name)).toEqual([ended ? 'z3' : 'explore']);
    }
  });

  it('an engine that does not even start in time is a timeout', async () => {
    const task = await taskOf(wideModel(2));
    vi.spyOn(ENGINES.tlc, 'version').mockReturnValue(new Promise(() => undefined));
    const [run] = await runPlan(
      task,
      { ...DEFAULT_OPTIONS, engines: ['tlc'] },
      timeOf(50),
      context,
    );
    expect(run?.failure?.reason).toBe('timeout');
  });

  it('replay of a trap of many states gives up in time, and says so', async () => {
    const { semantics } = await taskOf(`probity: 1
name: trap
variables:
  n: { type: int 0..20000, init: 0 }
actors: { shop: { trust: trusted } }
actions:
  up: { actor: shop, when: n < 20000, then: { n: n + 1 } }
properties:
  home: { recoverable: n < 0 }
`);
    const property = semantics.model.properties[0] as Property;
    const trap: Outcome = {
      outcome: 'violated',
      witness: 'trap',
      trace: { params: {}, initial: { n: 0 }, steps: [] },
      evidence: {},
    };
    expect(replayOutcome(semantics, property, trap).replayed).toBe(true);
    expect(replayOutcome(semantics, property, trap, OVER)).toMatchObject({
      replayed: false,
      outcome: { outcome: 'unknown', reason: 'timeout' },
    });
  });

  it('clauses are learned from examples until the time is over', async () => {
    const { semantics } = await taskOf(wideModel(12));
    const system = encodeSystem(semantics);
    const states = Array.from({ length: 200 }, (_, s) =>
      system.variables.map((variable, v) =>
        variable.sort === 'Bool' ? (s + v) % 2 === 0 : (s * v) % 7,
      ),
    );
    const all = learnedClauses(system, states, timeOf(60_000));
    const some = learnedClauses(system, states, OVER);
    expect(some.length).toBeLessThan(all.length);
    expect(all.slice(0, some.length)).toEqual(some);
  });

  it('mutants are not asked when it is over', async () => {
    const { semantics } = await taskOf(`probity: 1
name: one
variables:
  n: { type: int 0..2, init: 0 }
actors: { shop: { trust: trusted } }
actions:
  up: { actor: shop, when: n < 2, then: { n: n + 1 } }
properties:
  nothing: { always: n >= 0 }
`);
    const { model } = semantics;
    const budget = { ...DEFAULT_OPTIONS, cacheDir: '' };
    const asked = (time: Time): ReturnType<typeof survival> =>
      survival(model, model.properties, { states: 3, isReduced: false }, budget, time);
    expect((await asked(timeOf(60_000))).survivesEveryMutant).toEqual(['nothing']);
    expect(await asked(OVER)).toMatchObject({
      survivesEveryMutant: [],
      mutants: { tried: 0, open: 'time' },
    });
    expect(isOver(OVER)).toBe(true);
    expect(leftOf(OVER)).toBe(0);
  });
});

/** What is asked here is that answers come; how soon, a generous cap on a slow machine. */
describe('wide models with little time', () => {
  it.each([
    ['wide.yaml', wideModel(30), []],
    ['wide.yaml, by Z3', wideModel(30), ['--engines', 'z3']],
    ['loops.bpmn', wideDiagram(14, 2), []],
    ['loops.bpmn with fixes', wideDiagram(9, 1, 'exclusiveGateway'), ['--fixes']],
    ['meets.bpmn', wideDiagram(12, 2, 'exclusiveGateway'), []],
  ])(
    '%s',
    async (name, source, args) => {
      const file = fileOf(name.split(/[, ]/)[0] as string, source);
      const started = Date.now();
      const { exit, stdout } = await check(file, '--timeout', '1', ...args);
      expect([0, 1, 3]).toContain(exit);
      expect(stdout).toContain('withinCapacity');
      expect(Date.now() - started).toBeLessThan(30_000);
    },
    60_000,
  );
});
