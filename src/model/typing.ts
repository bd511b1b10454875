import { unreachable } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import type { Domain, Syntax } from './feelSyntax.ts';
import type { Expr } from './expression.ts';
import type { Scope } from './scope.ts';
import {
  BOOL,
  INT,
  isCollection,
  joinTypes,
  NEVER,
  NULL,
  NULL_VALUE,
  type Type,
  typeText,
} from './types.ts';
import { coerce, type ExpressionProblem, fail, scalar, Untyped, withArticle } from './typingFit.ts';
import { bindLocal, nameMeant, needsHint, stringLiteral } from './typingNames.ts';

/**
 * Resolves names and types in one expression that must have the type `expected`.
 * An expression is judged up to its first problem; all expressions of a model are judged.
 */
export function typeExpression(
  syntax: Syntax,
  scope: Scope,
  expected: Type,
): Expr | ExpressionProblem {
  try {
    return coerce(infer(syntax, scope, expected), expected, syntax);
  } catch (error) {
    if (error instanceof Untyped) return error.problem;
    throw error;
  }
}

/**
 * The type of an expression. `expected` is a hint that only string literals and members of several
 * enums need.
 */
function infer(syntax: Syntax, scope: Scope, expected?: Type): Expr {
  switch (syntax.kind) {
    case 'number':
      return { kind: 'literal', type: INT, value: syntax.value };
    case 'boolean':
      return { kind: 'literal', type: BOOL, value: syntax.value ? 1 : 0 };
    case 'null':
      return { kind: 'literal', type: NULL, value: NULL_VALUE };
    case 'string':
      return stringLiteral(syntax, scope, expected);
    case 'name':
      return nameMeant(syntax, scope, expected);
    case 'field':
      return field(syntax, scope);
    case 'index':
      return indexed(syntax, scope);
    case 'call':
      return call(syntax, scope);
    case 'list':
      return listLiteral(syntax, scope, expected);
    case 'negate':
      return { kind: 'negate', type: INT, body: need(syntax.body, scope, INT) };
    case 'binary':
      return binary(syntax, scope);
    case 'interval':
      return {
        kind: 'between',
        type: BOOL,
        value: need(syntax.value, scope, INT),
        lo: need(syntax.lo, scope, INT),
        hi: need(syntax.hi, scope, INT),
      };
    case 'in':
      return membership(syntax, scope);
    case 'if':
      return conditional(syntax, scope, expected);
    case 'quantified':
      return overDomains(
        syntax.domains,
        scope,
        (inner) => need(syntax.body, inner, BOOL),
        (local, domain, body) => ({
          kind: syntax.quantifier,
          type: BOOL,
          local,
          domain,
          body,
        }),
      );
    case 'for':
      return iteration(syntax, scope);
    default:
      return unreachable(syntax);
  }
}

function need(syntax: Syntax, scope: Scope, type: Type): Expr {
  return coerce(infer(syntax, scope, type), type, syntax);
}

function field(syntax: Extract<Syntax, { kind: 'field' }>, scope: Scope): Expr {
  const message = infer(syntax.of, scope);
  if (message.type.kind !== 'record')
    return fail(
      'TYPE_MISMATCH',
      `only a message has fields, and this is ${withArticle(message.type)}`,
      syntax.of,
    );
  const channel = scope.channel(message.type.channel);
  const declared = channel.fields.find((f) => f.name === syntax.name);
  if (!declared) {
    return fail(
      'NAME_UNKNOWN',
      `a message of ${channel.name} carries ${channel.fields.map((f) => f.name).join(', ') || 'nothing'}, not \`${syntax.name}\`${didYouMean(
        syntax.name,
        channel.fields.map((f) => f.name),
      )}`,
      syntax,
    );
  }
  return { kind: 'field', type: declared.type, message, channel: channel.name, field: syntax.name };
}

/** `map[key]`, or `list[condition on item]`. */
function indexed(syntax: Extract<Syntax, { kind: 'index' }>, scope: Scope): Expr {
  const of = infer(syntax.of, scope);
  if (of.kind === 'cell' && of.type.kind === 'map') {
    const key = need(syntax.key, scope, { kind: 'element', set: of.type.from, nullable: true });
    return { ...of, type: of.type.to, keys: [...of.keys, key] };
  }
  if (!isCollection(of.type))
    return fail(
      'TYPE_MISMATCH',
      `only maps, sets and lists take \`[…]\`, and this is ${withArticle(of.type)}`,
      syntax.of,
    );
  const filterScope = bindLocal('item', of.type.of, scope, syntax.key);
  const body = infer(syntax.key, filterScope);
  if (body.type.kind === 'int')
    return fail(
      'EXPRESSION_UNSUPPORTED',
      'a position in a list is outside the supported FEEL subset: a filter is a condition on `item`',
      syntax.key,
    );
  return {
    kind: 'filter',
    type: of.type,
    local: 'item',
    domain: of,
    body: coerce(body, BOOL, syntax.key),
  };
}

