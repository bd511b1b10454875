import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ownConfig, type Config } from '../config/index.ts';
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
import { wrong } from './arguments.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { openOwnDatabase } from './ownDatabase.ts';
import { painter } from './style.ts';

/** Where the log is, and where what is kept beside it. */
interface Place {
  readonly folder: string | undefined;
  readonly url: string | undefined;
  readonly data: string | undefined;
}

type Fsck = Place & {
  readonly against: readonly string[];
  readonly key: readonly string[];
};

/** `probity log export`. */
export async function exportLog(asked: Place & { readonly target: string }): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const folder = resolve(asked.target);
  return withLog(asked, config.value, async ({ log }) => {
    const size = await exportTiles(log, folder);
    return {
      exit: EXIT.ok,
      json: { folder, size },
      text: () => `${size} leaves in ${folder}\n`,
    };
  });
}

/** `probity log fsck`. */
export async function checkLog(asked: Fsck, io: CommandIo): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const dataDir = resolve(asked.data ?? config.value.dataDir);
  const [key, against] = [await keyOf(asked.key, dataDir), await readAgainst(asked.against)];
  if (!key.ok || !against.ok)
    return bad(...[key, against].flatMap((each) => (each.ok ? [] : each.problems)));
  return withLog(asked, config.value, async ({ log, rows }) => {
    const kept =
      asked.url === undefined
        ? await (await seenInFolder(join(dataDir, 'seen'))).newest()
        : undefined;
    const own = kept === undefined ? [] : [{ from: 'the checkpoint last shown', note: kept }];
    const report = await fsck(
      log,
      key.value.now,
      [...against.value, ...own, ...(await rows())],
      key.value.past,
    );
    const exit = report.findings.length > 0 ? EXIT.violated : EXIT.ok;
    return { exit, json: { ...report, exit }, text: () => reportText(report, exit, io) };
  });
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

async function keyOf(
  key: readonly string[],
  dataDir: string,
): Promise<Result<{ readonly now: VerificationKey; readonly past: readonly TrustedKey[] }>> {
  if (key.length === 0) {
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

async function withLog(
  place: Place,
  config: Config,
  work: (log: OpenLog) => Promise<Ended>,
): Promise<Ended> {
  const opened = await openLog(place, config);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function openLog({ url, folder, data }: Place, config: Config): Promise<OpenLog> {
  const alone = { rows: async () => [], close: async () => undefined };
  if (url !== undefined) return { log: httpLogReader(url), ...alone };
  const place = folder ?? config.logDir;
  if (place !== undefined) return { log: await folderLogStore(place), ...alone };
  const { store, close } = await openOwnDatabase(config, resolve(data ?? config.dataDir));
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
