import type {
  ActionDocument,
  ModelDocument,
  PropertyDocument,
  SendDocument,
  VariableDocument,
} from '../../../src/model/document.ts';

/**
 * Small models of the shapes that random ones seldom have, and that faults hide in: messages of two
 * fields, maps of maps with keys that may be null, starts that are partly free or out of range for
 * some parameter, fairness of several actions together and of each message, values beyond a byte
 * and below zero, steps that break several things at once.
 */
export function drawnModel(seed: number): ModelDocument {
  const dice = new Dice(seed);
  // A model that breaks an implicit property says little about the others: every second does not.
  const state: Scope = { ...STATE, isCareful: dice.one(2) };
  const actions: [string, ActionDocument][] = [
    ['act0', action(dice, state, true)],
    ['act1', action(dice, state, false)],
    ['act2', action(dice, state, false)],
    ['act3', action(dice, state, true)],
  ].slice(0, dice.below(2) + 3) as [string, ActionDocument][];
  const names = actions.map(([name]) => name);
  return {
    probity: 1,
    name: 'drawn',
    sets: { Item: ['i1', 'i2'] },
    parameters: { limit: 'int 0..2', ...(dice.one(4) ? { on: 'bool' } : {}) },
    variables: variables(dice, state),
    actors: { me: {}, you: {} },
    channels: {
      post: {
        from: 'me',
        to: 'you',
        carries: { size: 'int 0..2', who: 'Item or null' },
        order: 'bag',
        capacity: 1 + dice.below(2),
      },
      line: {
        from: 'me',
        to: 'you',
        carries: { about: 'set of Item', size: 'int 0..1' },
        order: 'fifo',
        capacity: 1 + dice.below(2),
      },
    },
    actions: Object.fromEntries(actions),
    properties: properties(dice, state),
    ...(dice.one(2) ? { final: bool(dice, state, 2) } : {}),
    ...(dice.one(3)
      ? { fairness: [{ [dice.of('weak', 'strong')]: [names[0], names.at(-1)] as string[] }] }
      : {}),
  };
}

/** A row of numbers that a seed decides (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * count);
  }

  /** True once in so many times. */
  one(times: number): boolean {
    return this.below(times) === 0;
  }

  of<T>(...options: readonly T[]): T {
    return options[this.below(options.length)] as T;
  }
}

/** The names that an expression may read, by what they hold. */
interface Scope {
  readonly int: readonly string[];
  readonly item: readonly string[];
  readonly nullable: readonly string[];
  readonly bool: readonly string[];
  readonly set: readonly string[];
  /** Whether terms without a value, ranges and capacities are kept out of the way. */
  readonly isCareful: boolean;
}

const STATE = {
  int: ['n', 'n', 'limit', 'big', 'stock[i1]', 'stock[i2]', 'count(post)', 'count(line)'],
  item: ['i1', 'i2'],
  nullable: ['maybe', 'maybe', 'null'],
  bool: ['flag', 'flag'],
  set: ['seen', 'seen', 'Item', '[]'],
};

function variables(dice: Dice, { isCareful }: Scope): Record<string, VariableDocument> {
  return {
    n: {
      type: 'int 0..2',
      init: dice.of('0', '1', 'limit', isCareful ? '2' : 'limit + 1', 'in [0..limit]'),
    },
    big: {
      type: 'int -300..300',
      init: dice.of('0', '255', '256', '-300', '300 - limit', 'in (254, -1)'),
    },
    flag: { type: 'bool', init: dice.of('false', 'any', 'limit > 0') },
    maybe: { type: 'Item or null', init: dice.of('null', 'any', 'i1', 'in (i2, null)') },
    seen: { type: 'set of Item', init: dice.of('[]', '[i1]', 'any') },
    stock: {
      type: 'map Item to int 0..2',
      init: dice.of<VariableDocument['init']>(
        '0',
        '1',
        { i1: 'any', i2: '0' },
        { i1: '2', i2: 'limit' },
      ),
    },
    deep: {
      type: 'map Item to map Item to bool',
      init: dice.of<VariableDocument['init']>('false', { i1: 'true', i2: 'false' }),
    },
  };
}

