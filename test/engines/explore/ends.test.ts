import { describe, expect, it } from 'vitest';
import { inspect } from '../../../src/checking/inspect.ts';
import { explore } from '../../../src/engines/explore/index.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { EngineResult, Reduction, Task } from '../../../src/model/engine.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { timeOf } from '../../../src/time/time.ts';
import { definitions, process } from '../../frontends/bpmn/diagramXml.ts';

const run = (task: Task, reduction: Reduction, maxStates = 50_000): Promise<EngineResult> =>
  explore.run(
    task,
    { memoryMb: 2_048, maxStates, cacheDir: '', reduction },
    timeOf(60_000),
    () => undefined,
  );

const taskFor = (semantics: Semantics): Task => ({
  semantics,
  digest: '',
  properties: semantics.model.properties.filter((p) => p.formula.kind !== 'all'),
});

async function diagram(nodes: readonly string[], flows: readonly string[]): Promise<Task> {
  const read = await readBpmn(definitions(process('p', nodes, flows)), {});
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const model = typecheck(read.value);
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  return taskFor(new Semantics(model.value));
}

const outcomes = ({ outcomes: found }: EngineResult): Record<string, string> =>
  Object.fromEntries([...found].map(([name, { outcome }]) => [name, outcome]));

const branches = (count: number): Promise<Task> => {
  const names = Array.from({ length: count }, (_, i) => `b${i}`);
  return diagram(
    [
      'startEvent s',
      'parallelGateway g',
      ...names.map((name) => `task ${name}`),
      ...names.map((name) => `endEvent e${name}`),
    ],
    ['s g', ...names.flatMap((name) => [`g ${name}`, `${name} e${name}`])],
  );
};

describe('branches with end events of their own', () => {
  it('are walked one after the other: as many states as there are steps', async () => {
    const wide = await run(await branches(14), 'auto');
    expect(wide.states).toBe(2 * 14 + 2);
    expect(new Set(Object.values(outcomes(wide)))).toEqual(new Set(['holds']));
    expect(wide.outcomes.get('sound') ?? wide.outcomes.get('safe')).toMatchObject({
      evidence: { reduction: 'eager' },
    });
  });

  it('have the answers of the whole graph', async () => {
    const task = await branches(5);
    expect(outcomes(await run(task, 'always'))).toEqual(outcomes(await run(task, 'never')));
  });

  it('say nothing where an end event happens twice: then the tokens before it are looked at', async () => {
    const task = await diagram(
      ['startEvent s', 'parallelGateway g', 'task a', 'task b', 'exclusiveGateway j', 'endEvent e'],
      ['s g', 'g a', 'g b', 'a j', 'b j', 'j e'],
    );
    const [part, whole] = [await run(task, 'always'), await run(task, 'never')];
    expect(outcomes(part)).toEqual(outcomes(whole));
    expect(outcomes(part)).toMatchObject({ safe: 'violated', properCompletion: 'violated' });
  });
});

/** A token that is taken away and counted, and something beside it. */
const model = (more: {
  readonly actions?: string;
  readonly variables?: string;
  readonly properties: string;
}): string => `
probity: 1
name: Ends
variables:
  p: { type: int, init: 1 }
  q: { type: int, init: 0 }
  e: { type: int 0..2, init: 0 }
  f: { type: int 0..1, init: 0 }
${more.variables ?? ''}
actors: { shop: { trust: trusted } }
actions:
  leave: { actor: shop, when: p > 0, then: { p: p - 1, e: "min(e + 1, 2)" }, fair: weak }
${more.actions ?? '  work: { actor: shop, when: f = 0, then: { f: 1 } }'}
final: p = 0
properties:
${more.properties}
`;

async function native(text: string): Promise<Task> {
  const read = await inspect({ source: text, format: 'native', name: 'ends' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return taskFor(read.value.semantics);
}

describe('a token is not taken away early', () => {
  const CASES: Readonly<Record<string, readonly [string, string]>> = {
    'where a property tells none that left from one': [
      model({ properties: '  x: { never: e = 0 and f = 1 }' }),
      'violated',
    ],
    'where a property compares how many left': [
      model({ properties: '  x: { always: e >= f }' }),
      'violated',
    ],
    'where a step asks whether somebody is there': [
      model({
        actions: '  see: { actor: shop, when: p > 0 or q > 0, then: { f: 1 } }',
        properties: '  x: { reachable: f = 1 }',
      }),
      'holds',
    ],
    'where a step asks how many left': [
      model({
        actions: '  see: { actor: shop, when: e = 0, then: { f: 1 } }',
        properties: '  x: { reachable: f = 1 }',
      }),
      'holds',
    ],
    'where another step may take it': [
      model({
        actions: '  other: { actor: shop, when: p > 0, then: { p: p - 1, q: q + 1 }, fair: weak }',
        properties: '  x: { reachable: q > 0 }',
      }),
      'holds',
    ],
    'where a goal asks for it together with something else': [
      model({ properties: '  x: { reachable: p > 0 and f = 1 }' }),
      'holds',
    ],
    'where a second one may come while it is there': [
      model({
        variables: '  n: { type: int 0..2, init: 0 }',
        actions: '  come: { actor: shop, when: n < 2, then: { n: n + 1, p: p + 1 } }',
        properties: '  x: { always: p <= 1 }',
      }).replace('p: { type: int, init: 1 }', 'p: { type: int, init: 0 }'),
      'violated',
    ],
    'where it began with more than was counted': [
      model({ properties: '  x: { always: p <= 1 }' }).replace(
        'p: { type: int, init: 1 }',
        'p: { type: int, init: 2 }',
      ),
      'violated',
    ],
  };
  for (const [name, [text, answer]] of Object.entries(CASES))
    it(name, async () => {
      const task = await native(text);
      expect((await run(task, 'never')).outcomes.get('x')?.outcome).toBe(answer);
      expect((await run(task, 'always')).outcomes.get('x')?.outcome).toBe(answer);
    });

  it('but where they ask whether more than one left it is', async () => {
    const task = await native(
      model({ properties: '  x: { never: e >= 2 and f = 1 }\n  y: { never: not(e <= 1) }' }),
    );
    const [part, whole] = [await run(task, 'always'), await run(task, 'never')];
    expect(outcomes(part)).toEqual(outcomes(whole));
    expect([part.states, whole.states]).toEqual([3, 4]);
  });
});
