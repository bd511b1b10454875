import { type Locate, ok, type Result } from '../errors/index.ts';
import { messagesOf, skipOf } from './typecheckDiagrams.ts';
import { ActionRules } from './typecheckActions.ts';
import { InitialRules } from './typecheckInit.ts';
import { DeclaredNames } from './typecheckNames.ts';
import { PropertyRules } from './typecheckProperties.ts';
import type { ChannelDocument, ModelDocument } from './document.ts';
import type { Expr } from './expression.ts';
import type { Channel, Model, Parameter, Variable } from './model.ts';
import type { Meaning } from './scope.ts';
import { parseType, sizeOf } from './typeText.ts';
import { BOOL, cellType, type IndexSet, sameType, type Type } from './types.ts';

/**
 * The type check: a document whose shape is right becomes a model, or a list of all that is wrong
 * with it. One pass per section, in the order in which names come into scope.
 */
export function typecheck(
  document: ModelDocument,
  locate: Locate = () => undefined,
): Result<Model> {
  const names = new DeclaredNames(document, locate);
  const model = new Checker(names).model();
  return names.problems.length > 0 ? { ok: false, problems: names.problems } : ok(model);
}

const MAX_ELEMENTS = 1_000;

const MAX_CAPACITY = 10_000;

class Checker {
  readonly #names: DeclaredNames;
  readonly #initial: InitialRules;
  readonly #properties: PropertyRules;
  readonly #actions: ActionRules;

  constructor(names: DeclaredNames) {
    this.#names = names;
    this.#initial = new InitialRules(names);
    this.#properties = new PropertyRules(names);
    this.#actions = new ActionRules(names);
  }

