import {
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  type ValueNode,
} from 'graphql';
import { problem, unreachable } from '../errors/index.ts';
import { refusal } from './errors.ts';

/**
 * What one GraphQL document may ask for, over HTTP and WebSocket alike. Introspection has a rule of
 * its own in graphql-js.
 */
export const REQUEST_LIMITS = {
  tokens: 4_000,
  depth: 12,
  aliases: 30,
  directives: 30,
  cost: 2_000,
  pageSize: 100,
  /** Characters of a document: what is long goes into variables. */
  queryLength: 100_000,
  /** The type system's own depth: the usual introspection query has 15. */
  introspectionDepth: 20,
} as const;
export const TOO_LONG = `a document has at most ${REQUEST_LIMITS.queryLength} characters: what is long goes into variables`;
/** Bytes of a request. A source may have 4 MiB, and JSON may need two characters for one. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** What fields cost, and how long lists without a `first` are: by the areas of the API. */
type Costs = Readonly<Record<string, number>>;

interface Measure {
  readonly depth: number;
  readonly cost: number;
  readonly aliases: number;
  readonly directives: number;
  readonly introspectionDepth: number;
  /** The field that makes most of the cost, from the root down. */
  readonly dear?: Dear;
}

interface Dear {
  readonly path: string;
  readonly cost: number;
}

const dearer = (a: Dear | undefined, b: Dear | undefined): Dear | undefined =>
  (a?.cost ?? 0) >= (b?.cost ?? 0) ? a : b;

const NOTHING: Measure = {
  depth: 0,
  cost: 0,
  aliases: 0,
  directives: 0,
  introspectionDepth: 0,
};
const beside = (a: Measure, b: Measure): Measure => ({
  depth: Math.max(a.depth, b.depth),
  cost: a.cost + b.cost,
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
  introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
  dear: dearer(a.dear, b.dear),
});

/**
 * Refuses a document over the limits, by what its fields cost and how long its lists without a
 * `first` are taken to be; a field costs 1 where nothing else is said.
 */
export const limitRule =
  (costs: Costs, lists: Costs): ValidationRule =>
  (context: ValidationContext): ASTVisitor => ({
    Document: (document: DocumentNode) => {
      const meter = new Meter(document, costs, lists);
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const measure = meter.ofSelections(definition.selectionSet);
        const directives = measure.directives + (definition.directives?.length ?? 0);
        for (const error of over({ ...measure, directives })) context.reportError(error);
      }
    },
  });

function over(measure: Measure): GraphQLError[] {
  return (['depth', 'aliases', 'directives', 'cost', 'introspectionDepth'] as const)
    .filter((name) => measure[name] > REQUEST_LIMITS[name])
    .map((name) =>
      refusal([
        problem(
          'QUERY_TOO_COMPLEX',
          '',
          `${name}: ${measure[name]}, where a document may have ${REQUEST_LIMITS[name]}${name === 'cost' ? dearest(measure) : ''}`,
        ),
      ]),
    );
}

const dearest = ({ dear }: Measure): string =>
  dear ? `; the dearest field is \`${dear.path}\`, ${dear.cost}` : '';

/** What documents cost: before they are executed, and by what they were answered. */
export interface CostMeter {
  /** And the field that makes most of it, in words. */
  requested(
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ): { readonly cost: number; readonly dearest: string };
  actual(document: DocumentNode, operation: OperationDefinitionNode, data: unknown): number;
}

