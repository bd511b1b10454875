import { explore } from '../engines/explore/index.ts';
import type { Budget } from '../model/engine.ts';
import { anyNode, type Expr } from '../model/expression.ts';
import { sampledNames } from '../model/initial.ts';
import { type Action, type Model, predicatesOf, type Property } from '../model/model.ts';
import type { MutantsTried } from '../model/outcome.ts';
import { DIAGRAM_KINDS, IMPLICIT_KINDS, type PropertyKind } from '../model/propertyKinds.ts';
import { Semantics } from '../model/semantics.ts';
import { BOOL } from '../model/types.ts';
import { isOver, type Time } from '../time/time.ts';

/**
 * How many states of mutants are looked at, all together: the question is asked of every check, and
 * must not be felt.
 */
const MAX_WORK = 8_000;

/**
 * The mutants of SEMANTICS 9: drop a guard, drop a control, drop an assignment, negate a guard. One
 * change each.
 */
export function mutantsOf(model: Model): Model[] {
  return model.actions.flatMap((action, at) =>
    mutantActions(action).map((mutant) => ({
      ...model,
      actions: model.actions.map((a, i) => (i === at ? mutant : a)),
    })),
  );
}

function mutantActions(action: Action): Action[] {
  const { when } = action;
  const negated: Expr | undefined = when && { kind: 'not', type: BOOL, body: when };
  return [
    ...(when
      ? [
          { ...action, when: undefined },
          { ...action, when: negated },
        ]
      : []),
    ...action.controls.map((control) => ({
      ...action,
      controls: action.controls.filter((c) => c !== control),
    })),
    ...action.assignments.map((assignment) => ({
      ...action,
      assignments: action.assignments.filter((a) => a !== assignment),
    })),
  ];
}

/** What mutants say of the properties that hold. */
export interface Survival {
  /** Those that no mutant breaks: they say nothing about what the model does. */
  readonly survivesEveryMutant: readonly string[];
  /** Absent where nothing was asked of them. */
  readonly mutants?: MutantsTried;
}

/** How large the model's own graph is, and whether it is a smaller one that was enough. */
interface Explored {
  readonly states: number;
  readonly isReduced: boolean;
}

/**
 * Tries the mutants of a model on the properties of its author that hold, in an order that takes
 * something of each action early, as far as the work goes; `states` is the size of its own graph.
 * Where not all are tried, nothing is said to survive them all but what reads neither variables nor
 * messages. Of values that are only sampled nothing is tried: a mutant may break a property where
 * nobody looked.
 */
export async function survival(
  model: Model,
  holding: readonly Property[],
  { states, isReduced }: Explored,
  budget: Budget,
  time: Time,
): Promise<Survival> {
  const asked = holding.filter(({ kind, formula }) => !isOfEach(kind) && formula.kind !== 'all');
  if (asked.length === 0) return { survivesEveryMutant: [] };
  const mutants = spread(mutantsOf(model));
  const isSampled = sampledNames(new Semantics(model)).length > 0;
  let surviving = asked.filter((property) => !isConstant(property));
  let [tried, work] = [0, 0];
  for (const mutant of isSampled ? [] : mutants) {
    if (surviving.length === 0 || work + states > MAX_WORK || isOver(time)) break;
    const task = { semantics: new Semantics(mutant), digest: '', properties: surviving };
    const maxStates = 4 * states + 100;
    const reduction = isReduced ? 'always' : 'never';
    const result = await explore.run(
      task,
      // Code for a graph that is looked at once, and is small, takes longer than it saves.
      { ...budget, maxStates, reduction, path: 'interpreted' },
      time,
      () => undefined,
    );
    if (isOver(time)) break;
    surviving = surviving.filter((p) => result.outcomes.get(p.name)?.outcome !== 'violated');
    // What was cut, or is not asked of a reduced graph, has withstood nothing.
    const isOpen = surviving.some((p) => result.outcomes.get(p.name)?.outcome === 'unknown');
    if ((result.states ?? 0) < maxStates && !isOpen) tried += 1;
    work += result.states ?? states;
  }
  const isAll = surviving.length === 0 || tried === mutants.length;
  const survivors = asked.filter((p) => isConstant(p) || (isAll && surviving.includes(p)));
  return {
    survivesEveryMutant: survivors.map(({ name }) => name),
    mutants: {
      of: mutants.length,
      tried,
      unbroken: isAll ? [] : surviving.map(({ name }) => name),
      ...(isAll ? {} : { open: isSampled ? 'sampled' : isOver(time) ? 'time' : 'size' }),
    },
  };
}

/** What is asked of every model, or of every diagram: nobody wrote it, and it says what it says. */
const isOfEach = (kind: PropertyKind): boolean =>
  ([...IMPLICIT_KINDS, ...DIAGRAM_KINDS] as readonly PropertyKind[]).includes(kind);

/** Whether it reads nothing that a step could change. */
function isConstant({ formula }: Property): boolean {
  const predicates = predicatesOf(formula);
  return (
    predicates.length > 0 &&
    !predicates.some((predicate) =>
      anyNode(
        predicate,
        (e) => (e.kind === 'cell' && e.of === 'variable') || e.kind === 'messages',
      ),
    )
  );
}

/** All of them, in steps of about the golden ratio: near ones change the same action. */
function spread<T>(list: readonly T[]): readonly T[] {
  let step = Math.max(1, Math.round(list.length * 0.618));
  while (commonDivisor(step, list.length) > 1) step += 1;
  return list.map((_, i) => list[(i * step) % list.length] as T);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
