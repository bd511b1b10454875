import type { SmtSystem } from '../../encode/smt/system.ts';
import { liftRun } from '../../model/lift.ts';
import type { Property } from '../../model/model.ts';
import type { Evidence, Outcome } from '../../model/outcome.ts';
import { ERROR_BIT, type Semantics } from '../../model/semantics.ts';
import type { ValuePath } from './bmc.ts';

/**
 * What a path of values shows of a property: the run of the model that it is, broken or reached at
 * its end.
 */
export function outcomeOfPath(
  semantics: Semantics,
  system: SmtSystem,
  property: Property,
  path: ValuePath,
): Outcome {
  const rows = path.map((values) => system.row(values));
  const erring = rows.findIndex((row) => row.errors.length > 0);
  const states = (erring < 0 ? rows : rows.slice(0, Math.max(1, erring))).map((row) => row.state);
  const error =
    erring <= 0
      ? undefined
      : (rows[erring]?.errors ?? []).reduce(
          (bits, kind) => bits | ERROR_BIT[kind as keyof typeof ERROR_BIT],
          0,
        );
  const trace = liftRun(semantics, { states: withoutStuttering(states), error });
  const evidence: Evidence = { depth: path.length - 1 };
  if (!trace)
    return {
      outcome: 'unknown',
      reason: 'unreplayable',
      message: 'Z3 shows a path that is no run of the model',
      evidence,
    };
  return property.formula.kind === 'reachable'
    ? { outcome: 'holds', method: 'witness', trace, evidence }
    : { outcome: 'violated', witness: 'trace', trace, evidence };
}

/**
 * A rule may change nothing, which is no step of the model (SEMANTICS 3): equal neighbours are one
 * state.
 */
function withoutStuttering<T>(states: readonly (readonly T[])[]): (readonly T[])[] {
  return states.filter(
    (state, i) => i === 0 || !state.every((word, k) => word === states[i - 1]?.[k]),
  );
}
