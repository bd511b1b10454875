import { setImmediate as nextTurn } from 'node:timers/promises';
import { BEYOND } from '../../model/evaluate.ts';
import { sampleBound, sampledNames } from '../../model/initial.ts';
import { type Action, judgedPredicates, predicatesOf, type Property } from '../../model/model.ts';
import { codeOf, FALSE, NO_VALUE } from '../../engines/explore/watch.ts';
import { conditionKey } from '../../graph/fairness.ts';
import { type Edges, ERROR_TARGET } from '../../graph/edges.ts';
import { StateStore } from '../../graph/stateStore.ts';
import type { AttackedSystem } from '../../threats/attacked.ts';
import { isOver, type Time } from '../../time/time.ts';

/** Where an exploration stops. */
export interface AttackLimits extends Time {
  readonly maxStates: number;
}

/** The condition label of a step that no fairness speaks of: a threat's. */
const UNFAIR = -1;

/**
 * The graph of a model under threats, explored once: each edge carries the ids that it needs, so
 * that the graph under fewer threats is a part of it (SEMANTICS 23).
 */
export class AttackGraph {
  readonly system: AttackedSystem;
  readonly store: StateStore;
  readonly starts: number[] = [];
  /** What keeps it from being whole. */
  bound: string | undefined;
  expanded = 0;
  /** Fairness conditions stand in `labels`; the ids of an edge are `idSets[ids[edge]]`. */
  edges: Edges = {
    rows: new Int32Array(1),
    targets: new Int32Array(0),
    labels: new Int32Array(0),
  };
  readonly idSets: (readonly string[])[] = [[]];
  ids: Int32Array = new Int32Array(0);
  errors: Int32Array = new Int32Array(0);
  /** 1 where no step of the model is enabled. */
  stuck: Uint8Array = new Uint8Array(0);
  /** 1 where some judged predicate has no value. */
  undefinedAt: Uint8Array = new Uint8Array(0);
  final: Uint8Array = new Uint8Array(0);
  readonly #values = new Map<string, readonly Uint8Array[]>();
  readonly #conditions: Pick<Action, 'name' | 'fair'>[] = [];
  readonly #conditionNumbers = new Map<string, number>();
  readonly #idNumbers = new Map<string, number>([['', 0]]);

  constructor(system: AttackedSystem) {
    this.system = system;
    this.store = new StateStore(system.width, true);
  }

  get semantics(): { readonly model: AttackedSystem['model'] } {
    return { model: this.system.model };
  }

  instance(label: number): { readonly action: Pick<Action, 'name' | 'fair'> } {
    return { action: this.#conditions[label] as Pick<Action, 'name' | 'fair'> };
  }

  /** What the predicates of a property are at each state. */
  values(property: Property): readonly Uint8Array[] {
    const known = this.#values.get(property.name);
    if (known) return known;
    const values = predicatesOf(property.formula).map((expr) =>
      this.#judged(this.system.semantics.predicate(expr)),
    );
    this.#values.set(property.name, values);
    return values;
  }

  async explore(limits: AttackLimits): Promise<void> {
    const names = sampledNames(this.system.semantics);
    if (names.length > 0) this.bound = sampleBound(names);
    for (const row of this.system.starts()) {
      const { index, isNew } = this.store.add(row);
      if (isNew) this.starts.push(index);
      if (this.store.count > limits.maxStates) {
        this.bound = `${this.store.count} initial states`;
        break;
      }
    }
    const rows: number[] = [0];
    const [targets, labels, ids, errors]: number[][] = [[], [], [], []] as number[][];
    const stuck: number[] = [];
    let turn = Date.now();
    for (let index = 0; index < this.store.count; index += 1) {
      if ((index & 0xff) === 0 && Date.now() - turn > 25) {
        await nextTurn();
        turn = Date.now();
        if (limits.signal.aborted) this.bound = 'the time until it was interrupted';
        else if (isOver(limits)) this.bound = `the time limit, at ${this.store.count} states`;
      }
      if (this.store.count > limits.maxStates) this.bound = `${limits.maxStates} states`;
      if (this.bound !== undefined && names.length === 0) break;
      const row = this.store.get(index);
      let isStuck = true;
      try {
        this.system.steps(row, (step) => {
          if (step.ids.length === 0) isStuck = false;
          targets?.push(step.next ? this.store.add(step.next).index : ERROR_TARGET);
          labels?.push(this.#condition(step, row));
          ids?.push(this.#idSet(step.ids));
          errors?.push(step.errors);
        });
      } catch (error) {
        if (error !== BEYOND) throw error;
        this.bound = 'integers within 53 bits';
        break;
      }
      rows.push(targets?.length ?? 0);
      stuck.push(isStuck ? 1 : 0);
      this.expanded = index + 1;
    }
    const end = rows.at(-1) ?? 0;
    this.edges = {
      rows: Int32Array.from(rows),
      targets: Int32Array.from(targets?.slice(0, end) ?? []),
      labels: Int32Array.from(labels?.slice(0, end) ?? []),
    };
    this.ids = Int32Array.from(ids ?? []);
    this.errors = Int32Array.from(errors ?? []);
    this.stuck = Uint8Array.from(stuck);
    this.#judgeAll();
  }

  #judgeAll(): void {
    const { model, semantics } = this.system;
    this.undefinedAt = new Uint8Array(this.store.count);
    for (const expr of judgedPredicates(model)) {
      const values = this.#judged(semantics.predicate(expr));
      values.forEach((value, i) => {
        if (value === NO_VALUE) this.undefinedAt[i] = 1;
      });
    }
    this.final = model.final
      ? this.#judged(semantics.predicate(model.final))
      : new Uint8Array(this.store.count).fill(FALSE);
  }

  #judged(predicate: (state: readonly number[]) => boolean | undefined): Uint8Array {
    const values = new Uint8Array(this.store.count);
    for (let i = 0; i < this.store.count; i += 1) values[i] = codeOf(predicate(this.store.get(i)));
    return values;
  }

  #condition(
    step: Parameters<Parameters<AttackedSystem['steps']>[1]>[0],
    row: readonly number[],
  ): number {
    if (step.ids.length > 0) return UNFAIR;
    const { instance, recovers } = step;
    if (!instance) return this.#number(`recovery ${recovers}`, { name: '', fair: 'weak' });
    const key =
      instance.action.fair === 'none'
        ? String(instance.index)
        : conditionKey(this.system.semantics, instance, row, step.taken);
    return this.#number(key, instance.action);
  }

  #number(key: string, action: Pick<Action, 'name' | 'fair'>): number {
    const known = this.#conditionNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#conditions.push(action) - 1;
    this.#conditionNumbers.set(key, number);
    return number;
  }

  #idSet(ids: readonly string[]): number {
    const key = ids.join(' ');
    const known = this.#idNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.idSets.push(ids) - 1;
    this.#idNumbers.set(key, number);
    return number;
  }
}
