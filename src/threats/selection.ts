import { bad, ok, problem, type Result } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';
import type { Threat } from './threat.ts';

/** The ids that are asked about; `all`: those of all threats proper. */
export type NamedThreats = readonly string[] | 'all';

/** The threats of a model that are named, in the model's order; a name of none is a problem. */
export function selectThreats(
  existing: readonly Threat[],
  named: NamedThreats,
): Result<readonly Threat[]> {
  if (named === 'all') return ok(existing.filter(({ proper }) => proper));
  const ids = existing.map(({ id }) => id);
  const unknown = named.filter((id) => !ids.includes(id));
  return unknown.length > 0
    ? bad(
        ...unknown.map((id) =>
          problem(
            'THREAT_UNKNOWN',
            id,
            `the model has no threat \`${id}\`; there are ${listed(ids, id) || 'none'}`,
          ),
        ),
      )
    : ok(existing.filter(({ id }) => named.includes(id)));
}