export function costMeter(costs: Costs, lists: Costs): CostMeter {
  // Documents that come again are parsed once.
  const known = new WeakMap<
    OperationDefinitionNode,
    { readonly cost: number; readonly dearest: string }
  >();
  return {
    requested: (document, operation) => {
      const before = known.get(operation);
      if (before !== undefined) return before;
      const measure = new Meter(document, costs, lists).ofSelections(operation.selectionSet);
      const asked = { cost: measure.cost, dearest: dearest(measure) };
      known.set(operation, asked);
      return asked;
    },
    actual: (document, operation, data) => {
      const fragments = fragmentsOf(document);
      const ofValue = (set: SelectionSetNode, value: unknown): number => {
        if (Array.isArray(value))
          return value.reduce((sum: number, each: unknown) => sum + ofValue(set, each), 0);
        if (typeof value !== 'object' || value === null) return 0;
        const object = value as Readonly<Record<string, unknown>>;
        return set.selections.reduce((sum, selection) => sum + ofSelection(selection, object), 0);
      };
      const ofSelection = (
        selection: SelectionNode,
        object: Readonly<Record<string, unknown>>,
      ): number => {
        if (selection.kind === Kind.INLINE_FRAGMENT) return ofValue(selection.selectionSet, object);
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(selection.name.value);
          return fragment ? ofValue(fragment.selectionSet, object) : 0;
        }
        const value = object[(selection.alias ?? selection.name).value];
        if (value === undefined) return 0;
        const name = selection.name.value;
        const own = Object.hasOwn(costs, name) ? (costs[name] ?? 1) : 1;
        return own + (selection.selectionSet ? ofValue(selection.selectionSet, value) : 0);
      };
      return ofValue(operation.selectionSet, data);
    },
  };
}

function fragmentsOf({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
}

/** Measures the parts of a document; each fragment once, so that this is linear in the document. */
class Meter {
  readonly #costs: Costs;
  readonly #lists: Costs;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #measured = new Map<string, Measure>();

  constructor(document: DocumentNode, costs: Costs, lists: Costs) {
    this.#costs = costs;
    this.#lists = lists;
    this.#fragments = fragmentsOf(document);
  }

  ofSelections({ selections }: SelectionSetNode): Measure {
    return selections
      .map((selection): Measure => {
        const directives = { ...NOTHING, directives: selection.directives?.length ?? 0 };
        switch (selection.kind) {
          case Kind.FIELD:
            return beside(directives, this.#ofField(selection));
          case Kind.INLINE_FRAGMENT:
            return beside(directives, this.ofSelections(selection.selectionSet));
          case Kind.FRAGMENT_SPREAD:
            return beside(directives, this.#ofFragment(selection.name.value));
          default:
            return unreachable(selection);
        }
      })
      .reduce(beside, NOTHING);
  }

  #ofField(field: FieldNode): Measure {
    const name = field.name.value;
    const cost = Object.hasOwn(this.#costs, name) ? (this.#costs[name] ?? 1) : 1;
    const aliases = field.alias ? 1 : 0;
    const own = { ...NOTHING, depth: 1, cost, aliases, dear: { path: name, cost } };
    if (!field.selectionSet) return own;
    const below = this.ofSelections(field.selectionSet);
    // Lists of introspection are bounded by graphql-js (MaxIntrospectionDepthRule), `ofType` is
    // not.
    if (name.startsWith('__')) return { ...own, introspectionDepth: below.depth };
    const length = this.#lengthOf(field);
    const total = Math.min(cost + below.cost * length, Number.MAX_SAFE_INTEGER);
    // Down to the field below which nothing makes half of it.
    const isBelow = below.dear !== undefined && below.dear.cost * length > total / 2;
    const path = isBelow ? `${name}.${below.dear?.path}` : name;
    return {
      ...beside(own, below),
      depth: below.depth + 1,
      cost: total,
      dear: { path, cost: total },
    };
  }

  #ofFragment(name: string): Measure {
    const known = this.#measured.get(name);
    if (known) return known;
    // A fragment in a circle counts as nothing here: another rule refuses the circle.
    this.#measured.set(name, NOTHING);
    const fragment = this.#fragments.get(name);
    const measure = fragment ? this.ofSelections(fragment.selectionSet) : NOTHING;
    this.#measured.set(name, measure);
    return measure;
  }

  #lengthOf({ name, arguments: given }: FieldNode): number {
    const asked =
      given?.filter(({ name: { value } }) => value === 'first' || value === 'last') ?? [];
    if (asked.length > 0) return Math.max(...asked.map(({ value }) => lengthFrom(value)));
    return Object.hasOwn(this.#lists, name.value) ? (this.#lists[name.value] ?? 1) : 1;
  }
}

/** A variable is not known yet: the longest page that could be asked for. */
function lengthFrom(value: ValueNode): number {
  if (value.kind !== Kind.INT) return REQUEST_LIMITS.pageSize;
  return Math.min(Math.max(Number(value.value), 1), REQUEST_LIMITS.pageSize);
}
