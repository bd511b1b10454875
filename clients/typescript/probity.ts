import { initGraphQLTada, type ResultOf, type TadaDocumentNode } from 'gql.tada';
import { print } from 'graphql';
import type { introspection } from './schema.d.ts';

/**
 * A query or mutation as text. Its variables and its answer have the types of the schema: they are
 * worked out by the compiler from `schema.d.ts`, which is written from the schema of the service.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; JSON: unknown };
}>();

export type { ResultOf, VariablesOf } from 'gql.tada';

/** A refusal of the whole request: not a `userErrors` of a mutation, which is an answer. */
export class ProbityError extends Error {
  /** Of the table in docs/codes.md; `HTTP_…` where what answered was no GraphQL service. */
  readonly code: string;
  /** Whether the same request may succeed later: then wait for `retryAfterSeconds`, if it is given. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'ProbityError';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface Connection {
  /** Of the service, without a path: `http://127.0.0.1:4600`. */
  readonly url: string;
  /** The API key, or the token of an identity provider. */
  readonly key: string;
  readonly signal?: AbortSignal;
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string };
  }[];
}

/** Asks, and answers what was asked for. Throws `ProbityError` where the service refuses. */
export async function ask<Result, Variables>(
  { url, key, signal }: Connection,
  document: TadaDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({ query: print(document), variables }),
    ...(signal && { signal }),
  });
  const after = Number(response.headers.get('retry-after') ?? NaN);
  const retryAfter = Number.isFinite(after) ? after : undefined;
  const answer = (await response.json().catch(() => ({}))) as Answer<Result>;
  const [error] = answer.errors ?? [];
  if (error)
    throw new ProbityError(
      error.extensions?.code ?? `HTTP_${response.status}`,
      error.message,
      retryAfter,
    );
  if (!answer.data)
    throw new ProbityError(`HTTP_${response.status}`, response.statusText, retryAfter);
  return answer.data;
}

const RUN = graphql(`
  query Run($id: ID!) {
    run(id: $id) {
      id
      state
      failure {
        code
        message
      }
      verdict {
        id
      }
      report {
        properties {
          name
          outcome
          reason
          bound
          traceSteps
          trace
          threats
        }
      }
    }
  }
`);

export type FinishedRun = NonNullable<ResultOf<typeof RUN>['run']>;

const OPEN: readonly FinishedRun['state'][] = ['queued', 'running', 'checked'];

/** Waits until a run has its last word; by asking, so that it works behind any proxy. */
export async function finished(
  connection: Connection,
  id: string,
  everyMs = 200,
): Promise<FinishedRun> {
  for (;;) {
    const { run } = await ask(connection, RUN, { id });
    if (!run) throw new ProbityError('NOT_FOUND', `there is no run ${id}`);
    if (!OPEN.includes(run.state)) return run;
    await new Promise((next) => setTimeout(next, everyMs));
    connection.signal?.throwIfAborted();
  }
}
