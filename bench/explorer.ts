/**
 * Whole graphs, unreduced: by generated code, by `semantics` itself, by SPIN's compiled C and by
 * TLC, in one run. Search time, wall clock; the memory of the whole process.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { tlc } from '../src/engines/tlc/index.ts';
import { inspect } from '../src/checking/inspect.ts';
import { DEFAULT_OPTIONS } from '../src/checking/types.ts';
import { timeOf } from '../src/time/time.ts';
import { ordersModel, parallelModel } from './models.ts';
import { timed, type Measured, type Row } from './rows.ts';
import { spin } from './spin.ts';

/** Orders to explore: five times as many states from one to the next. */
const SIZES = [6, 7, 8];
const BRANCHES = 20;
/** Orders of which no two are told apart; the larger graph has 9.5 · 10¹³ states. */
const EXCHANGED = [8, 20];

export async function explorerRows(cacheDir: string): Promise<Row[]> {
  const what = `${BRANCHES} parallel branches, whole graph`;
  const compiled = explored('parallel', BRANCHES, 'compiled');
  return [
    beside(what, compiled, 'interpreted', explored('parallel', BRANCHES, 'interpreted')),
    besideSpin(what, compiled, 'parallel', BRANCHES),
    await besideTlc(what, compiled, parallelModel(BRANCHES), cacheDir),
    ...(await growing(cacheDir)),
    ...EXCHANGED.map(quotient),
  ];
}

/** A model that grows, so that the slope is seen. */
async function growing(cacheDir: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    const what = `${size} orders over channels, whole graph`;
    const compiled = explored('orders', size, 'compiled');
    rows.push(
      beside(what, compiled, 'interpreted', explored('orders', size, 'interpreted')),
      besideSpin(what, compiled, 'orders', size),
    );
    if (size === SIZES.at(-1))
      rows.push(await besideTlc(what, compiled, ordersModel(size), cacheDir));
  }
  return rows;
}

/** One state for all that differ only in which order is which. */
function quotient(size: number): Row {
  const found = explored('orders', size, 'quotient');
  const whole = 5 ** size;
  return {
    what: `${size} orders over channels, elements exchanged`,
    here: `${show(found)} (${found.states.toLocaleString('en')} states)`,
    other: `whole: ${whole.toLocaleString('en')} states`,
    ratio: `${Math.round(whole / found.states).toLocaleString('en')} × fewer`,
  };
}

type Way = 'compiled' | 'interpreted' | 'quotient';

function explored(kind: string, size: number, path: Way): Measured {
  const script = fileURLToPath(new URL('./explorerRun.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', script, kind, String(size), path],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

const show = ({ seconds, megabytes }: Measured): string =>
  `${seconds.toFixed(2)} s, ${megabytes} MB`;

function beside(what: string, ours: Measured, name: string, theirs: Measured, apart = ''): Row {
  if (theirs.states !== ours.states)
    throw new Error(`${what}: ${ours.states} states, ${theirs.states} by ${name}`);
  return {
    what,
    here: `compiled ${show(ours)} (${ours.states.toLocaleString('en')} states)`,
    other: `${name} ${show(theirs)}${apart}`,
    ratio: `${(theirs.seconds / ours.seconds).toFixed(1)} ×`,
  };
}

function besideSpin(what: string, ours: Measured, model: string, size: number): Row {
  const theirs = spin(model, size);
  if (theirs)
    return beside(
      what,
      ours,
      'SPIN',
      theirs,
      `, compiled in ${theirs.compileSeconds.toFixed(1)} s`,
    );
  return { what, here: `compiled ${show(ours)}`, other: 'SPIN: absent', ratio: '–' };
}

async function besideTlc(
  what: string,
  ours: Measured,
  source: string,
  cacheDir: string,
): Promise<Row> {
  const read = await inspect({ source, format: 'native', name: 'bench' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics, digest } = read.value;
  const properties = semantics.model.properties.filter((p) =>
    ['always', 'implicit', 'deadlockFree'].includes(p.formula.kind),
  );
  const task = { semantics, digest, properties };
  const budget = { ...DEFAULT_OPTIONS, maxStates: 100_000_000, cacheDir };
  const { value, seconds } = await timed(() =>
    tlc
      .run(task, budget, timeOf(900_000), () => undefined)
      .catch((error: unknown) => String(error)),
  );
  const here = `compiled ${show(ours)}`;
  if (typeof value === 'string') return { what, here, other: value.slice(0, 60), ratio: '–' };
  return {
    what,
    here,
    other: `TLC ${seconds.toFixed(2)} s (${(value.states ?? 0).toLocaleString('en')} states)`,
    ratio: `${(seconds / ours.seconds).toFixed(1)} ×`,
  };
}
