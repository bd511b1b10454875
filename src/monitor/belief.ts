import { errorKinds } from '../model/semantics.ts';
import type { ChannelBlock } from '../model/layout.ts';
import { judgedPredicates, predicatesOf, type Model } from '../model/model.ts';
import { multisetDifference } from '../model/multiset.ts';
import { AttackedSystem, type AttackedStep } from '../threats/attacked.ts';
import type { Threat } from '../threats/threat.ts';
import { agrees, bindingFits } from '../events/agreement.ts';
import type { Mapping } from '../events/mapping.ts';
import type { Observation } from '../events/observation.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';

/**
 * Where a run that fits the events may stand: a row of the system, and the safety properties that
 * it has broken so far, as bits. The error state has its parameters only.
 */
export interface Held {
  readonly row: readonly number[];
  readonly broken: bigint;
  readonly error: boolean;
}

/** A step of a run, and where it leads; absent where an event shows that nothing changed. */
export interface TakenStep {
  readonly step?: AttackedStep;
  readonly next: Held;
}

/** More states than this nobody follows a case in. */
const MAX_BELIEF = 100_000;

/** How many beliefs that followed another one are remembered. */
const MAX_REMEMBERED = 20_000;

/** What may happen unseen has too many states. */
export class BeliefTooLarge extends Error {}

/** Distinct ones, by what they say. */
export type Belief = ReadonlyMap<string, Held>;

export function bitOf(index: number): bigint {
  return 1n << BigInt(index);
}

/** The same for the same. */
export function keyOf({ row, broken, error }: Held): string {
  return `${error ? '!' : ''}${row.join()}|${broken}`;
}

/** A model with some threats, as events show it: what fits them, and what goes on unseen. */
export class Watched {
  readonly system: AttackedSystem;
  readonly threats: readonly string[];
  /** The properties that are judged on runs, in the order of their bits; the implicit ones last. */
  readonly safety: readonly string[];
  readonly #mapping: Mapping;
  /** What followed what: the cases of a shop say much the same. */
  #known = new WeakMap<Belief, Map<string, Belief>>();
  #remembered = 0;
  readonly #recovers: ReadonlySet<string>;
  readonly #judges: readonly ((state: readonly number[]) => boolean | undefined)[];
  readonly #terms: readonly ((state: readonly number[]) => boolean | undefined)[];

