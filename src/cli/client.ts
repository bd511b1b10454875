import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { DEFAULT_PORT } from '../config/index.ts';
import { Fault, PROBLEMS, type Problem } from '../errors/index.ts';
import { explainerOf } from '../explain/formats.ts';
import { withTold, type Told } from '../explain/told.ts';
import type { Report } from '../model/outcome.ts';
import type { Trace } from '../model/trace.ts';
import { RefusedByServer } from './refused.ts';

export interface Server {
  readonly url: string;
  readonly key: string;
}

export interface ServerValues {
  readonly server: string | undefined;
  readonly key: string | undefined;
}

/** `--server` and `--key`, else the environment, else the default address. */
export function serverFrom(values: ServerValues): Server {
  const url = (
    values.server ??
    process.env['PROBITY_SERVER'] ??
    `http://127.0.0.1:${process.env['PROBITY_PORT'] || DEFAULT_PORT}`
  ).replace(/\/+$/u, '');
  return {
    url: url.replace(/\/graphql$/u, ''),
    key: values.key ?? process.env['PROBITY_KEY'] ?? '',
  };
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphqlError[];
}

interface GraphqlError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly problems?: readonly Problem[] };
}

/**
 * One GraphQL operation over HTTP. Throws `RefusedByServer` for what the user can mend, a `Fault`
 * for what he cannot.
 */
