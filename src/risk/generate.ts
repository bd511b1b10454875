import { bad, invariant, ok, problem, type Result } from '../errors/index.ts';
import { Codec } from '../model/codec.ts';
import type { Instance } from '../model/semantics.ts';
import { callText } from './callText.ts';
import { stateText, stopBranch, type StateChain } from './chain.ts';
import { csvLine } from '../eventLog/csv.ts';
import { DirectSolver } from './direct.ts';
import { probabilityAt } from './learned.ts';
import { ReachQuestion } from './question.ts';
import { Random } from './random.ts';
import { possiblePart, STOP } from './topology.ts';
import { numberOf, type Weights } from './weights.ts';

/**
 * The weight of every branch of a chain; the starts are equally likely. A state in which every
 * weight is 0 is a problem.
 */
export function branchWeights(chain: StateChain, weights: Weights): Result<Float64Array> {
  const { semantics } = chain.graph;
  const byInstance = semantics.instances.map((instance) =>
    numberOf(weights.weights, callText(semantics, instance), instance.action.name, 1),
  );
  const { rows, targets, nodes } = chain.topology;
  const found = Float64Array.from(targets, (target, b) => {
    const instance = chain.instances[b];
    return instance ? (byInstance[instance.index] as number) : target === STOP ? weights.stop : 1;
  });
  for (let node = 0; node < nodes; node += 1) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    if (found.subarray(from, to).some((w) => w > 0)) continue;
    const stop = stopBranch(chain, node);
    if (stop === undefined)
      return bad(
        problem(
          'WEIGHTS_SHAPE',
          'weights',
          `nothing can happen where ${stateText(chain, node)}: every weight there is 0, and the model promises a step`,
        ),
      );
    found[stop] = 1;
  }
  return ok(found);
}

/**
 * The probability that a case reaches a goal of the chain when its branches have exactly these
 * weights.
 */
export function trueProbability(chain: StateChain, weights: Float64Array): number {
  const possible = possiblePart(chain.topology, weights);
  const question = new ReachQuestion(possible.topology);
  const value = probabilityAt(question, new DirectSolver(question), possible.probabilities);
  invariant(value !== undefined, 'the truth of a generated log can be solved for');
  return value;
}

/** A case that has gone on for so long is left open: weights can make a case go round for ever. */
const MAX_EVENTS_PER_CASE = 10_000;
const FIRST_CASE = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * An event log (CSV) of `cases` runs with these weights: one case begins every hour, one step
 * happens every minute. The same seed gives the same text. A case in which nothing happens is a row
 * without an activity.
 */
export function generateLog(
  chain: StateChain,
  weights: Float64Array,
  cases: number,
  seed: number,
): string {
  const { semantics } = chain.graph;
  const codec = new Codec(semantics.layout);
  const columns = [
    ...new Set(semantics.model.actions.flatMap((action) => action.binders.map((b) => b.name))),
  ];
  const random = new Random(seed);
  const lines = [csvLine(['case', 'activity', 'timestamp', ...columns])];
  const width = String(cases).length;
  for (let i = 0; i < cases; i += 1) {
    const id = `case-${String(i + 1).padStart(width, '0')}`;
    const time = (step: number): string =>
      new Date(FIRST_CASE + i * HOUR_MS + step * MINUTE_MS).toISOString();
    const steps = walk(chain, weights, random);
    if (steps.length === 0) lines.push(csvLine([id, '', time(0), ...columns.map(() => '')]));
    steps.forEach((instance, step) => {
      const binding = codec.binding(instance);
      lines.push(
        csvLine([
          id,
          instance.action.name,
          time(step),
          ...columns.map((name) => (Object.hasOwn(binding, name) ? String(binding[name]) : '')),
        ]),
      );
    });
  }
  return lines.join('');
}

function walk(
  { topology, instances, root }: StateChain,
  weights: Float64Array,
  random: Random,
): Instance[] {
  const steps: Instance[] = [];
  for (let node = root; steps.length < MAX_EVENTS_PER_CASE;) {
    const [from, to] = [topology.rows[node] as number, topology.rows[node + 1] as number];
    const branch = pick(weights, from, to, random);
    const target = topology.targets[branch] as number;
    if (target === STOP) return steps;
    const instance = instances[branch];
    if (instance) steps.push(instance);
    node = target;
  }
  return steps;
}

function pick(weights: Float64Array, from: number, to: number, random: Random): number {
  const total = weights.subarray(from, to).reduce((a, b) => a + b, 0);
  invariant(total > 0, 'some branch has a weight');
  let left = random.uniform() * total;
  let chosen = from;
  for (let b = from; b < to; b += 1) {
    const weight = weights[b] as number;
    if (weight === 0) continue;
    chosen = b;
    left -= weight;
    if (left <= 0) break;
  }
  return chosen;
}
