import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Problem } from '../../src/errors/index.ts';

export interface Answer {
  readonly status: number;
  readonly data?: Record<string, never> | null;
  readonly codes: readonly string[];
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly problems: readonly Problem[] };
  }[];
}

export async function post(
  url: string,
  key: string | undefined,
  query: string,
  variables: object = {},
): Promise<Answer> {
  return raw(url, JSON.stringify({ query, variables }), {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  });
}

export async function raw(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  const answer = (await response.json()) as Omit<Answer, 'status' | 'codes'>;
  return {
    ...answer,
    status: response.status,
    codes: (answer.errors ?? []).map(({ extensions }) => extensions.code),
  };
}

/** All results of a subscription, to its end. */
export async function subscribe(
  url: string,
  key: string | undefined,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<readonly Record<string, never>[]> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    connectionParams: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  const results: Record<string, never>[] = [];
  try {
    for await (const result of client.iterate({ query, variables }))
      results.push(result as unknown as Record<string, never>);
  } finally {
    await client.dispose();
  }
  return results;
}
