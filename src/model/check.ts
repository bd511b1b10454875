import { ok, problem, type Problem, type ProblemCode, type Result } from '../errors/index.ts';
import type { ActionDocument, ChannelDocument, Init, ModelDocument, PropertyDocument, Scalar, SendDocument } from './document.ts';
import type { Expr } from './expression.ts';
import { FeelError, parseFeel, type Syntax } from './feel.ts';
import { feelOf } from './feelText.ts';
import { mapLtl } from './ltl.ts';
import { ltlText, parseLtl } from './ltlText.ts';
import type { Action, Assignment, Channel, Formula, InitRule, JointFairness, Model, Parameter, Property, Send, Variable } from './model.ts';
import { IMPLICIT_KINDS } from './model.ts';
import type { Meaning, Scope } from './scope.ts';
import { nameProblem, parseType, sizeOf } from './typeText.ts';
import { isProblem, typeExpression } from './typing.ts';
import { BOOL, INT, MAX_TYPE_VALUES, isFinite, sameType, typeText, type IndexSet, type Type } from './types.ts';

/** Where a path of the document stands in its text; the offset is into the value at that path. */
export type Locate = (path: readonly string[], offset?: number) => { readonly line: number; readonly column: number } | undefined;

/**
 * The type check: a document whose shape is right becomes a model, or a list of all that is wrong with it.
 * One pass per section, in the order in which names come into scope.
 */
export function checkModel(document: ModelDocument, locate: Locate = () => undefined): Result<Model> {
  const checker = new Checker(document, locate);
  const model = checker.model();
  return checker.problems.length > 0 ? { ok: false, problems: checker.problems } : ok(model);
}

const PROPERTY_KEYS = ['always', 'never', 'eventually', 'eventuallyAlways', 'leadsTo', 'reachable', 'recoverable', 'deadlockFree', 'reachableEach', 'all', 'ltl'] as const;
/** More than this nobody reads, and each costs a search for its place. */
const MAX_PROBLEMS = 200;
const MAX_ELEMENTS = 1_000;
const MAX_CAPACITY = 10_000;

class Checker {
  readonly problems: Problem[] = [];
  readonly #document: ModelDocument;
  readonly #locate: Locate;
  readonly #globals = new Map<string, Meaning>();
  readonly #sets = new Map<string, IndexSet>();
  readonly #channels = new Map<string, Channel>();
  readonly #variables = new Map<string, Type>();

  constructor(document: ModelDocument, locate: Locate) {
    this.#document = document;
    this.#locate = locate;
  }

