import { unreachable } from '../errors/fault.ts';
import { didYouMean, listed } from '../errors/nearest.ts';
import type { Expr } from './expression.ts';
import type { Syntax } from './feelSyntax.ts';
import { type Scope, withLocal } from './scope.ts';
import { type Type, typeText } from './types.ts';
import { fail } from './typingFit.ts';

export function stringLiteral(
  syntax: Extract<Syntax, { kind: 'string' }>,
  scope: Scope,
  expected: Type | undefined,
): Expr {
  if (expected?.kind === 'enum') {
    const value = expected.members.indexOf(syntax.value);
    if (value >= 0) return { kind: 'literal', type: expected, value };
    fail(
      'NAME_UNKNOWN',
      `"${syntax.value}" is not one of ${listed(expected.members, syntax.value)}`,
      syntax,
    );
  }
  const meaning = scope.globals.get(syntax.value);
  if (meaning?.kind === 'constant') return meaning.literal;
  if (meaning?.kind === 'ambiguous') return ambiguous(syntax.value, meaning.types, syntax);
  return fail(
    'NAME_UNKNOWN',
    `"${syntax.value}" is no enum member and no element of a set`,
    syntax,
  );
}

function ambiguous(text: string, types: readonly Type[], syntax: Syntax): never {
  return fail(
    'NAME_AMBIGUOUS',
    `\`${text}\` is a member of ${types.map(typeText).join(' and of ')}; compare it with a cell of the one that is meant`,
    syntax,
  );
}

export function nameMeant(
  syntax: Extract<Syntax, { kind: 'name' }>,
  scope: Scope,
  expected: Type | undefined,
): Expr {
  const local = scope.locals.get(syntax.name);
  if (local) return { kind: 'local', type: local, name: syntax.name };
  const meaning = scope.globals.get(syntax.name);
  if (!meaning)
    return fail(
      'NAME_UNKNOWN',
      `nothing is called \`${syntax.name}\` here${didYouMean(syntax.name, namesIn(scope))}`,
      syntax,
    );
  switch (meaning.kind) {
    case 'constant':
      return meaning.literal;
    case 'ambiguous': {
      // Alone it could be either; beside a cell of one of the types it is a member of that one.
      const value = expected?.kind === 'enum' ? expected.members.indexOf(syntax.name) : -1;
      return expected && value >= 0
        ? { kind: 'literal', type: expected, value }
        : ambiguous(syntax.name, meaning.types, syntax);
    }
    case 'set':
      return {
        kind: 'elements',
        type: { kind: 'set', of: { kind: 'element', set: meaning.set.name, nullable: false } },
        set: meaning.set.name,
      };
    case 'channel':
      if (scope.reach === 'parameters') notAllowed(syntax);
      return {
        kind: 'messages',
        type: { kind: 'list', of: { kind: 'record', channel: syntax.name } },
        channel: syntax.name,
      };
    case 'cell':
      if (scope.reach === 'parameters' && meaning.of === 'variable') notAllowed(syntax);
      return { kind: 'cell', type: meaning.type, of: meaning.of, name: syntax.name, keys: [] };
    default:
      return unreachable(meaning);
  }
}

function notAllowed(syntax: Extract<Syntax, { kind: 'name' }>): never {
  fail(
    'NOT_ALLOWED_HERE',
    `an initial value may read parameters only, and \`${syntax.name}\` is none`,
    syntax,
  );
}

function namesIn(scope: Scope): readonly string[] {
  return [...scope.locals.keys(), ...scope.globals.keys(), 'true', 'false', 'null'];
}

/** A local name repeats no global name, no enum member and no local around it (SEMANTICS 10). */
export function bindLocal(
  local: string,
  type: Type,
  scope: Scope,
  at: { readonly at: number },
): Scope {
  if (scope.globals.has(local))
    fail('NAME_TAKEN', `the local name \`${local}\` is taken by something global`, at);
  if (scope.locals.has(local) && local !== 'item')
    fail('NAME_TAKEN', `the local name \`${local}\` is already bound here`, at);
  return withLocal(scope, local, type);
}

export function needsHint(syntax: Syntax, scope: Scope): boolean {
  return (
    syntax.kind === 'string' ||
    (syntax.kind === 'name' &&
      !scope.locals.has(syntax.name) &&
      scope.globals.get(syntax.name)?.kind === 'ambiguous')
  );
}