export async function ask<T>(
  server: Server,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  let answer: Answer<T>;
  try {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(server.key === '' ? {} : { authorization: `Bearer ${server.key}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    answer = (await response.json()) as Answer<T>;
  } catch (cause) {
    throw noServer(server, cause);
  }
  if (answer.errors && answer.errors.length > 0) throw failureOf(answer.errors);
  if (answer.data === undefined || answer.data === null)
    throw new Fault('INTERNAL', `${server.url} is no Probity server`);
  return answer.data;
}

function failureOf(errors: readonly GraphqlError[]): Error {
  const problems = errors.flatMap(({ extensions }) => extensions?.problems ?? []);
  if (problems.length > 0 && problems.every(({ code }) => Object.hasOwn(PROBLEMS, code)))
    return new RefusedByServer(problems);
  return new Fault('INTERNAL', errors.map(({ message }) => message).join('; '));
}

export interface RunView {
  readonly id: string;
  readonly state: RunState;
  /** The report is a first answer; other engines are being asked. */
  readonly provisional: boolean;
  readonly version: number;
  readonly progress: {
    readonly engine: string;
    readonly phase: string;
    readonly states: number | null;
    readonly depth: number | null;
  } | null;
  readonly failure: {
    readonly code: string;
    readonly message: string;
    readonly problems: readonly Problem[];
  } | null;
  readonly report: Report | null;
  readonly verdict: { readonly id: string } | null;
}

const RUN_FIELDS = `
  id state provisional version
  progress { engine phase states depth }
  failure { code message problems { code message path line column elementId } }
  verdict { id }
  report {
    model { name digest format }
    properties {
      name kind outcome method witness reason bound message hint severityEur references assurance threats trace traceAddress evidence
      engines { name version outcome reason message states durationMs }
      agreement { engines lacks { engine reason } }
    }
    assumptions { fairness bounds channels abstractions }
    vacuity
    script { answers assurance results { command line answer reason text none } engines { name version durationMs } }
  }`;

type RunState = 'queued' | 'running' | 'checked' | 'sealed' | 'unsigned' | 'failed' | 'cancelled';
const ENDS: readonly RunState[] = ['sealed', 'unsigned', 'failed', 'cancelled'];

export const hasEnded = ({ state }: RunView): boolean => ENDS.includes(state);

/**
 * Follows a run to its end over the subscription, and asks again over HTTP where WebSockets do not
 * get through.
 */
export async function followRun(
  server: Server,
  id: string,
  onChange: (run: RunView) => void,
): Promise<RunView> {
  let last: RunView | undefined;
  const client = createClient({
    url: `${server.url.replace(/^http/u, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 2,
    connectionParams: { authorization: `Bearer ${server.key}` },
    onNonLazyError: () => undefined,
  });
  try {
    for await (const run of subscription(client, id)) {
      last = run;
      onChange(run);
    }
  } catch {
    // Asked below.
  } finally {
    await client.dispose();
  }
  while (!last || !hasEnded(last)) {
    const { run } = await ask<{ run: RunView | null }>(
      server,
      `query ($id: ID!) { run(id: $id) { ${RUN_FIELDS} } }`,
      { id },
    );
    if (!run) throw new Fault('INTERNAL', `the run ${id} is gone`);
    if (run.version !== last?.version) onChange(run);
    last = run;
    if (!hasEnded(run)) await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const ended = withoutNulls(last);
  for (const property of ended.report?.properties ?? []) await fetchTrace(server, property);
  return ended;
}

/** What was too large for the answer comes from its own address. */
async function fetchTrace(
  server: Server,
  property: { trace?: Trace; traceAddress?: string },
): Promise<void> {
  const { traceAddress } = property;
  delete property.traceAddress;
  if (traceAddress === undefined) return;
  property.trace = JSON.parse(await (await fetchFile(server, traceAddress)).text()) as Trace;
}

/** A file of the server at this path. Throws like `ask`. */
export async function fetchFile(server: Server, path: string): Promise<Response> {
  const response = await fetch(`${server.url}${path}`, {
    headers: server.key === '' ? {} : { authorization: `Bearer ${server.key}` },
  }).catch((cause: unknown) => {
    throw noServer(server, cause);
  });
  if (response.ok) return response;
  const { errors } = (await response.json().catch(() => ({}))) as Answer<never>;
  throw failureOf(errors ?? [{ message: `${server.url} answers with ${response.status}` }]);
}

function noServer({ url }: Server, cause: unknown): Fault {
  return new Fault(
    'TOOL_UNAVAILABLE',
    `no Probity server answers at ${url}; start one with \`probity serve\`, or name it with --server or PROBITY_SERVER`,
    { retryable: true, cause },
  );
}

/** The report of a run, with what the service tells of it, and fixes if they are wanted. */
export async function toldReport(
  server: Server,
  id: string,
  report: Report,
  fixes = false,
): Promise<Report> {
  if (!explainerOf(report.model.format)) return report;
  const { run } = await ask<{ run: (Told & Pick<Report, 'fixes' | 'mended'>) | null }>(
    server,
    `query ($id: ID!, $fixes: Boolean!) { run(id: $id) {
      explanations { property why elements }
      findings { rule root why also elements dead breaks trace }
      fixes @include(if: $fixes) { sentence finding elements mends leaves }
      mended @include(if: $fixes) { changes leaves source }
    } }`,
    { id, fixes },
  );
  if (!run) return report;
  const told = clean(run) as typeof run;
  return {
    ...withTold(report, told),
    ...(told.fixes && { fixes: told.fixes }),
    ...(told.mended && { mended: told.mended }),
  };
}

async function* subscription(client: Client, id: string): AsyncGenerator<RunView> {
  const results = client.iterate<{ runUpdated: RunView }>({
    query: `subscription ($id: ID!) { runUpdated(id: $id) { ${RUN_FIELDS} } }`,
    variables: { id },
  });
  for await (const { data, errors } of results) {
    if (errors) throw new Error('refused');
    if (data) yield data.runUpdated;
  }
}

/**
 * GraphQL answers `null` where a report leaves a field out: the printed report is the one that
 * `check` prints.
 */
function withoutNulls(run: RunView): RunView {
  return run.report ? { ...run, report: clean(run.report) as Report } : run;
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  // A trace is passed through as it is: there null is a value of the model.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, key === 'trace' ? item : clean(item)]),
  );
}