  model(): Model {
    const d = this.#document;
    const sets = this.#declareSets();
    const parameterTypes = this.#types('parameters', d.parameters ?? {}, (text) => text);
    const variableTypes = this.#types('variables', d.variables, (variable) => variable.type);
    const channels = this.#declareChannels();
    this.#declareMembers();
    const actors = Object.entries(d.actors).map(([name, actor]) => {
      this.#name(['actors', name], name);
      return { name, trust: actor.trust ?? 'trusted', label: actor.label } as const;
    });
    const parameters: Parameter[] = [...parameterTypes].map(([name, type]) => ({ name, type }));
    const variables = [...variableTypes].map(([name, type]) => this.#variable(name, type));
    const actions = Object.entries(d.actions).map(([name, action]) => this.#action(name, action));
    const properties = this.#properties();
    const final = d.final === undefined ? undefined : this.#expression(['final'], d.final, this.#scope(), BOOL);
    return {
      name: d.name, sets, parameters, variables, actors, channels, actions, properties, final, fairness: this.#jointFairness(), abstractions: d.abstractions ?? [], bounds: d.bounds ?? [],
    };
  }

  #report(code: ProblemCode, path: readonly string[], message: string, offset?: number): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const elementId = path[0] === 'actions' ? this.#document.actions[path[1] ?? '']?.elementId : undefined;
    this.problems.push(problem(code, path.join('.'), message, { ...this.#locate(path, offset), ...(elementId === undefined ? {} : { elementId }) }));
  }

  #name(path: readonly string[], name: string): boolean {
    const wrong = nameProblem(name);
    if (wrong) this.#report('NAME_INVALID', path, wrong);
    return wrong === undefined;
  }

  #declare(path: readonly string[], name: string, meaning: Meaning): void {
    if (!this.#name(path, name)) return;
    if (this.#globals.has(name)) this.#report('NAME_TAKEN', path, `\`${name}\` already names something else; all names share one scope`);
    else this.#globals.set(name, meaning);
  }

  readonly #elements = (set: string): number | undefined => this.#sets.get(set)?.elements.length;

  #declareSets(): IndexSet[] {
    return Object.entries(this.#document.sets ?? {}).map(([name, given]) => {
      const path = ['sets', name];
      const elements = typeof given === 'number' ? numbered(name, given) : given;
      if (elements.length === 0 || elements.length > MAX_ELEMENTS) {
        this.#report('TYPE_TOO_LARGE', path, `a set has 1 to ${MAX_ELEMENTS} elements`);
      }
      const set: IndexSet = { name, elements };
      this.#declare(path, name, { kind: 'set', set });
      this.#sets.set(name, set);
      const type: Type = { kind: 'element', set: name, nullable: false };
      elements.forEach((element, value) => this.#declare([...path, element], element, { kind: 'constant', literal: { kind: 'literal', type, value } }));
      return set;
    });
  }

  /** Parameters or variables: their types, and their names in the global scope. */
  #types<T>(section: 'parameters' | 'variables', given: Readonly<Record<string, T>>, text: (item: T) => string): Map<string, Type> {
    const types = new Map<string, Type>();
    for (const [name, item] of Object.entries(given)) {
      const path = section === 'variables' ? [section, name, 'type'] : [section, name];
      const type = this.#type(path, text(item));
      this.#declare([section, name], name, { kind: 'cell', of: section === 'variables' ? 'variable' : 'parameter', type });
      if (section === 'parameters' && cellType(type).kind === 'set' && sizeOf(innermost(type), this.#elements) > 16) this.#report('TYPE_TOO_LARGE', path, 'a parameter that is a set ranges over at most 16 values');
      types.set(name, type);
      if (section === 'variables') this.#variables.set(name, type);
    }
    return types;
  }

  /** A type, or, when it cannot be read, one that lets checking go on. */
  #type(path: readonly string[], text: string): Type {
    const type = parseType(text, this.#elements);
    if (!('code' in type)) return type;
    this.#report(type.code, path, type.message);
    return INT;
  }

  #declareChannels(): Channel[] {
    return Object.entries(this.#document.channels ?? {}).map(([name, given]) => {
      const channel = this.#channel(name, given);
      this.#declare(['channels', name], name, { kind: 'channel', channel });
      this.#channels.set(name, channel);
      return channel;
    });
  }

  #channel(name: string, given: ChannelDocument): Channel {
    const path = ['channels', name];
    this.#actor([...path, 'from'], given.from);
    this.#actor([...path, 'to'], given.to);
    const capacity = given.capacity ?? 1;
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY) {
      this.#report('OPTION_INVALID', [...path, 'capacity'], `a capacity is an integer from 1 to ${MAX_CAPACITY}`);
    }
    const fields = Object.entries(given.carries).map(([field, text]) => {
      this.#name([...path, 'carries', field], field);
      const type = this.#type([...path, 'carries', field], text);
      if (type.kind === 'map') this.#report('TYPE_SYNTAX', [...path, 'carries', field], 'a message carries single values and sets, not maps');
      return { name: field, type };
    });
    for (const key of ['signed', 'fresh', 'unguessable'] as const) {
      for (const field of given[key] ?? []) {
        if (!Object.hasOwn(given.carries, field)) this.#report('NAME_UNKNOWN', [...path, key], `\`${field}\` is not a field of ${name}`);
      }
    }
    return { name, from: given.from, to: given.to, fields, medium: given.medium ?? 'private', order: given.order ?? 'bag', capacity, unbounded: given.unbounded ?? false };
  }

  #actor(path: readonly string[], actor: string): void {
    if (!Object.hasOwn(this.#document.actors, actor)) this.#report('ACTOR_UNKNOWN', path, `no actor is called \`${actor}\``);
  }

  /** Enum members are names in scope; a bare member of two different enums is ambiguous where it is used (SEMANTICS 10). */
  #declareMembers(): void {
    const owners = new Map<string, { type: Type; path: readonly string[] }[]>();
    for (const { type, path } of this.#declaredEnums()) {
      for (const member of type.members) {
        const known = owners.get(member) ?? [];
        if (!known.some((owner) => sameType(owner.type, type))) owners.set(member, [...known, { type, path }]);
      }
    }
    for (const [member, [first, ...others]] of owners) {
      if (!first || first.type.kind !== 'enum') continue;
      const literal: Expr = { kind: 'literal', type: first.type, value: first.type.members.indexOf(member) };
      const meaning: Meaning = others.length === 0 ? { kind: 'constant', literal } : { kind: 'ambiguous', types: [first, ...others].map((o) => o.type) };
      this.#declare(first.path, member, meaning);
    }
  }

