import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig, type Config } from '../config/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { pastLogKeys, readKeys, readRetired } from '../evidence/signing/keys.ts';
import { exportTiles } from '../evidence/log/export.ts';
import { folderLogStore } from '../evidence/log/folder.ts';
import { fsck, FSCK_CODES, type Against, type FsckReport } from '../evidence/log/fsck.ts';
import { httpLogReader } from '../evidence/log/http.ts';
import { seenInFolder } from '../evidence/log/seen.ts';
import type { LogReader } from '../evidence/log/store.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import type { VerificationKey } from '../evidence/formats/note.ts';
import { parseReceipt } from '../evidence/formats/receipt.ts';
import { parsePolicy, type TrustedKey } from '../evidence/formats/policy.ts';
import { limitedBody } from '../processes/limitedBody.ts';
import { parseArgs, wrong } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';
import { openOwnDatabase } from './ownDatabase.ts';
import { painter } from './style.ts';

export const LOG_HELP = `probity log fsck [options]        recompute the transparency log from its leaves and compare all that is stored
probity log export DIR [options]  write it as static files (c2sp.org/tlog-tiles) for any web server

  --against PLACE   a checkpoint or receipt (file or URL) that the log must be an extension of; may be repeated
  --url PREFIX      the log as somebody serves it, such as https://probity.example/log
  --folder DIR      the log in a folder · default: PROBITY_LOG_DIR, else the database (DATABASE_URL, else the embedded one)
  --key VKEY        the key of the log · default: that of this installation. After it was replaced, both, as in
                    the log's policy: --key "OLD until SIZE" --key NEW
  --data DIR        the data folder · default: PROBITY_DATA_DIR, else ~/.probity
  --json            as JSON

A log of this installation is also compared with the checkpoint that it last showed (kept in the data folder).
Both also work beside a running service on this machine.
exit: 0 no fault · 1 faults, each with a code · 2 bad arguments · 4 a fault of the machine
`;

const OPTIONS = {
  against: { type: 'string', multiple: true },
  url: { type: 'string' },
  folder: { type: 'string' },
  key: { type: 'string', multiple: true },
  data: { type: 'string' },
  json: { type: 'boolean' },
} as const;

interface LogArgs {
  readonly action: 'fsck' | 'export';
  readonly target: string;
  readonly against: readonly string[];
  readonly url?: string;
  readonly folder?: string;
  readonly key?: readonly string[];
  readonly dataDir: string;
  readonly config: Config;
  readonly json: boolean;
}

export async function logCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(LOG_HELP);
    return EXIT.ok;
  }
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const opened = await openLog(parsed.value);
  try {
    return await (parsed.value.action === 'export' ? runExport : runFsck)(opened, parsed.value, io);
  } finally {
    await opened.close();
  }
}

async function runExport({ log }: OpenLog, { target, json }: LogArgs, io: Io): Promise<number> {
  const size = await exportTiles(log, target);
  io.stdout(
    json ? `${JSON.stringify({ folder: target, size })}\n` : `${size} leaves in ${target}\n`,
  );
  return EXIT.ok;
}

async function runFsck({ log, rows }: OpenLog, args: LogArgs, io: Io): Promise<number> {
  const key = await keyOf(args);
  const against = await readAgainst(args.against);
  if (!key.ok || !against.ok)
    return printProblems(
      [key, against].flatMap((each) => (each.ok ? [] : each.problems)),
      args.json,
      io,
    );
  const kept =
    args.url === undefined
      ? await (await seenInFolder(join(args.dataDir, 'seen'))).newest()
      : undefined;
  const own = kept === undefined ? [] : [{ from: 'the checkpoint last shown', note: kept }];
  const report = await fsck(
    log,
    key.value.now,
    [...against.value, ...own, ...(await rows())],
    key.value.past,
  );
  const exit = report.findings.length > 0 ? EXIT.violated : EXIT.ok;
  io.stdout(
    args.json ? `${JSON.stringify({ ...report, exit }, null, 2)}\n` : reportText(report, exit, io),
  );
  return exit;
}

