import { invariant } from '../../errors/index.ts';
import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { type ChannelBlock, type FieldBlock } from '../../model/layout.ts';
import { rulesPerCell } from '../../model/initial.ts';
import { type Action, type InitRule, judgedPredicates, type Property } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { type Instance } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import { definedness, isTotal, Unencodable } from '../definedness.ts';
import { inRangeOf, lowerAction, type LoweredAction } from '../lower.ts';
import { assign, equalFields, iteField } from './cells.ts';
import { Declared } from './declared.ts';
import { StateValues } from './stateValues.ts';
import type { NamedGuard, RuleOrigin, SmtSystem, TransitionRule } from './transition.ts';
import {
  type ChannelTerms,
  describeType,
  type FieldTerms,
  type LocalTerms,
  type RecordTerms,
  Symbolic,
} from './symbolic.ts';
import { smtAnd, smtEq, smtInt, smtIte, smtNot, smtOr, type Term } from './terms.ts';
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

export function encodeSystem(semantics: Semantics): SmtSystem {
  return new SystemEncoder(semantics).system();
}

class SystemEncoder {
  readonly #semantics: Semantics;
  readonly #layout: Layout;
  readonly #declared: Declared;
  readonly #symbolic: Symbolic;
  readonly #lowered: ReadonlyMap<string, LoweredAction>;