function overDomains(
  domains: readonly Domain[],
  scope: Scope,
  body: (scope: Scope) => Expr,
  wrap: (local: string, domain: Expr, body: Expr) => Expr,
): Expr {
  const [first, ...rest] = domains;
  if (!first) return body(scope);
  const domain = infer(first.domain, scope);
  if (!isCollection(domain.type))
    return fail(
      'TYPE_MISMATCH',
      `\`${first.name}\` must range over a set or a list, and this is ${withArticle(domain.type)}`,
      first.domain,
    );
  const inner = bindLocal(first.name, domain.type.of, scope, first);
  return wrap(first.name, domain, overDomains(rest, inner, body, wrap));
}

function iteration(syntax: Extract<Syntax, { kind: 'for' }>, scope: Scope): Expr {
  if (syntax.domains.length !== 1)
    fail(
      'EXPRESSION_UNSUPPORTED',
      'a `for` over several lists is outside the supported FEEL subset',
      syntax,
    );
  return overDomains(
    syntax.domains,
    scope,
    (inner) => scalar(infer(syntax.body, inner), syntax.body),
    (local, domain, body) => ({
      kind: 'for',
      type: { kind: 'list', of: body.type },
      local,
      domain,
      body,
    }),
  );
}

function listLiteral(
  syntax: Extract<Syntax, { kind: 'list' }>,
  scope: Scope,
  expected: Type | undefined,
): Expr {
  const hint = expected && isCollection(expected) ? expected.of : undefined;
  let of: Type = NEVER;
  const items = syntax.items.map((item) => {
    const e = scalar(infer(item, scope, hint), item);
    of =
      joinTypes(of, e.type) ??
      fail(
        'TYPE_MISMATCH',
        `the items of a list have one type: ${typeText(of)} and ${typeText(e.type)} differ`,
        item,
      );
    return e;
  });
  return { kind: 'list', type: { kind: 'list', of }, items };
}

function binary(syntax: Extract<Syntax, { kind: 'binary' }>, scope: Scope): Expr {
  const { operator } = syntax;
  switch (operator) {
    case 'and':
    case 'or':
      return {
        kind: operator,
        type: BOOL,
        left: need(syntax.left, scope, BOOL),
        right: need(syntax.right, scope, BOOL),
      };
    case '+':
    case '-':
    case '*':
      return {
        kind: 'arithmetic',
        type: INT,
        operator,
        left: need(syntax.left, scope, INT),
        right: need(syntax.right, scope, INT),
      };
    case '<':
    case '<=':
    case '>':
    case '>=':
      return {
        kind: 'compare',
        type: BOOL,
        operator,
        left: need(syntax.left, scope, INT),
        right: need(syntax.right, scope, INT),
      };
    case '=':
    case '!=':
      return equality(operator, syntax, scope);
    default:
      return unreachable(operator);
  }
}

function equality(
  operator: '=' | '!=',
  syntax: Extract<Syntax, { kind: 'binary' }>,
  scope: Scope,
): Expr {
  const [left, right] = pair(syntax.left, syntax.right, scope);
  const type = joinTypes(left.type, right.type);
  if (!type || type.kind === 'record' || type.kind === 'map') {
    return fail(
      'TYPE_MISMATCH',
      `${withArticle(left.type)} cannot be compared with ${withArticle(right.type)}`,
      syntax,
    );
  }
  return {
    kind: 'compare',
    type: BOOL,
    operator,
    left: coerce(left, type, syntax.left),
    right: coerce(right, type, syntax.right),
  };
}

/** Both sides, each able to say what a string literal or a member on the other side means. */
function pair(a: Syntax, b: Syntax, scope: Scope): [Expr, Expr] {
  if (needsHint(a, scope) || (a.kind === 'list' && b.kind !== 'list')) {
    const right = infer(b, scope);
    return [infer(a, scope, right.type), right];
  }
  const left = infer(a, scope);
  return [left, infer(b, scope, left.type)];
}

/**
 * `x in (a, b)` is a disjunction of equalities and, where an option is a list, of memberships (DMN
 * 1.5, 10.3.2.13).
 */
function membership(syntax: Extract<Syntax, { kind: 'in' }>, scope: Scope): Expr {
  const tests = syntax.options.map((option): Expr => {
    const needs = needsHint(option, scope);
    const hintless = infer(needs ? syntax.value : option, scope);
    const e = needs ? infer(option, scope, hintless.type) : hintless;
    if (isCollection(e.type)) return containment(e, option, syntax.value, scope);
    const [left, right] = pair(syntax.value, option, scope);
    const type = joinTypes(left.type, right.type);
    if (!type)
      return fail(
        'TYPE_MISMATCH',
        `${withArticle(left.type)} cannot be compared with ${withArticle(right.type)}`,
        option,
      );
    return { kind: 'compare', type: BOOL, operator: '=', left, right };
  });
  return tests.reduce((left, right) => ({ kind: 'or', type: BOOL, left, right }));
}

