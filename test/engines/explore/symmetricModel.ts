import fc from 'fast-check';
import type { ActionDocument, ModelDocument } from '../../../src/model/document.ts';

type Text = fc.Arbitrary<string>;

const pick = (...options: string[]): Text => fc.constantFrom(...options);

/** What stands for an element in some scope: cells that hold one, and names that are bound. */
interface InScope {
  readonly items: readonly string[];
  readonly boxes: readonly string[];
  readonly ints: readonly string[];
}

const EVERYWHERE: InScope = { items: [], boxes: [], ints: ['total', 'limit', 'count(seen)'] };

function withItem(scope: InScope, name: string): InScope {
  return {
    ...scope,
    items: [...scope.items, name],
    ints: [...scope.ints, `stock[${name}]`],
  };
}

/** Conditions that name no element of a set: what they say is the same after an exchange. */
function conditions(scope: InScope, depth = 1): Text {
  const int = pick('0', '1', '2', ...scope.ints);
  const item = pick('who', ...scope.items);
  const box = pick('null', ...scope.boxes, ...scope.items.map((i) => `where[${i}]`));
  const atoms: Text[] = [
    fc.tuple(int, pick('=', '<', '!='), int).map(([a, o, b]) => `${a} ${o} ${b}`),
    fc.tuple(pick('null', ...scope.items), item).map(([a, b]) => `${b} = ${a}`),
    fc.tuple(box, box).map(([a, b]) => `${a} != ${b}`),
    item.map((i) => `list contains(seen, ${i})`),
    fc.tuple(pick('=', '<'), int).map(([o, n]) => `sum(for x in Item return stock[x]) ${o} ${n}`),
    fc.tuple(pick('post', 'line', 'pairs'), int).map(([c, n]) => `count(${c}) = ${n}`),
  ];
  if (scope.items.length > 0 && scope.boxes.length > 0)
    atoms.push(
      fc.tuple(pick(...scope.items), pick(...scope.boxes)).map(([i, b]) => `fits[${i}][${b}]`),
    );
  // Without a value where nobody is meant: outside of quantifiers that is the same for everybody.
  if (scope.items.length === 0)
    atoms.push(pick('stock[who] = 1', 'who != null and stock[who] < 2'));
  if (depth > 0) {
    const x = `x${scope.items.length}`;
    const b = `y${scope.boxes.length}`;
    atoms.push(
      fc
        .tuple(pick('some', 'every'), conditions(withItem(scope, x), depth - 1))
        .map(([q, body]) => `(${q} ${x} in Item satisfies ${body})`),
      fc
        .tuple(
          pick('some', 'every'),
          conditions({ ...scope, boxes: [...scope.boxes, b] }, depth - 1),
        )
        .map(([q, body]) => `(${q} ${b} in Box satisfies ${body})`),
    );
  }
  return fc.oneof(
    { weight: 5, arbitrary: fc.oneof(...atoms) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.oneof(...atoms), pick('and', 'or'), fc.oneof(...atoms))
        .map(([a, o, c]) => `(${a}) ${o} (${c})`),
    },
    { weight: 1, arbitrary: fc.oneof(...atoms).map((a) => `not(${a})`) },
  );
}

function writes(scope: InScope): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const int = pick('0', '1', '2', ...scope.ints.map((i) => `if ${i} < 2 then ${i} + 1 else 0`));
  const item = pick('who', 'null', ...scope.items, ...scope.items);
  const pairs: fc.Arbitrary<readonly [string, string]>[] = [
    int.map((v) => ['total', v] as const),
    item.map((i) => ['who', i] as const),
    ...(scope.items.length > 0
      ? [
          fc.tuple(pick(...scope.items), int).map(([i, v]) => [`stock[${i}]`, v] as const),
          pick(...scope.items).map((i) => ['seen', `union(seen, [${i}])`] as const),
          fc
            .tuple(pick(...scope.items), pick('null', ...scope.boxes))
            .map(([i, b]) => [`where[${i}]`, b] as const),
        ]
      : []),
    ...(scope.items.length > 0 && scope.boxes.length > 0
      ? [
          fc
            .tuple(pick(...scope.items), pick(...scope.boxes), pick('true', 'false'))
            .map(([i, b, v]) => [`fits[${i}][${b}]`, v] as const),
        ]
      : []),
  ];
  return fc.array(fc.oneof(...pairs), { minLength: 1, maxLength: 2 });
}

