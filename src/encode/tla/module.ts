import { conjuncts, type Expr } from '../../model/expression.ts';
import type { Action, InitRule, Model, Property } from '../../model/model.ts';
import type { Layout } from '../../model/layout.ts';
import { unpackSet } from '../../model/layout.ts';
import type { Semantics } from '../../model/semantics.ts';
import { cellType, scalarValues } from '../../model/types.ts';
import { sampledNames, sampleValues } from '../../model/initial.ts';
import { definedness, isTotal, isTrue, Unencodable } from '../definedness.ts';
import { inRangeOf, lowerAction, type LoweredAction } from '../lower.ts';
import { alwaysChanges } from './changes.ts';
import { TlaExpressions, tlaNames } from './expression.ts';
import { extendsOf, helpersOf } from './header.ts';
import { PropertyPrinter, type TlaProperty } from './properties.ts';

export type { TlaProperty } from './properties.ts';

export interface TlaModule {
  readonly name: string;
  readonly text: string;
  /** Whether it has an `error`: some step, or a first state, can break an implicit property. */
  readonly mayErr: boolean;
  readonly properties: readonly TlaProperty[];
  /**
   * Printed names back to the model's: variables, parameters and channels, as TLC's traces show
   * them.
   */
  readonly variables: readonly {
    readonly printed: string;
    readonly of: 'parameter' | 'variable' | 'channel';
    readonly name: string;
  }[];
  /** The printed name of a message field. */
  readonly field: (name: string) => string;
  /** The key text of each cell of a parameter (`["o1"]`, or nothing), in layout order. */
  readonly parameterCells: (parameter: string) => readonly string[];
  /** The words of one cell of a parameter as TLA+. */
  readonly literal: (parameter: string, words: readonly number[]) => string;
}

const MODULE_NAME = 'Workflow';

/**
 * Prints a model as one TLA+ module in the layout of *Specifying Systems*. Throws `Unencodable`.
 */
export function printModule(semantics: Semantics, properties: readonly Property[]): TlaModule {
  return new ModulePrinter(semantics).print(properties);
}

class ModulePrinter {
  readonly #semantics: Semantics;
  readonly #model: Model;
  readonly #layout: Layout;
  readonly #tla: TlaExpressions;
  readonly #variables: TlaModule['variables'];
  readonly #lowered: readonly LoweredAction[];
  readonly #init: { readonly conditions: readonly string[]; readonly fine: readonly string[] };
  /**
   * Whether some step, or a first state, can break an implicit property: only then there is an
   * `error`.
   */
  readonly #mayErr: boolean;

