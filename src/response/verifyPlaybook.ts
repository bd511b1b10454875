import { cutAt, roomFor } from '../checking/attackSets/room.ts';
import { exploredOf, type ExploredAttacks } from '../checking/attackSets/search.ts';
import { outcomeUnder } from '../checking/attackSets/underThreats.ts';
import type { AttackLimits } from '../checking/attackSets/attackGraph.ts';
import type { Inspected } from '../checking/inspect.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { predicatesOf, type Model } from '../model/model.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Trace } from '../model/trace.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { ALERT_STEP, PlaybookSystem, type RaisedWhere } from '../threats/playbooks/system.ts';
import { TooManyValues } from '../threats/world.ts';
import {
  bindPlaybook,
  CASE_COMPLETION,
  type BoundPlaybook,
  type Question,
} from './boundPlaybook.ts';
import type { Playbook, PlaybookBinding } from './readPlaybook.ts';

/** What one question about a playbook came to. */
export interface PlaybookAnswer {
  /** `completes`, `final` (the case can be completed), an implicit property, or a promised one. */
  readonly asks: string;
  readonly outcome: Outcome['outcome'];
  /** Where it is violated: from the beginning, through the attack and the alert. */
  readonly trace?: Trace;
  /** Why it is bounded or unknown. */
  readonly why?: string;
}

/** Whether a playbook helps after one kind of alert, under the threats of that. */
export interface BindingReport {
  readonly alert: PlaybookBinding['alert'];
  readonly property?: string;
  readonly threats: readonly string[];
  readonly verified: boolean;
  /** No run raises the alert: nothing was shown. */
  readonly neverRaised?: true;
  readonly states: number;
  readonly answers: readonly PlaybookAnswer[];
}

/** What was found out about a playbook on a model (SEMANTICS 30). */
export interface PlaybookReport {
  readonly playbook: { readonly id: string; readonly name: string; readonly modified: string };
  readonly model: { readonly name: string; readonly digest: string };
  /** All of `on` are. */
  readonly verified: boolean;
  readonly on: readonly BindingReport[];
  readonly promises: readonly string[];
  readonly assumptions: readonly string[];
}

/** Verifies a playbook on its model. Bad input comes back as problems with their places. */
export async function verifyPlaybook(
  playbook: Playbook,
  inspected: Inspected,
  limits: AttackLimits,
): Promise<Result<PlaybookReport>> {
  const bound = bindPlaybook(playbook, inspected);
  if (!bound.ok) return bound;
  const on: BindingReport[] = [];
  for (const binding of playbook.on) {
    try {
      on.push(await judged(bound.value, binding, inspected.semantics.model, limits));
    } catch (error) {
      if (!(error instanceof TooManyValues)) throw error;
      return bad(problem('THREAT_TOO_LARGE', binding.threats.join(', '), error.message));
    }
  }
  return ok({
    playbook: { id: playbook.id, name: playbook.name, modified: playbook.modified },
    model: { name: inspected.semantics.model.name, digest: inspected.digest },
    verified: on.length > 0 && on.every(({ verified }) => verified),
    on,
    promises: playbook.promises,
    assumptions: assumed(bound.value, inspected.semantics.model),
  });
}

async function judged(
  bound: BoundPlaybook,
  binding: PlaybookBinding,
  original: Model,
  limits: AttackLimits,
): Promise<BindingReport> {
  const model = await roomFor(bound.model, limits);
  const threats = threatsOf(original).filter(({ id }) => binding.threats.includes(id));
  const fresh = (): PlaybookSystem =>
    new PlaybookSystem(model, threats, bound.rewritten, (system) =>
      whereRaised(binding, original, system),
    );
  const own = await exploredOf(fresh(), limits);
  const bounded = own.graph.bound ?? cutAt(own.graph);
  const answers = bound.questions.map((question) =>
    answerTo(question, own, fresh, model, [...binding.threats, ALERT_STEP], bounded),
  );
  const isRaised = own.graph.idSets.some((ids) => ids.includes(ALERT_STEP));
  return {
    alert: binding.alert,
    ...(binding.property !== undefined && { property: binding.property }),
    threats: threats.map(({ id }) => id),
    verified: isRaised && answers.every(({ outcome }) => outcome === 'holds'),
    ...(!isRaised && bounded === undefined && { neverRaised: true }),
    states: own.graph.store.count,
    answers,
  };
}

