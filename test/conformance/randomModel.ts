import fc from 'fast-check';
import type {
  ActionDocument,
  ModelDocument,
  PropertyDocument,
  SendDocument,
  VariableDocument,
} from '../../src/model/document.ts';

/** What a random model must contain; one entry per column of the support table. */
export const FEATURES = [
  'bool',
  'int range',
  'int unbounded',
  'enum',
  'element',
  'nullable element',
  'set',
  'map',
  'bag channel',
  'fifo channel',
  'parameter',
] as const;
export type Feature = (typeof FEATURES)[number];

/** A cell that expressions may read, with what it holds. */
interface Cell {
  readonly text: string;
  readonly holds: 'bool' | 'int' | 'enum' | 'element' | 'nullable' | 'set';
}

const VARIABLES: Readonly<
  Partial<Record<Feature, { readonly name: string; readonly variable: VariableDocument }>>
> = {
  bool: { name: 'flag', variable: { type: 'bool', init: 'false' } },
  'int range': { name: 'count1', variable: { type: 'int 0..2', init: '0' } },
  'int unbounded': { name: 'total', variable: { type: 'int', init: '0' } },
  enum: { name: 'phase', variable: { type: 'enum [red, green, blue]', init: 'red' } },
  element: { name: 'who', variable: { type: 'Item', init: 'a1' } },
  'nullable element': { name: 'maybe', variable: { type: 'Item or null', init: 'null' } },
  set: { name: 'seen', variable: { type: 'set of Item', init: '[]' } },
  map: { name: 'stock', variable: { type: 'map Item to int 0..1', init: '0' } },
};

const CELLS: Readonly<Partial<Record<Feature, readonly Cell[]>>> = {
  bool: [{ text: 'flag', holds: 'bool' }],
  'int range': [{ text: 'count1', holds: 'int' }],
  'int unbounded': [{ text: 'total', holds: 'int' }],
  enum: [{ text: 'phase', holds: 'enum' }],
  element: [{ text: 'who', holds: 'element' }],
  'nullable element': [{ text: 'maybe', holds: 'nullable' }],
  set: [{ text: 'seen', holds: 'set' }],
  map: [
    { text: 'stock[a1]', holds: 'int' },
    { text: 'stock[a2]', holds: 'int' },
  ],
  parameter: [{ text: 'limit', holds: 'int' }],
};

type Text = fc.Arbitrary<string>;