  constructor(semantics: Semantics) {
    this.#semantics = semantics;
    this.#layout = semantics.layout;
    this.#declared = new Declared(semantics.layout);
    this.#symbolic = new Symbolic(this.#layout, this.#declared.state);
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
    const erring = smtOr(Object.values(this.#declared.errors));
    const states = new StateValues(this.#declared);
    return {
      variables: this.#declared.variables,
      init: this.#init(),
      rules,
      lemmas: this.#lemmas(),
      erring,
      bad: (property) => this.#bad(property, erring, rules),
      changes: (index) => this.#changes(rules[index] as TransitionRule),
      truth: (expr) => this.#truth(expr),
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
          channel.order === 'fifo'
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
        counter ? counter.message : ((channel as Slots).slots[position] as RecordTerms),
      );
    });
    const term = (e: Expr): Term => this.#symbolic.term(e, locals);
    const running = smtNot(smtOr(Object.values(this.#declared.errors)));
    const offered = [running, ...received];
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
    const enabled = [...offered, guardDefined];
    const bodyDefined = term(lowered.bodyDefined);
    const fine = {
      withinRange: term(lowered.fine.withinRange),
      withinCapacity: term(lowered.fine.withinCapacity),
      singleWrite: term(lowered.fine.singleWrite),
    };
    const unbroken = smtAnd([bodyDefined, ...Object.values(fine)]);
    const rules = [rule('', [...enabled, unbroken], this.#after(action, locals, choice))];
    if (unbroken !== 'true') {
      const flags = {
        withinRange: smtAnd([bodyDefined, smtNot(fine.withinRange)]),
        withinCapacity: smtAnd([bodyDefined, smtNot(fine.withinCapacity)]),
        singleWrite: smtAnd([bodyDefined, smtNot(fine.singleWrite)]),
        defined: smtNot(bodyDefined),
      };
      rules.push(rule(' error', [...enabled, smtNot(unbroken)], this.#erred(flags)));
    }
    if (guardDefined !== 'true')
      rules.push(
        rule(
          ' undefined guard',
          [...offered, smtNot(guardDefined)],
          this.#erred({ defined: 'true' }),
          [],
        ),
      );
    return rules.filter((rule) => rule.condition !== 'false');
  }

  #erred(flags: Readonly<Record<string, Term>>): Term[] {
    const after = new Map(
      Object.entries(this.#declared.errors).map(([kind, variable]) => [
        variable,
        flags[kind] ?? 'false',
      ]),
    );
    return this.#declared.variables.map((v) => after.get(v.name) ?? v.name);
  }

  /** The value of every variable after the step, in declaration order. */
  #after(action: Action, locals: LocalTerms, choice: readonly number[]): Term[] {
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
      this.#declared
        .cellsOf(block)
        .forEach((cell, i) => assign(after, cell, value, conditions[i] ?? 'false'));
    }
    for (const name of new Set([
      ...action.receives.map((r) => r.channel),
      ...action.sends.map((s) => s.channel),
    ]))
      this.#moveMessages(name, action, locals, choice, after);
    return this.#declared.variables.map((v) => after.get(v.name) ?? v.name);
  }

  #moveMessages(
    name: string,
    action: Action,
    locals: LocalTerms,
    choice: readonly number[],
    after: Map<Term, Term>,
  ): void {
    const channel = this.#declared.channelTerms(name);
    if (channel.kind === 'slots') this.#moveInSlots(channel, name, action, locals, choice, after);
    else this.#moveInCounters(channel, name, action, locals, choice, after);
  }

  /**
   * One copy less of what is received, one more of what is sent; a payload outside its range is an
   * error step, not this one.
   */
  #moveInCounters(
    channel: Extract<ChannelTerms, { kind: 'counters' }>,
    name: string,
    action: Action,
    locals: LocalTerms,
    choice: readonly number[],
    after: Map<Term, Term>,
  ): void {
    const block = this.#layout.channel(name);
    const taken = action.receives.flatMap((r, i) =>
      r.channel === name ? [choice[i] as number] : [],
    );
    const sent = action.sends
      .filter((s) => s.channel === name)
      .map((s) =>
        block.fields.map(
          (field, i) => this.#symbolic.stored(s.values[i] as Expr, field.type, locals) as Term,
        ),
      );
    channel.counters.forEach(({ message, copies }, i) => {
      const changes = [
        ...taken.filter((position) => position === i).map(() => '(- 1)'),
        ...sent
          .map((values) =>
            smtIte(smtAnd(values.map((value, f) => smtEq(value, message[f] as Term))), '1', '0'),
          )
          .filter((change) => change !== '0'),
      ];
      const constant = changes.every((change) => change === '1' || change === '(- 1)');
      const net = changes.reduce((n, change) => n + (change === '1' ? 1 : -1), 0);
      if (constant) after.set(copies, net === 0 ? copies : `(+ ${copies} ${smtInt(net)})`);
      else after.set(copies, `(+ ${copies} ${changes.join(' ')})`);
    });
  }

  /**
   * Slots shift down over the received message, and sent ones follow the last; unused slots return
   * to zero.
   */
  #moveInSlots(
    { count, slots }: Slots,
    name: string,
    action: Action,
    locals: LocalTerms,
    choice: readonly number[],
    after: Map<Term, Term>,
  ): void {
    const block = this.#layout.channel(name);
    const taken = action.receives.flatMap((r, i) =>
      r.channel === name ? [choice[i] as number] : [],
    );
    invariant(taken.length <= 1, 'channels of receives are distinct');
    const [position] = taken;
    const shifted = slots.map((slot, i) =>
      position !== undefined && i >= position ? (slots[i + 1] ?? this.#zeroSlot(block)) : slot,
    );
    const remaining = position === undefined ? count : `(- ${count} 1)`;
    const sent = action.sends
      .filter((s) => s.channel === name)
      .map((s) =>
        block.fields.map((field, i) =>
          this.#symbolic.stored(s.values[i] as Expr, field.type, locals),
        ),
      );
    slots.forEach((slot, i) => {
      const value = sent.reduce<RecordTerms>((current, message, k) => {
        const here = smtEq(k === 0 ? remaining : `(+ ${remaining} ${k})`, String(i));
        return current.map((field, f) => iteField(here, message[f] as FieldTerms, field));
      }, shifted[i] as RecordTerms);
      slot.forEach((field, f) => assign(after, field, value[f] as FieldTerms, 'true'));
    });
    const change = sent.length - taken.length;
    after.set(count, change === 0 ? count : `(+ ${count} ${smtInt(change)})`);
  }

  #zeroSlot(block: ChannelBlock): RecordTerms {
    return block.fields.map((field): FieldTerms => {
      if (field.type.kind !== 'set') return describeType(field.type) === 'Bool' ? 'false' : '0';
      return this.#symbolic.base(field.type).map((value) => ({ value, present: 'false' }));
    });
  }

  #judged(e: Expr): { readonly defined: Term; readonly value: Term } {
    const none: LocalTerms = new Map();
    return {
      defined: this.#symbolic.term(definedness(e, this.#layout.set), none),
      value: this.#symbolic.term(e, none),
    };
  }

