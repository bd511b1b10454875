import { isRecord } from '../canonical/record.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { Semantics } from '../model/semantics.ts';
import { callText } from './callText.ts';
import type { StateChain } from './chain.ts';

/** Numbers by action: keys are `action` or `action(value, …)`, the second before the first. */
export type NumbersByAction = Readonly<Record<string, number>>;

/**
 * How strongly each action draws, wherever it is possible; an action that is not named has weight
 * 1. `stop` draws wherever a case may stop and something else could happen too.
 */
export interface Weights {
  readonly weights: NumbersByAction;
  readonly stop: number;
}

/** What each action costs, in any unit; one that is not named costs nothing. */
export interface Costs {
  readonly costs: NumbersByAction;
}

/** `{"weights": {"action": number, …}, "stop": number}`. */
export function readWeights(text: string, semantics: Semantics): Result<Weights> {
  const read = readByAction(text, 'weights', ['stop'], semantics);
  if (!read.ok) return read;
  const { named, beside } = read.value;
  return ok({ weights: named, stop: beside['stop'] ?? 0 });
}

/** `{"costs": {"action": number, …}}`. */
export function readCosts(text: string, semantics: Semantics): Result<Costs> {
  const read = readByAction(text, 'costs', [], semantics);
  return read.ok ? ok({ costs: read.value.named }) : read;
}

/** What each action costs, by name, each of them checked as `readCosts` does. */
export function costsOf(named: Readonly<Record<string, unknown>>, of: Semantics): Result<Costs> {
  const read = checkedByAction({ costs: named }, 'costs', [], of);
  return read.ok ? ok({ costs: read.value.named }) : read;
}

/** What each branch of a chain costs. */
export function branchCosts({ instances, graph }: StateChain, { costs }: Costs): Float64Array {
  return Float64Array.from(instances, (instance) =>
    instance ? numberOf(costs, callText(graph.semantics, instance), instance.action.name, 0) : 0,
  );
}

export function numberOf(
  numbers: NumbersByAction,
  call: string,
  action: string,
  otherwise: number,
): number {
  return numbers[call] ?? numbers[action] ?? otherwise;
}

interface Read {
  readonly named: NumbersByAction;
  readonly beside: NumbersByAction;
}

function readByAction(
  text: string,
  key: 'weights' | 'costs',
  others: readonly string[],
  semantics: Semantics,
): Result<Read> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return bad(shape('', `not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  return checkedByAction(parsed, key, others, semantics);
}

function checkedByAction(
  parsed: unknown,
  key: 'weights' | 'costs',
  others: readonly string[],
  semantics: Semantics,
): Result<Read> {
  const given = isRecord(parsed) ? parsed : {};
  const named = isRecord(given[key]) ? given[key] : undefined;
  const form = [`"${key}": {"action": number, …}`, ...others.map((name) => `"${name}": number`)];
  if (!named) return bad(shape(key, `give \`{${form.join(', ')}}\``));
  const { [key]: _, ...beside } = given;
  const calls = new Set(
    semantics.instances.flatMap((instance) => [
      instance.action.name,
      callText(semantics, instance),
    ]),
  );
  const allowed = [key, ...others].map((name) => `\`${name}\``).join(' and ');
  const problems: Problem[] = [
    ...Object.keys(beside)
      .filter((name) => !others.includes(name))
      .map((name) => shape(name, `there is no \`${name}\` beside ${allowed}`)),
    ...Object.keys(named)
      .filter((name) => !calls.has(name))
      .map((name) => shape(`${key}.${name}`, `the model has no action \`${name}\``)),
    ...Object.entries({ ...named, ...beside })
      .filter(([, value]) => !isFromZero(value))
      .map(([name]) => shape(name, 'a number from 0 on is needed')),
  ];
  return problems.length > 0
    ? bad(...problems)
    : ok({ named: named as NumbersByAction, beside: beside as NumbersByAction });
}

const shape = (path: string, message: string): Problem => problem('WEIGHTS_SHAPE', path, message);

function isFromZero(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
