import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { type Model, type Property } from '../../model/model.ts';
import type { Outcome, OutcomeKind } from '../../model/outcome.ts';
import { OutOfTime, partOf, type Time } from '../../time/time.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import { threatsOf } from '../../threats/operators/index.ts';
import { selectThreats } from '../../threats/selection.ts';
import { takesControl, type Threat } from '../../threats/threat.ts';
import { TooManyValues } from '../../threats/world.ts';
import type { Inspected } from '../inspect.ts';
import { replays } from './attackTrace.ts';
import { readCatalogue, referencesOf } from './catalogue.ts';
import { judgedControls, sufficientSets } from './controls.ts';
import type { AttackLimits } from './attackGraph.ts';
import { bySize, isSubset, minimalOnly } from './minimal.ts';
import type { Attack } from './restriction.ts';
import { roomFor, takenForGranted } from './room.ts';
import { explored, foundSets, Graphs, type ExploredAttacks, type FoundSets } from './search.ts';
import { soundAlone } from './underThreats.ts';
import type { AttackSet, ThreatenedProperty, ThreatOptions, ThreatReport } from './types.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';

/** A larger graph of all threats is left for graphs of some of them. */
const AT_ONCE = 2_000;

const NONE: FoundSets = { sets: [], complete: true };

/**
 * Which attacks break which properties of a model, and which controls hold them up (SEMANTICS
 * 17–23). Bad input comes back as problems.
 */
export async function analyseThreats(
  { semantics, digest }: Pick<Inspected, 'semantics' | 'digest'>,
  format: string,
  options: ThreatOptions,
  time: Time,
): Promise<Result<ThreatReport>> {
  const { model } = semantics;
  const existing = threatsOf(model);
  const catalogue = readCatalogue(options.catalogue);
  if (!catalogue.ok) return catalogue;
  const chosen = selectThreats(existing, options.threats);
  if (!chosen.ok) return chosen;
  const selected = chosen.value;
  const base = await soundAlone({ semantics, digest }, options, partOf(time, 1 / 2));
  if (!base.ok) return base;
  const { outcomes: without } = base.value;
  const universe = options.controls
    ? existing.filter((threat) => selected.includes(threat) || takesControl(threat))
    : selected;
  const limits = { ...time, maxStates: options.maxStates };
  const judged = model.properties.filter(
    ({ formula }) =>
      formula.kind !== 'reachable' && formula.kind !== 'reachableEach' && formula.kind !== 'all',
  );
  const attacked = await roomFor(model, { ...limits, ...partOf(time, 1 / 8) });
  const graphs = new Graphs(attacked, universe);
  let all: ExploredAttacks;
  let found: ReadonlyMap<string, FoundSets>;
  try {
    all = await explored(
      attacked,
      universe,
      { ...partOf(time, 1 / 4), maxStates: Math.min(AT_ONCE, options.maxStates) },
      time,
    );
    found = await foundSets(
      all,
      graphs,
      universe,
      judged,
      options.budget ?? universe.length,
      limits,
    );
  } catch (error) {
    if (!(error instanceof TooManyValues)) throw error;
    return bad(problem('THREAT_TOO_LARGE', 'threats', error.message));
  }

  const within = ({ sets, complete }: FoundSets): FoundSets => {
    const budget = options.budget ?? Infinity;
    const small = sets.filter((set) => set.length <= budget);
    if (complete !== true || small.length === sets.length) return { sets: small, complete };
    return { sets: small, complete: { upTo: budget } };
  };
  const extended = new Map<string, FoundSets>();
  for (const property of model.properties) {
    const { formula, name } = property;
    const own = found.get(name) ?? NONE;
    extended.set(
      name,
      formula.kind === 'all' ? joined(formula.of.map((of) => found.get(of) ?? NONE)) : own,
    );
  }
  const ids = selected.map(({ id }) => id);
  const attacks = new Map(
    [...extended].map(([name, { sets, complete }]) => [
      name,
      within({ sets: sets.filter((set) => isSubset(set, ids)), complete }),
    ]),
  );
  const parts: Parts = { universe, all, graphs, limits, found: extended };
  const properties: ThreatenedProperty[] = [];
  for (const property of model.properties) {
    const { sets, complete } = attacks.get(property.name) ?? NONE;
    const withoutThreats = outcomeOf(property, without);
    const shown: AttackSet[] = [];
    for (const set of sets) {
      const attack = await attackOf(parts, property, set, without.get(property.name));
      if (attack) shown.push(attack);
    }
    const lost = shown.length < sets.length && property.formula.kind !== 'all';
    const left: FoundSets['complete'] = lost ? { upTo: 0 } : complete;
    properties.push({
      name: property.name,
      kind: property.kind,
      withoutThreats,
      minimalAttackSets: shown,
      complete: left,
      resilience: resilienceOf({ sets, complete: left }, selected),
      assuming: IMPLICIT_KINDS.filter(
        (kind) =>
          property.formula.kind !== 'implicit' &&
          judged.includes(property) &&
          (attacks.get(kind)?.sets ?? []).some(
            (broken) => !sets.some((set) => isSubset(set, broken)),
          ),
      ),
    });
  }

  const asked = options.controls ? [...extended] : [];
  return ok({
    model: { name: model.name, digest, format },
    options: { threats: ids, budget: options.budget ?? null, controls: options.controls },
    ids: existing.map(({ id, operator, proper }) => ({
      id,
      operator,
      proper,
      references: referencesOf(catalogue.value, { id, operator }),
    })),
    properties,
    controls: asked
      .flatMap(([name, sets]) => judgedControls(name, existing, within(sets).sets))
      .sort((a, b) => (a.id === b.id ? (a.property < b.property ? -1 : 1) : a.id < b.id ? -1 : 1)),
    sufficientControls: asked.map(([property, sets]) => ({
      property,
      sets: sufficientSets(existing, within(sets).sets).sort(bySize),
    })),
    assumptions: takenForGranted(attacked),
    states: { withoutThreats: base.value.states ?? 0, all: all.graph.store.count },
    ...(all.graph.bound === undefined ? {} : { bound: all.graph.bound }),
  });
}