/** Expressions over the cells in scope, by what they hold. */
function expressions(
  cells: readonly Cell[],
  features: readonly Feature[],
): { bool: Text; int: Text; element: Text; nullable: Text; set: Text; enum: Text } {
  const of = (holds: Cell['holds']): string[] =>
    cells.filter((c) => c.holds === holds).map((c) => c.text);
  const pick = (...options: string[]): Text => fc.constantFrom(...options);
  const intAtom = pick('0', '1', '2', ...of('int'), ...of('int'));
  const element = pick('a1', 'a2', ...of('element'), ...of('element'));
  const nullable = pick('null', 'a1', 'a2', ...of('nullable'), ...of('nullable'), ...of('element'));
  const member = pick('red', 'green', 'blue', ...of('enum'), ...of('enum'));
  const setAtom = pick('[]', '[a1]', '[a1, a2]', 'Item', ...of('set'), ...of('set'));
  const set = fc.oneof(
    setAtom,
    fc.tuple(setAtom, element).map(([s, e]) => `union(${s}, [${e}])`),
    fc.constant('Item[item != a1]'),
  );
  const int = fc.oneof(
    { weight: 4, arbitrary: intAtom },
    {
      weight: 2,
      arbitrary: fc.tuple(intAtom, pick('+', '-'), intAtom).map(([a, o, b]) => `${a} ${o} ${b}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(pick('min', 'max', 'sum'), intAtom, intAtom)
        .map(([f, a, b]) => `${f}(${a}, ${b})`),
    },
    { weight: 1, arbitrary: set.map((s) => `count(${s})`) },
    ...(features.includes('map')
      ? [
          { weight: 1, arbitrary: fc.constant('sum(for i in Item return stock[i])') },
          { weight: 1, arbitrary: nullable.map((e) => `stock[${e}]`) },
        ]
      : []),
    ...(features.includes('bag channel')
      ? [{ weight: 1, arbitrary: fc.constant('count(post)') }]
      : []),
    ...(features.includes('fifo channel')
      ? [{ weight: 1, arbitrary: fc.constant('count(line)') }]
      : []),
  );
  const boolAtom = fc.oneof(
    ...(of('bool').length > 0 ? [{ weight: 3, arbitrary: pick(...of('bool')) }] : []),
    {
      weight: 3,
      arbitrary: fc
        .tuple(int, pick('=', '<', '<=', '!=', '>'), intAtom)
        .map(([a, o, b]) => `${a} ${o} ${b}`),
    },
    { weight: 1, arbitrary: intAtom.map((a) => `${a} in [0..1]`) },
    ...(of('enum').length > 0
      ? [
          {
            weight: 3,
            arbitrary: fc
              .tuple(pick(...of('enum')), pick('=', '!='), member)
              .map(([a, o, b]) => `${a} ${o} ${b}`),
          },
        ]
      : []),
    ...(of('element').length > 0
      ? [
          {
            weight: 3,
            arbitrary: fc
              .tuple(pick(...of('element')), pick('=', '!='), element)
              .map(([a, o, b]) => `${a} ${o} ${b}`),
          },
        ]
      : []),
    ...(of('nullable').length > 0
      ? [
          {
            weight: 3,
            arbitrary: fc
              .tuple(pick(...of('nullable')), pick('=', '!='), nullable)
              .map(([a, o, b]) => `${a} ${o} ${b}`),
          },
        ]
      : []),
    ...(of('set').length > 0
      ? [
          {
            weight: 2,
            arbitrary: fc.tuple(pick(...of('set')), set).map(([a, b]) => `${a} = ${b}`),
          },
          {
            weight: 2,
            arbitrary: fc
              .tuple(pick(...of('set')), element)
              .map(([a, b]) => `list contains(${a}, ${b})`),
          },
          {
            weight: 1,
            arbitrary: fc
              .tuple(pick('some', 'every'), pick(...of('set')))
              .map(([q, s]) => `${q} e in ${s} satisfies e = a1`),
          },
        ]
      : []),
    ...(features.includes('map')
      ? [
          {
            weight: 1,
            arbitrary: fc
              .tuple(pick('some', 'every'), intAtom)
              .map(([q, n]) => `${q} i in Item satisfies stock[i] = ${n}`),
          },
        ]
      : []),
  );
  const bool = fc.oneof(
    { weight: 4, arbitrary: boolAtom },
    {
      weight: 2,
      arbitrary: fc
        .tuple(boolAtom, pick('and', 'or'), boolAtom)
        .map(([a, o, b]) => `(${a}) ${o} (${b})`),
    },
    { weight: 1, arbitrary: boolAtom.map((a) => `not(${a})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(boolAtom, boolAtom).map(([a, b]) => `if ${a} then ${b} else true`),
    },
  );
  return { bool, int, element, nullable, set, enum: member };
}

function assignment(
  feature: Feature,
  e: ReturnType<typeof expressions>,
): fc.Arbitrary<[string, string]> | undefined {
  const to = (target: string, value: Text): fc.Arbitrary<[string, string]> =>
    value.map((v) => [target, v]);
  switch (feature) {
    case 'bool':
      return to('flag', e.bool);
    case 'int range':
      return to('count1', fc.oneof(e.int, fc.constant('if count1 < 2 then count1 + 1 else 0')));
    case 'int unbounded':
      return to(
        'total',
        fc.constantFrom('if total < 2 then total + 1 else 0', 'if total = 0 then 2 else 0', '1'),
      );
    case 'enum':
      return to('phase', e.enum);
    case 'element':
      return to('who', e.element);
    case 'nullable element':
      return to('maybe', e.nullable);
    case 'set':
      return to('seen', e.set);
    case 'map':
      return fc
        .tuple(e.nullable, e.int)
        .chain(([key, value]) => fc.constant<[string, string]>([`stock[${key}]`, value]));
    default:
      return undefined;
  }
}

function send(
  features: readonly Feature[],
  e: ReturnType<typeof expressions>,
): fc.Arbitrary<SendDocument | undefined> {
  const options: fc.Arbitrary<SendDocument>[] = [
    ...(features.includes('bag channel')
      ? [fc.tuple(e.element, e.int).map(([item, n]): SendDocument => ({ post: { item, n } }))]
      : []),
    ...(features.includes('fifo channel')
      ? [e.element.map((item): SendDocument => ({ line: { item } }))]
      : []),
  ];
  return options.length === 0
    ? fc.constant(undefined)
    : fc.option(fc.oneof(...options), { nil: undefined, freq: 2 });
}

function action(
  features: readonly Feature[],
  cells: readonly Cell[],
): fc.Arbitrary<ActionDocument> {
  return fc
    .record({ bound: fc.boolean(), receives: fc.constantFrom('none', 'bag', 'fifo') })
    .chain(({ bound, receives }) => {
      const bag = receives === 'bag' && features.includes('bag channel');
      const fifo = receives === 'fifo' && features.includes('fifo channel');
      const locals: Cell[] = [
        ...(bound ? [{ text: 'o', holds: 'element' } as const] : []),
        ...(bag
          ? [{ text: 'm.item', holds: 'element' } as const, { text: 'm.n', holds: 'int' } as const]
          : []),
        ...(fifo ? [{ text: 'm.item', holds: 'element' } as const] : []),
      ];
      const e = expressions([...cells, ...locals], features);
      const writes = features.flatMap((f) => assignment(f, e) ?? []);
      return fc
        .record({
          when: e.bool,
          then: fc
            .subarray(writes, {
              minLength: Math.min(1, writes.length),
              maxLength: Math.min(2, writes.length),
            })
            .chain((list) => fc.tuple(...list))
            .map((pairs) => Object.fromEntries(pairs)),
          sent: send(features, e),
          fair: fc.constantFrom(undefined, 'weak', 'weak', 'strong'),
          control: fc.option(e.bool, { nil: undefined, freq: 4 }),
        })
        .map(({ when, then, sent, fair, control }): ActionDocument => ({
          actor: 'shop',
          when,
          then,
          ...(bound ? { for: { o: 'Item' } } : {}),
          ...(bag ? { receive: { post: 'm' } } : fifo ? { receive: { line: 'm' } } : {}),
          ...(sent ? { send: sent } : {}),
          ...(fair ? { fair: fair as 'weak' | 'strong' } : {}),
          ...(control ? { controls: { check: control } } : {}),
        }));
    });
}

/** A formula of always and eventually, which TLA+ can say as well. */
function modal(bool: Text): Text {
  const atom = bool.map((b) => `(${b})`);
  const once = fc
    .tuple(fc.constantFrom('[]', '<>', '[]<>', '<>[]'), atom)
    .map(([m, a]) => `${m} ${a}`);
  return fc.oneof(
    once,
    fc.tuple(once, fc.constantFrom('and', 'or'), once).map(([a, o, b]) => `(${a}) ${o} (${b})`),
    fc.tuple(atom, once).map(([a, b]) => `[] (${a} -> ${b})`),
    fc.tuple(once, once).map(([a, b]) => `not(${a}) or (${b})`),
  );
}

/**
 * A random model that has the given features, and one property of every kind. Well typed by
 * construction, often wrong on purpose.
 */
export function randomModel(features: readonly Feature[]): fc.Arbitrary<ModelDocument> {
  const cells = features.flatMap((f) => CELLS[f] ?? []);
  const e = expressions(cells, features);
  const properties = fc
    .record({
      always: e.bool,
      never: e.bool,
      eventually: e.bool,
      stays: e.bool,
      reachable: e.bool,
      recoverable: e.bool,
      from: e.bool,
      to: e.bool,
      goals: fc.tuple(e.bool, e.bool),
      modal: modal(e.bool),
      until: fc.tuple(modal(e.bool), modal(e.bool)).map(([a, b]) => `(${a}) U (${b})`),
    })
    .map((p): Record<string, PropertyDocument> => ({
      alwaysP: { always: p.always },
      neverP: { never: p.never },
      eventuallyP: { eventually: p.eventually },
      staysP: { eventuallyAlways: p.stays },
      reachableP: { reachable: p.reachable },
      recoverableP: { recoverable: p.recoverable },
      leadsToP: { leadsTo: { from: p.from, to: p.to } },
      eachP: { reachableEach: { one: p.goals[0], two: p.goals[1] } },
      modalP: { ltl: p.modal },
      untilP: { ltl: p.until },
    }));
  return fc
    .record({
      actions: fc.array(action(features, cells), { minLength: 2, maxLength: 4 }),
      properties,
      final: fc.option(e.bool, { nil: undefined }),
      free: fc.boolean(),
      capacity: fc.constantFrom(1, 2),
      together: fc.constantFrom(undefined, 'weak' as const, 'strong' as const),
    })
    .map(({ actions, properties: given, final, free, capacity, together }): ModelDocument => ({
      probity: 1,
      name: 'random',
      sets: { Item: ['a1', 'a2'] },
      parameters: features.includes('parameter') ? { limit: 'int 0..1' } : {},
      variables: Object.fromEntries(
        features.flatMap((f) => {
          const declared = VARIABLES[f];
          return declared
            ? [
                [
                  declared.name,
                  free && f !== 'int unbounded' && f !== 'set'
                    ? { ...declared.variable, init: 'any' }
                    : declared.variable,
                ],
              ]
            : [];
        }),
      ),
      actors: { shop: { trust: 'trusted' } },
      channels: {
        ...(features.includes('bag channel')
          ? {
              post: {
                from: 'shop',
                to: 'shop',
                carries: { item: 'Item', n: 'int 0..1' },
                order: 'bag' as const,
                capacity,
              },
            }
          : {}),
        ...(features.includes('fifo channel')
          ? {
              line: {
                from: 'shop',
                to: 'shop',
                carries: { item: 'Item' },
                order: 'fifo' as const,
                capacity,
              },
            }
          : {}),
      },
      actions: Object.fromEntries(actions.map((a, i) => [`step${i + 1}`, a])),
      properties: given,
      ...(final === undefined ? {} : { final }),
      ...(together ? { fairness: [{ [together]: ['step1', 'step2'] }] } : {}),
    }));
}
