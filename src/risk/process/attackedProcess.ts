import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { StateStore } from '../../graph/stateStore.ts';
import { fairActions, judgedPredicates, type Model } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import type { Threat } from '../../threats/threat.ts';
import { callText } from '../callText.ts';
import type { Loss } from '../explored.ts';
import type { DecisionProcess } from '../markov/decision.ts';
import type { Watch } from '../watch.ts';
import { ProcessBuilder, type Share } from './processBuilder.ts';

/** A step of the model in some state under attack. */
export interface ModelStep {
  /** The action with its binding, as `ship(o1)`. */
  readonly call: string;
  readonly action: string;
  /** The state that it leads to, without what is remembered of attacks; absent where it errs. */
  readonly base: readonly number[] | undefined;
}

/**
 * How likely the steps of the model are in a state (without what is remembered of attacks): a
 * weight for each of them and, last, one for stopping there; nothing where that is not known.
 */
export type StepWeights = (
  base: readonly number[],
  steps: readonly ModelStep[],
  mayStop: boolean,
) => readonly number[] | undefined;

/** A model under threats as a decision process: whoever attacks makes the choices. */
export interface AttackedProcess {
  readonly process: DecisionProcess;
  /** States in which nothing says how likely the steps of the model are. */
  readonly unknown: number;
  /** Some step under attack breaks an implicit property: the case is taken to end there. */
  readonly errs: boolean;
}

interface Options {
  readonly maxStates: number;
  readonly startWeight: (base: readonly number[]) => number;
  readonly weights: StepWeights;
}

/** What can happen in a state: each way leads to a row's node, or ends the case. */
interface Ways {
  readonly steps: ModelStep[];
  readonly targets: (number | undefined)[];
  readonly attacks: (readonly Share[])[];
  /** The model promises that a step is taken. */
  promised: boolean;
  recovers: boolean;
}

/**
 * All states of a model under these threats (SEMANTICS 17–20). In each state the attacker may leave
 * things to take their course, which is one choice with the weights of the model's steps, or take
 * any step of a threat, for certain. Where the weights are not known (no case was ever there), each
 * step of the model is a choice too: what then comes out are bounds over every behaviour that the
 * people of the model could have there. When an outage ends is the attacker's choice as well.
 */
export async function attackedProcess(
  model: Model,
  threats: readonly Threat[],
  loss: Loss,
  { maxStates, startWeight, weights }: Options,
  watch: Watch,
): Promise<Result<AttackedProcess>> {
  const walk = new Walk(new AttackedSystem(model, threats), weights, loss);
  walk.begin(startWeight);
  while (walk.isOpen) {
    await watch.turn(`${walk.states} states under attack`);
    if (walk.states > maxStates)
      return bad(
        problem(
          'RISK_INCOMPLETE',
          'threats',
          `more than ${maxStates} states under attack: name fewer threats, or allow more with --max-states`,
        ),
      );
    walk.next();
  }
  return ok(walk.made());
}

/** Breadth first; node 0 stands before the starts, and node i + 1 is row i. */
class Walk {
  readonly #system: AttackedSystem;
  readonly #width: number;
  readonly #store: StateStore;
  readonly #weights: StepWeights;
  readonly #isLoss: (row: readonly number[], isStuck: boolean) => boolean;
  readonly #judged: readonly ReturnType<Semantics['predicate']>[];
  readonly #fair: ReturnType<typeof fairActions>;
  readonly #builder = new ProcessBuilder();
  readonly #goals: number[] = [];
  #at = 0;
  #unknown = 0;
  #errs = false;

  constructor(system: AttackedSystem, weights: StepWeights, loss: Loss) {
    this.#system = system;
    this.#width = system.semantics.layout.width;
    this.#store = new StateStore(system.width, true);
    this.#weights = weights;
    this.#isLoss = attackedLoss(system, loss);
    this.#judged = judgedPredicates(system.model).map((expr) => system.semantics.predicate(expr));
    this.#fair = fairActions(system.model);
  }

  get states(): number {
    return this.#store.count;
  }

  get isOpen(): boolean {
    return this.#at < this.#store.count;
  }

  begin(startWeight: Options['startWeight']): void {
    const starts: Share[] = [];
    for (const row of this.#system.starts()) {
      const weight = startWeight(this.#base(row));
      if (weight > 0) starts.push({ to: this.#nodeOf(row), weight });
    }
    this.#builder.node([starts]);
  }

  next(): void {
    const row = this.#store.get(this.#at);
    this.#at += 1;
    const { steps, targets, attacks, promised, recovers } = this.#waysOf(row);
    if (this.#judged.some((judge) => judge(row) === undefined)) this.#errs = true;
    if (this.#isLoss(row, steps.length === 0 && !recovers)) this.#goals.push(this.#at);
    const mayStop = !promised && !recovers;
    const ways = mayStop ? [...targets, undefined] : targets;
    const weights = ways.length < 2 ? [1] : this.#weights(this.#base(row), steps, mayStop);
    if (!weights) this.#unknown += 1;
    const course = weights
      ? [ways.map((to, i) => ({ to, weight: weights[i] as number }))]
      : ways.map((to) => [{ to, weight: 1 }]);
    this.#builder.node([...course, ...attacks]);
  }

  made(): AttackedProcess {
    return {
      process: this.#builder.process(0, this.#goals),
      unknown: this.#unknown,
      errs: this.#errs,
    };
  }

  #waysOf(row: readonly number[]): Ways {
    const ways: Ways = { steps: [], targets: [], attacks: [], promised: false, recovers: false };
    const seen = new Set<string>();
    this.#system.steps(row, (step) => {
      const to = step.next && this.#nodeOf(step.next);
      this.#errs ||= !step.next;
      ways.recovers ||= step.recovers !== undefined;
      const { instance, action } = step;
      if (step.ids.length > 0 || !instance || !action) {
        // Staying decides nothing.
        if (to !== this.#at) ways.attacks.push([{ to, weight: 1 }]);
        return;
      }
      ways.promised ||= this.#fair.has(action.name);
      const call = callText(this.#system.semantics, instance, action.name);
      if (seen.has(`${call} ${to}`)) return;
      seen.add(`${call} ${to}`);
      ways.steps.push({ call, action: action.name, base: step.next && this.#base(step.next) });
      ways.targets.push(to);
    });
    return ways;
  }

  #nodeOf(row: readonly number[]): number {
    return this.#store.add(row).index + 1;
  }

  #base(row: readonly number[]): number[] {
    return row.slice(0, this.#width);
  }
}

function attackedLoss(
  { semantics, model }: AttackedSystem,
  loss: Loss,
): (row: readonly number[], isStuck: boolean) => boolean {
  if (loss.kind === 'none') return () => false;
  if (loss.kind === 'predicate') {
    const holds = semantics.predicate(loss.expr);
    return (row) => holds(row) === true;
  }
  const { formula } = loss.property;
  if (formula.kind === 'always' || formula.kind === 'never') {
    const holds = semantics.predicate(formula.expr);
    const broken = formula.kind === 'never';
    return (row) => holds(row) === broken;
  }
  const isFinal = model.final ? semantics.predicate(model.final) : () => false;
  return (row, isStuck) => isStuck && isFinal(row) === false;
}
