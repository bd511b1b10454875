import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import type { Semantics } from '../model/semantics.ts';
import { costsOf } from '../risk/index.ts';
import type { ProcessRequest } from '../risk/process/processRequest.ts';
import { threatsOf } from '../threats/operators/index.ts';

/** What a request may ask of the process behind a risk (`docs/risk.md`). */
export interface RequestedProcess {
  readonly within?: number | null;
  readonly expected?: boolean | null;
  readonly costs?: readonly { readonly action: string; readonly cost: number }[] | null;
  readonly robust?: boolean | null;
  /** Ids of threats, or `all`. */
  readonly attackers?: readonly string[] | null;
}

const AT = 'input.risk.process';
const MOST_STEPS = 1_000_000;

/** What is asked, nothing where nothing is; or all that is wrong with it. */
export function readProcess(
  requested: RequestedProcess,
  semantics: Semantics,
): Result<ProcessRequest | undefined> {
  const problems: Problem[] = [];
  const taken = <T>(read: Result<T>): T | undefined => {
    if (!read.ok) problems.push(...read.problems);
    return read.ok ? read.value : undefined;
  };
  const within = taken(readWithin(requested.within));
  const costs = taken(readCostList(requested.costs ?? [], semantics));
  const attackers = taken(readAttackers(requested.attackers ?? [], semantics));
  if (problems.length > 0) return bad(...problems);
  const asked: ProcessRequest = {
    ...(within !== undefined && { within }),
    ...((requested.expected === true || costs) && { expected: true }),
    ...(costs && { costs }),
    ...(requested.robust === true && { robust: true }),
    ...(attackers && { attackers }),
  };
  return ok(Object.keys(asked).length > 0 ? asked : undefined);
}

function readWithin(within: number | null | undefined): Result<number | undefined> {
  if (within === undefined || within === null) return ok(undefined);
  return Number.isSafeInteger(within) && within >= 0 && within <= MOST_STEPS
    ? ok(within)
    : bad(
        problem(
          'OPTION_INVALID',
          `${AT}.within`,
          `within is a whole number of steps from 0 to ${MOST_STEPS}`,
        ),
      );
}

function readCostList(
  costs: NonNullable<RequestedProcess['costs']>,
  semantics: Semantics,
): Result<ProcessRequest['costs']> {
  if (costs.length === 0) return ok(undefined);
  const named = new Map(costs.map(({ action, cost }) => [action, cost]));
  if (named.size < costs.length)
    return bad(
      problem('WEIGHTS_SHAPE', `${AT}.costs`, 'an action has two costs: give it one of them'),
    );
  const read = costsOf(Object.fromEntries(named), semantics);
  return read.ok
    ? read
    : bad(...read.problems.map((each) => ({ ...each, path: `${AT}.${placeOf(each, costs)}` })));
}

/** Where in the list it stands what a problem names. */
function placeOf({ path }: Problem, costs: readonly { readonly action: string }[]): string {
  const action = path.replace(/^costs\./u, '');
  const at = costs.findIndex((each) => each.action === action);
  return at === -1 ? 'costs' : `costs.${at}`;
}

function readAttackers(
  named: readonly string[],
  semantics: Semantics,
): Result<ProcessRequest['attackers']> {
  if (named.length === 0) return ok(undefined);
  if (named.includes('all')) return ok('all');
  const known = threatsOf(semantics.model).map(({ id }) => id);
  const unknown = named.flatMap((id, at) =>
    known.includes(id)
      ? []
      : [
          problem(
            'THREAT_UNKNOWN',
            `${AT}.attackers.${at}`,
            `the model has no threat \`${id.slice(0, 80)}\`${didYouMean(id.slice(0, 80), known)}`,
          ),
        ],
  );
  return unknown.length > 0 ? bad(...unknown) : ok([...new Set(named)]);
}
