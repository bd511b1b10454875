import type { Model } from '../../model/model.ts';
import { AttackedSystem, type AttackedStep } from '../attacked.ts';
import type { Threat } from '../threat.ts';
import type { WithPlaybook } from './rewrite.ts';

type StateTest = (state: readonly number[]) => boolean | undefined;

/** In which states an alert may be raised. */
export type RaisedWhere =
  /** Once each threat of the set has acted. */
  | { readonly kind: 'afterAttack' }
  /** Where this can be told of the state; `undefined` is no. */
  | { readonly kind: 'state'; readonly holds: StateTest }
  /** Where steps of the model alone no longer reach this, no error cutting the path. */
  | { readonly kind: 'outOfReach'; readonly goal: StateTest }
  /** Anywhere. */
  | { readonly kind: 'anywhere' };

/** The step that starts the playbook: nobody's, and never fair. */
export const ALERT_STEP = 'alert';

/**
 * A model under threats with a playbook in it (SEMANTICS 30): the alert may be raised at any time
 * in the states that it speaks of, and puts the playbook at its start; a threat that a step has
 * blocked acts no more.
 */
export class PlaybookSystem extends AttackedSystem {
  readonly #where: RaisedWhere;
  readonly #start: number;
  readonly #at: number;
  readonly #blocked: ReadonlyMap<string, number>;
  readonly #used: ReadonlyMap<string, number>;
  readonly #reach = new Map<string, boolean>();

  constructor(
    model: Model,
    threats: readonly Threat[],
    { at, start, blocked }: WithPlaybook,
    where: (system: PlaybookSystem) => RaisedWhere,
  ) {
    super(model, threats);
    const { layout } = this.semantics;
    this.#at = layout.cell('variable', at).offset;
    this.#start = start;
    this.#blocked = new Map(
      [...blocked].map(([id, name]) => [id, layout.cell('variable', name).offset]),
    );
    this.#where = where(this);
    const used = this.#where.kind === 'afterAttack' ? threats : [];
    this.#used = new Map(used.map(({ id }) => [id, this.world.place(`used ${id}`)]));
  }

  override steps(row: readonly number[], sink: (step: AttackedStep) => void): void {
    this.#modelAndThreats(row, sink);
    if (row[this.#at] !== 0 || !this.#isRaised(row)) return;
    const next = [...row];
    next[this.#at] = this.#start;
    for (const at of this.#used.values()) next[at] = 0;
    sink({ ids: [ALERT_STEP], next, errors: 0, taken: [] });
  }

  #modelAndThreats(row: readonly number[], sink: (step: AttackedStep) => void): void {
    super.steps(row, (step) => {
      if (step.ids.some((id) => row[this.#blocked.get(id) ?? -1] === 1)) return;
      if (step.ids.length === 0 || this.#used.size === 0 || !step.next || row[this.#at] !== 0)
        return void sink(step);
      const next = [...step.next];
      for (const id of step.ids) next[this.#used.get(id) as number] = 1;
      sink({ ...step, next });
    });
  }

  #isRaised(row: readonly number[]): boolean {
    const state = row.slice(0, this.semantics.layout.width);
    switch (this.#where.kind) {
      case 'afterAttack':
        return [...this.#used.values()].every((at) => row[at] === 1);
      case 'state':
        return this.#where.holds(state) === true;
      case 'outOfReach':
        return !this.#comesTo(row, this.#where.goal);
      case 'anywhere':
        return true;
    }
  }

  /** Whether steps of the model alone lead to the goal, or to an error: nobody knows beyond. */
  #comesTo(from: readonly number[], goal: StateTest): boolean {
    const { width } = this.semantics.layout;
    const found = new Map<string, readonly number[]>([[from.join(), from]]);
    let isReached = false;
    for (const [key, row] of found) {
      isReached ||= this.#reach.get(key) === true || goal(row.slice(0, width)) !== false;
      if (isReached) break;
      if (this.#reach.has(key)) continue;
      this.#modelAndThreats(row, ({ ids, next }) => {
        if (ids.length > 0) return;
        if (!next) isReached = true;
        else if (!found.has(next.join())) found.set(next.join(), next);
      });
    }
    if (isReached) this.#reach.set(from.join(), true);
    else for (const key of found.keys()) this.#reach.set(key, false);
    return isReached;
  }
}