function reportText(
  { origin, size, root, findings, more }: FsckReport,
  exit: number,
  io: Io,
): string {
  const paint = painter(io);
  const head = `${origin ?? 'an empty log'} · ${size} leaves · root ${root}\n`;
  if (findings.length === 0)
    return `${head}\n  ${paint('green', '✓')} every stored node follows from the leaves, and the root was signed   exit ${exit}\n`;
  const lines = findings.map(
    ({ code, detail }) =>
      `  ${paint('red', '✗')} ${code.padEnd(20)}  ${detail}\n    ${paint('dim', FSCK_CODES[code])}`,
  );
  return `${head}\n${lines.join('\n')}\n${more > 0 ? `  and ${more} more\n` : ''}\nthis log must not be written to   exit ${exit}\n`;
}

async function keyOf({
  key,
  dataDir,
}: LogArgs): Promise<
  Result<{ readonly now: VerificationKey; readonly past: readonly TrustedKey[] }>
> {
  if (key === undefined) {
    const folder = join(dataDir, 'keys');
    const keys = await readKeys(folder);
    if (keys === undefined)
      return bad(
        problem('NOT_FOUND', dataDir, 'there are no keys here: name that of the log with --key'),
      );
    return ok({ now: keys.log, past: await pastLogKeys(await readRetired(folder)) });
  }
  const read = await parsePolicy(
    [...key.map((each) => `log ${each.replaceAll('\n', ' ')}`), 'quorum none'].join('\n'),
    nodeCrypto.sha256,
  );
  if (!read.ok)
    return bad(...read.problems.map(({ message }) => problem('OPTION_INVALID', '--key', message)));
  const [now, ...others] = read.value.logs.filter(({ until }) => until === undefined);
  if (now === undefined || others.length > 0)
    return wrong('exactly one key without an end is needed', '--key');
  return ok({ now, past: read.value.logs.filter(({ until }) => until !== undefined) });
}

interface OpenLog {
  readonly log: LogReader;
  /**
   * What the database has of the log's checkpoints: cosigned by witnesses, on their way to the
   * ledger.
   */
  rows(): Promise<Against>;
  close(): Promise<void>;
}

async function openLog({ url, folder, config, dataDir }: LogArgs): Promise<OpenLog> {
  const alone = { rows: async () => [], close: async () => undefined };
  if (url !== undefined) return { log: httpLogReader(url), ...alone };
  const place = folder ?? config.logDir;
  if (place !== undefined) return { log: await folderLogStore(place), ...alone };
  const { store, close } = await openOwnDatabase(config, dataDir);
  const rows = async (): Promise<Against> => [
    ...(await store.cosigned.all()).map(({ size, note }) => ({
      from: `cosigned by witnesses, ${size} leaves`,
      note,
      size,
    })),
    ...(await store.anchors.checkpoints()).map(({ size, checkpoint }) => ({
      from: `anchors, ${size} leaves`,
      note: checkpoint,
      size,
    })),
  ];
  return {
    log: store.log,
    rows,
    close,
  };
}

async function readAgainst(places: readonly string[]): Promise<Result<Against>> {
  const against: { from: string; note: string }[] = [];
  const problems: Problem[] = [];
  for (const from of places) {
    try {
      const text = /^https?:/u.test(from) ? await fetched(from) : await readFile(from, 'utf8');
      against.push({ from, note: parseReceipt(text)?.checkpoint ?? text });
    } catch (cause) {
      problems.push(problem('INPUT_UNREADABLE', from, (cause as Error).message));
    }
  }
  return problems.length > 0 ? bad(...problems) : ok(against);
}

/** Of a checkpoint with its cosignatures. */
const MAX_NOTE_BYTES = 1024 * 1024;

async function fetched(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return new TextDecoder().decode(await limitedBody(response, MAX_NOTE_BYTES));
}

function readArgs(args: string[]): Result<LogArgs> {
  const config = loadConfig(process.env);
  if (!config.ok) return config;
  const given = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (!given.ok) return given;
  const {
    values,
    positionals: [action, target, ...rest],
  } = given.value;
  if (
    rest.length > 0 ||
    (action !== 'fsck' && action !== 'export') ||
    (action === 'export') !== (target !== undefined)
  ) {
    return wrong('fsck, or export and a folder');
  }
  const { against = [], data, json = false, ...places } = values;
  return ok({
    ...places,
    action,
    target: resolve(target ?? '.'),
    against,
    json,
    config: config.value,
    dataDir: resolve(data ?? config.value.dataDir),
  });
}
