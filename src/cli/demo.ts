import { spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig, ownConfig } from '../config/index.ts';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault, invariant } from '../errors/index.ts';
import { writeBundle } from '../evidence/bundle/write.ts';
import { fetchBundle, waitForAnchor } from './certificate.ts';
import { showIncident, type DemoIncident } from './demoIncident.ts';
import { ask, followRun, toldReport, type RunView, type Server } from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import { tellerFor } from './explained.ts';
import { exitOf } from './exit.ts';
import { startHost, type Host } from './host.ts';
import { orInterrupted } from './interrupted.ts';
import { EXIT, type Io } from './io.ts';
import { FIRST_ORGANISATION } from '../store/index.ts';
import { RefusedByServer } from './refused.ts';
import { readSubmission } from './submission.ts';
import { CLEAR_LINE } from './terminal.ts';
import { reportText } from './reportText.ts';
import { painter } from './style.ts';
import { requestRun } from './submit.ts';
import { ENGINE_NAMES } from '../model/engine.ts';
import type { PropertyReport } from '../model/outcome.ts';
import { makeFolder } from '../processes/folders.ts';

const WORKFLOWS = ['order.bpmn', 'checkout.yaml'] as const;
const ANCHOR_WAIT_MS = 30_000;

interface Shown {
  readonly name: string;
  readonly run: RunView;
  readonly folder: string;
  readonly anchored: boolean;
  readonly accepted: boolean;
  readonly refused: boolean;
}

/** `probity demo`: the whole path once, on this machine, with real parts. */
export async function demo(io: CommandIo): Promise<Ended> {
  const host = await orInterrupted(io, startDemoHost(io));
  try {
    return { exit: await orInterrupted(io, tell(host, io)) };
  } finally {
    await host.stop();
  }
}

/**
 * A data folder of the demo's own, so that it never meets a running service; a fresh one where that
 * cannot be used.
 */
async function startDemoHost(io: Io): Promise<Host> {
  const usual = configFor(join(homeOf(), 'demo'));
  const step = (message: string): void => {
    if (io.isTTY) io.stderr(`${CLEAR_LINE}starting: ${message}`);
  };
  try {
    return await startHost(usual, step);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fresh = await mkdtemp(join(tmpdir(), 'probity-demo-'));
    await chmod(fresh, 0o755);
    io.stderr(`${error.code}  ${error.message}\ntrying again in ${fresh}\n`);
    return startHost(configFor(fresh), step);
  } finally {
    if (io.isTTY) io.stderr(CLEAR_LINE);
  }
}

function homeOf(): string {
  const config = ownConfig();
  if (!config.ok) throw new RefusedByServer(config.problems);
  return config.value.dataDir;
}

function configFor(dataDir: string) {
  const config = loadConfig({
    ...process.env,
    PROBITY_DATA_DIR: dataDir,
    PROBITY_CACHE_DIR: process.env['PROBITY_CACHE_DIR'] ?? join(homeOf(), 'cache'),
    PROBITY_HOST: '127.0.0.1',
    PROBITY_PORT: '0',
    PROBITY_LOG_LEVEL: process.env['PROBITY_LOG_LEVEL'] ?? 'error',
  });
  if (!config.ok) throw new RefusedByServer(config.problems);
  return config.value;
}

