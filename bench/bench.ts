/**
 * `npm run bench`: ratios, taken side by side in one run. Nothing here fails for being slow.
 * With --write the table goes into the README.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explore } from '../src/engines/explore/index.ts';
import { tlc } from '../src/engines/tlc/index.ts';
import { loadConfig } from '../src/config/index.ts';
import type { Engine } from '../src/model/engine.ts';
import { inspect } from '../src/checking/inspect.ts';
import { DEFAULT_OPTIONS } from '../src/checking/types.ts';
import { timeOf } from '../src/time/time.ts';
import { diagramRows } from './diagrams.ts';
import { explorerRows } from './explorer.ts';
import { againstHand, proofs, warmAgainstCold } from './engines.ts';
import { logRows } from './log.ts';
import { riskRows } from './risk.ts';
import { serviceRows } from './service.ts';
import { ordersModel, parallelModel } from './models.ts';
import { perSecond, timed, type Row } from './rows.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const config = loadConfig(process.env);
if (!config.ok) throw new Error(JSON.stringify(config.problems));
const { cacheDir } = config.value;

const rows: Row[] = [];
/** One engine on the safety properties of a model, from text to answer. */
async function run(
  engine: Engine,
  source: string,
): Promise<{ readonly states: number; readonly seconds: number }> {
  const { value, seconds } = await timed(async () => {
    const read = await inspect({ source, format: 'native', name: 'bench' });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { semantics, digest } = read.value;
    const properties = semantics.model.properties.filter((p) =>
      ['always', 'implicit', 'deadlockFree'].includes(p.formula.kind),
    );
    const budget = { ...DEFAULT_OPTIONS, cacheDir };
    const result = await engine.run(
      { semantics, digest, properties },
      budget,
      timeOf(600_000),
      () => undefined,
    );
    // TLC calls a proof bounded once so many fingerprints may have collided; the work done is the
    // same.
    for (const [name, outcome] of result.outcomes)
      if (outcome.outcome === 'violated' || outcome.outcome === 'unknown')
        throw new Error(`${engine.name}: ${name} is ${JSON.stringify(outcome)}`);
    return result.states ?? 0;
  });
  return { states: value, seconds };
}

async function sideBySide(what: string, source: string, measure: 'rate' | 'time'): Promise<void> {
  // Each has run before: explore is compiled, TLC has its jar and its archive of classes.
  const small = source.replace(/Order: \d+/u, 'Order: 1');
  await run(explore, small);
  await run(tlc, parallelModel(2)).catch(() => undefined);
  const ours = await run(explore, source);
  const theirs = await run(tlc, source).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  const show = (r: { states: number; seconds: number }): string =>
    measure === 'rate'
      ? `${perSecond(r.states, r.seconds)} (${r.states.toLocaleString('en')} states)`
      : `${Math.round(r.seconds * 1000)} ms`;
  rows.push({
    what,
    here: `explore ${show(ours)}`,
    other: typeof theirs === 'string' ? theirs.slice(0, 60) : `TLC ${show(theirs)}`,
    ratio: typeof theirs === 'string' ? '–' : `${(theirs.seconds / ours.seconds).toFixed(1)} ×`,
  });
}

function tableOf(list: readonly Row[]): string {
  return [
    '| What | | | Ratio |',
    '|---|---|---|---|',
    ...list.map((r) => `| ${r.what} | ${r.here} | ${r.other} | ${r.ratio} |`),
  ].join('\n');
}

await sideBySide('17 parallel branches, from text to answer', parallelModel(17), 'rate');
await sideBySide('7 orders over channels, from text to answer', ordersModel(7), 'rate');
await sideBySide(
  'an e-commerce model end to end, TLC cold',
  readFileSync(join(root, 'specs/demo/checkout.yaml'), 'utf8'),
  'time',
);
rows.push(...(await serviceRows(cacheDir)));
rows.push(...(await diagramRows()));
rows.push(...(await explorerRows(cacheDir)));
rows.push(
  await againstHand('17 parallel branches in TLC', parallelModel(17), 'Parallel', cacheDir),
  await againstHand('7 orders over channels in TLC', ordersModel(7), 'Orders', cacheDir),
);
rows.push(
  await warmAgainstCold(readFileSync(join(root, 'test/golden/check/trace.yaml'), 'utf8'), cacheDir),
  ...(await proofs(cacheDir)),
);
rows.push(...(await riskRows()), ...(await logRows()));

const title = `TLC with one worker, the start of its JVM included. Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
process.stdout.write(`${title}\n\n${tableOf(rows)}\n`);
if (process.argv.includes('--write')) {
  const readme = join(root, 'README.md');
  const [before = '', rest = ''] = readFileSync(readme, 'utf8').split('<!-- bench -->');
  writeFileSync(
    readme,
    `${before}<!-- bench -->\n${tableOf(rows)}\n\n${title}\n<!-- /bench -->${rest.split('<!-- /bench -->')[1] ?? ''}`,
  );
}
