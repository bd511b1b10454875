import type { Graph } from '../../graph/graph.ts';
import type { StateJudge } from '../../graph/walker.ts';
import type { Vacuity } from '../../model/outcome.ts';
import type { Expr } from '../../model/expression.ts';
import type { Semantics } from '../../model/semantics.ts';

interface Premise {
  readonly name: string;
  readonly judge: StateJudge;
}

/**
 * SEMANTICS 9, seen on the way: actions that never fire, guards and premises that are never true. A
 * report, never an outcome.
 */
export class VacuityWatch {
  readonly #semantics: Semantics;
  #open: Premise[];
  #guards: Premise[];

  constructor(graph: Graph) {
    const { semantics } = graph;
    this.#semantics = semantics;
    this.#open = semantics.model.properties.flatMap((p) =>
      premises(p.name, p.formula).map(({ name, expr }) => ({
        name,
        judge: graph.judge(expr),
      })),
    );
    this.#guards = semantics.model.actions
      .filter((a) => a.when && a.binders.length === 0 && a.receives.length === 0)
      .map((a) => ({ name: a.name, judge: graph.judge(a.when as Expr) }));
  }

  /** At the state in view. */
  look(): void {
    this.#open = withoutTrue(this.#open);
    this.#guards = withoutTrue(this.#guards);
  }

  /** Empty lists when the graph is not whole: what was not seen may still come. */
  report(graph: Graph): Vacuity {
    if (!graph.complete)
      return { neverFires: [], guardNeverTrue: [], premiseNeverTrue: [], survivesEveryMutant: [] };
    return {
      neverFires: this.#semantics.model.actions
        .map((a) => a.name)
        .filter((name) => !graph.fired.has(name)),
      guardNeverTrue: this.#guards.map((g) => g.name),
      premiseNeverTrue: this.#open.map((p) => p.name),
      survivesEveryMutant: [],
    };
  }
}

/** Those that are not true of the state in view; the list itself where that is all of them. */
function withoutTrue(premises: Premise[]): Premise[] {
  for (const premise of premises)
    if (premise.judge() === true) return premises.filter(({ judge }) => judge() !== true);
  return premises;
}

/**
 * What a property says only *if*: the `from` of leadsTo, the condition of `if … then … else true`.
 */
function premises(
  name: string,
  formula: { readonly kind: string; readonly expr?: Expr; readonly from?: Expr },
): { name: string; expr: Expr }[] {
  if (formula.kind === 'leadsTo' && formula.from) return [{ name, expr: formula.from }];
  const { expr } = formula;
  if (formula.kind !== 'always' || expr?.kind !== 'if') return [];
  return expr.no.kind === 'literal' && expr.no.value === 1 ? [{ name, expr: expr.condition }] : [];
}
