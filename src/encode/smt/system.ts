import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { type FieldBlock } from '../../model/layout.ts';
import { rulesPerCell } from '../../model/initial.ts';
import type { Action, InitRule } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { type Instance } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import { isTotal, Unencodable } from '../definedness.ts';
import { inRangeOf, lowerAction, type LoweredAction } from '../lower.ts';
import { assign, equalFields } from './cells.ts';
import { Declared } from './declared.ts';
import { Judged } from './judged.ts';
import { MessageMoves, type MessageSlots, type MovingStep } from './messages.ts';
import type { Rewritten } from './rewritten.ts';
import { StateValues } from './stateValues.ts';
import type { NamedGuard, RuleOrigin, SmtSystem, TransitionRule } from './transition.ts';
import { type FieldTerms, type LocalTerms, type RecordTerms, Symbolic } from './symbolic.ts';
import { smtAnd, smtEq, smtInt, smtNot, smtOr, type Term } from './terms.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';

export type {
  SmtMeaning,
  NamedGuard,
  TransitionRule,
  SmtSystem,
  SmtVariable,
} from './transition.ts';

/** Above this much text a system is left to the other engines. */
const MAX_RULE_TEXT = 20_000_000;

/** A model, or its rewriting under threats. Throws `Unencodable`. */
export function encodeSystem(semantics: Semantics, rewritten?: Rewritten): SmtSystem {
  return new SystemEncoder(semantics, rewritten).system();
}

class SystemEncoder {
  readonly #semantics: Semantics;
  readonly #layout: Layout;
  readonly #declared: Declared;
  readonly #symbolic: Symbolic;
  readonly #lowered: ReadonlyMap<string, LoweredAction>;
  readonly #rewritten: Rewritten | undefined;
  readonly #moves: MessageMoves;
  readonly #free: ReadonlySet<Term>;

