import { bad, Fault, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { Graph } from '../graph/graph.ts';
import type { Expr } from '../model/expression.ts';
import { judgedPredicates, type Property } from '../model/model.ts';
import { ERROR_BIT, type Semantics } from '../model/semantics.ts';
import { timeOf } from '../time/time.ts';
import { IMPLICIT_KINDS, type ImplicitKind } from '../model/propertyKinds.ts';

/** The whole graph of a model, and which of its states are a loss. */
export interface ExploredLosses {
  readonly graph: Graph;
  readonly loss: Uint8Array;
}

/**
 * What counts as a loss: a state that breaks a property of the model, or a state of which a
 * predicate is true.
 */
export type Loss =
  | { readonly kind: 'property'; readonly property: Property }
  | { readonly kind: 'predicate'; readonly expr: Expr }
  | { readonly kind: 'none' };

export interface ExploreOptions {
  readonly maxStates: number;
  readonly memoryMb: number;
  readonly timeoutMs: number;
}

/** Whether the state in view is a loss; `stuckOnly` where only one without a step can be. */
interface StateTest {
  readonly stuckOnly: boolean;
  readonly holds: () => boolean;
}

/**
 * Explores the whole graph. Refuses a property whose violation is no state (a loop, a lack), a
 * graph that has no end within the limits, and a model that breaks an implicit property:
 * probabilities of a model that errs would mean nothing.
 */
export async function exploreLosses(
  semantics: Semantics,
  loss: Loss,
  options: ExploreOptions,
  signal: AbortSignal,
): Promise<Result<ExploredLosses>> {
  const graph = new Graph(semantics);
  const isLoss = lossTest(graph, loss);
  if (!isLoss)
    return bad(
      problem(
        'RISK_PROPERTY',
        loss.kind === 'property' ? `properties.${loss.property.name}` : '',
        `${loss.kind === 'property' ? loss.property.kind : ''} is broken by a whole run, not by reaching a state; risk is computed for always, never and deadlockFree`,
      ),
    );
  const lossStates: number[] = [];
  const broken = new Map<ImplicitKind, string>();
  const judged = judgedPredicates(semantics.model).map((expr) => graph.judge(expr));
  await graph.explore(
    {
      maxStates: options.maxStates,
      memoryMb: options.memoryMb,
      time: timeOf(options.timeoutMs, signal),
    },
    true,
    {
      onState: (index) => {
        if (!broken.has('defined') && judged.some((judge) => judge() === undefined))
          broken.set('defined', 'a property, or `final`, has no value in some state');
        if (!isLoss.stuckOnly && isLoss.holds()) lossStates.push(index);
      },
      onStuck: (index) => {
        if (isLoss.stuckOnly && isLoss.holds()) lossStates.push(index);
      },
      onError: ({ label, errors }) => {
        for (const kind of IMPLICIT_KINDS)
          if ((errors & ERROR_BIT[kind]) !== 0 && !broken.has(kind))
            broken.set(kind, `by ${graph.instance(label).action.name}`);
      },
      onProgress: () => undefined,
    },
  );
  if (signal.aborted) throw new Fault('CANCELLED', 'the exploration was cancelled');
  for (const start of graph.badStarts)
    for (const kind of IMPLICIT_KINDS)
      if ((start.errors & ERROR_BIT[kind]) !== 0) broken.set(kind, 'at the start');
  const problems = [...brokenProblems(broken), ...boundProblems(graph)];
  if (problems.length > 0) return bad(...problems);
  const flags = new Uint8Array(graph.store.count);
  for (const state of lossStates) flags[state] = 1;
  return ok({ graph, loss: flags });
}

function brokenProblems(broken: ReadonlyMap<ImplicitKind, string>): Problem[] {
  return [...broken].map(([kind, how]) =>
    problem(
      'RISK_MODEL_BROKEN',
      kind,
      `${kind} is broken ${how}: mend these first (\`probity check\` shows the trace)`,
    ),
  );
}

function boundProblems(graph: Graph): Problem[] {
  if (graph.complete) return [];
  return [
    problem(
      'RISK_INCOMPLETE',
      '',
      `the graph ends at a limit (${graph.bounds.join('; ')}): a risk on a part of it would be a guess`,
    ),
  ];
}

function lossTest(graph: Graph, loss: Loss): StateTest | undefined {
  if (loss.kind === 'none') return { stuckOnly: false, holds: () => false };
  if (loss.kind === 'predicate') return wherePredicate(graph, loss.expr, true);
  const { formula } = loss.property;
  switch (formula.kind) {
    case 'always':
      return wherePredicate(graph, formula.expr, false);
    case 'never':
      return wherePredicate(graph, formula.expr, true);
    case 'deadlockFree': {
      const { final } = graph.semantics.model;
      const isFinal = final ? graph.judge(final) : () => false;
      return { stuckOnly: true, holds: () => isFinal() === false };
    }
    default:
      return undefined;
  }
}

function wherePredicate(graph: Graph, expr: Expr, value: boolean): StateTest {
  const judge = graph.judge(expr);
  return { stuckOnly: false, holds: () => judge() === value };
}