  #declaredEnums(): { type: Extract<Type, { kind: 'enum' }>; path: readonly string[] }[] {
    const texts: (readonly [readonly string[], string])[] = [
      ...Object.entries(this.#document.parameters ?? {}).map(([n, text]) => [['parameters', n], text] as const),
      ...Object.entries(this.#document.variables).map(([n, v]) => [['variables', n, 'type'], v.type] as const),
      ...Object.entries(this.#document.channels ?? {}).flatMap(([n, c]) =>
        Object.entries(c.carries).map(([f, text]) => [['channels', n, 'carries', f], text] as const)),
      ...Object.entries(this.#document.actions).flatMap(([n, a]) =>
        Object.entries(a.for ?? {}).map(([f, text]) => [['actions', n, 'for', f], text] as const)),
    ];
    return texts.flatMap(([path, text]) => {
      const type = parseType(text, this.#elements);
      const found = 'code' in type ? undefined : innermost(type);
      return found?.kind === 'enum' ? [{ type: found, path }] : [];
    });
  }

  #scope(reach: Scope['reach'] = 'everything', locals: ReadonlyMap<string, Type> = new Map()): Scope {
    return {
      globals: this.#globals, locals, reach,
      channel: (name) => this.#channels.get(name) as Channel,
      set: (name) => this.#sets.get(name) as IndexSet,
    };
  }

  /** One expression, or, after its problem has been noted, a literal that lets checking go on. */
  #expression(path: readonly string[], value: Scalar | readonly Scalar[], scope: Scope, expected: Type, offset = 0): Expr {
    const placeholder: Expr = { kind: 'literal', type: expected, value: 0 };
    const syntax = this.#syntax(path, value, offset);
    if (!syntax) return placeholder;
    const typed = typeExpression(syntax, scope, expected);
    if (!isProblem(typed)) return typed;
    this.#report(typed.code, path, typed.message, offset + typed.at);
    return placeholder;
  }

