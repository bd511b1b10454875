import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault, problem, type ProblemCode } from '../errors/index.ts';
import { findApiKey } from '../service/apiKeys.ts';
import { publicCheckpoint } from '../service/cosign.ts';
import { findLaunched, isLaunchToken } from '../service/lti/launch.ts';
import { describeError } from '../service/observe.ts';
import type { Installation } from '../service/service.ts';
import { findBearer, TokenReader } from '../service/tokens.ts';
import { readiness } from '../service/state.ts';
import { auditRoute } from './auditRoute.ts';
import { eventRoute } from './eventRoute.ts';
import { verdictRoute } from './verdictRoute.ts';
import { Authenticator } from './auth.ts';
import { KeyBudget } from './budget.ts';
import { costPlugin } from './costPlugin.ts';
import { bundleRoute, traceRoute } from './fileRoutes.ts';
import { uniform } from './errors.ts';
import { REQUEST_LIMITS, MAX_BODY_BYTES, TOO_LONG } from './limits.ts';
import { logRoutes } from './logRoutes.ts';
import { ltiRoutes } from './ltiRoutes.ts';
import { crossOrigin, securityHeaders } from './headers.ts';
import { Metrics } from './metrics.ts';
import { contextOf, type ApiContext } from './context.ts';
import { costRule, isScope, METER, operationsOf } from './operations.ts';
import { buildResolvers, nodeType } from './resolvers.ts';
import { executableSchema } from './schema.ts';
import { serveEventStreams } from './eventStream.ts';
import { serveSubscriptions } from './socket.ts';
import { subscribes } from './subscriptionRule.ts';
import { uploadRoute } from './uploadRoute.ts';
import { noteVerdictRead } from './verdictReads.ts';
import { sendVerifier, verifierLine } from './verifierRoute.ts';

export interface RunningApi {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** Ends subscriptions, finishes the requests in hand, closes. Idempotent. */
  stop(): Promise<void>;
}

/** The schema with its resolvers, apart from any server: for tests and for both transports. */
export async function buildApi(
  installation: Installation,
): Promise<{ schema: GraphQLSchema; authenticator: Authenticator }> {
  const text = await readFile(join(packageRoot(), 'schema.graphql'), 'utf8');
  const { oidc } = installation.config;
  const tokens = oidc && new TokenReader(oidc);
  const authenticator = new Authenticator(
    (key) => findApiKey(installation, key),
    async (token) =>
      isLaunchToken(token)
        ? findLaunched(installation, token)
        : tokens && findBearer(installation, tokens, token),
  );
  const resolvers = buildResolvers({ installation, authenticator, operationsOf, isScope });
  const schema = executableSchema(text, resolvers, nodeType, ({ answer }) => answer.begin(), {
    Verdict: async ({ id }, context) => {
      const { principal } = context;
      if (principal) await noteVerdictRead(installation.of(principal.organisationId), context, id);
    },
  });
  return { schema, authenticator };
}

/**
 * GraphQL over HTTP and WebSocket at /graphql, probes, metrics and the public checkpoint. Throws
 * `PORT_TAKEN`.
 */
export async function startApi(installation: Installation): Promise<RunningApi> {
  const { schema, authenticator } = await buildApi(installation);
  const { limits } = installation.config;
  const budget = new KeyBudget(limits.costPerSecond, REQUEST_LIMITS.cost);
  const apollo = new ApolloServer<ApiContext>({
    schema,
    introspection: true,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: REQUEST_LIMITS.tokens },
    validationRules: [costRule],
    formatError: uniform,
    plugins: [ApolloServerPluginLandingPageDisabled(), costPlugin(budget, METER)],
    logger: quietLogger(installation),
  });
  await apollo.start();
  const app = express();
  app.set('trust proxy', limits.trustProxy);
  const http = createServer(app);
  const graphql = expressMiddleware(apollo, {
    context: ({ req }) => contextOf(authenticator, req.headers.authorization, req.ip),
  });
  const live = { schema, authenticator, budget };
  const streams = serveEventStreams(live);
  route(app, installation, [streams.handle, graphql], authenticator);
  const port = await listen(http, installation.config.host, installation.config.port);
  const sockets = serveSubscriptions(http, live);
  const shown = installation.config.host.includes(':')
    ? `[${installation.config.host}]`
    : installation.config.host;
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    streams.close();
    await sockets.close();
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    http.closeIdleConnections();
    setTimeout(() => http.closeAllConnections(), 3_000).unref();
    await closed;
    await apollo.stop();
  };
  return { url: `http://${shown}:${port}`, port, stop: () => (stopping ??= stop()) };
}

const WELCOME = 'Probity. GraphQL: POST /graphql. Health: /healthz, /readyz. Log: /log/checkpoint.';

