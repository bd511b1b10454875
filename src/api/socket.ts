import type { Server } from 'node:http';
import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { AnswerSize } from './answer.ts';
import type { Authenticator } from './auth.ts';
import { uniform } from './errors.ts';
import { limitRule, LIMITS, MAX_BODY_BYTES } from './limits.ts';

const MAX_SOCKETS = 200;
const MAX_OPERATIONS = 50;
/** Close codes of the graphql-ws protocol. */
const TRY_AGAIN_LATER = 1013;

interface Parts {
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
}

/**
 * Subscriptions over WebSocket (graphql-transport-ws). They do not pass through Apollo: tokens,
 * depth, aliases and cost are limited here by the same rule, and the key is looked up for every
 * operation, so that a revoked one starts nothing new.
 */
export function serveSubscriptions(
  http: Server,
  { schema, authenticator }: Parts,
): { close(): Promise<void> } {
  const sockets = new WebSocketServer({
    server: http,
    path: '/graphql',
    maxPayload: MAX_BODY_BYTES,
    perMessageDeflate: false,
  });
  sockets.on('connection', (socket) => {
    if (sockets.clients.size > MAX_SOCKETS) socket.close(TRY_AGAIN_LATER, 'too many connections');
  });
  const server = useServer(
    {
      schema,
      onConnect: async (context) =>
        (await authenticator.principal(authorization(context))) !== undefined,
      onSubscribe: async (
        context,
        _id,
        payload,
      ): Promise<ExecutionArgs | readonly GraphQLError[]> => {
        if (Object.keys(context.subscriptions).length > MAX_OPERATIONS)
          return [new GraphQLError(`one connection has at most ${MAX_OPERATIONS} operations`)];
        let document: DocumentNode;
        try {
          document = parse(payload.query, { maxTokens: LIMITS.tokens });
        } catch (error) {
          return [error as GraphQLError];
        }
        const errors = validate(schema, document, [...specifiedRules, limitRule]);
        if (errors.length > 0) return errors;
        const principal = await authenticator.principal(authorization(context));
        return {
          schema,
          document,
          operationName: payload.operationName,
          variableValues: payload.variables,
          contextValue: { principal, answer: new AnswerSize() },
        };
      },
      onError: (_context, _id, _payload, errors) =>
        errors.map((error) => uniform('toJSON' in error ? error.toJSON() : error)),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors
          ? {
              ...result,
              errors: result.errors.map(
                (error) => new Formatted(uniform('toJSON' in error ? error.toJSON() : error)),
              ),
            }
          : result,
    },
    sockets,
  );
  return {
    close: async () => {
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