  model(): Model {
    const d = this.#names.document;
    const sets = this.#declareSets();
    const parameterTypes = this.#types('parameters', d.parameters ?? {}, (text) => text);
    const variableTypes = this.#types('variables', d.variables, (variable) => variable.type);
    const channels = this.#declareChannels();
    this.#declareMembers();
    const actors = Object.entries(d.actors).map(([name, actor]) => {
      this.#names.name(['actors', name], name);
      return {
        name,
        trust: actor.trust ?? 'trusted',
        recovers: actor.recovers,
        label: actor.label,
      } as const;
    });
    const parameters: Parameter[] = [...parameterTypes].map(([name, type]) => ({ name, type }));
    const variables = [...variableTypes].map(([name, type]) => this.#variable(name, type));
    const actions = Object.entries(d.actions).map(([name, action]) =>
      this.#actions.action(name, action),
    );
    const properties = this.#properties.properties();
    const final =
      d.final === undefined
        ? undefined
        : this.#names.expression(['final'], d.final, this.#names.scope(), BOOL);
    return {
      name: d.name,
      sets,
      parameters,
      variables,
      actors,
      channels,
      actions,
      properties,
      final,
      fairness: this.#properties.jointFairness(),
      skips: Object.entries(d.skips ?? {}).map((skip) => skipOf(this.#names, ...skip)),
      abstractions: d.abstractions ?? [],
      bounds: d.bounds ?? [],
    };
  }

  #declareSets(): IndexSet[] {
    return Object.entries(this.#names.document.sets ?? {}).map(([name, given]) => {
      const path = ['sets', name];
      const elements = typeof given === 'number' ? numberedElements(name, given) : given;
      if (elements.length === 0 || elements.length > MAX_ELEMENTS) {
        this.#names.report('TYPE_TOO_LARGE', path, `a set has 1 to ${MAX_ELEMENTS} elements`);
      }
      const set: IndexSet = { name, elements };
      this.#names.declare(path, name, { kind: 'set', set });
      this.#names.sets.set(name, set);
      const type: Type = { kind: 'element', set: name, nullable: false };
      elements.forEach((element, value) =>
        this.#names.declare([...path, element], element, {
          kind: 'constant',
          literal: { kind: 'literal', type, value },
        }),
      );
      return set;
    });
  }

  /** Parameters or variables: their types, and their names in the global scope. */
  #types<T>(
    section: 'parameters' | 'variables',
    given: Readonly<Record<string, T>>,
    text: (item: T) => string,
  ): Map<string, Type> {
    const types = new Map<string, Type>();
    for (const [name, item] of Object.entries(given)) {
      const path = section === 'variables' ? [section, name, 'type'] : [section, name];
      const type = this.#names.type(path, text(item));
      this.#names.declare([section, name], name, {
        kind: 'cell',
        of: section === 'variables' ? 'variable' : 'parameter',
        type,
      });
      if (
        section === 'parameters' &&
        cellType(type).kind === 'set' &&
        sizeOf(innermost(type), this.#names.elements) > 16
      )
        this.#names.report(
          'TYPE_TOO_LARGE',
          path,
          'a parameter that is a set ranges over at most 16 values',
        );
      types.set(name, type);
      if (section === 'variables') this.#names.variables.set(name, type);
    }
    return types;
  }

  #declareChannels(): Channel[] {
    return Object.entries(this.#names.document.channels ?? {}).map(([name, given]) => {
      const channel = this.#channel(name, given);
      this.#names.declare(['channels', name], name, { kind: 'channel', channel });
      this.#names.channels.set(name, channel);
      return channel;
    });
  }

  #channel(name: string, given: ChannelDocument): Channel {
    const path = ['channels', name];
    this.#names.actor([...path, 'from'], given.from);
    this.#names.actor([...path, 'to'], given.to);
    const capacity = given.capacity ?? 1;
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY) {
      this.#names.report(
        'OPTION_INVALID',
        [...path, 'capacity'],
        `a capacity is an integer from 1 to ${MAX_CAPACITY}`,
      );
    }
    const fields = Object.entries(given.carries).map(([field, text]) => {
      this.#names.name([...path, 'carries', field], field);
      const type = this.#names.type([...path, 'carries', field], text);
      if (type.kind === 'map')
        this.#names.report(
          'TYPE_SYNTAX',
          [...path, 'carries', field],
          'a message carries single values and sets, not maps',
        );
      return { name: field, type };
    });
    for (const key of ['signed', 'fresh', 'unguessable'] as const) {
      for (const field of given[key] ?? []) {
        if (!Object.hasOwn(given.carries, field))
          this.#names.report(
            'NAME_UNKNOWN',
            [...path, key],
            `\`${field}\` is not a field of ${name}`,
          );
      }
    }
    return {
      name,
      from: given.from,
      to: given.to,
      fields,
      medium: given.medium ?? 'private',
      order: given.order ?? 'bag',
      capacity,
      unbounded: given.unbounded ?? false,
      signed: signedFields(given),
      fresh: given.fresh,
      unguessable: given.unguessable,
    };
  }

  /**
   * Enum members are names in scope; a bare member of two different enums is ambiguous where it is
   * used (SEMANTICS 10).
   */
  #declareMembers(): void {
    const owners = new Map<string, { type: Type; path: readonly string[] }[]>();
    for (const { type, path } of this.#declaredEnums()) {
      for (const member of type.members) {
        const known = owners.get(member) ?? [];
        if (!known.some((owner) => sameType(owner.type, type)))
          owners.set(member, [...known, { type, path }]);
      }
    }
    for (const [member, [first, ...others]] of owners) {
      if (!first || first.type.kind !== 'enum') continue;
      const literal: Expr = {
        kind: 'literal',
        type: first.type,
        value: first.type.members.indexOf(member),
      };
      const meaning: Meaning =
        others.length === 0
          ? { kind: 'constant', literal }
          : { kind: 'ambiguous', types: [first, ...others].map((o) => o.type) };
      this.#names.declare(first.path, member, meaning);
    }
  }

  #declaredEnums(): { type: Extract<Type, { kind: 'enum' }>; path: readonly string[] }[] {
    const texts: (readonly [readonly string[], string])[] = [
      ...Object.entries(this.#names.document.parameters ?? {}).map(
        ([n, text]) => [['parameters', n], text] as const,
      ),
      ...Object.entries(this.#names.document.variables).map(
        ([n, v]) => [['variables', n, 'type'], v.type] as const,
      ),
      ...Object.entries(this.#names.document.channels ?? {}).flatMap(([n, c]) =>
        Object.entries(c.carries).map(
          ([f, text]) => [['channels', n, 'carries', f], text] as const,
        ),
      ),
      ...Object.entries(this.#names.document.actions).flatMap(([n, a]) =>
        Object.entries(a.for ?? {}).map(([f, text]) => [['actions', n, 'for', f], text] as const),
      ),
    ];
    return texts.flatMap(([path, text]) => {
      const type = parseType(text, this.#names.elements);
      const found = 'code' in type ? undefined : innermost(type);
      return found?.kind === 'enum' ? [{ type: found, path }] : [];
    });
  }

  #variable(name: string, type: Type): Variable {
    const given = this.#names.document.variables[name];
    const init = this.#initial.rule(['variables', name, 'init'], given?.init ?? null, type);
    if (given?.keptBy !== undefined) this.#names.actor(['variables', name, 'keptBy'], given.keptBy);
    return {
      name,
      type,
      init,
      sensor: given?.sensor,
      keptBy: given?.keptBy,
      messages: messagesOf(this.#names, name, type),
      label: given?.label,
      elementId: given?.elementId,
    };
  }
}

/**
 * A set given by a number n is `o1 … on`, by the first letter of its name in lower case (SEMANTICS
 * 10).
 */
export function numberedElements(name: string, count: number): string[] {
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_ELEMENTS) return [];
  const letter = name.charAt(0).toLowerCase();
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
}

/** `authenticated` is `signed` with every field; `signed` without a list signs every field. */
function signedFields(given: ChannelDocument): readonly string[] | undefined {
  if (given.medium === 'authenticated') return Object.keys(given.carries);
  return given.medium === 'signed' ? (given.signed ?? Object.keys(given.carries)) : undefined;
}

function innermost(type: Type): Type {
  const cell = cellType(type);
  return cell.kind === 'set' ? cell.of : cell;
}
