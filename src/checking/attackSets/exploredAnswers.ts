import type { Model, Property } from '../../model/model.ts';
import type { Trace } from '../../model/trace.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import type { Threat } from '../../threats/threat.ts';
import { OutOfTime, partOf, type Time } from '../../time/time.ts';
import type { AttackAnswers } from './types.ts';
import { replays } from './attackTrace.ts';
import type { Ids } from './minimal.ts';
import type { Attack } from './restriction.ts';
import { roomFor } from './room.ts';
import { explored, foundSets, Graphs, type ExploredAttacks } from './search.ts';

/** A larger graph of all threats is left for graphs of some of them. */
const AT_ONCE = 2_000;

/** The minimal sets of each property, by exploring. Throws `TooManyValues`. */
export async function exploredAnswers(
  model: Model,
  universe: readonly Threat[],
  judged: readonly Property[],
  { budget, maxStates }: { readonly budget: number | undefined; readonly maxStates: number },
  time: Time,
): Promise<AttackAnswers> {
  const limits = { ...time, maxStates };
  const attacked = await roomFor(model, { ...limits, ...partOf(time, 1 / 8) });
  const graphs = new Graphs(attacked, universe);
  const all = await explored(
    attacked,
    universe,
    { ...partOf(time, 1 / 4), maxStates: Math.min(AT_ONCE, maxStates) },
    time,
  );
  const { graph } = all;
  return {
    model: attacked,
    found: await foundSets(all, graphs, universe, judged, budget ?? universe.length, limits),
    states: graph.store.count,
    ...(graph.bound === undefined ? {} : { bound: graph.bound }),
    async attack(property, set) {
      const where = graph.bound === undefined ? all : await graphs.of(set, limits);
      const attack = attackIn(where, property, set);
      const trace = attack && where.trace(attack);
      const threats = universe.filter(({ id }) => set.includes(id));
      return trace && isAttack(attacked, threats, property, trace) ? trace : undefined;
    },
  };
}

const isAttack = (
  model: Model,
  threats: readonly Threat[],
  property: Property,
  trace: Trace,
): boolean => replays(new AttackedSystem(model, threats), property, trace);

/** Nothing where the time is over: the set is then left open. */
function attackIn(where: ExploredAttacks, property: Property, set: Ids): Attack | undefined {
  try {
    return where.restriction(set).attack(property);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return undefined;
  }
}