function sends(scope: InScope): fc.Arbitrary<ActionDocument['send'] | undefined> {
  if (scope.items.length === 0) return fc.constant(undefined);
  const item = pick(...scope.items);
  return fc.option(
    fc.oneof(
      fc.tuple(item, pick('0', '1')).map(([i, n]) => ({ post: { item: i, n } })),
      item.map((i) => ({ line: { item: i } })),
      fc.tuple(item, item).map(([a, b]) => ({ pairs: { a, b } })),
    ),
    { nil: undefined, freq: 2 },
  );
}

const action: fc.Arbitrary<ActionDocument> = fc
  .record({
    item: fc.boolean(),
    box: fc.boolean(),
    receive: fc.constantFrom('none', 'none', 'post', 'line', 'pairs'),
  })
  .chain(({ item, box, receive }) => {
    let scope = EVERYWHERE;
    if (item) scope = withItem(scope, 'o');
    if (box) scope = { ...scope, boxes: ['b'] };
    if (receive === 'post') scope = withItem(scope, 'm.item');
    if (receive === 'line') scope = withItem(scope, 'm.item');
    if (receive === 'pairs') scope = withItem(withItem(scope, 'm.a'), 'm.b');
    return fc
      .record({
        when: conditions(scope),
        then: writes(scope),
        send: sends(scope),
        fair: fc.constantFrom(undefined, 'weak' as const),
      })
      .map(({ when, then, send, fair }): ActionDocument => ({
        actor: 'shop',
        when,
        then: Object.fromEntries(then),
        ...(item || box
          ? { for: { ...(item ? { o: 'Item' } : {}), ...(box ? { b: 'Box' } : {}) } }
          : {}),
        ...(receive === 'none' ? {} : { receive: { [receive]: 'm' } }),
        ...(send ? { send } : {}),
        ...(fair ? { fair } : {}),
      }));
  });

/**
 * A random model whose steps name no element of `Item` and `Box`. How it starts may, and a
 * parameter may tell elements apart.
 */
export const symmetricModels: fc.Arbitrary<ModelDocument> = fc
  .record({
    actions: fc.array(action, { minLength: 2, maxLength: 4 }),
    always: conditions(EVERYWHERE),
    never: conditions(EVERYWHERE),
    reachable: conditions(EVERYWHERE),
    recoverable: conditions(EVERYWHERE),
    from: conditions(EVERYWHERE),
    to: conditions(EVERYWHERE),
    final: fc.option(conditions(EVERYWHERE), { nil: undefined }),
    named: fc.boolean(),
    favourite: fc.boolean(),
    stock: fc.constantFrom('0', 'any', '{ i1: 2, i2: 0, i3: 0 }'),
    items: fc.constantFrom(2, 3),
  })
  .map((drawn): ModelDocument => ({
    probity: 1,
    name: 'interchangeable',
    sets: { Item: Array.from({ length: drawn.items }, (_, i) => `i${i + 1}`), Box: ['b1', 'b2'] },
    parameters: { limit: 'int 0..1', ...(drawn.favourite ? { favourite: 'Item' } : {}) },
    variables: {
      total: { type: 'int 0..3', init: '0' },
      who: { type: 'Item or null', init: drawn.named ? 'i1' : 'null' },
      seen: { type: 'set of Item', init: '[]' },
      stock: {
        type: 'map Item to int 0..2',
        init: drawn.stock.startsWith('{')
          ? Object.fromEntries(
              Array.from({ length: drawn.items }, (_, i) => [`i${i + 1}`, i === 0 ? '2' : '0']),
            )
          : drawn.stock,
      },
      where: { type: 'map Item to Box or null', init: 'null' },
      fits: { type: 'map Item to map Box to bool', init: 'false' },
    },
    actors: { shop: {} },
    channels: {
      post: { from: 'shop', to: 'shop', carries: { item: 'Item', n: 'int 0..1' }, capacity: 2 },
      line: { from: 'shop', to: 'shop', carries: { item: 'Item' }, order: 'fifo', capacity: 2 },
      pairs: { from: 'shop', to: 'shop', carries: { a: 'Item', b: 'Item' }, capacity: 2 },
    },
    actions: Object.fromEntries(drawn.actions.map((a, i) => [`step${i + 1}`, a])),
    properties: {
      alwaysP: { always: drawn.always },
      neverP: { never: drawn.never },
      reachableP: { reachable: drawn.reachable },
      recoverableP: { recoverable: drawn.recoverable },
      leadsToP: { leadsTo: { from: drawn.from, to: drawn.to } },
      namedP: { reachable: 'stock[i1] = 1' },
      stuckP: { deadlockFree: true },
    },
    ...(drawn.final === undefined ? {} : { final: drawn.final }),
  }));
