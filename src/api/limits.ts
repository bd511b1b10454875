import {
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  type ValueNode,
} from 'graphql';
import { problem } from '../errors/index.ts';
import { refusal } from './errors.ts';

/**
 * What one GraphQL document may ask for, over HTTP and WebSocket alike. Introspection has a rule of
 * its own in graphql-js.
 */
export const LIMITS = {
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
export const TOO_LONG = `a document has at most ${LIMITS.queryLength} characters: what is long goes into variables`;
/** Bytes of a request. A source may have 4 MiB, and JSON may need two characters for one. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Fields that make the server work more than one that is read from a row. */
const WEIGHTS: Readonly<Record<string, number>> = {
  files: 25,
  statement: 5,
  status: 5,
  rendering: 5,
  report: 5,
  source: 5,
  document: 5,
  risk: 5,
  trace: 5,
  evidence: 2,
  annotations: 5,
  envelope: 5,
  drawing: 25,
  explanations: 25,
  findings: 25,
  fixes: 100,
  mended: 100,
  __schema: 100,
  __type: 20,
};
/** Lists without a `first`: a guess at their length. */
const LISTS: Readonly<Record<string, number>> = { scenarios: 20, apiKeys: 10 };

interface Measure {
  readonly depth: number;
  readonly cost: number;
  readonly aliases: number;
  readonly directives: number;
  readonly introspectionDepth: number;
}

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
});

/**
 * Refuses a document over the limits. Each fragment is measured once, so measuring is linear in the
 * document.
 */
export const limitRule: ValidationRule = (context: ValidationContext): ASTVisitor => ({
  Document: (document: DocumentNode) => {
    const measured = new Map<string, Measure>();
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION)
        fragments.set(definition.name.value, definition);
    }
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const measure = ofSelections(definition.selectionSet, fragments, measured);
      const total = {
        ...measure,
        directives: measure.directives + (definition.directives?.length ?? 0),
      };
      for (const error of over(total)) context.reportError(error);
    }
  },
});

function over(measure: Measure): GraphQLError[] {
  return (['depth', 'aliases', 'directives', 'cost', 'introspectionDepth'] as const)
    .filter((name) => measure[name] > LIMITS[name])
    .map((name) =>
      refusal([
        problem(
          'QUERY_TOO_COMPLEX',
          '',
          `${name}: ${measure[name]}, where a document may have ${LIMITS[name]}`,
        ),
      ]),
    );
}

function ofSelections(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measured: Map<string, Measure>,
): Measure {
  return set.selections
    .map((selection): Measure => {
      const directives = { ...NOTHING, directives: selection.directives?.length ?? 0 };
      switch (selection.kind) {
        case Kind.FIELD:
          return beside(directives, ofField(selection, fragments, measured));
        case Kind.INLINE_FRAGMENT:
          return beside(directives, ofSelections(selection.selectionSet, fragments, measured));
        case Kind.FRAGMENT_SPREAD:
          return beside(directives, ofFragment(selection.name.value, fragments, measured));
      }
    })
    .reduce(beside, NOTHING);
}

function ofField(
  field: FieldNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measured: Map<string, Measure>,
): Measure {
  const name = field.name.value;
  const own = {
    ...NOTHING,
    depth: 1,
    cost: WEIGHTS[name] ?? 1,
    aliases: field.alias ? 1 : 0,
  };
  if (!field.selectionSet) return own;
  const below = ofSelections(field.selectionSet, fragments, measured);
  // Lists of introspection are bounded by graphql-js (MaxIntrospectionDepthRule), `ofType` is not.
  if (name.startsWith('__')) return { ...own, introspectionDepth: below.depth };
  return {
    ...beside(own, below),
    depth: below.depth + 1,
    cost: Math.min(own.cost + below.cost * lengthOf(field), Number.MAX_SAFE_INTEGER),
  };
}

function ofFragment(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measured: Map<string, Measure>,
): Measure {
  const known = measured.get(name);
  if (known) return known;
  // A fragment in a circle counts as nothing here: another rule refuses the circle.
  measured.set(name, NOTHING);
  const fragment = fragments.get(name);
  const measure = fragment ? ofSelections(fragment.selectionSet, fragments, measured) : NOTHING;
  measured.set(name, measure);
  return measure;
}

function lengthOf(field: FieldNode): number {
  const first = field.arguments?.find((argument) => argument.name.value === 'first')?.value;
  if (first) return lengthFrom(first);
  return (
    LISTS[field.name.value] ??
    (field.name.value === 'runs' || field.name.value === 'verdicts' ? 20 : 1)
  );
}

/** A variable is not known yet: the longest page that could be asked for. */
function lengthFrom(value: ValueNode): number {
  if (value.kind !== Kind.INT) return LIMITS.pageSize;
  return Math.min(Math.max(Number(value.value), 1), LIMITS.pageSize);
}