async function tell(host: Host, io: Io): Promise<number> {
  const paint = painter(io);
  const say = (text = ''): void => io.stdout(`${text}\n`);
  say(`${paint('bold', 'Probity demo')} · ${host.url}/graphql · ${host.database}`);
  say(`queue ${host.queue} · ledger ${host.ledger}`);
  const tools = await host.installation.checker.toolVersions(host.config.cacheDir);
  say();
  for (const [name, version] of Object.entries(tools)) say(`  ${name.padEnd(8)} ${version}`);
  const { keys } = host.installation.store.of(FIRST_ORGANISATION);
  const { key, record } = await keys.create({
    name: 'demo',
    role: 'architect',
    owner: 'demo',
  });
  const server: Server = { url: host.url, key };
  const out = join(host.config.dataDir, 'bundles', new Date().toISOString().replaceAll(':', '-'));
  await makeFolder(out);
  const { trustPolicy } = await ask<{ trustPolicy: string }>(server, '{ trustPolicy }');
  const policy = join(out, 'policy');
  await writeFile(policy, trustPolicy);
  const shown: Shown[] = [];
  for (const name of WORKFLOWS) shown.push(await walk({ server, name, out, policy, io, say }));
  const officer = await keys.create({ name: 'demo officer', role: 'compliance', owner: 'demo' });
  const incident = await showIncident(server, { url: host.url, key: officer.key }, out, io);
  const isAccepted = (await verifyApart(incident.statement, policy, io)) === EXIT.ok;
  for (const id of [record.id, officer.record.id]) await keys.revoke(id);
  return summary(shown, { ...incident, isAccepted }, tools, policy, io);
}

interface Walk {
  readonly server: Server;
  readonly name: string;
  readonly out: string;
  readonly policy: string;
  readonly io: Io;
  readonly say: (text?: string) => void;
}

/** One workflow: submit → follow → fetch → verify → tamper. */
async function walk({ server, name, out, policy, io, say }: Walk): Promise<Shown> {
  const paint = painter(io);
  const file = join(packageRoot(), 'specs', 'demo', name);
  const submission = await readSubmission(file);
  if (!submission.ok) throw new RefusedByServer(submission.problems);
  say(`\n${paint('dim', '─'.repeat(72))}\n${paint('bold', `specs/demo/${name}`)} → GraphQL`);
  const started = performance.now();
  const { id } = await requestRun(server, submission.value);
  const run = await followRun(server, id, ({ state, progress }) => {
    say(
      paint(
        'dim',
        `  ${((performance.now() - started) / 1_000).toFixed(2).padStart(5)} s  ${state}${progress ? ` · ${progress.engine} ${progress.phase}` : ''}`,
      ),
    );
  });
  if (run.failure?.problems.length) throw new RefusedByServer(run.failure.problems);
  if (run.state !== 'sealed' || !run.report || !run.verdict)
    throw new Fault(
      'INTERNAL',
      `the run ended ${run.state}: ${run.failure?.message ?? 'without a reason'}`,
    );
  const durationMs = performance.now() - started;
  const report = await toldReport(server, id, run.report);
  const teller = await tellerFor(submission.value);
  say(`\n${reportText(report, durationMs, exitOf(report), io, teller)}`);
  const anchored = await waitForAnchor(server, run.verdict.id, ANCHOR_WAIT_MS);
  const folder = join(out, basename(name).replace('.', '-'));
  await writeBundle(folder, await fetchBundle(server, run.verdict.id));
  say(
    `verdict ${run.verdict.id} · ${anchored ? 'anchored' : 'not anchored yet'} · bundle in ${folder}`,
  );
  const accepted = (await verifyApart(folder, policy, io)) === EXIT.ok;
  const copy = `${folder}-tampered`;
  const changed = await tamper(folder, copy);
  say(`\nThe same bundle, with one outcome changed (${changed}):`);
  const refused = (await verifyApart(copy, policy, io)) === EXIT.violated;
  return { name, run, folder, anchored, accepted, refused };
}

/**
 * `probity verify` in a process of its own: it is given the folder and the policy, and nothing of
 * ours.
 */
