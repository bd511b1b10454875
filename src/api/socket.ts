import type { Server } from 'node:http';
import { GraphQLError, type ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Fault } from '../errors/index.ts';
import { contextOf } from './context.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { admit, uniformErrors, type LiveParts } from './liveOperation.ts';
import { UnknownSockets } from './unknownSockets.ts';

/** Connections with a key. */
const MAX_SOCKETS = 200;
/** How long one may be silent before it says who it is. */
const FIRST_WORD_MS = 2_000;
const MAX_OPERATIONS = 50;
/** How soon a revoked key is noticed. */
const LOOK_EVERY_MS = 2_000;
/** Close codes: of RFC 6455, and of graphql-transport-ws. */
const [TRY_AGAIN_LATER, FORBIDDEN] = [1013, 4403];

const troubleCode = (trouble: Fault | GraphQLError): string =>
  trouble instanceof GraphQLError ? 'RATE_LIMITED' : trouble.code;

/**
 * Subscriptions over WebSocket (graphql-transport-ws). They do not pass through Apollo: tokens,
 * depth, aliases and cost are limited here by the same rule, and the key is looked up for every
 * operation, so that a revoked one starts nothing new.
 */
export function serveSubscriptions(http: Server, parts: LiveParts): { close(): Promise<void> } {
  const { schema, authenticator } = parts;
  const sockets = new WebSocketServer({
    server: http,
    path: '/graphql',
    maxPayload: MAX_BODY_BYTES,
    perMessageDeflate: false,
  });
  const unknown = new UnknownSockets();
  const known = new Map<WebSocket, () => string | undefined>();
  sockets.on('connection', (socket, request) => {
    unknown.add(socket, request);
    socket.once('close', () => known.delete(socket));
  });
  const server = useServer(
    {
      schema,
      connectionInitWaitTimeout: FIRST_WORD_MS,
      onConnect: async (context) => {
        const { socket } = context.extra;
        const { principal, trouble } = await contextOf(authenticator, authorization(context));
        if (trouble) socket.close(TRY_AGAIN_LATER, troubleCode(trouble));
        if (!principal) return false;
        unknown.know(socket);
        if (known.size >= MAX_SOCKETS) socket.close(TRY_AGAIN_LATER, 'too many connections');
        else known.set(socket, () => authorization(context));
        return true;
      },
      onSubscribe: async (
        context,
        _id,
        payload,
      ): Promise<ExecutionArgs | readonly GraphQLError[]> => {
        if (Object.keys(context.subscriptions).length > MAX_OPERATIONS)
          return [new GraphQLError(`one connection has at most ${MAX_OPERATIONS} operations`)];
        return admit(parts, payload, await contextOf(authenticator, authorization(context)));
      },
      onError: (_context, _id, _payload, errors) => uniformErrors(errors),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors
          ? { ...result, errors: uniformErrors(result.errors).map((each) => new Formatted(each)) }
          : result,
    },
    sockets,
  );
  // A key that was revoked also ends what it has begun.
  const looking = setInterval(() => {
    for (const [socket, key] of known)
      void contextOf(authenticator, key()).then(({ principal, trouble }) => {
        if (!principal && !trouble) socket.close(FORBIDDEN, 'the key was revoked');
      });
  }, LOOK_EVERY_MS);
  looking.unref();
  return {
    close: async () => {
      clearInterval(looking);
      await server.dispose();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** An error that is sent as it was formatted. */
class Formatted extends GraphQLError {
  private readonly formatted: ReturnType<GraphQLError['toJSON']>;

  constructor(formatted: ReturnType<GraphQLError['toJSON']>) {
    super(formatted.message);
    this.formatted = formatted;
  }

  override toJSON(): ReturnType<GraphQLError['toJSON']> {
    return this.formatted;
  }
}

/**
 * The key comes with the first message (browsers cannot set headers on a WebSocket) or with the
 * upgrade request.
 */
function authorization(context: {
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly extra: unknown;
}): string | undefined {
  const { authorization: lower, Authorization: upper } = context.connectionParams ?? {};
  const sent = lower ?? upper;
  if (typeof sent === 'string') return sent;
  return (context.extra as { request?: { headers?: { authorization?: string } } }).request?.headers
    ?.authorization;
}
