import { explore } from '../src/engines/explore/index.ts';
import { readBpmn } from '../src/frontends/bpmn/index.ts';
import { typecheck } from '../src/model/typecheck.ts';
import type { Reduction } from '../src/model/engine.ts';
import { Semantics } from '../src/model/semantics.ts';
import { ENDLESS } from '../src/time/time.ts';
import { timed, type Row } from './rows.ts';

/** A diagram of `branches` tasks side by side. */
function parallelDiagram(branches: number): string {
  const names = Array.from({ length: branches }, (_, i) => `b${i}`);
  const flows = ['s g', 'j e', ...names.flatMap((name) => [`g ${name}`, `${name} j`])].map(
    (flow) => flow.split(' ') as [string, string],
  );
  return `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:bench"><process id="p">
    <startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/><endEvent id="e"/>${names.map((name) => `<task id="${name}"/>`).join('')}
    ${flows.map(([source, target]) => `<sequenceFlow id="${source}_${target}" sourceRef="${source}" targetRef="${target}"/>`).join('')}
  </process></definitions>`;
}

/**
 * All that a diagram is asked without annotation: by the part of its graph that is enough, and by
 * the whole; each warm.
 */
export async function diagramRows(): Promise<Row[]> {
  const read = await readBpmn(parallelDiagram(17));
  const model = read.ok ? typecheck(read.value) : read;
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  const semantics = new Semantics(model.value);
  const properties = model.value.properties.filter((p) => p.formula.kind !== 'all');
  const run = async (
    reduction: Reduction,
  ): Promise<{ readonly states: number; readonly seconds: number }> => {
    const budget = {
      timeoutMs: 600_000,
      memoryMb: 2_048,
      maxStates: 1_000_000,
      cacheDir: '',
      reduction,
    };
    const { value, seconds } = await timed(() =>
      explore.run({ semantics, digest: '', properties }, budget, ENDLESS, () => undefined),
    );
    if ([...value.outcomes.values()].some(({ outcome }) => outcome !== 'holds'))
      throw new Error('the diagram is sound');
    return { states: value.states ?? 0, seconds };
  };
  for (let i = 0; i < 3; i += 1) await run('always');
  const [part, whole] = [await run('always'), await run('never')];
  const show = ({ states, seconds }: typeof part): string =>
    `${(seconds * 1000).toFixed(1)} ms (${states.toLocaleString('en')} states)`;
  return [
    {
      what: 'a diagram of 17 parallel branches, all properties',
      here: `part ${show(part)}`,
      other: `whole ${show(whole)}`,
      ratio: `${Math.round(whole.seconds / part.seconds)} ×`,
    },
  ];
}