function route(
  app: Express,
  installation: Installation,
  [stream, graphql]: readonly [RequestHandler, RequestHandler],
  authenticator: Authenticator,
): void {
  const metrics = new Metrics();
  const { corsOrigins } = installation.config;
  app.disable('x-powered-by');
  app.use(measured(metrics), securityHeaders, crossOrigin(corsOrigins));
  app.get('/', (_request, response) => {
    response.type('text').send(`${WELCOME}\n${verifierLine()}`);
  });
  app.get('/verify.html', (_request, response) => {
    sendVerifier(response);
  });
  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  app.get('/readyz', async (_request, response) => {
    const state = await readiness(installation);
    response.status(state.ready ? 200 : 503).json(state);
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text(installation));
  });
  app.get('/verdicts/:id', verdictRoute(installation));
  app.get('/verdicts/:id/bundle.zip', bundleRoute({ installation, authenticator }));
  app.get('/runs/:id/trace', traceRoute({ installation, authenticator }));
  app.put('/uploads/:digest', uploadRoute({ installation, authenticator }));
  app.get('/audit.zip', auditRoute({ installation, authenticator }));
  app.post('/events', ...eventRoute({ installation, authenticator }));
  const { log } = installation.notary;
  app.use(
    '/log',
    logRoutes({
      checkpoint: () => publicCheckpoint(installation),
      covers: log.covers.bind(log),
      leaves: log.leaves.bind(log),
      nodes: log.nodes.bind(log),
    }),
  );
  app.use('/lti', ltiRoutes(installation));
  app.use(
    '/graphql',
    refuseLargeBodies,
    express.json({ limit: MAX_BODY_BYTES, inflate: false, verify: refuseOtherText }),
    stream,
    refuseDocuments,
    graphql,
  );
  app.use((_request, response) => {
    response.status(404).json(errorBody('NOT_FOUND', 'there is nothing at this address'));
  });
  app.use(lastResort(installation));
}

/** Counts answers, and how long each took by the first word of its path. */
const measured =
  (metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const began = performance.now();
    // Where it is one of ours: no more kinds than there are routes.
    const route = /^\/(graphql|verdicts|runs|log|uploads)\b/u.exec(request.path)?.[1] ?? 'other';
    response.on('finish', () => {
      metrics.answered(response.statusCode);
      // How long somebody listened is not how long an answer took.
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
      metrics.took(route, (performance.now() - began) / 1_000);
    });
    next();
  };

/**
 * A length that is announced is judged before a byte is read; the rest is read and dropped, so that
 * the answer arrives.
 */
const refuseLargeBodies: RequestHandler = (request, response, next) => {
  if (Number(request.headers['content-length'] ?? 0) <= MAX_BODY_BYTES) return next();
  tooLarge(request, (body) => response.status(413).set('Connection', 'close').json(body));
};

/** What is not UTF-8 would be repaired, and something else be kept and signed than was sent. */
function refuseOtherText(
  _request: IncomingMessage,
  _response: unknown,
  body: Buffer,
  charset: string,
): void {
  if (charset === 'utf-8' && isUtf8(body)) return;
  throw Object.assign(new Error('the body is not UTF-8'), { status: 400, type: NOT_UTF8 });
}

const NOT_UTF8 = 'entity.not.utf8';

/**
 * What is refused of a document before it is read: its length, and that it subscribes over HTTP.
 */
const refuseDocuments: RequestHandler = (request, response, next) => {
  const { query } = { ...request.query, ...(request.body as { query?: unknown } | undefined) };
  if (typeof query !== 'string') return next();
  if (query.length > REQUEST_LIMITS.queryLength)
    return void response.status(400).json(errorBody('QUERY_TOO_COMPLEX', TOO_LONG));
  if (!subscribes(query)) return next();
  response
    .status(400)
    .json(
      errorBody(
        'REQUEST_SHAPE',
        'subscriptions go over WebSocket (graphql-transport-ws), or are asked for as text/event-stream',
      ),
    );
};

function tooLarge(request: IncomingMessage, answer: (body: object) => void): void {
  request.resume();
  answer(errorBody('INPUT_TOO_LARGE', `a request has at most ${MAX_BODY_BYTES} bytes`));
}

function errorBody(code: ProblemCode, message: string): object {
  return { errors: [{ message, extensions: { code, problems: [problem(code, '', message)] } }] };
}

function lastResort({ logger }: Installation): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, type } = error as { status?: number; type?: string };
    if (type === 'entity.too.large')
      return tooLarge(request, (body) =>
        response.status(413).set('Connection', 'close').json(body),
      );
    if (status !== undefined && status >= 400 && status < 500) {
      if (type === NOT_UTF8)
        return response.status(400).json(errorBody('INPUT_NOT_UTF8', 'the body is not UTF-8'));
      return response
        .status(status)
        .json(
          errorBody(
            'REQUEST_SHAPE',
            type === 'entity.parse.failed' ? 'the body is not JSON' : 'the request cannot be read',
          ),
        );
    }
    logger.error('http.failed', describeError(error));
    const fault = error instanceof Fault ? error : undefined;
    return response.status(fault ? 503 : 500).json({
      errors: [
        {
          message: fault?.message ?? 'a fault of ours; the log has it',
          extensions: {
            code: fault?.code ?? 'INTERNAL',
            retryable: fault?.retryable ?? false,
            problems: [],
          },
        },
      ],
    });
  };
}

function listen(http: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE')
        reject(
          new Fault(
            'PORT_TAKEN',
            `port ${port} on ${host} is in use; set PROBITY_PORT to another, or to 0 for any`,
            { cause },
          ),
        );
      else if (
        cause.code === 'EACCES' ||
        cause.code === 'EADDRNOTAVAIL' ||
        cause.code === 'ENOTFOUND'
      ) {
        reject(
          new Fault(
            'PORT_TAKEN',
            `${host}:${port} cannot be listened on (${cause.code}); set PROBITY_HOST and PROBITY_PORT`,
            { cause },
          ),
        );
      } else reject(cause);
    });
    http.listen(port, host, () => {
      const address = http.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function quietLogger({ logger }: Installation) {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: unknown): void =>
      logger[level]('apollo', { message: String(message).slice(0, 300) });
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