function action(dice: Dice, state: Scope, isFirst: boolean): ActionDocument {
  const receives = isFirst ? undefined : dice.of('post', 'line', 'post', undefined);
  const binder = dice.one(2) ? { k: dice.of('Item', 'Item or null', 'int 0..1') } : undefined;
  const kind = binder?.k;
  const scope: Scope = {
    ...state,
    int: [
      ...state.int,
      ...(kind === 'int 0..1' ? ['k', 'k'] : []),
      ...(receives ? ['m.size', 'm.size', 'm.size'] : []),
    ],
    item: [...state.item, ...(kind === 'Item' ? ['k', 'k'] : [])],
    nullable: [
      ...state.nullable,
      ...(kind === 'Item or null' ? ['k', 'k', 'k'] : []),
      ...(receives === 'post' ? ['m.who', 'm.who'] : []),
    ],
    set: [...state.set, ...(receives === 'line' ? ['m.about', 'm.about'] : [])],
  };
  const fair = dice.of<'weak' | 'strong' | undefined>('weak', 'strong', undefined);
  const sends = isFirst || dice.one(3);
  return {
    actor: 'me',
    ...(binder ? { for: binder } : {}),
    ...(receives ? { receive: { [receives]: 'm' } } : {}),
    ...when(dice, scope, sends),
    ...(dice.one(5) ? { controls: { mind: bool(dice, scope, 1) } } : {}),
    then: writes(dice, scope),
    ...(sends ? { send: message(dice, scope) } : {}),
    ...(fair ? { fair } : {}),
    ...(fair && receives && dice.one(2) ? { perMessage: true } : {}),
  };
}

function when(dice: Dice, scope: Scope, sends: boolean): Pick<ActionDocument, 'when'> {
  const drawn = dice.one(4) ? 'true' : bool(dice, scope, 1);
  if (!scope.isCareful) return drawn === 'true' ? {} : { when: drawn };
  return { when: sends ? `count(post) < 1 and count(line) < 1 and ${drawn}` : drawn };
}

function writes(dice: Dice, scope: Scope): Record<string, string> {
  const then: Record<string, string> = {};
  for (let i = 0; i <= dice.below(3); i += 1) {
    const [cell, value] = dice.of<() => [string, string]>(
      () => ['n', kept(int(dice, scope, 1), scope, 2)],
      () => ['big', big(dice, scope)],
      () => ['flag', dice.of('not(flag)', bool(dice, scope, 1))],
      () => ['maybe', dice.of(nullable(dice, scope), 'null')],
      () => ['seen', set(dice, scope)],
      () => [`stock[${key(dice, scope)}]`, kept(int(dice, scope, 1), scope, 2)],
      () => ['stock[i1]', kept(int(dice, scope, 0), scope, 2)],
      () => [`deep[${item(dice, scope)}][${key(dice, scope)}]`, bool(dice, scope, 0)],
      () => [`deep[${key(dice, scope)}][${item(dice, scope)}]`, 'true'],
    )();
    then[cell] = value;
  }
  // Two writes that may meet in one cell, of values that mostly differ.
  if (!scope.isCareful && dice.one(4)) {
    then['stock[i1]'] = dice.of('0', '1', 'n');
    then[`stock[${key(dice, scope)}]`] = dice.of('1', '2', 'stock[i1]');
  }
  return then;
}

function message(dice: Dice, scope: Scope): SendDocument {
  return dice.one(2)
    ? { post: { size: kept(int(dice, scope, 1), scope, 2), who: nullable(dice, scope) } }
    : { line: { about: set(dice, scope), size: kept(int(dice, scope, 1), scope, 1) } };
}