  #syntax(path: readonly string[], value: Scalar | readonly Scalar[], offset = 0): Syntax | undefined {
    try {
      return parseFeel(feelText(value));
    } catch (error) {
      if (!(error instanceof FeelError)) throw error;
      this.#report(error.code, path, error.message, offset + error.at);
      return undefined;
    }
  }

  #variable(name: string, type: Type): Variable {
    const given = this.#document.variables[name];
    const init = this.#init(['variables', name, 'init'], given?.init ?? null, type);
    return { name, type, init, label: given?.label, elementId: given?.elementId };
  }

  #init(path: readonly string[], init: Init, type: Type): InitRule {
    if (typeof init === 'object' && init !== null && !Array.isArray(init)) return this.#initEach(path, init as Readonly<Record<string, Init>>, type);
    const cell = cellType(type);
    if (init === 'any' && !this.#globals.has('any')) return this.#any(path, cell);
    const scope = this.#scope('parameters');
    if (typeof init === 'string' && /^in\s*[[(]/.test(init)) return this.#choice(path, init, cell, scope);
    return { kind: 'value', value: this.#expression(path, init as Scalar | readonly Scalar[], scope, cell) };
  }

  #any(path: readonly string[], cell: Type): InitRule {
    if (cell.kind === 'set' && sizeOf(cell.of, this.#elements) > 16) this.#report('TYPE_TOO_LARGE', path, 'any subset of more than 16 values is too many initial states');
    if (sizeOf(cell, this.#elements) > MAX_TYPE_VALUES && isFinite(cell)) this.#report('TYPE_TOO_LARGE', path, `a free choice among more than ${MAX_TYPE_VALUES} values`);
    return { kind: 'any' };
  }

  /** `init: { o1: 1, o2: 2 }` gives every key of a map its own rule. */
  #initEach(path: readonly string[], init: Readonly<Record<string, Init>>, type: Type): InitRule {
    if (type.kind !== 'map') {
      this.#report('TYPE_MISMATCH', path, `only a map starts from a mapping, and this is ${typeText(type)}`);
      return { kind: 'any' };
    }
    const elements = this.#sets.get(type.from)?.elements ?? [];
    for (const key of Object.keys(init)) if (!elements.includes(key)) this.#report('NAME_UNKNOWN', [...path, key], `\`${key}\` is not an element of ${type.from}`);
    const rules = elements.map((element): InitRule => {
      const rule = Object.hasOwn(init, element) ? init[element] : undefined;
      if (rule !== undefined) return this.#init([...path, element], rule, type.to);
      this.#report('MISSING_KEY', path, `no initial value for \`${element}\``);
      return { kind: 'any' };
    });
    return { kind: 'each', rules };
  }

  /** `in [lo..hi]` and `in (a, b)`: read as the right side of a membership test. */
  #choice(path: readonly string[], text: string, cell: Type, scope: Scope): InitRule {
    const syntax = this.#syntax(path, `0 ${text}`);
    if (!syntax) return { kind: 'any' };
    const typed = (part: Syntax): Expr => {
      const e = typeExpression(part, scope, cell);
      if (!isProblem(e)) return e;
      this.#report(e.code, path, e.message, Math.max(0, e.at - 2));
      return { kind: 'literal', type: cell, value: 0 };
    };
    if (syntax.kind === 'interval') {
      if (cell.kind !== 'int') this.#report('TYPE_MISMATCH', path, `a range of integers cannot start ${typeText(cell)}`);
      return { kind: 'range', lo: typed(syntax.lo), hi: typed(syntax.hi) };
    }
    if (syntax.kind === 'in') {
      const options = syntax.options.flatMap((option) => (option.kind === 'list' && cell.kind !== 'set' ? option.items : [option]));
      return { kind: 'oneOf', options: options.map(typed) };
    }
    this.#report('EXPRESSION_SYNTAX', path, 'an initial choice is `any`, `in [lo..hi]` or `in (a, b, …)`');
    return { kind: 'any' };
  }

  #action(name: string, given: ActionDocument): Action {
    const path = ['actions', name];
    this.#name(path, name);
    this.#actor([...path, 'actor'], given.actor);
    const locals = new Map<string, Type>();
    const bind = (at: readonly string[], local: string, type: Type): void => {
      if (!this.#name(at, local)) return;
      if (this.#globals.has(local) || locals.has(local)) this.#report('NAME_TAKEN', at, `the local name \`${local}\` is taken`);
      locals.set(local, type);
    };
    const binders = Object.entries(given.for ?? {}).map(([local, text]) => {
      const type = this.#type([...path, 'for', local], text);
      if (type.kind === 'set' || type.kind === 'map' || sizeOf(type, this.#elements) > MAX_TYPE_VALUES) {
        this.#report('TYPE_TOO_LARGE', [...path, 'for', local], 'a `for` name ranges over a finite type of single values');
      }
      bind([...path, 'for', local], local, type);
      return { name: local, type };
    });
    const bindings = binders.reduce((product, b) => product * sizeOf(b.type, this.#elements), 1);
    if (bindings > MAX_TYPE_VALUES) this.#report('TYPE_TOO_LARGE', [...path, 'for'], `more than ${MAX_TYPE_VALUES} bindings`);
    const receives = Object.entries(given.receive ?? {}).map(([channel, local]) => {
      if (!this.#channels.has(channel)) this.#report('CHANNEL_UNKNOWN', [...path, 'receive', channel], `no channel is called \`${channel}\``);
      bind([...path, 'receive', channel], local, { kind: 'record', channel });
      return { channel, local };
    }).filter(({ channel }) => this.#channels.has(channel));
    const scope = this.#scope('everything', locals);
    return {
      name, actor: given.actor, binders, receives,
      when: given.when === undefined ? undefined : this.#expression([...path, 'when'], given.when, scope, BOOL),
      controls: this.#controls(path, given, scope),
      assignments: Object.entries(given.then ?? {}).flatMap(([target, value]) => this.#assignment([...path, 'then', target], target, value, scope)),
      sends: asList(given.send).flatMap((send, index) => this.#sends([...path, 'send', ...(Array.isArray(given.send) ? [String(index)] : [])], send, scope)),
      fair: given.fair ?? 'none', perMessage: given.perMessage ?? false, label: given.label, elementId: given.elementId,
    };
  }

  #controls(path: readonly string[], given: ActionDocument, scope: Scope): Action['controls'] {
    const names = new Set<string>();
    return asList(given.controls).flatMap((group, index) => Object.entries(group).map(([name, condition]) => {
      const at = [...path, 'controls', ...(Array.isArray(given.controls) ? [String(index)] : []), name];
      this.#name(at, name);
      if (names.has(name)) this.#report('NAME_TAKEN', at, `the control \`${name}\` stands here twice`);
      names.add(name);
      return { name, condition: this.#expression(at, condition, scope, BOOL) };
    }));
  }

  /** `status[o]: paid`: the target is read as an expression, and must be one cell of a variable. */
  #assignment(path: readonly string[], target: string, value: Scalar | readonly Scalar[], scope: Scope): Assignment[] {
    const name = /^\s*([A-Za-z_]\w*)/.exec(target)?.[1] ?? '';
    const declared = this.#variables.get(name);
    if (!declared) {
      this.#report('NAME_UNKNOWN', path, `\`${target}\` is no variable`);
      return [];
    }
    let type = declared;
    for (let syntax = this.#syntax(path, target); syntax?.kind === 'index'; syntax = syntax.of) {
      if (type.kind !== 'map') break;
      type = type.to;
    }
    if (type.kind === 'map') {
      this.#report('TYPE_MISMATCH', path, `a step assigns single cells: \`${target}\` needs a key`);
      return [];
    }
    const cell = this.#expression(path, target, scope, type);
    if (cell.kind !== 'cell' || cell.of !== 'variable') {
      if (cell.kind !== 'literal') this.#report('TYPE_MISMATCH', path, `\`${target}\` is not a cell of a variable`);
      return [];
    }
    return [{ variable: cell.name, keys: cell.keys, value: this.#expression(path, value, scope, type), type }];
  }

  #sends(path: readonly string[], send: SendDocument, scope: Scope): Send[] {
    return Object.entries(send).flatMap(([channel, payload]) => {
      const declared = this.#channels.get(channel);
      const at = [...path, channel];
      if (!declared) {
        this.#report('CHANNEL_UNKNOWN', at, `no channel is called \`${channel}\``);
        return [];
      }
      for (const field of Object.keys(payload)) {
        if (!declared.fields.some((f) => f.name === field)) this.#report('NAME_UNKNOWN', [...at, field], `a message of ${channel} carries no \`${field}\``);
      }
      const values = declared.fields.map((field): Expr => {
        const value = Object.hasOwn(payload, field.name) ? payload[field.name] : undefined;
        if (value === undefined) this.#report('MISSING_KEY', at, `the message lacks its field \`${field.name}\``);
        return value === undefined ? { kind: 'literal', type: field.type, value: 0 } : this.#expression([...at, field.name], value, scope, field.type);
      });
      return [{ channel, values }];
    });
  }

  /** The declared properties, then the implicit ones that always stand beside them (SEMANTICS 4, 8). */
  #properties(): Property[] {
    const declared = Object.entries(this.#document.properties ?? {}).flatMap(([name, given]) => {
      const path = ['properties', name];
      this.#name(path, name);
      if ((IMPLICIT_KINDS as readonly string[]).includes(name)) this.#report('NAME_TAKEN', path, `\`${name}\` is an implicit property: it is always judged`);
      const formula = this.#formula(path, given);
      if (!formula) return [];
      return [{
        name, kind: given.kind ?? formula.kind, formula, label: given.label, severityEur: given.severity?.eur, references: given.references,
      }];
    });
    const implicit = IMPLICIT_KINDS.map((of): Property => ({ name: of, kind: of, formula: { kind: 'implicit', of } }));
    const deadlockFree: Property = { name: 'deadlockFree', kind: 'deadlockFree', formula: { kind: 'deadlockFree' } };
    return [...declared, ...implicit, ...(declared.some((p) => p.name === 'deadlockFree') ? [] : [deadlockFree])];
  }

  #jointFairness(): JointFairness[] {
    return (this.#document.fairness ?? []).flatMap((given, index) => {
      const path = ['fairness', String(index)];
      const kinds = (['weak', 'strong'] as const).filter((strength) => given[strength] !== undefined);
      const [strength] = kinds;
      if (strength === undefined || kinds.length > 1) {
        this.#report('MODEL_SHAPE', path, 'fairness of several actions is weak or strong');
        return [];
      }
      const actions = given[strength] ?? [];
      for (const name of actions) if (!Object.hasOwn(this.#document.actions, name)) this.#report('NAME_UNKNOWN', [...path, strength], `no action is called \`${name}\``);
      return [{ strength, actions: [...new Set(actions)] }];
    });
  }

  #formula(path: readonly string[], given: PropertyDocument): Formula | undefined {
    const kinds = PROPERTY_KEYS.filter((key) => given[key] !== undefined);
    if (kinds.length > 1) this.#report('PROPERTY_SHAPE', path, `a property has one kind, and this one has ${kinds.join(' and ')}`);
    const scope = this.#scope();
    const predicate = (key: string, value: Scalar): Expr => this.#expression([...path, key], value, scope, BOOL);
    for (const kind of ['always', 'never', 'eventually', 'eventuallyAlways', 'reachable', 'recoverable'] as const) {
      const value = given[kind];
      if (value !== undefined) return { kind, expr: predicate(kind, value) };
    }
    if (given.leadsTo) {
      return {
        kind: 'leadsTo',
        from: this.#expression([...path, 'leadsTo', 'from'], given.leadsTo.from, scope, BOOL),
        to: this.#expression([...path, 'leadsTo', 'to'], given.leadsTo.to, scope, BOOL),
      };
    }
    if (given.reachableEach) {
      const goals = Object.entries(given.reachableEach).map(([name, value]) => ({ name, expr: this.#expression([...path, 'reachableEach', name], value, scope, BOOL) }));
      return { kind: 'reachableEach', goals };
    }
    if (given.all) return this.#conjunction(path, given.all);
    if (given.ltl !== undefined) return this.#ltl([...path, 'ltl'], given.ltl, scope);
    if (given.deadlockFree !== undefined || path[1] === 'deadlockFree') return { kind: 'deadlockFree' };
    this.#report('PROPERTY_SHAPE', path, `a property says one of ${PROPERTY_KEYS.join(', ')}`);
    return undefined;
  }

  /** The text of the formula is kept in one spelling, with its quantifiers over temporal operators written out. */
  #ltl(path: readonly string[], text: string, scope: Scope): Formula | undefined {
    const names = { isDeclared: (name: string): boolean => this.#globals.has(name), elementsOf: (set: string): readonly string[] | undefined => this.#sets.get(set)?.elements };
    try {
      const parsed = parseLtl(text, names);
      const formula = mapLtl(parsed, (atom) => this.#expression(path, atom.text, scope, BOOL, atom.at));
      return { kind: 'ltl', text: ltlText(parsed, (atom) => spelling(atom.text)), formula };
    } catch (error) {
      if (!(error instanceof FeelError)) throw error;
      this.#report(error.code, path, error.message, error.at);
      return undefined;
    }
  }

  #conjunction(path: readonly string[], names: readonly string[]): Formula {
    const properties = this.#document.properties ?? {};
    for (const name of names) {
      const known = Object.hasOwn(properties, name) || (IMPLICIT_KINDS as readonly string[]).includes(name) || name === 'deadlockFree';
      if (!known) this.#report('PROPERTY_UNKNOWN', [...path, 'all'], `no property is called \`${name}\``);
      else if (Object.hasOwn(properties, name) && properties[name]?.all) this.#report('PROPERTY_SHAPE', [...path, 'all'], `\`${name}\` is itself a conjunction`);
    }
    return { kind: 'all', of: names };
  }
}

/** A set given by a number n is `o1 … on`, by the first letter of its name in lower case (SEMANTICS 10). */
function numbered(name: string, count: number): string[] {
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_ELEMENTS) return [];
  const letter = name.charAt(0).toLowerCase();
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
}

/** Text that was found wrong before is kept as it is: nobody will see it. */
function spelling(text: string): string {
  try {
    return feelOf(parseFeel(text));
  } catch (error) {
    if (error instanceof FeelError) return text;
    throw error;
  }
}

/** The type of one cell of a variable: under all its maps. */
export function cellType(type: Type): Type {
  return type.kind === 'map' ? cellType(type.to) : type;
}

function innermost(type: Type): Type {
  const cell = cellType(type);
  return cell.kind === 'set' ? cell.of : cell;
}

function asList<T extends object>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

/** A YAML scalar or flow list as the FEEL text that means the same. */
export function feelText(value: Scalar | readonly Scalar[]): string {
  if (Array.isArray(value)) return `[${value.map((item: Scalar) => feelText(item)).join(', ')}]`;
  return value === null ? 'null' : String(value);
}
