/**
 * What a user waits for: the service as `npm start` brings it up, on a free port, with a data
 * folder of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, followRun, type RunView, type Server } from '../src/cli/client.ts';
import { requestRun } from '../src/cli/submit.ts';
import { tlc } from '../src/engines/tlc/index.ts';
import { inspect } from '../src/checking/inspect.ts';
import { DEFAULT_OPTIONS } from '../src/checking/types.ts';
import { timeOf } from '../src/time/time.ts';
import { parallelModel } from './models.ts';
import { timed, type Row } from './rows.ts';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
/**
 * The published diagram of DESIGN's measure where it is there, else the order process of the demo.
 */
const PUBLISHED = join(
  process.env['PROBITY_SHARED'] ?? here('../shared'),
  'cases',
  'bpmn',
  'fbpmn',
  'e017OnlineOrdering.bpmn',
);
const PROPERTIES = ['safe', 'optionToComplete', 'properCompletion', 'noDeadActivities', 'sound'];

async function start(
  dataDir: string,
): Promise<{ readonly child: ChildProcess; readonly server: Server }> {
  const child = spawn(process.execPath, [here('dist/src/cli/main.js'), 'serve', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: '',
      REDIS_URL: '',
      PROBITY_DATA_DIR: dataDir,
      PROBITY_PORT: '0',
      PROBITY_LOG_LEVEL: 'error',
      PROBITY_IOTA_NETWORK: 'emulated',
    },
  });
  let text = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const { graphql, firstAdminKey } = JSON.parse(text) as {
    readonly graphql: string;
    readonly firstAdminKey: string;
  };
  return { child, server: { url: graphql.replace(/\/graphql$/, ''), key: firstAdminKey } };
}

const middle = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;

/**
 * From the text to the signed, logged verdict. The same diagram under another name is the same
 * model, but another submission: nothing of it is in the cache of answers but under another budget.
 */
async function submissions(
  server: Server,
  source: string,
): Promise<{ readonly fresh: number; readonly again: number }> {
  const whole = async (maxStates: number): Promise<number> => {
    const { value, seconds } = await timed(async (): Promise<RunView> => {
      const { id } = await requestRun(
        server,
        { source, format: 'bpmn', name: 'bench.bpmn' },
        { properties: PROPERTIES, crossCheck: false, limits: { maxStates } },
      );
      return followRun(server, id, () => undefined);
    });
    if (value.state !== 'sealed') throw new Error(`the run ended ${value.state}`);
    return seconds;
  };
  for (let i = 0; i < 3; i += 1) await whole(1_000_000 + i);
  const fresh: number[] = [];
  for (let i = 3; i < 14; i += 1) fresh.push(await whole(1_000_000 + i));
  const again: number[] = [];
  for (let i = 0; i < 11; i += 1) {
    again.push(
      (
        await timed(async () => {
          const { state } = await requestRun(
            server,
            { source, format: 'bpmn', name: 'bench.bpmn' },
            { properties: PROPERTIES, crossCheck: false, limits: { maxStates: 1_000_003 } },
          );
          if (state !== 'sealed') throw new Error('the answer is known');
        })
      ).seconds,
    );
  }
  return { fresh: middle(fresh), again: middle(again) };
}

/** What TLC can be asked of a diagram: `safe` and `properCompletion`. */
async function coldTlc(source: string, cacheDir: string): Promise<number> {
  const read = await inspect({ source, format: 'bpmn', name: 'bench' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics, digest } = read.value;
  const properties = semantics.model.properties.filter((p) =>
    ['always', 'never'].includes(p.formula.kind),
  );
  return (
    await timed(() =>
      tlc.run(
        { semantics, digest, properties },
        { ...DEFAULT_OPTIONS, cacheDir },
        timeOf(DEFAULT_OPTIONS.timeoutMs),
        () => undefined,
      ),
    )
  ).seconds;
}

/** Simple queries by 16 at once, for some seconds, while a worker explores a large model. */
async function queries(
  server: Server,
): Promise<{ readonly perSecond: number; readonly within: number }> {
  const { id } = await requestRun(
    server,
    { source: parallelModel(22), format: 'native', name: 'large' },
    { engines: ['explore'] },
  );
  const times: number[] = [];
  const end = Date.now() + 8_000;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (Date.now() < end)
        times.push((await timed(() => ask(server, '{ viewer { name } }'))).seconds);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  await ask(server, 'mutation ($id: ID!) { cancelRun(id: $id) { state } }', { id }).catch(
    () => undefined,
  );
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / seconds,
    within: times[Math.floor(times.length * 0.99)] as number,
  };
}

/**
 * DESIGN section 8: from the text to the verdict, the same again, and queries while a check is
 * running. The client is this process, on the same cores.
 */
export async function serviceRows(cacheDir: string): Promise<Row[]> {
  const source = readFileSync(
    existsSync(PUBLISHED) ? PUBLISHED : here('specs/demo/order.bpmn'),
    'utf8',
  );
  const dataDir = await mkdtemp(join(tmpdir(), 'probity-bench-'));
  await chmod(dataDir, 0o755);
  const { child, server } = await start(dataDir);
  try {
    const { fresh, again } = await submissions(server, source);
    const cold = await coldTlc(source, cacheDir).catch((error: unknown) =>
      (error instanceof Error ? error.message : String(error)).slice(0, 60),
    );
    const asked = await queries(server);
    return [
      {
        what: `${existsSync(PUBLISHED) ? 'e017OnlineOrdering' : 'order.bpmn'}: from the text to the signed, logged verdict`,
        here: ms(fresh),
        other: typeof cold === 'string' ? cold : `a cold TLC ${ms(cold)}`,
        ratio: typeof cold === 'string' ? '–' : `${(cold / fresh).toFixed(1)} ×`,
      },
      {
        what: 'the same input again',
        here: ms(again),
        other: `for the first time ${ms(fresh)}`,
        ratio: `${(fresh / again).toFixed(1)} ×`,
      },
      {
        what: 'simple GraphQL queries with a check running',
        here: `${Math.round(asked.perSecond).toLocaleString('en')}/s`,
        other: `99 of 100 within ${ms(asked.within)}`,
        ratio: '',
      },
    ];
  } finally {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  }
}
