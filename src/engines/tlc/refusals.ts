import { Unencodable } from '../../encode/definedness.ts';
import { printModule } from '../../encode/tla/module.ts';
import type { Task } from '../../model/engine.ts';
import { valuations } from '../../model/initial.ts';
import type { FormulaKind, Property } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { isFinite } from '../../model/types.ts';

/** `reachable` takes one run per valuation: above this many they are left to explore. */
const MAX_VALUATIONS = 8;

const MAX_INT32 = 2 ** 31 - 1;

/** Why TLC cannot decide the property of this model, or nothing if it can. */
export function refuses(task: Task, property: Property): string | undefined {
  const { kind } = property.formula;
  if (kind === 'recoverable') return 'TLC has no AG EF';
  if (isLeft(kind)) return `TLC is not asked for ${kind}`;
  const unfit = unfitModel(task.semantics);
  if (unfit) return unfit;
  if (kind === 'reachable' && countValuations(task.semantics) > MAX_VALUATIONS)
    return `one run per valuation, and there are more than ${MAX_VALUATIONS}`;
  return unprintable(task, property);
}

/** Kinds that TLC is never asked for. */
const isLeft = (kind: FormulaKind): boolean =>
  kind === 'recoverable' || kind === 'reachableEach' || kind === 'all';

/** What cannot be printed of a model's properties; each is asked several times. */
const known = new WeakMap<Semantics, Map<Property, string | undefined>>();

/** Why a property cannot be printed. If all can be, that is found at once. */
function unprintable({ semantics, properties }: Task, property: Property): string | undefined {
  const found = known.get(semantics) ?? new Map<Property, string | undefined>();
  known.set(semantics, found);
  if (found.has(property)) return found.get(property);
  const all = [...new Set([...properties, property])].filter(
    ({ formula }) => !isLeft(formula.kind),
  );
  if (found.size === 0 && printing(semantics, all) === undefined)
    for (const each of all) found.set(each, undefined);
  else found.set(property, printing(semantics, [property]));
  return found.get(property);
}

function printing(semantics: Semantics, properties: readonly Property[]): string | undefined {
  try {
    printModule(semantics, properties);
    return undefined;
  } catch (error) {
    if (error instanceof Unencodable) return error.message;
    throw error;
  }
}

function unfitModel(semantics: Semantics): string | undefined {
  const { parameters, variables, channels } = semantics.layout;
  const types = [...parameters, ...variables]
    .map((b) => b.type)
    .concat(channels.flatMap((c) => c.fields.map((f) => f.type)));
  const wide = types.some(
    (t) => t.kind === 'int' && isFinite(t) && ((t.lo ?? 0) < -MAX_INT32 || (t.hi ?? 0) > MAX_INT32),
  );
  return wide ? 'its integers have 32 bits' : undefined;
}

function countValuations(semantics: Semantics): number {
  let count = 0;
  for (const _ of valuations(semantics)) {
    count += 1;
    if (count > MAX_VALUATIONS) break;
  }
  return count;
}
