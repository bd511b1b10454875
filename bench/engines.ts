/**
 * What the engines cost beside what they stand in for: hand-written modules, cold JVMs, native
 * solvers. One row each.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { runTlc } from '../src/engines/tlc/jvm.ts';
import { parseMessages, statsOf } from '../src/engines/tlc/output.ts';
import { keepWarm, warmJvms } from '../src/engines/tlc/pool.ts';
import { toolchain } from '../src/engines/tlc/toolchain.ts';
import { findNativeZ3, PACKAGED_ONLY } from '../src/engines/z3/nativeZ3.ts';
import { reproveEverywhere } from '../src/engines/z3/reprove.ts';
import { solversHere } from '../src/engines/z3/solvers.ts';
import { tlc } from '../src/engines/tlc/index.ts';
import { z3 } from '../src/engines/z3/index.ts';
import type { Artifact } from '../src/model/outcome.ts';
import { inspect } from '../src/checking/inspect.ts';
import { DEFAULT_OPTIONS } from '../src/checking/types.ts';
import { timeOf } from '../src/time/time.ts';
import { everyPriceModel, twelveCountersModel } from './models.ts';
import { timed, type Row } from './rows.ts';

const limits = () => ({
  deadline: Date.now() + 600_000,
  memoryMb: 4_096,
  diskMb: 8_192,
  signal: new AbortController().signal,
});

async function meaning(source: string) {
  const read = await inspect({ source, format: 'native', name: 'bench' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

/**
 * The module that we print of a model, beside one of the same system by hand: states a second, JVM
 * and all.
 */
export async function againstHand(
  what: string,
  source: string,
  hand: 'Parallel' | 'Orders',
  cacheDir: string,
): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'probity-bench-'));
  for (const file of [`${hand}.tla`, `${hand}.cfg`])
    await copyFile(fileURLToPath(new URL(`./hand/${file}`, import.meta.url)), join(folder, file));
  const tools = await toolchain(cacheDir);
  const byHand = await timed(async () => {
    const run = await runTlc(
      tools,
      cacheDir,
      { folder, config: `${hand}.cfg`, module: hand, deadlock: true, isSmall: false },
      limits(),
      () => undefined,
    );
    return statsOf(parseMessages(run.stdout)).distinct ?? 0;
  });
  await rm(folder, { recursive: true, force: true });
  const { semantics, digest } = await meaning(source);
  const properties = semantics.model.properties.filter((p) =>
    ['always', 'implicit', 'deadlockFree'].includes(p.formula.kind),
  );
  const printed = await timed(
    async () =>
      (
        await tlc.run(
          { semantics, digest, properties },
          { ...DEFAULT_OPTIONS, cacheDir },
          timeOf(600_000),
          () => undefined,
        )
      ).states ?? 0,
  );
  if (printed.value !== byHand.value)
    throw new Error(
      `${hand}: ${byHand.value} states by hand, ${printed.value} in the printed module`,
    );
  const rate = (r: { readonly value: number; readonly seconds: number }): string =>
    `${Math.round(r.value / r.seconds).toLocaleString('en')}/s`;
  return {
    what,
    here: `printed ${rate(printed)}`,
    other: `by hand ${rate(byHand)}`,
    ratio: `${(byHand.seconds / printed.seconds).toFixed(2)} ×`,
  };
}

/** A model of few states in a JVM that waits for it, and in a new one. */
export async function warmAgainstCold(source: string, cacheDir: string): Promise<Row> {
  const { semantics, digest } = await meaning(source);
  const properties = semantics.model.properties.filter((p) => p.formula.kind === 'implicit');
  const once = (): Promise<{ readonly seconds: number }> =>
    timed(() =>
      tlc.run(
        { semantics, digest, properties },
        { ...DEFAULT_OPTIONS, cacheDir },
        timeOf(DEFAULT_OPTIONS.timeoutMs),
        () => undefined,
      ),
    );
  const cold: number[] = [];
  const warm: number[] = [];
  for (let i = 0; i < 4; i += 1) cold.push((await once()).seconds);
  keepWarm(1);
  await once();
  for (let i = 0; i < 4; i += 1) {
    for (const end = Date.now() + 60_000; warmJvms() === 0 && Date.now() < end;) await delay(50);
    warm.push((await once()).seconds);
  }
  keepWarm(0);
  const median = (list: number[]): number =>
    list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  return {
    what: 'a small model in TLC',
    here: `warm JVM ${Math.round(median(warm) * 1000)} ms`,
    other: `cold JVM ${Math.round(median(cold) * 1000)} ms`,
    ratio: `${(median(cold) / median(warm)).toFixed(1)} ×`,
  };
}

/**
 * The safety of a checkout for every price there is, and of a workflow of twelve counters, which
 * needs sums that no property names.
 */
export async function proofs(cacheDir: string): Promise<Row[]> {
  return [
    ...(await proofsOf('a checkout proved for every price', everyPriceModel(), cacheDir)),
    ...(await proofsOf(
      'a workflow of twelve unbounded integers proved',
      twelveCountersModel(),
      cacheDir,
    )),
  ];
}

/** From text to re-proved invariant; and the obligations of one invariant alone, by each solver. */
async function proofsOf(what: string, source: string, cacheDir: string): Promise<Row[]> {
  const given = process.env['Z3_BIN'];
  const native = await findNativeZ3(cacheDir);
  const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;
  const prove = async (): Promise<{
    readonly seconds: number;
    readonly artifacts: readonly Artifact[];
  }> => {
    const { value, seconds } = await timed(async () => {
      const { semantics, digest } = await meaning(source);
      const properties = semantics.model.properties.filter((p) =>
        ['always', 'implicit', 'deadlockFree'].includes(p.formula.kind),
      );
      return z3.run(
        { semantics, digest, properties },
        { ...DEFAULT_OPTIONS, cacheDir: '' },
        timeOf(300_000),
        () => undefined,
      );
    });
    for (const [name, outcome] of value.outcomes)
      if (outcome.outcome !== 'holds') throw new Error(`${name} is ${JSON.stringify(outcome)}`);
    return { seconds, artifacts: value.artifacts };
  };
  await solversHere();
  process.env['Z3_BIN'] = PACKAGED_ONLY;
  const wasm = await prove();
  if (given) process.env['Z3_BIN'] = given;
  else delete process.env['Z3_BIN'];
  const list = ['initiation', 'consecution', 'safety'].map((name) => ({
    name,
    text: wasm.artifacts.findLast((a) => a.name.endsWith(`/${name}.smt2`))?.text ?? '',
  }));
  const again: string[] = [];
  for (const solver of await solversHere()) {
    const { value, seconds } = await timed(() => reproveEverywhere(list, limits(), [solver]));
    again.push(`${solver.kind} ${value.provedBy.length === 1 ? ms(seconds) : 'not proved'}`);
  }
  const fast = native ? await prove() : undefined;
  return [
    {
      what: `${what}, text to re-proved invariant`,
      here: `packaged Z3 ${ms(wasm.seconds)}`,
      other: fast ? `native Z3 ${ms(fast.seconds)}` : 'no native Z3',
      ratio: fast ? `${(wasm.seconds / fast.seconds).toFixed(1)} ×` : '–',
    },
    {
      what: 'its three obligations alone, in fresh processes',
      here: again.join(', '),
      other: '',
      ratio: '',
    },
  ];
}
