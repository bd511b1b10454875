import { didYouMean } from '../errors/nearest.ts';
import {
  type ActionDocument,
  asList,
  isControlRecord,
  type Scalar,
  type SendDocument,
} from './document.ts';
import type { Expr } from './expression.ts';
import type { Action, Assignment, Send } from './model.ts';
import type { Scope } from './scope.ts';
import type { DeclaredNames } from './typecheckNames.ts';
import { sizeOf } from './typeText.ts';
import { BOOL, MAX_TYPE_VALUES, type Type } from './types.ts';

/** The names that an action binds by itself, each once and none that is taken (SEMANTICS 10). */
class BoundNames {
  readonly #names: DeclaredNames;
  readonly types = new Map<string, Type>();

  constructor(names: DeclaredNames) {
    this.#names = names;
  }

  add(at: readonly string[], local: string, type: Type): void {
    if (!this.#names.name(at, local)) return;
    if (this.#names.globals.has(local) || this.types.has(local))
      this.#names.report('NAME_TAKEN', at, `the local name \`${local}\` is taken`);
    this.types.set(local, type);
  }
}

/** Checks the steps of a model. */
export class ActionRules {
  readonly #names: DeclaredNames;

  constructor(names: DeclaredNames) {
    this.#names = names;
  }

  action(name: string, given: ActionDocument): Action {
    const path = ['actions', name];
    this.#names.name(path, name);
    this.#names.actor([...path, 'actor'], given.actor);
    const bound = new BoundNames(this.#names);
    const binders = this.#binders(path, given, bound);
    const receives = this.#receives(path, given, bound);
    const scope = this.#names.scope('everything', bound.types);
    return {
      name,
      actor: given.actor,
      binders,
      receives,
      when:
        given.when === undefined
          ? undefined
          : this.#names.expression([...path, 'when'], given.when, scope, BOOL),
      controls: this.#controls(path, given, scope),
      assignments: Object.entries(given.then ?? {}).flatMap(([target, value]) =>
        this.#assignment([...path, 'then', target], target, value, scope),
      ),
      sends: asList(given.send).flatMap((send, index) =>
        this.#sends(
          [...path, 'send', ...(Array.isArray(given.send) ? [String(index)] : [])],
          send,
          scope,
        ),
      ),
      fair: given.fair ?? 'none',
      perMessage: given.perMessage ?? false,
      label: given.label,
      elementId: given.elementId,
    };
  }

  #binders(path: readonly string[], given: ActionDocument, bound: BoundNames): Action['binders'] {
    const binders = Object.entries(given.for ?? {}).map(([local, text]) => {
      const at = [...path, 'for', local];
      const type = this.#names.type(at, text);
      if (
        type.kind === 'set' ||
        type.kind === 'map' ||
        sizeOf(type, this.#names.elements) > MAX_TYPE_VALUES
      ) {
        this.#names.report(
          'TYPE_TOO_LARGE',
          at,
          'a `for` name ranges over a finite type of single values',
        );
      }
      bound.add(at, local, type);
      return { name: local, type };
    });
    const bindings = binders.reduce(
      (product, b) => product * sizeOf(b.type, this.#names.elements),
      1,
    );
    if (bindings > MAX_TYPE_VALUES)
      this.#names.report(
        'TYPE_TOO_LARGE',
        [...path, 'for'],
        `more than ${MAX_TYPE_VALUES} bindings`,
      );
    return binders;
  }

  #receives(path: readonly string[], given: ActionDocument, bound: BoundNames): Action['receives'] {
    return Object.entries(given.receive ?? {})
      .map(([channel, local]) => {
        const at = [...path, 'receive', channel];
        if (!this.#names.channels.has(channel))
          this.#names.report(
            'CHANNEL_UNKNOWN',
            at,
            `no channel is called \`${channel}\`${didYouMean(channel, this.#names.channels.keys())}`,
          );
        bound.add(at, local, { kind: 'record', channel });
        return { channel, local };
      })
      .filter(({ channel }) => this.#names.channels.has(channel));
  }

  #controls(path: readonly string[], given: ActionDocument, scope: Scope): Action['controls'] {
    const names = new Set<string>();
    return asList(given.controls).flatMap((group, index) =>
      Object.entries(group).map(([name, condition]) => {
        const at = [
          ...path,
          'controls',
          ...(Array.isArray(given.controls) ? [String(index)] : []),
          name,
        ];
        this.#names.name(at, name);
        if (names.has(name))
          this.#names.report('NAME_TAKEN', at, `the control \`${name}\` stands here twice`);
        names.add(name);
        if (!isControlRecord(condition))
          return { name, condition: this.#names.expression(at, condition, scope, BOOL) };
        return {
          name,
          condition: this.#names.expression([...at, 'check'], condition.check, scope, BOOL),
          sequence: condition.sequence,
        };
      }),
    );
  }

  /** `status[o]: paid`: the target is read as an expression, and must be one cell of a variable. */
  #assignment(
    path: readonly string[],
    target: string,
    value: Scalar | readonly Scalar[],
    scope: Scope,
  ): Assignment[] {
    const name = /^\s*([A-Za-z_]\w*)/.exec(target)?.[1] ?? '';
    const declared = this.#names.variables.get(name);
    if (!declared) {
      this.#names.report('NAME_UNKNOWN', path, `\`${target}\` is no variable`);
      return [];
    }
    let type = declared;
    for (
      let syntax = this.#names.syntax(path, target);
      syntax?.kind === 'index';
      syntax = syntax.of
    ) {
      if (type.kind !== 'map') break;
      type = type.to;
    }
    if (type.kind === 'map') {
      this.#names.report(
        'TYPE_MISMATCH',
        path,
        `a step assigns single cells: \`${target}\` needs a key`,
      );
      return [];
    }
    const cell = this.#names.expression(path, target, scope, type);
    if (cell.kind !== 'cell' || cell.of !== 'variable') {
      if (cell.kind !== 'literal')
        this.#names.report('TYPE_MISMATCH', path, `\`${target}\` is not a cell of a variable`);
      return [];
    }
    return [
      {
        variable: cell.name,
        keys: cell.keys,
        value: this.#names.expression(path, value, scope, type),
        type,
      },
    ];
  }

  #sends(path: readonly string[], send: SendDocument, scope: Scope): Send[] {
    return Object.entries(send).flatMap(([channel, payload]) => {
      const declared = this.#names.channels.get(channel);
      const at = [...path, channel];
      if (!declared) {
        this.#names.report(
          'CHANNEL_UNKNOWN',
          at,
          `no channel is called \`${channel}\`${didYouMean(channel, this.#names.channels.keys())}`,
        );
        return [];
      }
      for (const field of Object.keys(payload)) {
        if (!declared.fields.some((f) => f.name === field))
          this.#names.report(
            'NAME_UNKNOWN',
            [...at, field],
            `a message of ${channel} carries no \`${field}\``,
          );
      }
      const values = declared.fields.map((field): Expr => {
        const value = Object.hasOwn(payload, field.name) ? payload[field.name] : undefined;
        if (value === undefined)
          this.#names.report('MISSING_KEY', at, `the message lacks its field \`${field.name}\``);
        return value === undefined
          ? { kind: 'literal', type: field.type, value: 0 }
          : this.#names.expression([...at, field.name], value, scope, field.type);
      });
      return [{ channel, values }];
    });
  }
}