function containment(list: Expr, listSyntax: Syntax, valueSyntax: Syntax, scope: Scope): Expr {
  const of = isCollection(list.type)
    ? list.type.of
    : fail(
        'TYPE_MISMATCH',
        `this is ${withArticle(list.type)}, where a list is needed`,
        listSyntax,
      );
  const value = infer(valueSyntax, scope, of);
  if (!joinTypes(value.type, of) || isCollection(value.type) || value.type.kind === 'record') {
    fail(
      'TYPE_MISMATCH',
      `${withArticle(value.type)} is never in a ${typeText(list.type)}`,
      valueSyntax,
    );
  }
  return { kind: 'contains', type: BOOL, list, value };
}

function conditional(
  syntax: Extract<Syntax, { kind: 'if' }>,
  scope: Scope,
  expected: Type | undefined,
): Expr {
  const condition = need(syntax.condition, scope, BOOL);
  const yes = infer(syntax.yes, scope, expected);
  const no = infer(syntax.no, scope, expected ?? yes.type);
  const type = joinTypes(yes.type, no.type);
  if (!type || type.kind === 'map')
    return fail(
      'TYPE_MISMATCH',
      `the two branches differ: ${withArticle(yes.type)} and ${withArticle(no.type)}`,
      syntax,
    );
  return {
    kind: 'if',
    type,
    condition,
    yes: coerce(yes, type, syntax.yes),
    no: coerce(no, type, syntax.no),
  };
}

type CallSyntax = Extract<Syntax, { kind: 'call' }>;

/** The functions of the subset: one line each. */
const FUNCTIONS: Readonly<Record<string, (syntax: CallSyntax, scope: Scope) => Expr>> = {
  not: (syntax, scope) => ({ kind: 'not', type: BOOL, body: need(only(syntax), scope, BOOL) }),
  count: (syntax, scope) => ({ kind: 'count', type: INT, list: collection(only(syntax), scope) }),
  sum: (syntax, scope) => ({ kind: 'sum', type: INT, list: integers(syntax, scope) }),
  min: (syntax, scope) => ({ kind: 'min', type: INT, list: integers(syntax, scope) }),
  max: (syntax, scope) => ({ kind: 'max', type: INT, list: integers(syntax, scope) }),
  union: unionOf,
  'list contains': (syntax, scope) => {
    const [list, value] = syntax.args;
    if (!list || !value || syntax.args.length !== 2)
      return fail('TYPE_MISMATCH', '`list contains` takes a list and a value', syntax);
    return containment(infer(list, scope), list, value, scope);
  },
};

function call(syntax: CallSyntax, scope: Scope): Expr {
  const build = Object.hasOwn(FUNCTIONS, syntax.name) ? FUNCTIONS[syntax.name] : undefined;
  if (!build)
    return fail(
      'EXPRESSION_UNSUPPORTED',
      `the function \`${syntax.name}\` is outside the supported FEEL subset (${Object.keys(FUNCTIONS).join(', ')})${didYouMean(syntax.name, Object.keys(FUNCTIONS))}`,
      syntax,
    );
  return build(syntax, scope);
}

function only(syntax: CallSyntax): Syntax {
  const [argument] = syntax.args;
  return argument && syntax.args.length === 1
    ? argument
    : fail('TYPE_MISMATCH', `\`${syntax.name}\` takes one argument`, syntax);
}

function collection(syntax: Syntax, scope: Scope): Expr {
  const e = infer(syntax, scope);
  return isCollection(e.type)
    ? e
    : fail(
        'TYPE_MISMATCH',
        `this is ${withArticle(e.type)}, where a list or set is needed`,
        syntax,
      );
}

/** `sum(1, 2)` and `sum([1, 2])` mean the same. */
function integers(syntax: CallSyntax, scope: Scope): Expr {
  const [first] = syntax.args;
  if (!first)
    return fail('TYPE_MISMATCH', `\`${syntax.name}\` takes a list, or some integers`, syntax);
  const e = infer(first, scope);
  const list =
    syntax.args.length === 1 && isCollection(e.type)
      ? e
      : listLiteral({ ...syntax, kind: 'list', items: syntax.args }, scope, undefined);
  if (!isCollection(list.type) || (list.type.of.kind !== 'int' && list.type.of.kind !== 'never')) {
    return fail(
      'TYPE_MISMATCH',
      `\`${syntax.name}\` needs integers, and this is ${withArticle(list.type)}`,
      syntax,
    );
  }
  return list;
}

function unionOf(syntax: CallSyntax, scope: Scope): Expr {
  let of: Type = NEVER;
  const lists = syntax.args.map((arg) => {
    const e = collection(arg, scope);
    const item = isCollection(e.type) ? e.type.of : NEVER;
    if (item.kind === 'record')
      fail('TYPE_MISMATCH', '`union` joins sets of values, not messages', arg);
    of =
      joinTypes(of, item) ??
      fail(
        'TYPE_MISMATCH',
        `\`union\` joins sets of one type: ${typeText(of)} and ${typeText(item)} differ`,
        arg,
      );
    return e;
  });
  if (lists.length === 0) fail('TYPE_MISMATCH', '`union` takes some lists', syntax);
  const type: Type = { kind: 'set', of };
  return { kind: 'union', type, lists };
}
