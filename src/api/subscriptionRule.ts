import {
  Kind,
  parse,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { problem, type Problem } from '../errors/index.ts';
import { REQUEST_LIMITS } from './limits.ts';

const subscriptionsIn = ({ definitions }: DocumentNode): readonly OperationDefinitionNode[] =>
  definitions.filter(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'subscription',
  );

/**
 * A subscription has one root field, and whether it is there must not hang on a condition (GraphQL
 * specification, September 2025, 5.2.4.1): where it does, rules of graphql-js 16 throw that may
 * only report, and the execution has no field to begin with.
 */
export function conditionalRoot(document: DocumentNode): Problem | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition);
  const isConditional = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => {
      if (selection.directives?.some(({ name }) => /^(?:skip|include)$/.test(name.value)))
        return true;
      if (selection.kind === Kind.INLINE_FRAGMENT) return isConditional(selection.selectionSet);
      if (selection.kind !== Kind.FRAGMENT_SPREAD) return false;
      const fragment = fragments.get(selection.name.value);
      // Once is enough, and a circle of fragments is refused by another rule.
      fragments.delete(selection.name.value);
      return fragment !== undefined && isConditional(fragment.selectionSet);
    });
  return subscriptionsIn(document).some(({ selectionSet }) => isConditional(selectionSet))
    ? problem('REQUEST_SHAPE', '', 'the root of a subscription has neither @skip nor @include')
    : undefined;
}

/** Whether a text that was sent over HTTP subscribes to something. */
export function subscribes(query: string): boolean {
  if (!query.includes('subscription')) return false;
  try {
    return subscriptionsIn(parse(query, { maxTokens: REQUEST_LIMITS.tokens })).length > 0;
  } catch {
    // What is no GraphQL is answered as such, later.
    return false;
  }
}