function verifyApart(folder: string, policy: string, io: Io): Promise<number | null> {
  const compiled = fileURLToPath(new URL('main.js', import.meta.url));
  const program = existsSync(compiled)
    ? [compiled]
    : ['--import', 'tsx', fileURLToPath(new URL('main.ts', import.meta.url))];
  io.stdout(`\n$ probity verify ${folder} --policy ${policy}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program, 'verify', folder, '--policy', policy], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => io.stdout(chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => io.stderr(chunk.toString('utf8')));
    child.once('error', (cause) =>
      reject(new Fault('CHILD_CRASHED', 'probity verify cannot be run', { cause })),
    );
    child.once('close', (code) => resolve(code));
  });
}

/** Copies a bundle and turns one signed outcome into another. Says what became what. */
async function tamper(folder: string, copy: string): Promise<string> {
  await cp(folder, copy, { recursive: true });
  const path = join(copy, 'envelope.json');
  const envelope = JSON.parse(await readFile(path, 'utf8')) as { payload: string };
  const statement = Buffer.from(envelope.payload, 'base64').toString('utf8');
  const [from, to] = statement.includes('"outcome":"violated"')
    ? ['violated', 'holds']
    : ['holds', 'violated'];
  const changed = statement.replace(`"outcome":"${from}"`, `"outcome":"${to}"`);
  invariant(changed !== statement, 'a verdict has an outcome to change');
  await writeFile(
    path,
    JSON.stringify({ ...envelope, payload: Buffer.from(changed).toString('base64') }),
  );
  return `${from} → ${to}`;
}

/** How many of the answers each engine stands behind: `explore 9, tlc 8, z3 7 of 9 answers`. */
function agreementLine(properties: readonly PropertyReport[]): string {
  const told = properties.filter(({ engines }) => engines.length > 0);
  const counts = ENGINE_NAMES.map((name) => {
    const lacks = told.flatMap(({ agreement }) => agreement?.lacks ?? []);
    const why = new Set(lacks.filter(({ engine }) => engine === name).map(({ reason }) => reason));
    const behind = told.filter(({ agreement }) => agreement?.engines.includes(name)).length;
    return `${name} ${behind}${why.size === 0 ? '' : ` (else ${[...why].join(', ')})`}`;
  });
  return `of ${told.length} answers stand behind: ${counts.join(' · ')}`;
}

function summary(
  shown: readonly Shown[],
  incident: DemoIncident & { readonly isAccepted: boolean },
  tools: Readonly<Record<string, string>>,
  policy: string,
  io: Io,
): number {
  const paint = painter(io);
  const mark = (good: boolean): string => (good ? paint('green', '✓') : paint('red', '✗'));
  io.stdout(`\n${paint('dim', '─'.repeat(72))}\n`);
  for (const { name, run, anchored, accepted, refused } of shown) {
    io.stdout(`  ${name.padEnd(14)} ${agreementLine(run.report?.properties ?? [])}\n`);
    const held = run.report?.properties.filter(({ outcome }) => outcome === 'holds').length ?? 0;
    io.stdout(
      `${mark(accepted && refused)} ${name.padEnd(14)} ${held} of ${run.report?.properties.length ?? 0} hold · signed and logged · ${anchored ? 'anchored (emulated)' : 'anchor waiting'}` +
        ` · offline: ${accepted ? 'accepted' : 'NOT ACCEPTED'} · tampered copy: ${refused ? 'refused' : 'NOT REFUSED'}\n`,
    );
  }
  const { playbook, isAccepted } = incident;
  const isShown = isAccepted && playbook !== undefined;
  io.stdout(
    `${mark(isShown)} ${'a tampered order'.padEnd(14)} deviation explained · ${playbook === undefined ? 'NO PLAYBOOK' : `playbook “${playbook}”`} · incident statement offline: ${isAccepted ? 'accepted' : 'NOT ACCEPTED'}\n`,
  );
  for (const [name, version] of Object.entries(tools)) {
    if (version.startsWith('unavailable'))
      io.stdout(
        `${paint('yellow', '–')} ${name}: ${version.replace(/^unavailable: (.*)$/u, 'unavailable ($1)')}\n`,
      );
  }
  const good =
    shown.length === WORKFLOWS.length &&
    isShown &&
    shown.every(({ accepted, refused }) => accepted && refused);
  io.stdout(
    `\n${good ? 'Everything behaved.' : 'Something did not behave: see above.'} The bundles stay; trust comes from ${policy}\n`,
  );
  return good ? EXIT.ok : EXIT.fault;
}
