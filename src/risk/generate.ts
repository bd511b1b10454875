import { bad, invariant, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { Codec } from '../model/codec.ts';
import type { Instance, Semantics } from '../model/semantics.ts';
import { stateText, stopBranch, type StateChain } from './chain.ts';
import { csvLine } from '../eventLog/csv.ts';
import { DirectSolver } from './direct.ts';
import { probabilityAt } from './learned.ts';
import { ReachQuestion } from './question.ts';
import { Random } from './random.ts';
import { possiblePart, STOP } from './topology.ts';
import { isRecord } from '../canonical/record.ts';

/**
 * The truth of a generated log: how strongly each action draws, wherever it is possible. Keys are
 * `action` or `action(value, …)`, the second before the first; an action that is not named has
 * weight 1. `stop` draws wherever a case may stop and something else could happen too.
 */
export interface Weights {
  readonly weights: Readonly<Record<string, number>>;
  readonly stop: number;
}

export function readWeights(text: string, semantics: Semantics): Result<Weights> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return bad(
      problem(
        'WEIGHTS_SHAPE',
        '',
        `not JSON: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
  const given = isRecord(parsed) ? parsed : {};
  const weights = isRecord(given['weights']) ? given['weights'] : undefined;
  const stop = given['stop'] ?? 0;
  if (!weights)
    return bad(
      problem(
        'WEIGHTS_SHAPE',
        'weights',
        'give `{"weights": {"action": number, …}, "stop": number}`',
      ),
    );
  const names = new Set(
    semantics.instances.flatMap((instance) => [
      instance.action.name,
      callText(semantics, instance),
    ]),
  );
  const problems: Problem[] = [
    ...Object.keys(given)
      .filter((key) => key !== 'weights' && key !== 'stop')
      .map((key) =>
        problem('WEIGHTS_SHAPE', key, `there is no \`${key}\` beside \`weights\` and \`stop\``),
      ),
    ...Object.keys(weights)
      .filter((name) => !names.has(name))
      .map((name) =>
        problem('WEIGHTS_SHAPE', `weights.${name}`, `the model has no action \`${name}\``),
      ),
    ...Object.entries({ ...weights, stop })
      .filter(([, value]) => !isWeight(value))
      .map(([name]) => problem('WEIGHTS_SHAPE', name, 'a weight is a number from 0 on')),
  ];
  return problems.length > 0
    ? bad(...problems)
    : ok({ weights: weights as Record<string, number>, stop: stop as number });
}

function isWeight(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** `ship(o1)`: an action with its binding. */
function callText(semantics: Semantics, instance: Instance): string {
  const values = Object.values(new Codec(semantics.layout).binding(instance));
  return values.length === 0
    ? instance.action.name
    : `${instance.action.name}(${values.map(String).join(', ')})`;
}

/**
 * The weight of every branch of a chain; the starts are equally likely. A state in which every
 * weight is 0 is a problem.
 */
export function branchWeights(chain: StateChain, weights: Weights): Result<Float64Array> {
  const { semantics } = chain.graph;
  const byInstance = semantics.instances.map(
    (instance) =>
      weights.weights[callText(semantics, instance)] ?? weights.weights[instance.action.name] ?? 1,
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
