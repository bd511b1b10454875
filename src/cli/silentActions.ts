import { quietOf, type Inspected } from '../checking/inspect.ts';
import type { Submission } from '../checking/types.ts';
import { ok, type Result } from '../errors/index.ts';
import { wrong } from './arguments.ts';

/** What needs no events: of a diagram what is no activity, and the actions that were named. */
export async function silentActions(
  named: readonly string[],
  { semantics }: Inspected,
  submission: Submission,
): Promise<Result<ReadonlySet<string>>> {
  const known = new Set(semantics.model.actions.map(({ name }) => name));
  const unknown = named.filter((name) => !known.has(name));
  return unknown.length > 0
    ? wrong(`the model has no action ${unknown.join(', ')}`, '--silent')
    : ok(new Set([...(await quietOf(submission)), ...named]));
}