  constructor(semantics: Semantics) {
    this.#semantics = semantics;
    this.#model = semantics.model;
    this.#layout = semantics.layout;
    const names = tlaNames();
    this.#tla = new TlaExpressions(semantics.layout, names);
    const of = (
      kind: 'parameter' | 'variable' | 'channel',
      list: readonly { name: string }[],
    ): TlaModule['variables'] =>
      list.map(({ name }) => ({ printed: names.of(kind, name), of: kind, name }));
    this.#variables = [
      ...of('parameter', this.#model.parameters),
      ...of('variable', this.#model.variables),
      ...of('channel', this.#model.channels),
    ];
    this.#lowered = this.#model.actions.map((action) => lowerAction(action, this.#layout));
    this.#init = this.#initial();
    // A module needs a variable.
    this.#mayErr =
      this.#variables.length === 0 ||
      this.#init.fine.length > 0 ||
      this.#lowered.some(
        (lowered) => !isTrue(lowered.guardDefined) || this.#brokenSet(lowered) !== undefined,
      );
  }

  print(properties: readonly Property[]): TlaModule {
    const all = [...this.#variables.map((v) => v.printed), ...(this.#mayErr ? ['error'] : [])];
    const printer = new PropertyPrinter(this.#tla, this.#layout, this.#model, this.#mayErr, all);
    const printed = properties.map((property) => printer.print(property));
    const body = [
      this.#sets(),
      `VARIABLES\n${all.map((v, i) => `  ${v}${i < all.length - 1 ? ',' : ''}`).join('\n')}`,
      `vars == << ${all.join(', ')} >>`,
      this.#initText(),
      ...this.#lowered.map((lowered) => this.#action(lowered)),
      this.#next(),
      this.#fairness(),
      ...printed.map((p) => p.text).filter((text) => text !== ''),
    ];
    const text = body.join('\n');
    const sections = [
      `---- MODULE ${MODULE_NAME} ----`,
      `\\* ${this.#model.name.replace(/[^\x20-\x7e]/g, '?').replace(/\*\)|\(\*/g, '')}`,
      extendsOf(text),
      helpersOf(text),
      ...body,
      '====',
    ];
    return {
      name: MODULE_NAME,
      mayErr: this.#mayErr,
      text: `${sections.filter((s) => s !== '').join('\n\n')}\n`,
      properties: printed.map((p) => p.property),
      variables: this.#variables,
      field: (name) => this.#tla.names.of('field', name),
      parameterCells: (name) =>
        this.#layout
          .cell('parameter', name)
          .keySets.reduce<string[]>(
            (keys, set) => keys.flatMap((key) => set.elements.map((e) => `${key}["${e}"]`)),
            [''],
          ),
      literal: (name, words) => this.#wordsText(name, words),
    };
  }

  #wordsText(parameter: string, words: readonly number[]): string {
    const { type, width } = this.#layout.cell('parameter', parameter);
    if (type.kind !== 'set') return this.#tla.literal(words[0] ?? 0, type);
    const { of } = type;
    return `{${unpackSet(words, 0, width, this.#layout.bounds(of).lo)
      .map((value) => this.#tla.literal(value, of))
      .join(', ')}}`;
  }

  #sets(): string {
    return this.#model.sets
      .map(
        (set) =>
          `${this.#tla.names.of('set', set.name)} == {${set.elements.map((e) => `"${e}"`).join(', ')}}`,
      )
      .join('\n');
  }

  #initial(): { readonly conditions: readonly string[]; readonly fine: readonly string[] } {
    const sampled = new Set(sampledNames(this.#semantics));
    const conditions: string[] = [];
    const fine: string[] = [];
    const undefinedTerms: string[] = [];
    for (const p of this.#model.parameters)
      conditions.push(
        `${this.#tla.names.of('parameter', p.name)} \\in ${this.#domain(p.type, sampled.has(p.name))}`,
      );
    for (const v of this.#model.variables) {
      const name = this.#tla.names.of('variable', v.name);
      conditions.push(
        this.#initialOf(name, v.type, v.init, sampled.has(v.name), fine, undefinedTerms),
      );
    }
    for (const channel of this.#model.channels)
      conditions.push(
        `${this.#tla.names.of('channel', channel.name)} = ${channel.order === 'bag' ? 'EmptyBag' : '<<>>'}`,
      );
    if (undefinedTerms.length > 0) throw new Unencodable('an initial value that may be undefined');
    return { conditions, fine };
  }

  #initText(): string {
    const { conditions, fine } = this.#init;
    const error =
      fine.length === 0
        ? 'error = {}'
        : `error = IF ${fine.join(' /\\ ')} THEN {} ELSE {"withinRange"}`;
    return `Init ==\n${[...conditions, ...(this.#mayErr ? [error] : [])].map((c) => `  /\\ ${c}`).join('\n')}`;
  }

  /** The values of a type; of one with too many, those that `explore` looks at too. */
  #domain(type: Model['variables'][number]['type'], sampled: boolean): string {
    const domain = this.#tla.domain(type);
    if (!sampled) return domain;
    const values = sampleValues(this.#semantics, cellType(type));
    return domain.replace(this.#tla.domain(cellType(type)), () => `{${values.join(', ')}}`);
  }

  #initialOf(
    name: string,
    type: Model['variables'][number]['type'],
    rule: InitRule,
    sampled: boolean,
    fine: string[],
    undefinedTerms: string[],
  ): string {
    const cell = cellType(type);
    const note = (e: Expr): void => {
      const inside = inRangeOf(e, cell, this.#layout.set);
      if (!isTrue(inside)) fine.push(this.#tla.atom(inside));
      if (!isTotal(e, this.#layout.set)) undefinedTerms.push(name);
    };
    if (type.kind === 'map') {
      if (type.to.kind === 'map' || rule.kind === 'each')
        return this.#initialNested(name, type, rule, note);
      const keys = this.#tla.names.of('set', type.from);
      if (rule.kind === 'value') {
        note(rule.value);
        return `${name} = [x \\in ${keys} |-> ${this.#tla.text(rule.value)}]`;
      }
      return `${name} \\in [${keys} -> ${this.#options(rule, cell, sampled, note)}]`;
    }
    if (rule.kind === 'value') {
      note(rule.value);
      return `${name} = ${this.#tla.text(rule.value)}`;
    }
    return `${name} \\in ${this.#options(rule, cell, sampled, note)}`;
  }

  /**
   * A map of maps, or one with a rule per key: a function written out, free choices only of one
   * kind.
   */
  #initialNested(
    name: string,
    type: Extract<Model['variables'][number]['type'], { kind: 'map' }>,
    rule: InitRule,
    note: (e: Expr) => void,
  ): string {
    const value = (t: Model['variables'][number]['type'], r: InitRule): string => {
      if (t.kind === 'map') {
        const elements = this.#layout.set(t.from).elements;
        const entries = elements.map(
          (element, i) =>
            `("${element}" :> ${value(t.to, r.kind === 'each' ? (r.rules[i] as InitRule) : r)})`,
        );
        return `(${entries.join(' @@ ')})`;
      }
      if (r.kind !== 'value') throw new Unencodable('a free choice inside a nested map');
      note(r.value);
      return this.#tla.text(r.value);
    };
    return `${name} = ${value(type, rule)}`;
  }

  #options(
    rule: InitRule,
    cell: Model['variables'][number]['type'],
    sampled: boolean,
    note: (e: Expr) => void,
  ): string {
    switch (rule.kind) {
      case 'any':
        return `(${this.#domain(cell, sampled)})`;
      case 'oneOf':
        rule.options.forEach(note);
        return `{${rule.options.map((o) => this.#tla.text(o)).join(', ')}}`;
      case 'range':
        [rule.lo, rule.hi].forEach((e) => {
          if (e.kind !== 'literal')
            throw new Unencodable('a range of initial values that depends on a parameter');
        });
        return `((${this.#tla.text(rule.lo)})..(${this.#tla.text(rule.hi)}))`;
      default:
        throw new Unencodable('this initial choice');
    }
  }

  #signature(lowered: LoweredAction): string {
    const { action } = lowered;
    const parameters = action.binders.map((b) => this.#tla.names.of('local', b.name));
    return `${this.#tla.names.of('action', action.name)}${parameters.length > 0 ? `(${parameters.join(', ')})` : ''}`;
  }

  /** Fair for each message: the step that takes this one is a definition of its own. */
  #actionPerMessage(lowered: LoweredAction): string {
    const { action } = lowered;
    const parameters = [
      ...action.binders.map((b) => this.#tla.names.of('local', b.name)),
      ...action.receives.map((r) => this.#tla.names.of('local', r.local)),
    ];
    const offered = action.receives.map((receive) => {
      const [channel, local] = [
        this.#tla.names.of('channel', receive.channel),
        this.#tla.names.of('local', receive.local),
      ];
      return this.#layout.channel(receive.channel).channel.order === 'bag'
        ? `/\\ ${local} \\in BagToSet(${channel})`
        : `/\\ ${channel} # <<>> /\\ ${local} = Head(${channel})`;
    });
    const one = `${this.#taking(action)}(${parameters.join(', ')})`;
    const some = action.receives.map((receive) => {
      const [channel, local] = [
        this.#tla.names.of('channel', receive.channel),
        this.#tla.names.of('local', receive.local),
      ];
      return `${local} \\in ${this.#layout.channel(receive.channel).channel.order === 'bag' ? `BagToSet(${channel})` : `Messages(${channel})`}`;
    });
    const label =
      action.label === undefined ? '' : `\\* ${action.label.replace(/[^\x20-\x7e]/g, '?')}\n`;
    return `${label}${one} ==\n${[...(this.#mayErr ? ['/\\ error = {}'] : []), ...offered, ...this.#body(lowered)].map((line) => `  ${line}`).join('\n')}\n\n${this.#signature(lowered)} ==\n  \\E ${some.join(', ')} : ${one}`;
  }

  #taking(action: Action): string {
    return this.#tla.names.of('taking', `${action.name}Of`);
  }

  /**
   * All messages that may ever be on a channel: a record of each combination of the fields' values.
   */
  #payloads(channel: string): string {
    const { fields } = this.#layout.channel(channel);
    if (fields.length === 0) return '{"signal"}';
    const count = fields.reduce(
      (product, f) =>
        product *
        (f.type.kind === 'set' || (f.type.kind === 'int' && f.type.lo === undefined)
          ? Infinity
          : scalarValues(f.type, this.#layout.set).length),
      1,
    );
    if (count > MAX_PAYLOADS)
      throw new Unencodable(
        `fairness per message where more than ${MAX_PAYLOADS} messages are possible`,
      );
    return `[${fields.map((f) => `${this.#tla.names.of('field', f.name)} : ${this.#tla.domain(f.type)}`).join(', ')}]`;
  }

  #action(lowered: LoweredAction): string {
    const { action } = lowered;
    if (isFairPerMessage(action)) return this.#actionPerMessage(lowered);
    const lines: string[] = this.#mayErr ? ['error = {}'] : [];
    let indent = '';
    const quantified: string[] = [];
    for (const receive of action.receives) {
      const [channel, local] = [
        this.#tla.names.of('channel', receive.channel),
        this.#tla.names.of('local', receive.local),
      ];
      if (this.#layout.channel(receive.channel).channel.order === 'bag')
        quantified.push(`\\E ${local} \\in BagToSet(${channel}) :`);
      else {
        lines.push(`${channel} # <<>>`);
        quantified.push(`LET ${local} == Head(${channel}) IN`);
      }
    }
    const out = lines.map((l) => `  /\\ ${l}`);
    quantified.forEach((q, i) => {
      out.push(`${indent}  ${i === 0 ? '/\\ ' : '   '}${q}`);
      indent += '   ';
    });
    out.push(
      ...this.#body(lowered).map(
        (line) => `${indent}${quantified.length > 0 ? '   ' : '  '}${line}`,
      ),
    );
    const label =
      action.label === undefined ? '' : `\\* ${action.label.replace(/[^\x20-\x7e]/g, '?')}\n`;
    return `${label}${this.#signature(lowered)} ==\n${out.join('\n')}`;
  }

  /**
   * Guard, then the step, or the error step in its place. Guards are printed `(…) = TRUE`: TLC
   * evaluates both sides of a bare `\/` in an action.
   */
  #body(lowered: LoweredAction): string[] {
    const step = this.#step(lowered);
    const guard = isTrue(lowered.guard) ? [] : [`/\\ ${this.#asGuard(lowered.guard)}`];
    const broken = this.#brokenSet(lowered);
    const untouched = `UNCHANGED << ${this.#variables.map((v) => v.printed).join(', ')} >>`;
    const taken =
      broken === undefined
        ? step.map((s) => `/\\ ${s}`)
        : [
            `/\\ LET broken == ${broken} IN`,
            '   IF broken = {}',
            ...step.map((s, i) => `   ${i === 0 ? 'THEN' : '    '} /\\ ${s}`),
            `   ELSE /\\ error' = broken`,
            `        /\\ ${untouched}`,
          ];
    if (isTrue(lowered.guardDefined)) return [...guard, ...taken];
    const defined = this.#tla.atom(lowered.guardDefined);
    return [
      `/\\ \\/ /\\ ~${defined}`,
      `      /\\ error' = {"defined"}`,
      `      /\\ ${untouched}`,
      `   \\/ /\\ ${defined}`,
      ...[...guard, ...taken].map((line) => `      ${line}`),
    ];
  }

  #asGuard(guard: Expr): string {
    const parts = conjuncts(guard);
    if (parts.length === 0) return 'TRUE';
    return parts.every(
      (c) =>
        c.kind === 'compare' ||
        c.kind === 'cell' ||
        c.kind === 'contains' ||
        (c.kind === 'not' && c.body.kind !== 'or'),
    )
      ? parts.map((c) => this.#tla.text(c)).join(' /\\ ')
      : `(${this.#tla.text(guard)}) = TRUE`;
  }

  /** The set of implicit properties that the step breaks, or nothing where none can be. */
  #brokenSet(lowered: LoweredAction): string | undefined {
    const parts = Object.entries(lowered.fine)
      .filter(([, e]) => !isTrue(e))
      .map(([kind, e]) => `(IF ${this.#tla.text(e)} THEN {} ELSE {"${kind}"})`);
    const union = parts.length === 0 ? '{}' : parts.join(' \\cup ');
    if (isTrue(lowered.bodyDefined)) return parts.length === 0 ? undefined : union;
    return `IF ~${this.#tla.atom(lowered.bodyDefined)} THEN {"defined"} ELSE ${union}`;
  }

  #step(lowered: LoweredAction): string[] {
    const { action } = lowered;
    const written = new Map<string, string[]>();
    for (const a of action.assignments) {
      const name = this.#tla.names.of('variable', a.variable);
      const keys = a.keys.map((key) => `[${this.#tla.text(key)}]`).join('');
      written.set(name, [
        ...(written.get(name) ?? []),
        a.keys.length === 0 ? this.#tla.atom(a.value) : `!${keys} = ${this.#tla.text(a.value)}`,
      ]);
    }
    const changed = [...written].map(([name, updates]) =>
      updates[0]?.startsWith('!')
        ? `${name}' = [${name} EXCEPT ${updates.join(', ')}]`
        : `${name}' = ${updates[0] ?? name}`,
    );
    const channels = [
      ...new Set([...action.receives.map((r) => r.channel), ...action.sends.map((s) => s.channel)]),
    ];
    const moved = channels.map(
      (name) => `${this.#tla.names.of('channel', name)}' = ${this.#channelAfter(name, lowered)}`,
    );
    const touched = [...written.keys(), ...channels.map((c) => this.#tla.names.of('channel', c))];
    const rest = this.#variables.map((v) => v.printed).filter((v) => !touched.includes(v));
    return [
      ...changed,
      ...moved,
      ...(rest.length > 0 ? [`UNCHANGED << ${rest.join(', ')} >>`] : []),
      ...(this.#mayErr ? ["error' = error"] : []),
      ...(alwaysChanges(lowered, (e) => this.#tla.text(e)) ? [] : [this.#changes(touched)]),
    ];
  }

  /** A step that changes nothing is none (SEMANTICS 3): only what the step writes can differ. */
  #changes(touched: readonly string[]): string {
    if (touched.length === 0) return "vars' # vars";
    return touched.length === 1
      ? `${touched[0] ?? ''}' # ${touched[0] ?? ''}`
      : `<< ${touched.join(', ')} >>' # << ${touched.join(', ')} >>`;
  }

  #channelAfter(name: string, { action }: LoweredAction): string {
    const channel = this.#tla.names.of('channel', name);
    const fifo = this.#layout.channel(name).channel.order === 'fifo';
    const received = action.receives
      .filter((r) => r.channel === name)
      .map((r) => this.#tla.names.of('local', r.local));
    const sent = action.sends
      .filter((s) => s.channel === name)
      .map((s) => this.#message(name, s.values));
    if (fifo) {
      const remaining = received.length > 0 ? `Tail(${channel})` : channel;
      return sent.reduce((all, message) => `Append(${all}, ${message})`, remaining);
    }
    const removed = received.reduce(
      (all, message) => `(${all} (-) SetToBag({${message}}))`,
      channel,
    );
    return sent.reduce((all, message) => `(${all} (+) SetToBag({${message}}))`, removed);
  }

  #message(channel: string, values: readonly Expr[]): string {
    const { fields } = this.#layout.channel(channel);
    if (fields.length === 0) return '"signal"';
    return `[${fields.map((f, i) => `${this.#tla.names.of('field', f.name)} |-> ${this.#tla.text(values[i] as Expr)}`).join(', ')}]`;
  }

  #next(): string {
    const disjuncts = this.#model.actions.map((action) => this.#existsStep(action));
    const final = this.#model.final;
    const defined = final && definedness(final, this.#layout.set);
    const ended = !final
      ? 'FALSE'
      : isTrue(defined as Expr)
        ? this.#tla.text(final)
        : `IF ${this.#tla.text(defined as Expr)} THEN ${this.#tla.text(final)} ELSE TRUE`;
    return [
      `Final == ${ended}`,
      '',
      `\\* Where the workflow may end${this.#mayErr ? ', or has ended in an error' : ''}, standing still is no deadlock.`,
      'Terminating ==',
      `  /\\ ${this.#mayErr ? 'error # {} \\/ ' : ''}Final`,
      '  /\\ UNCHANGED vars',
      '',
      'Next ==',
      ...disjuncts.map((d) => `  \\/ ${d}`),
      '  \\/ Terminating',
    ].join('\n');
  }

  #fairness(): string {
    const conditions = this.#model.actions
      .filter((a) => a.fair !== 'none')
      .map((action) => {
        const bound = action.binders.map(
          (b) => `${this.#tla.names.of('local', b.name)} \\in ${this.#tla.domain(b.type)}`,
        );
        const taken = isFairPerMessage(action)
          ? action.receives.map(
              (r) => `${this.#tla.names.of('local', r.local)} \\in ${this.#payloads(r.channel)}`,
            )
          : [];
        const step =
          taken.length > 0
            ? `${this.#taking(action)}(${[...action.binders.map((b) => b.name), ...action.receives.map((r) => r.local)].map((name) => this.#tla.names.of('local', name)).join(', ')})`
            : this.#signature(lowerAction(action, this.#layout));
        return `${bound.length + taken.length > 0 ? `\\A ${[...bound, ...taken].join(', ')} : ` : ''}${action.fair === 'weak' ? 'WF' : 'SF'}_vars(${step})`;
      });
    for (const { strength, actions } of this.#model.fairness) {
      const steps = this.#model.actions
        .filter((a) => actions.includes(a.name))
        .map((action) =>
          action.binders.length > 0 ? `(${this.#existsStep(action)})` : this.#existsStep(action),
        );
      if (steps.length > 0)
        conditions.push(`${strength === 'weak' ? 'WF' : 'SF'}_vars(${steps.join(' \\/ ')})`);
    }
    if (conditions.length === 0) return 'Spec == Init /\\ [][Next]_vars';
    return `Fairness ==\n${conditions.map((c) => `  /\\ ${c}`).join('\n')}\n\nSpec == Init /\\ [][Next]_vars /\\ Fairness`;
  }

  /** A step of an action, with some value for each of its names. */
  #existsStep(action: Action): string {
    const bound = action.binders.map(
      (b) => `${this.#tla.names.of('local', b.name)} \\in ${this.#tla.domain(b.type)}`,
    );
    return `${bound.length > 0 ? `\\E ${bound.join(', ')} : ` : ''}${this.#signature(lowerAction(action, this.#layout))}`;
  }
}

/** More fairness conditions than this, and TLC's tableau is larger than any graph. */
const MAX_PAYLOADS = 32;

function isFairPerMessage(action: Action): boolean {
  return action.perMessage && action.fair !== 'none' && action.receives.length > 0;
}
