import { once } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { execute, GraphQLError, subscribe, type ExecutionResult } from 'graphql';
import { problem } from '../errors/index.ts';
import { contextOf, type ApiContext } from './context.ts';
import { refusal, tooMuch } from './errors.ts';
import {
  admit,
  uniformErrors,
  uniformResult,
  type LiveParts,
  type LiveRequest,
} from './liveOperation.ts';

/** Streams at once in this process, and of one key. */
const [MAX_STREAMS, MAX_OF_KEY] = [500, 50];
/** Proxies close what is silent; a comment keeps a stream, and finds out who is gone. */
const BEAT_EVERY_MS = 12_000;
/** How soon a key that was revoked, or has ended, is noticed. */
const LOOK_EVERY_MS = 2_000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // nginx would hold events back.
  'X-Accel-Buffering': 'no',
};

/**
 * Operations whose results are a stream of events: GraphQL over SSE, distinct connections
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). For whoever accepts
 * `text/event-stream`; everybody else goes on to `next`. What is wrong with a document is an event;
 * only who may not ask at all is told so by a status.
 */
export function serveEventStreams(parts: LiveParts): { handle: RequestHandler; close(): void } {
  const open = new Map<Response, string>();
  const handle: RequestHandler = async (request, response, next) => {
    if (!/\btext\/event-stream\b/u.test(request.headers.accept ?? '')) return next();
    const asked = requestOf(request);
    const context = await contextOf(parts.authenticator, request.headers.authorization, request.ip);
    const refused = asked ? refusedAtOnce(context, open) : SHAPE;
    if (refused || !asked) return refuseStream(response, refused ?? SHAPE);
    open.set(response, context.principal?.keyId ?? '');
    response.once('close', () => open.delete(response));
    response.writeHead(200, HEADERS);
    response.write(':\n\n');
    await sendResults(parts, asked, request.method, context, response);
  };
  return {
    handle,
    // Without `complete`: whoever listens comes back, to another process.
    close: () => {
      for (const response of open.keys()) response.end();
    },
  };
}

const SHAPE = refusal([
  problem(
    'REQUEST_SHAPE',
    'query',
    'send `query`, and where they are needed `variables` and `operationName`',
  ),
]);

function requestOf({ method, query, body }: Request): LiveRequest | undefined {
  const given = (method === 'GET' ? query : (body ?? {})) as Readonly<Record<string, unknown>>;
  const { query: text, operationName } = given;
  let { variables } = given;
  if (method === 'GET' && typeof variables === 'string')
    try {
      variables = JSON.parse(variables);
    } catch {
      return undefined;
    }
  const isFine =
    typeof text === 'string' &&
    (typeof operationName === 'string' || (operationName ?? undefined) === undefined) &&
    (typeof variables === 'object' || variables === undefined) &&
    !Array.isArray(variables);
  return isFine ? ({ query: text, operationName, variables } as LiveRequest) : undefined;
}

function refusedAtOnce(
  { principal, trouble }: ApiContext,
  open: ReadonlyMap<Response, string>,
): GraphQLError | undefined {
  if (trouble)
    return trouble instanceof GraphQLError
      ? trouble
      : new GraphQLError(trouble.message, {
          extensions: { code: trouble.code, retryable: true, problems: [], http: { status: 503 } },
        });
  if (!principal)
    return refusal([problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY')]);
  const own = [...open.values()].filter((keyId) => keyId === principal.keyId).length;
  if (open.size < MAX_STREAMS && own < MAX_OF_KEY) return undefined;
  return tooMuch(
    '',
    own < MAX_OF_KEY ? 'too many streams are open' : `a key has at most ${MAX_OF_KEY} streams`,
    10,
  );
}

function refuseStream(response: Response, error: GraphQLError): void {
  const http = error.extensions['http'] as
    | { readonly status?: number; readonly headers?: Iterable<readonly [string, string]> }
    | undefined;
  for (const [name, value] of http?.headers ?? []) response.setHeader(name, value);
  response.status(http?.status ?? 400).json({ errors: uniformErrors([error]) });
}

async function sendResults(
  parts: LiveParts,
  asked: LiveRequest,
  method: string,
  context: ApiContext,
  response: Response,
): Promise<void> {
  const send = async (result: ExecutionResult): Promise<void> => {
    const text = `event: next\ndata: ${JSON.stringify(uniformResult(result))}\n\n`;
    if (response.writableEnded || response.destroyed || response.write(text)) return;
    await Promise.race([once(response, 'drain'), once(response, 'close')]).catch(() => undefined);
  };
  const complete = (): void => {
    if (!response.writableEnded) response.end('event: complete\ndata:\n\n');
  };
  const admitted = admit(parts, asked, context);
  if (!('kind' in admitted)) {
    await send({ errors: admitted });
    return complete();
  }
  if (method === 'GET' && admitted.kind === 'mutation') {
    const wrong = problem('REQUEST_SHAPE', 'query', 'a mutation goes by POST');
    await send({ errors: [refusal([wrong])] });
    return complete();
  }
  const result = await (admitted.kind === 'subscription' ? subscribe : execute)(admitted);
  if (!(Symbol.asyncIterator in result)) {
    await send(result as ExecutionResult);
    return complete();
  }
  await sendEvents(result, context, response, send);
  complete();
}

/** Events until there are no more, nobody listens, or the key is good no more. */
async function sendEvents(
  events: AsyncGenerator<ExecutionResult, void>,
  context: ApiContext,
  response: Response,
  send: (result: ExecutionResult) => Promise<void>,
): Promise<void> {
  let ended: GraphQLError | undefined;
  const beat = setInterval(() => response.write(':\n\n'), BEAT_EVERY_MS);
  const look = setInterval(() => {
    context.refusedNow().then(
      (refused) => {
        if (!refused) return;
        ended = refused;
        void events.return();
      },
      // Nobody can say now; the next event asks again.
      () => undefined,
    );
  }, LOOK_EVERY_MS);
  const gone = (): void => void events.return();
  response.once('close', gone);
  try {
    for await (const result of events) await send(result);
    if (ended) await send({ errors: [ended] });
  } finally {
    clearInterval(beat);
    clearInterval(look);
    response.off('close', gone);
  }
}
