import type { Expr } from '../model/expression.ts';
import type { Layout } from '../model/layout.ts';
import type { Action } from '../model/model.ts';
import { BOOL, INT, isCollection, type SetLookup, type Type } from '../model/types.ts';
import { and, definedness, isTrue, notNull, TRUTH_LITERAL } from './definedness.ts';
import type { ImplicitKind } from '../model/propertyKinds.ts';

/**
 * An action with everything that SEMANTICS 4 leaves implicit written out as conditions: both
 * encodings print these, so that the error steps of TLA+ and SMT-LIB cannot drift apart.
 */
export interface LoweredAction {
  readonly action: Action;
  /** `when` and the controls, in order. */
  readonly guard: Expr;
  readonly guardDefined: Expr;
  /** Keys, right-hand sides and payloads have values. */
  readonly bodyDefined: Expr;
  /** What must be true for the step to break nothing; an undefined term hides these. */
  readonly fine: Readonly<Record<Exclude<ImplicitKind, 'defined'>, Expr>>;
}

export function lowerAction(action: Action, layout: Layout): LoweredAction {
  const guards = [
    ...(action.when ? [action.when] : []),
    ...action.controls.map((c) => c.condition),
  ];
  const guard = guards.reduce((all, e) => and(all, e), TRUTH_LITERAL);
  const terms = [
    ...action.assignments.flatMap((a) => [...a.keys, a.value]),
    ...action.sends.flatMap((s) => s.values),
  ];
  // A key must also be an element: writing map[null] is undefined, as reading it is.
  const keys = action.assignments.flatMap((a) => a.keys.map(notNull));
  return {
    action,
    guard,
    guardDefined: definedness(guard, layout.set),
    bodyDefined: conjunction([...terms.map((e) => definedness(e, layout.set)), ...keys]),
    fine: {
      withinRange: withinRange(action, layout),
      withinCapacity: withinCapacity(action, layout),
      singleWrite: singleWrite(action),
    },
  };
}

function conjunction(list: readonly Expr[]): Expr {
  return list.reduce((all, e) => and(all, e), TRUTH_LITERAL);
}

function withinRange(action: Action, layout: Layout): Expr {
  return conjunction([
    ...action.assignments.map((a) => inRangeOf(a.value, a.type, layout.set)),
    ...action.sends.flatMap((send) =>
      layout
        .channel(send.channel)
        .fields.map((field, i) => inRangeOf(send.values[i] as Expr, field.type, layout.set)),
    ),
  ]);
}

/** The condition that a value lies in a type's range; `TRUE` where its own type already says so. */
export function inRangeOf(value: Expr, type: Type, sets: SetLookup): Expr {
  if (value.kind === 'if' && !isCollection(value.type)) {
    const [yes, no] = [inRangeOf(value.yes, type, sets), inRangeOf(value.no, type, sets)];
    return isTrue(yes) && isTrue(no)
      ? TRUTH_LITERAL
      : { kind: 'if', type: BOOL, condition: value.condition, yes, no };
  }
  switch (type.kind) {
    case 'int':
      return integerInRange(value, type);
    case 'element':
      return type.nullable ? TRUTH_LITERAL : notNull(value);
    case 'set':
      return setInRange(value, type, sets);
    default:
      return TRUTH_LITERAL;
  }
}

function integerInRange(value: Expr, type: Extract<Type, { kind: 'int' }>): Expr {
  const { lo, hi } = type;
  if (lo === undefined || hi === undefined) return TRUTH_LITERAL;
  if (value.kind === 'literal' && value.value >= lo && value.value <= hi) return TRUTH_LITERAL;
  const own = value.type;
  if (
    own.kind === 'int' &&
    own.lo !== undefined &&
    own.hi !== undefined &&
    own.lo >= lo &&
    own.hi <= hi
  )
    return TRUTH_LITERAL;
  const literal = (n: number): Expr => ({ kind: 'literal', type: INT, value: n });
  return { kind: 'between', type: BOOL, value, lo: literal(lo), hi: literal(hi) };
}

function setInRange(value: Expr, type: Extract<Type, { kind: 'set' }>, sets: SetLookup): Expr {
  if (value.kind === 'toSet') return setInRange(value.list, type, sets);
  if (value.kind === 'list')
    return conjunction(value.items.map((item) => inRangeOf(item, type.of, sets)));
  if (value.kind === 'union')
    return conjunction(value.lists.map((list) => setInRange(list, type, sets)));
  if (value.kind === 'if')
    return {
      kind: 'if',
      type: BOOL,
      condition: value.condition,
      yes: setInRange(value.yes, type, sets),
      no: setInRange(value.no, type, sets),
    };
  if (!isCollection(value.type)) return TRUTH_LITERAL;
  const inside = inRangeOf({ kind: 'local', type: value.type.of, name: 'member' }, type.of, sets);
  return isTrue(inside)
    ? TRUTH_LITERAL
    : { kind: 'every', type: BOOL, local: 'member', domain: value, body: inside };
}

/**
 * Receives remove before sends add: a channel overflows exactly when it ends above its capacity.
 */
function withinCapacity(action: Action, layout: Layout): Expr {
  const channels = [...new Set(action.sends.map((s) => s.channel))];
  return conjunction(
    channels.map((name) => {
      const sent = action.sends.filter((s) => s.channel === name).length;
      const received = action.receives.filter((r) => r.channel === name).length;
      const room = layout.channel(name).channel.capacity - sent + received;
      // A receive that the sends do not outnumber leaves room by itself.
      if (sent <= received) return TRUTH_LITERAL;
      return {
        kind: 'compare',
        type: BOOL,
        operator: '<=',
        left: {
          kind: 'count',
          type: INT,
          list: {
            kind: 'messages',
            type: { kind: 'list', of: { kind: 'record', channel: name } },
            channel: name,
          },
        },
        right: { kind: 'literal', type: INT, value: room },
      } satisfies Expr;
    }),
  );
}

/** Two assignments may name one cell only if they give it the same value. */
function singleWrite(action: Action): Expr {
  const pairs = action.assignments.flatMap((a, i) =>
    action.assignments
      .slice(i + 1)
      .filter((b) => b.variable === a.variable)
      .map((b) => [a, b] as const),
  );
  return conjunction(
    pairs.map(([a, b]) => {
      const sameCell = conjunction(
        a.keys.map((key, i): Expr => ({
          kind: 'compare',
          type: BOOL,
          operator: '=',
          left: key,
          right: b.keys[i] as Expr,
        })),
      );
      const sameValue: Expr = {
        kind: 'compare',
        type: BOOL,
        operator: '=',
        left: a.value,
        right: b.value,
      };
      return {
        kind: 'if',
        type: BOOL,
        condition: sameCell,
        yes: sameValue,
        no: TRUTH_LITERAL,
      } satisfies Expr;
    }),
  );
}
