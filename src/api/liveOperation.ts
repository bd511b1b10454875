import {
  type GraphQLError,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { problem } from '../errors/index.ts';
import type { Authenticator } from './auth.ts';
import type { KeyBudget } from './budget.ts';
import type { ApiContext } from './context.ts';
import { refusal, tooMuch, uniform } from './errors.ts';
import { REQUEST_LIMITS, TOO_LONG } from './limits.ts';
import { costRule, METER } from './operations.ts';
import { conditionalRoot } from './subscriptionRule.ts';

/** What serves operations that do not pass through Apollo: over WebSocket, and as event streams. */
export interface LiveParts {
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly budget: KeyBudget;
}

export interface LiveRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What may be executed, or why it may not: the same limits as over HTTP. */
export function admit(
  { schema, budget }: LiveParts,
  { query, operationName, variables }: LiveRequest,
  contextValue: ApiContext,
):
  | (ExecutionArgs & { readonly kind: 'query' | 'mutation' | 'subscription' })
  | readonly GraphQLError[] {
  if (query.length > REQUEST_LIMITS.queryLength)
    return [refusal([problem('QUERY_TOO_COMPLEX', '', TOO_LONG)])];
  const document = documentOf(schema, query);
  if (!('kind' in document)) return document;
  const operation = getOperationAST(document, operationName);
  if (!operation)
    return [refusal([problem('REQUEST_SHAPE', '', 'the document has no such operation')])];
  const refused = charge(budget, document, operationName, contextValue);
  if (refused) return [refused];
  return {
    kind: operation.operation,
    schema,
    document,
    operationName,
    variableValues: variables,
    contextValue,
  };
}

/** A document that may be asked, or why it may not. */
function documentOf(schema: GraphQLSchema, text: string): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: REQUEST_LIMITS.tokens });
  } catch (error) {
    return [error as GraphQLError];
  }
  const conditional = conditionalRoot(document);
  if (conditional) return [refusal([conditional])];
  const errors = validate(schema, document, [...specifiedRules, costRule]);
  return errors.length > 0 ? errors : document;
}

/** What an operation costs, from the same budget as over HTTP; each event is an answer. */
function charge(
  budget: KeyBudget,
  document: DocumentNode,
  name: string | null | undefined,
  { principal }: ApiContext,
): GraphQLError | undefined {
  const operation = getOperationAST(document, name);
  if (!principal || !operation) return undefined;
  const { cost, dearest } = METER.requested(document, operation);
  const { left, waitS } = budget.take(principal.keyId, cost);
  return waitS === 0
    ? undefined
    : tooMuch('', `the document costs ${cost}, and the key has ${left} left${dearest}`, waitS);
}

export const uniformErrors = (
  errors: readonly (GraphQLError | GraphQLFormattedError)[],
): GraphQLFormattedError[] =>
  errors.map((error) => uniform('toJSON' in error ? error.toJSON() : error));

/** A result with its errors as they are sent. */
export const uniformResult = <T extends ExecutionResult>({ errors, ...result }: T) => ({
  ...result,
  ...(errors && { errors: uniformErrors(errors) }),
});