/** Where an attack is looked for: the graph of all threats if it is whole, else that of its ids. */
interface Parts {
  readonly universe: readonly Threat[];
  readonly all: ExploredAttacks;
  readonly graphs: Graphs;
  readonly limits: AttackLimits;
  readonly found: ReadonlyMap<string, FoundSets>;
}

/** The part of a conjunction that this set breaks. */
function partBroken(
  { properties }: Model,
  found: Parts['found'],
  names: readonly string[],
  set: readonly string[],
): Property | undefined {
  const isBroken = (name: string): boolean =>
    found.get(name)?.sets.some((broken) => broken.join() === set.join()) ?? false;
  return properties.find(({ name }) => names.includes(name) && isBroken(name));
}

/** A set with a shortest attack; nothing where none was found that replays. */
async function attackOf(
  parts: Parts,
  property: Property,
  set: readonly string[],
  without: Outcome | undefined,
): Promise<AttackSet | undefined> {
  const { universe, all, graphs, limits, found } = parts;
  const isLiveness = LIVENESS.has(property.formula.kind);
  if (set.length === 0 && without?.outcome === 'violated') {
    const { trace } = without;
    const traceLength = isLiveness || !trace ? null : trace.steps.length;
    return { threats: set, traceLength, ...(trace ? { trace } : {}) };
  }
  if (property.formula.kind === 'all') {
    const part = partBroken(graphs.model, found, property.formula.of, set);
    return part ? attackOf(parts, part, set, without) : { threats: set, traceLength: null };
  }
  const where = all.graph.bound === undefined ? all : await graphs.of(set, limits);
  const attack = attackIn(where, property, set);
  const trace = attack && where.trace(attack);
  const threats = universe.filter(({ id }) => set.includes(id));
  if (!attack || !trace || !replays(new AttackedSystem(graphs.model, threats), property, trace))
    return undefined;
  return { threats: set, traceLength: isLiveness ? null : attack.edges.length, trace };
}

/** Nothing where the time is over: the set is then left open. */
function attackIn(
  where: ExploredAttacks,
  property: Property,
  set: readonly string[],
): Attack | undefined {
  try {
    return where.restriction(set).attack(property);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return undefined;
  }
}

const LIVENESS: ReadonlySet<string> = new Set(['eventually', 'eventuallyAlways', 'leadsTo', 'ltl']);

/** There may be more sets than a call can have arguments. */
const leastOf = (sizes: readonly number[]): number =>
  sizes.reduce((least, size) => Math.min(least, size), Infinity);

/** The sets of a conjunction: the smallest of those of its parts. */
function joined(parts: readonly FoundSets[]): FoundSets {
  const sizes = parts.map(({ complete }) => (complete === true ? Infinity : complete.upTo));
  const upTo = leastOf(sizes);
  return {
    sets: minimalOnly(parts.flatMap(({ sets }) => sets)).sort(bySize),
    complete: upTo === Infinity ? true : { upTo },
  };
}

function outcomeOf(
  { name, formula }: Property,
  outcomes: ReadonlyMap<string, Outcome>,
): OutcomeKind {
  if (formula.kind !== 'all') return outcomes.get(name)?.outcome ?? 'unknown';
  const parts = formula.of.map((of) => outcomes.get(of)?.outcome ?? 'unknown');
  return parts.find((o) => o === 'violated') ?? parts.find((o) => o !== 'holds') ?? 'holds';
}

function resilienceOf(
  { sets, complete }: FoundSets,
  selected: readonly Threat[],
): ThreatenedProperty['resilience'] {
  if (sets.some((set) => set.length === 0)) return null;
  const proper = selected.filter((threat) => threat.proper).map(({ id }) => id);
  const sizes = sets.filter((set) => isSubset(set, proper)).map((set) => set.length);
  const least = leastOf(sizes);
  if (complete !== true) return Math.min(least - 1, complete.upTo);
  return least === Infinity ? 'all' : least - 1;
}

/** 0 nothing breaks within the budget, 1 something does, 3 something was left open. */
export function exitOfThreats({ properties, options }: ThreatReport): 0 | 1 | 3 {
  if (properties.some((p) => p.minimalAttackSets.length > 0 || p.withoutThreats === 'violated'))
    return 1;
  const open = properties.some(
    ({ complete, withoutThreats }) =>
      withoutThreats !== 'holds' ||
      (complete !== true && complete.upTo < (options.budget ?? Infinity)),
  );
  return open ? 3 : 0;
}