  #truth(e: Expr): { readonly holds: Term; readonly fails: Term } {
    const { defined, value } = this.#judged(e);
    return { holds: smtAnd([defined, value]), fails: smtAnd([defined, smtNot(value)]) };
  }

  #bad(property: Property, erring: Term, rules: readonly TransitionRule[]): Term {
    const { formula } = property;
    switch (formula.kind) {
      case 'always': {
        const { defined, value } = this.#judged(formula.expr);
        return smtAnd([smtNot(erring), defined, smtNot(value)]);
      }
      case 'never':
      case 'reachable': {
        const { defined, value } = this.#judged(formula.expr);
        return smtAnd([smtNot(erring), defined, value]);
      }
      case 'implicit': {
        const flag = this.#declared.errors[formula.of] as Term;
        if (formula.of !== 'defined') return flag;
        const undefinedSomewhere = judgedPredicates(this.#semantics.model).map((e) =>
          smtNot(this.#judged(e).defined),
        );
        return smtOr([flag, smtAnd([smtNot(erring), smtOr(undefinedSomewhere)])]);
      }
      case 'deadlockFree':
        return this.#stuck(erring, rules);
      default:
        throw new Unencodable(`the property kind ${formula.kind}`);
    }
  }

  /** No rule is possible that changes anything, and the state is not final (SEMANTICS 3, 8). */
  #stuck(erring: Term, rules: readonly TransitionRule[]): Term {
    const { final } = this.#semantics.model;
    const steps = rules.map((rule) => smtAnd([rule.condition, this.#changes(rule)]));
    const ended = !final
      ? 'false'
      : smtOr([
          this.#symbolic.term(final, new Map()),
          smtNot(this.#symbolic.term(definedness(final, this.#layout.set), new Map())),
        ]);
    return smtAnd([smtNot(erring), smtNot(smtOr(steps)), smtNot(ended)]);
  }

  #changes(rule: TransitionRule): Term {
    const { action } = rule.by.instance;
    const [received, sent] = [
      new Set(action.receives.map((r) => r.channel)),
      action.sends.map((s) => s.channel),
    ];
    const balanced =
      sent.length === received.size &&
      sent.every((c) => received.has(c)) &&
      new Set(sent).size === sent.length;
    const onBag = [...received].some(
      (c) =>
        sent.includes(c) &&
        this.#layout.channel(c).channel.order === 'bag' &&
        this.#declared.channelTerms(c).kind === 'slots',
    );
    if (!balanced && (sent.length > 0 || received.size > 0)) {
      if (
        [...received].some((c) => !sent.includes(c)) ||
        sent.some((c) => !received.has(c)) ||
        sent.length !== received.size
      )
        return 'true';
    }
    if (onBag)
      throw new Unencodable(
        'a step that takes a message from a bag and puts one back, for deadlockFree',
      );
    return smtOr(
      this.#declared.variables.flatMap((v, i) =>
        rule.next[i] === v.name ? [] : [smtNot(smtEq(v.name, rule.next[i] as Term))],
      ),
    );
  }
}

type Slots = Extract<ChannelTerms, { kind: 'slots' }>;