function answerTo(
  { asks, property }: Question,
  own: ExploredAttacks,
  fresh: () => PlaybookSystem,
  model: Model,
  ids: readonly string[],
  bounded: string | undefined,
): PlaybookAnswer {
  const asked = model.properties.find(({ name }) => name === property);
  if (!asked) return { asks, outcome: 'unknown', why: 'it is not asked of this model' };
  const found = outcomeUnder(own, fresh, ids, asked, bounded);
  switch (found.outcome) {
    case 'holds':
      return { asks, outcome: 'holds' };
    case 'violated':
      return { asks, outcome: 'violated', ...('trace' in found && { trace: found.trace }) };
    case 'bounded':
      return { asks, outcome: 'bounded', why: found.bound };
    case 'unknown':
      return { asks, outcome: 'unknown', why: found.message ?? found.reason };
  }
}

/**
 * Where an alert may be raised, never too narrow: a deviation once all of its threats have acted; a
 * property that is broken where it is false (what comes later is reached from there, before the
 * first step is taken); what may be broken, or is late, anywhere.
 */
function whereRaised(
  { alert, property }: PlaybookBinding,
  original: Model,
  system: PlaybookSystem,
): RaisedWhere {
  const formula = original.properties.find(({ name }) => name === property)?.formula;
  const [expr] = formula ? predicatesOf(formula) : [];
  switch (alert) {
    case 'deviation':
      return { kind: 'afterAttack' };
    case 'possiblyBroken':
    case 'late':
      return { kind: 'anywhere' };
    case 'broken': {
      const holds = expr ? system.semantics.predicate(expr) : () => undefined;
      const wrong = formula?.kind === 'never';
      return { kind: 'state', holds: (state) => holds([...state]) === wrong };
    }
    case 'doomed': {
      const goal = property === CASE_COMPLETION ? original.final : expr;
      const holds = goal ? system.semantics.predicate(goal) : () => undefined;
      return { kind: 'outOfReach', goal: (state) => holds([...state]) };
    }
  }
}

/** What has to be so in the world for the answer to be of use. */
function assumed({ playbook, rewritten }: BoundPlaybook, model: Model): readonly string[] {
  const acts = playbook.flow.places.flatMap((place) => (place.kind === 'act' ? [place] : []));
  const named = (names: readonly string[]): string => [...new Set(names)].join(', ');
  const approved = acts.filter(({ approval }) => approval !== undefined);
  const decided = playbook.flow.places.filter(({ kind }) => kind === 'decide');
  const blocking = acts.filter(({ blocks }) => blocks.length > 0);
  return [
    `Each step is taken in the end where it can be (weakly fair): ${named(playbook.flow.places.map(({ name }) => name))}.`,
    ...(approved.length > 0
      ? [
          `Each approval is given in the end: ${named(approved.map(({ name, approval }) => `${name} (${approval})`))}.`,
        ]
      : []),
    ...acts.flatMap(({ name, failed }) =>
      failed === undefined ? [] : [`Where “${name}” fails it did nothing, or all that it does.`],
    ),
    ...(decided.length > 0
      ? [
          `Whoever responds sees what the conditions ask for: ${named(decided.map(({ name }) => name))}.`,
        ]
      : []),
    ...blocking.map(
      ({ name, blocks }) => `After “${name}”, ${blocks.join(' and ')} can no longer act.`,
    ),
    ...(rewritten.document.final === undefined || model.final === undefined
      ? ['The model does not say when a case is complete: that it can be is not asked.']
      : []),
  ];
}