  constructor(semantics: Semantics, rewritten: Rewritten | undefined) {
    this.#semantics = semantics;
    this.#rewritten = rewritten;
    this.#layout = semantics.layout;
    this.#declared = new Declared(semantics.layout);
    this.#symbolic = new Symbolic(this.#layout, this.#declared.state);
    this.#moves = new MessageMoves(this.#layout, this.#declared, this.#symbolic);
    this.#free = new Set(
      [...(rewritten?.free ?? [])].flatMap((name) =>
        this.#declared.termsOf(this.#layout.cell('variable', name)),
      ),
    );
    this.#lowered = new Map(
      semantics.model.actions.map((action) => [action.name, lowerAction(action, this.#layout)]),
    );
  }

  system(): SmtSystem {
    const rules = this.#semantics.instances.flatMap((instance) => this.#rules(instance));
    if (
      rules.reduce((n, r) => n + r.condition.length + r.next.reduce((m, t) => m + t.length, 0), 0) >
      MAX_RULE_TEXT
    )
      throw new Unencodable('the expanded model is too large');
    const judged = new Judged(
      this.#semantics.model,
      this.#declared,
      this.#symbolic,
      this.#rewritten,
    );
    const states = new StateValues(this.#declared);
    return {
      variables: this.#declared.variables,
      init: this.#init(),
      rules,
      lemmas: this.#lemmas(),
      erring: judged.erring,
      bad: (property) => judged.bad(property, rules),
      changes: (index) => judged.changes(rules[index] as TransitionRule),
      truth: (expr) => judged.truth(expr),
      valuation: (words) => states.valuation(words),
      cube: (state) => states.cube(state),
      values: (state, backwards) => states.values(state, backwards),
      row: (values) => states.row(values),
    };
  }

  /**
   * Initial values, parameters' ranges, empty channels; a value outside its range starts in the
   * error.
   */
  #init(): Term {
    const none: LocalTerms = new Map();
    const conditions: Term[] = [];
    const inside: Term[] = [];
    for (const block of this.#layout.parameters)
      for (const cell of this.#declared.cellsOf(block))
        conditions.push(this.#declared.inDomain(cell, block.type));
    for (const [i, block] of this.#layout.variables.entries()) {
      const rule = this.#semantics.model.variables[i]?.init as InitRule;
      const cells = this.#declared.cellsOf(block);
      rulesPerCell(rule, block).forEach((r, c) =>
        conditions.push(this.#initial(cells[c] as FieldTerms, block.type, r, none, inside)),
      );
    }
    for (const channel of this.#layout.channels.map((block) =>
      this.#declared.channelTerms(block.channel.name),
    )) {
      if (channel.kind === 'counters')
        conditions.push(...channel.counters.map((c) => smtEq(c.copies, '0')));
      else
        conditions.push(
          smtEq(channel.count, '0'),
          ...channel.slots.flatMap((slot) => this.#emptySlot(slot)),
        );
    }
    const fine = smtAnd(inside);
    const flags = IMPLICIT_KINDS.map((kind) =>
      smtEq(this.#declared.errors[kind] as Term, kind === 'withinRange' ? smtNot(fine) : 'false'),
    );
    return smtAnd([...conditions, ...flags]);
  }

  #lemmas(): Term[] {
    const ranges = [...this.#layout.parameters, ...this.#layout.variables].flatMap((block) =>
      this.#declared.cellsOf(block).map((cell) => this.#declared.inDomain(cell, block.type)),
    );
    const capacities = this.#layout.channels.flatMap((block) => {
      const channel = this.#declared.channelTerms(block.channel.name);
      const inside = (slot: RecordTerms, i: number): Term[] =>
        slot
          .map((field, f) => this.#declared.inDomain(field, (block.fields[f] as FieldBlock).type))
          .flatMap((range) =>
            range === 'true' ? [] : [`(=> (< ${i} ${channel.count}) ${range})`],
          );
      const parts =
        channel.kind === 'counters'
          ? channel.counters.map((c) => `(<= 0 ${c.copies})`)
          : [`(<= 0 ${channel.count})`, ...channel.slots.flatMap(inside)];
      return [...parts, `(<= ${channel.count} ${block.channel.capacity})`];
    });
    return [...ranges, ...capacities].filter((term) => term !== 'true');
  }

  #emptySlot(slot: RecordTerms): Term[] {
    return slot.flatMap((field) =>
      typeof field === 'string'
        ? [smtEq(field, this.#declared.sortOf(field) === 'Bool' ? 'false' : '0')]
        : field.map((flag) => smtEq(flag.present, 'false')),
    );
  }

  #initial(cell: FieldTerms, type: Type, rule: InitRule, none: LocalTerms, inside: Term[]): Term {
    const value = (e: Expr): Term => {
      if (!isTotal(e, this.#layout.set))
        throw new Unencodable('an initial value that may be undefined');
      const range = this.#symbolic.term(inRangeOf(e, type, this.#layout.set), none);
      const equal = equalFields(cell, this.#symbolic.stored(e, type, none));
      if (rule.kind === 'value') inside.push(range);
      else if (range !== 'true')
        throw new Unencodable('a choice of initial values that may be out of range');
      return equal;
    };
    switch (rule.kind) {
      case 'any':
        return this.#declared.inDomain(cell, type);
      case 'value':
        return value(rule.value);
      case 'oneOf':
        return smtOr(rule.options.map(value));
      case 'range': {
        const [lo, hi] = [this.#symbolic.term(rule.lo, none), this.#symbolic.term(rule.hi, none)];
        if (rule.lo.kind !== 'literal' || rule.hi.kind !== 'literal')
          throw new Unencodable('a range of initial values that depends on a parameter');
        return `(<= ${lo} ${cell as Term} ${hi})`;
      }
      default:
        throw new Unencodable('this initial choice');
    }
  }

  /** All rules of one instance: one for each way to receive, and the error steps beside them. */
  #rules(instance: Instance): TransitionRule[] {
    const lowered = this.#lowered.get(instance.action.name) as LoweredAction;
    const binding: LocalTerms = new Map(
      instance.action.binders.map((b, i) => [
        b.name,
        b.type.kind === 'bool'
          ? String(instance.binding[i] === 1)
          : smtInt(instance.binding[i] as number),
      ]),
    );
    const label = `${instance.action.name}${instance.binding.length > 0 ? `(${instance.binding.join(',')})` : ''}`;
    return this.#receiveChoices(instance.action).flatMap((choice) =>
      this.#rulesOf(lowered, label, binding, choice, this.#origin(instance, choice)),
    );
  }

  #origin(instance: Instance, choice: readonly number[]): RuleOrigin {
    const counted = instance.action.receives.every(
      (receive) => this.#declared.channelTerms(receive.channel).kind === 'counters',
    );
    const takes = instance.action.receives
      .map((receive, i) => `${receive.channel} ${choice[i]}`)
      .sort();
    return { instance, takes, ...(counted ? { messages: choice } : {}) };
  }

  #receiveChoices(action: Action): (readonly number[])[] {
    return action.receives.reduce<number[][]>(
      (choices, receive) => {
        const { channel } = this.#layout.channel(receive.channel);
        const terms = this.#declared.channelTerms(receive.channel);
        const positions =
          channel.order === 'fifo' && !this.#rewritten?.attacks.has(action.name)
            ? [0]
            : Array.from(
                { length: terms.kind === 'counters' ? terms.counters.length : channel.capacity },
                (_, i) => i,
              );
        return choices.flatMap((choice) => positions.map((position) => [...choice, position]));
      },
      [[]],
    );
  }

  #rulesOf(
    lowered: LoweredAction,
    label: string,
    binding: LocalTerms,
    choice: readonly number[],
    by: RuleOrigin,
  ): TransitionRule[] {
    const { action } = lowered;
    const locals = new Map(binding);
    const received: Term[] = [];
    action.receives.forEach((receive, i) => {
      const channel = this.#declared.channelTerms(receive.channel);
      const position = choice[i] as number;
      const counter = channel.kind === 'counters' ? channel.counters[position] : undefined;
      received.push(counter ? `(< 0 ${counter.copies})` : `(< ${position} ${channel.count})`);
      locals.set(
        receive.local,
        counter ? counter.message : ((channel as MessageSlots).slots[position] as RecordTerms),
      );
    });
    const term = (e: Expr): Term => this.#symbolic.term(e, locals);
    const guardDefined = term(lowered.guardDefined);
    const guards: NamedGuard[] = [
      ...(action.when ? [{ name: `guard of ${action.name}`, term: term(action.when) }] : []),
      ...action.controls.map((control) => ({
        name: `control ${control.name} of ${action.name}`,
        term: term(control.condition),
      })),
    ].filter((guard) => guard.term !== 'true');
    const rule = (
      how: string,
      base: readonly Term[],
      next: readonly Term[],
      over: readonly NamedGuard[] = guards,
    ): TransitionRule => ({
      label: `${label}${how}`,
      base: smtAnd(base),
      guards: over,
      condition: smtAnd([...base, ...over.map((guard) => guard.term)]),
      next,
      by,
    });
    const enabled = [...this.#offered(action, received), guardDefined];
    const bodyDefined = term(lowered.bodyDefined);
    const fine = {
      withinRange: term(lowered.fine.withinRange),
      withinCapacity: term(lowered.fine.withinCapacity),
      singleWrite: term(lowered.fine.singleWrite),
    };
    const unbroken = smtAnd([bodyDefined, ...Object.values(fine)]);
    const inPlace = this.#rewritten?.attacks.get(action.name) === 'in place';
    const rules = [
      rule('', [...enabled, unbroken], this.#after({ action, locals, choice, inPlace })),
    ];
    if (unbroken !== 'true') {
      const flags = this.#flags(bodyDefined, fine);
      const breaks = this.#rewritten ? smtOr(Object.values(flags)) : smtNot(unbroken);
      rules.push(rule(' error', [...enabled, breaks], this.#erred(flags)));
    }
    if (guardDefined !== 'true')
      rules.push(
        rule(
          ' undefined guard',
          [...this.#offered(action, received), smtNot(guardDefined)],
          this.#erred({ defined: 'true' }),
          [],
        ),
      );
    return rules.filter((rule) => rule.condition !== 'false');
  }

  /** No error so far, there are the messages, and what an attacker picks is of its type. */
  #offered(action: Action, received: readonly Term[]): Term[] {
    const running = smtNot(smtOr(Object.values(this.#declared.errors)));
    const picked = this.#rewritten?.attacks.has(action.name) ? [...this.#rewritten.free] : [];
    const ofType = picked.flatMap((name) => {
      const block = this.#layout.cell('variable', name);
      return this.#declared.cellsOf(block).map((cell) => this.#declared.inDomain(cell, block.type));
    });
    return [running, ...received, ...ofType];
  }

  /** What an error step breaks. Under threats a send to a full channel is no step at all. */
  #flags(
    bodyDefined: Term,
    fine: Readonly<Record<'withinRange' | 'withinCapacity' | 'singleWrite', Term>>,
  ): Readonly<Record<string, Term>> {
    const breaks = (term: Term): Term =>
      smtAnd([bodyDefined, ...(this.#rewritten ? [fine.withinCapacity] : []), smtNot(term)]);
    return {
      withinRange: breaks(fine.withinRange),
      withinCapacity: this.#rewritten ? 'false' : breaks(fine.withinCapacity),
      singleWrite: breaks(fine.singleWrite),
      defined: smtNot(bodyDefined),
    };
  }

  #erred(flags: Readonly<Record<string, Term>>): Term[] {
    return this.#next(
      new Map(
        Object.entries(this.#declared.errors).map(([kind, variable]) => [
          variable,
          flags[kind] ?? 'false',
        ]),
      ),
    );
  }

  /** The value of every variable after the step, in declaration order. */
  #after(step: MovingStep): Term[] {
    const { action, locals } = step;
    const after = new Map<Term, Term>();
    for (const assignment of action.assignments) {
      const block = this.#layout.cell('variable', assignment.variable);
      const value = this.#symbolic.stored(assignment.value, assignment.type, locals);
      const conditions = this.#symbolic.selected(
        assignment.variable,
        'variable',
        assignment.keys,
        locals,
      );
      const stuck = this.#stuckFlags(action, assignment.variable);
      this.#declared
        .cellsOf(block)
        .forEach((cell, i) =>
          assign(
            after,
            cell,
            value,
            smtAnd([conditions[i] ?? 'false', smtNot(stuck[i] ?? 'false')]),
          ),
        );
    }
    this.#moves.move(step, after);
    return this.#next(after);
  }

  /** For each cell that may stick, whether it does: the model's assignments have no effect then. */
  #stuckFlags(action: Action, variable: string): readonly Term[] {
    const flags = this.#rewritten?.sticking.get(variable);
    return flags === undefined || this.#rewritten?.attacks.has(action.name)
      ? []
      : this.#declared.termsOf(this.#layout.cell('variable', flags));
  }

  #next(after: ReadonlyMap<Term, Term>): Term[] {
    return this.#declared.variables.map(
      ({ name }) => after.get(name) ?? (this.#free.has(name) ? `${name}!next` : name),
    );
  }
}