function int(dice: Dice, scope: Scope, depth: number): string {
  if (depth === 0) return dice.of('0', '1', '2', ...scope.int);
  const part = (): string => int(dice, scope, depth - 1);
  return dice.of<() => string>(
    part,
    part,
    part,
    () => `(${part()} ${dice.of('+', '-', '*')} ${part()})`,
    () => `${dice.of('min', 'max', 'sum')}(${part()}, ${part()})`,
    () => `count(${set(dice, scope)})`,
    () => `stock[${key(dice, scope)}]`,
    () => 'sum(for x in post return x.size)',
    () =>
      `${scope.isCareful ? 'sum' : dice.of('min', 'max', 'sum')}(for x in ${set(dice, scope)} return stock[x])`,
    () => `(if ${bool(dice, scope, 0)} then ${part()} else ${part()})`,
  )();
}

/** A number within its range, where that is asked. */
function kept(text: string, { isCareful }: Scope, most: number): string {
  return isCareful ? `max(0, min(${most}, ${text}))` : text;
}

/** Steps over the ends of a byte, into what is negative, and, unless one takes care, out of range. */
function big(dice: Dice, scope: Scope): string {
  if (scope.isCareful)
    return dice.of('255', '256', '-1', '0 - big', 'if big = 255 then 256 else 255');
  return dice.of('big + 1', 'big - 1', '0 - big', 'big * 2', '255', int(dice, scope, 1));
}

/** A key of a map: with care, none that may be null. */
function key(dice: Dice, scope: Scope): string {
  return scope.isCareful ? item(dice, scope) : nullable(dice, scope, false);
}

function item(dice: Dice, scope: Scope): string {
  return dice.of(...scope.item);
}

/** With `null` itself only where that is no certain error. */
function nullable(dice: Dice, scope: Scope, mayBeNull = true): string {
  return dice.of(...scope.nullable.filter((name) => mayBeNull || name !== 'null'), ...scope.item);
}

function set(dice: Dice, scope: Scope): string {
  const one = dice.of(...scope.set);
  return dice.of(
    one,
    one,
    `[${item(dice, scope)}]`,
    `union(${one}, [${item(dice, scope)}])`,
    `Item[item != ${nullable(dice, scope)}]`,
  );
}

function bool(dice: Dice, scope: Scope, depth: number): string {
  const atom = (): string =>
    dice.of<() => string>(
      () => dice.of(...scope.bool),
      () =>
        `${int(dice, scope, 0)} ${dice.of('=', '!=', '<', '<=', '>', '>=')} ${int(dice, scope, 1)}`,
      () => `${int(dice, scope, 0)} in [0..1]`,
      () => `${nullable(dice, scope, false)} ${dice.of('=', '!=')} ${nullable(dice, scope)}`,
      () => `deep[${item(dice, scope)}][${key(dice, scope)}]`,
      () => `list contains(${set(dice, scope)}, ${item(dice, scope)})`,
      () => `${set(dice, scope)} = ${set(dice, scope)}`,
    )();
  if (depth === 0) return atom();
  const part = (): string => bool(dice, scope, depth - 1);
  return dice.of<() => string>(
    part,
    part,
    () => `(${part()} and ${part()})`,
    () => `(${part()} or ${part()})`,
    () => `not(${part()})`,
    () => `(maybe != null and ${dice.of('deep[maybe][i1]', 'stock[maybe] > 0')})`,
    () =>
      `(${dice.of('some', 'every')} x in Item satisfies ${dice.of('stock[x] > 0', 'deep[x][x]', 'x != maybe')})`,
    () =>
      `(${dice.of('some', 'every')} x in post satisfies ${dice.of('x.size > 0', 'x.who = maybe')})`,
    () => `(if ${part()} then ${part()} else ${part()})`,
  )();
}

function properties(dice: Dice, state: Scope): Record<string, PropertyDocument> {
  const some = (): string => bool(dice, state, 2);
  return {
    always0: { always: some() },
    never0: { never: some() },
    eventually0: { eventually: some() },
    eventually1: { eventually: some() },
    stays0: { eventuallyAlways: some() },
    leadsTo0: { leadsTo: { from: some(), to: some() } },
    leadsTo1: { leadsTo: { from: bool(dice, state, 1), to: bool(dice, state, 1) } },
    reachable0: { reachable: some() },
    recoverable0: { recoverable: some() },
    deadlock: { deadlockFree: true },
  };
}
