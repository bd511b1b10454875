import { ok, type Result } from '../../errors/index.ts';
import type { Property } from '../../model/model.ts';
import type { Outcome, OutcomeKind } from '../../model/outcome.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';
import { threatsOf } from '../../threats/operators/index.ts';
import { selectThreats } from '../../threats/selection.ts';
import { takesControl, type Threat } from '../../threats/threat.ts';
import type { Time } from '../../time/time.ts';
import type { Inspected } from '../inspect.ts';
import { answersOn, unthreatened } from './answers.ts';
import { readCatalogue, referencesOf } from './catalogue.ts';
import { judgedControls, sufficientSets } from './controls.ts';
import { bySize, isSubset, minimalOnly, type Ids } from './minimal.ts';
import { takenForGranted } from './room.ts';
import type { FoundSets } from './search.ts';
import type {
  Answer,
  AttackAnswers,
  AttackSet,
  ThreatenedProperty,
  ThreatOptions,
  ThreatReport,
} from './types.ts';

const NONE: Answer = { sets: [], complete: true };

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
  const question = { semantics, digest, options, time };
  const base = await unthreatened(question);
  if (!base.ok) return base;
  const { outcomes: without } = base.value;
  const universe = options.controls
    ? existing.filter((threat) => selected.includes(threat) || takesControl(threat))
    : selected;
  const judged = model.properties.filter(
    ({ formula }) =>
      formula.kind !== 'reachable' && formula.kind !== 'reachableEach' && formula.kind !== 'all',
  );
  const answered = await answersOn(question, base.value, universe, judged);
  if (!answered.ok) return answered;
  const { found } = answered.value;

  const within = ({ sets, complete, ...said }: Answer): Answer => {
    const budget = options.budget ?? Infinity;
    const small = sets.filter((set) => set.length <= budget);
    if (complete !== true || small.length === sets.length)
      return { sets: small, complete, ...said };
    return { sets: small, complete: { upTo: budget }, ...said };
  };
  const extended = new Map<string, Answer>();
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
    [...extended].map(([name, answer]) => [
      name,
      within({ ...answer, sets: answer.sets.filter((set) => isSubset(set, ids)) }),
    ]),
  );
  const properties: ThreatenedProperty[] = [];
  for (const property of model.properties) {
    const { sets, complete, engine, reason } = attacks.get(property.name) ?? NONE;
    const withoutThreats = outcomeOf(property, without);
    const shown: AttackSet[] = [];
    for (const set of sets) {
      const attack = await attackOf(answered.value, extended, property, set, without);
      if (attack) shown.push(attack);
    }
    const lost = shown.length < sets.length && property.formula.kind !== 'all';
    const left: FoundSets['complete'] = lost ? { upTo: 0 } : complete;
    properties.push({
      name: property.name,
      kind: property.kind,
      withoutThreats,
      ...(engine && { engine }),
      minimalAttackSets: shown,
      complete: left,
      ...(reason !== undefined && left !== true && { reason }),
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

  const asked = options.controls ? [...extended].filter(([, { isLeft }]) => !isLeft) : [];
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
    assumptions: takenForGranted(answered.value.model),
    states: { withoutThreats: base.value.states ?? 0, all: answered.value.states },
    ...(answered.value.bound === undefined ? {} : { bound: answered.value.bound }),
  });
}

/** A set with a shortest attack; nothing where none was found that replays. */
async function attackOf(
  answers: AttackAnswers,
  found: ReadonlyMap<string, FoundSets>,
  property: Property,
  set: Ids,
  without: ReadonlyMap<string, Outcome>,
): Promise<AttackSet | undefined> {
  const { formula, name } = property;
  const isLiveness = LIVENESS.has(formula.kind);
  const alone = without.get(name);
  if (set.length === 0 && alone?.outcome === 'violated') {
    const { trace } = alone;
    const traceLength = isLiveness || !trace ? null : trace.steps.length;
    return { threats: set, traceLength, ...(trace ? { trace } : {}) };
  }
  if (formula.kind === 'all') {
    const isBroken = (part: string): boolean =>
      found.get(part)?.sets.some((broken) => broken.join() === set.join()) ?? false;
    const part = answers.model.properties.find(
      (each) => formula.of.includes(each.name) && isBroken(each.name),
    );
    return part
      ? attackOf(answers, found, part, set, without)
      : { threats: set, traceLength: null };
  }
  const trace = await answers.attack(property, set);
  return trace && { threats: set, traceLength: isLiveness ? null : trace.steps.length, trace };
}

const LIVENESS: ReadonlySet<string> = new Set(['eventually', 'eventuallyAlways', 'leadsTo', 'ltl']);

/** There may be more sets than a call can have arguments. */
const leastOf = (sizes: readonly number[]): number =>
  sizes.reduce((least, size) => Math.min(least, size), Infinity);

/** The sets of a conjunction: the smallest of those of its parts. */
function joined(parts: readonly Answer[]): Answer {
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