  constructor(model: Model, threats: readonly Threat[], mapping: Mapping) {
    this.system = new AttackedSystem(model, threats, threats.length > 0);
    this.threats = threats.map(({ id }) => id);
    this.#mapping = mapping;
    this.#recovers = new Set(mapping.entries.flatMap((entry) => [...entry.recovers]));
    const { semantics } = this.system;
    const judged = model.properties.filter(
      ({ formula }) => formula.kind === 'always' || formula.kind === 'never',
    );
    this.safety = [...judged.map(({ name }) => name), ...IMPLICIT_KINDS];
    this.#judges = judged.map(({ formula }) => {
      const [expr] = predicatesOf(formula);
      const holds = expr ? semantics.predicate(expr) : () => undefined;
      return (state) => {
        const value = holds(state as number[]);
        return formula.kind === 'never' && value !== undefined ? !value : value;
      };
    });
    this.#terms = judgedPredicates(model).map((expr) => {
      const holds = semantics.predicate(expr);
      return (state) => holds(state as number[]);
    });
  }

  /** Where every run begins, its silent steps done. */
  begin(): Belief {
    return this.#closed(
      [...this.system.starts()].map((row) => this.#held(row, 0n)),
      false,
    );
  }

  /** A row, with what is broken there and was before. */
  at(row: readonly number[], broken = 0n): Held {
    return this.#held(row, broken);
  }

  /** The same from states that were taken for right, of which nothing else is remembered. */
  resume(states: Iterable<Held>): Belief {
    return this.#closed(
      [...states].map(({ row, broken }) => this.#held(this.system.from(row), broken)),
      false,
    );
  }

  /**
   * What fits an event that comes next. `attacked`: threats may have been at work before it; after
   * it only the model goes on.
   */
  after(belief: Belief, seen: Observation, attacked: boolean): Belief {
    if (attacked) return this.#after(belief, seen, true);
    const known = this.#known.get(belief) ?? new Map<string, Belief>();
    const same = known.get(seen.says);
    if (same) return same;
    const found = this.#after(belief, seen, false);
    if (this.#remembered >= MAX_REMEMBERED) {
      this.#known = new WeakMap();
      this.#remembered = 0;
    }
    this.#known.set(belief, known.set(seen.says, found));
    this.#remembered += 1;
    return found;
  }

  #after(belief: Belief, seen: Observation, attacked: boolean): Belief {
    const before = attacked ? this.#closed(belief.values(), true) : belief;
    const found = new Map<string, Held>();
    for (const held of before.values())
      for (const { next } of this.shown(held, seen)) found.set(keyOf(next), next);
    return this.#closed(found.values(), false);
  }

  /** Whether an action that the event shows is enabled and would change nothing. */
  #mayIdle(held: Held, seen: Observation): boolean {
    if (seen.receive.size > 0 || seen.send.size > 0) return false;
    const { semantics } = this.system;
    const state = held.row.slice(0, semantics.layout.width);
    return semantics.instances.some(
      (instance) =>
        seen.actions.has(this.system.actionOf(instance).name) &&
        !this.system.isAway(held.row, instance.action.actor) &&
        bindingFits(instance, seen) &&
        semantics.mayIdle(instance, state),
    );
  }

  #fits(step: AttackedStep, row: readonly number[], seen: Observation): boolean {
    const { instance, action } = step;
    if (!instance || !action || !seen.actions.has(action.name)) return false;
    if (!bindingFits(instance, seen)) return false;
    const { layout } = this.system.semantics;
    for (const [name, fields] of seen.receive) {
      const at = instance.action.receives.findIndex(({ channel }) => channel === name);
      const message =
        at < 0 ? undefined : this.#messages(row, layout.channel(name))[step.taken[at] ?? -1];
      if (!message || !agrees(layout.channel(name), message, fields)) return false;
    }
    for (const [name, fields] of seen.send) {
      if (!step.next) return false;
      const block = layout.channel(name);
      const at = instance.action.receives.findIndex(({ channel }) => channel === name);
      const rest = this.#messages(row, block).filter((_, i) => at < 0 || i !== step.taken[at]);
      const sent = multisetDifference(this.#messages(step.next, block), rest, String);
      if (!sent.some((message) => agrees(block, message, fields))) return false;
    }
    return true;
  }

  #messages(row: readonly number[], block: ChannelBlock): number[][] {
    return this.system.world.messages(row, block);
  }

  #agrees({ row, error }: Held, seen: Observation): boolean {
    return seen.reads.every(
      ({ of, offset, word }) => (error && of === 'variable') || row[offset] === word,
    );
  }

  /**
   * All that can be reached by steps that nobody sees; with those of threats where they may act.
   */
  #closed(states: Iterable<Held>, attacked: boolean): Belief {
    const found = new Map([...states].map((held) => [keyOf(held), held]));
    for (const held of found.values()) {
      if (held.error) continue;
      this.system.steps(held.row, (step) => {
        if (this.#isSeen(step) || (step.ids.length > 0 && !attacked)) return;
        const next = this.#stepped(held, step);
        const key = keyOf(next);
        if (!found.has(key)) found.set(key, next);
      });
      if (found.size > MAX_BELIEF) throw new BeliefTooLarge();
    }
    return found;
  }

  /** The steps that nobody sees, and where each leads; with those of threats where they may act. */
  unseen(held: Held, attacked: boolean): readonly TakenStep[] {
    const found: TakenStep[] = [];
    if (held.error) return found;
    this.system.steps(held.row, (step) => {
      if (this.#isSeen(step) || (step.ids.length > 0 && !attacked)) return;
      found.push({ step: { ...step, taken: [...step.taken] }, next: this.#stepped(held, step) });
    });
    return found;
  }

  /** The steps that an event may show, and where each leads; without a step, nothing happened. */
  shown(held: Held, seen: Observation): readonly TakenStep[] {
    if (held.error) return [];
    const found: TakenStep[] = [];
    const idles = seen.actions.size === 0 && seen.recovers.size === 0;
    if (!idles)
      this.system.steps(held.row, (step) => {
        const fits = step.recovers
          ? seen.recovers.has(step.recovers)
          : step.instance !== undefined && this.#fits(step, held.row, seen);
        if (fits)
          found.push({
            step: { ...step, taken: [...step.taken] },
            next: this.#stepped(held, step),
          });
      });
    if (idles || this.#mayIdle(held, seen)) found.push({ next: held });
    return found.filter(({ next }) => this.#agrees(next, seen));
  }

  #isSeen(step: AttackedStep): boolean {
    if (step.recovers !== undefined) return this.#recovers.has(step.recovers);
    return step.action !== undefined && !this.#mapping.silent.has(step.action.name);
  }

  #stepped(held: Held, { next, errors }: AttackedStep): Held {
    if (next) return this.#held(next, held.broken);
    return {
      row: held.row.slice(0, this.#parameters),
      broken: held.broken | this.#bits(errorKinds(errors)),
      error: true,
    };
  }

  get #parameters(): number {
    const [first] = this.system.semantics.layout.variables;
    return first?.offset ?? 0;
  }

  #bits(names: readonly string[]): bigint {
    return names.reduce((bits, name) => bits | bitOf(this.safety.indexOf(name)), 0n);
  }

  #held(row: readonly number[], before: bigint): Held {
    const state = row.slice(0, this.system.semantics.layout.width);
    let broken = before;
    this.#judges.forEach((holds, i) => {
      if (holds(state) === false) broken |= bitOf(i);
    });
    if (this.#terms.some((holds) => holds(state) === undefined)) broken |= this.#bits(['defined']);
    return { row, broken, error: false };
  }
}
