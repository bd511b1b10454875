import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scratchFolder } from '../processes/scratch.ts';
import { Fault, problem } from '../errors/index.ts';
import { STATUS_FILE } from '../evidence/statements/revocation.ts';
import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import { parseEnvelope } from '../evidence/formats/dsse.ts';
import { fromUtf8, toHex, utf8 } from '../evidence/formats/encoding.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { parseReceipt } from '../evidence/formats/receipt.ts';
import { certificatePage, type ToldProperty } from '../evidence/renderings/page.ts';
import { MODEL_FILE, type Statement } from '../evidence/statements/statement.ts';
import { isStatement, isStatus } from '../evidence/statements/validate.ts';
import type { TrustPolicy } from '../evidence/formats/policy.ts';
import { LAYER_CODES, withdrawalIn } from '../evidence/verify/report.ts';
import { verifyBundle } from '../evidence/verify/verify.ts';
import { expectedOf } from '../explain/why.ts';
import type { PropertyDocument } from '../model/document.ts';
import type { Trace } from '../model/trace.ts';
import { RefusedByServer } from './refused.ts';
import { traceLines } from './traceText.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * The certificate of a bundle as a page to print. With a policy the bundle is verified first, and
 * one that does not verify is not printed as if it did; one that was withdrawn says so in large
 * letters.
 */
export async function pageOf(
  files: Files,
  link: string,
  policy: TrustPolicy | undefined,
  now = new Date(),
): Promise<PrintedPage> {
  const report =
    policy === undefined
      ? undefined
      : await verifyBundle(files, policy, { crypto: nodeCrypto, now });
  const withdrawal = report && withdrawalIn(report);
  if (report !== undefined && report.statement === undefined && !withdrawal)
    throw new RefusedByServer([
      problem('BUNDLE_SHAPE', '', `the bundle is ${report.status}: nothing is printed`),
    ]);
  const envelope = parseEnvelope(files.get('envelope.json') ?? new Uint8Array(0));
  const statement: unknown = envelope.ok
    ? JSON.parse(fromUtf8(envelope.envelope.payload) ?? 'null')
    : undefined;
  const receipt = parseReceipt(textOf(files, 'receipt.tlog-proof') ?? '');
  const checkpoint = parseCheckpoint(parseNote(receipt?.checkpoint ?? '')?.text ?? '');
  if (!envelope.ok || !isStatement(statement) || receipt === undefined || checkpoint === undefined)
    throw new Fault('INTERNAL', 'the server gives no bundle');
  const statementDigest = `sha256:${toHex(await nodeCrypto.sha256(envelope.envelope.payload))}`;
  const withdrawn = withdrawal
    ? `${LAYER_CODES[withdrawal.code]}${withdrawal.detail === undefined ? '' : ` (${withdrawal.detail})`}`
    : statedIn(files);
  const html = certificatePage({
    statement,
    statementDigest,
    ...(report === undefined ? {} : { report, verifiedAt: now.toISOString() }),
    told: toldIn(files, statement),
    anchor: anchorIn(files),
    ...(withdrawn === undefined ? {} : { withdrawn: `WITHDRAWN. ${withdrawn}` }),
    logIndex: receipt.index,
    logOrigin: checkpoint.origin,
    link,
  });
  return { html, isWithdrawn: withdrawn !== undefined };
}

export interface PrintedPage {
  readonly html: string;
  readonly isWithdrawn: boolean;
}

function textOf(files: Files, path: string): string | undefined {
  const bytes = files.get(path);
  return bytes && fromUtf8(bytes);
}

/** A file of the bundle as JSON; what it should hold is asked of each value. */
function jsonOf(files: Files, path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(files, path) ?? 'null');
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What the properties ask, from the model, and how they are violated, from their traces. */
function toldIn(files: Files, statement: Statement): ReadonlyMap<string, ToldProperty> {
  const asked = jsonOf(files, MODEL_FILE)?.['properties'];
  return new Map(
    statement.predicate.properties.map(({ name, outcome, trace }) => {
      const property =
        typeof asked === 'object' && asked !== null && Object.hasOwn(asked, name)
          ? (asked as Record<string, PropertyDocument>)[name]
          : undefined;
      const run = outcome === 'violated' && trace !== undefined ? jsonOf(files, trace) : undefined;
      return [
        name,
        {
          ...(property && { asks: expectedOf(property, name).replace(`${name}, `, '') }),
          ...(isTrace(run) && { run: traceLines(run).map((line) => line.trim()) }),
        },
      ];
    }),
  );
}

function isTrace(value: unknown): value is Trace {
  const { params, initial, steps } = (value ?? {}) as Partial<Record<keyof Trace, unknown>>;
  return typeof params === 'object' && typeof initial === 'object' && Array.isArray(steps);
}

/** Where the checkpoint is anchored: an emulated ledger proves nothing to anybody else. */
function anchorIn(files: Files): string {
  const anchor = jsonOf(files, 'anchor.json');
  if (!anchor) return 'none yet';
  const network = String(anchor['network']);
  const where = `${network}, transaction ${String(anchor['transactionDigest'])}`;
  return network === 'emulated'
    ? `EMULATED: a ledger for development, on this machine, which proves nothing to others (${where})`
    : where;
}

/** What the status in a bundle says, of one that nobody verified here. */
function statedIn(files: Files): string | undefined {
  const envelope = parseEnvelope(utf8(String(jsonOf(files, STATUS_FILE)?.['envelope'] ?? '')));
  const payload: unknown = envelope.ok
    ? JSON.parse(fromUtf8(envelope.envelope.payload) ?? 'null')
    : undefined;
  if (!isStatus(payload) || payload.predicate.state === 'valid') return undefined;
  return `The status in this bundle says: ${payload.predicate.state}`;
}

const ARGUMENTS = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-pdf-header-footer',
];
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Prints a page of ours to PDF by the Chromium that is installed; TOOL_UNAVAILABLE where none is.
 */
export async function printPdf(page: string, file: string): Promise<void> {
  const folder = await scratchFolder('print');
  try {
    await writeFile(join(folder, 'page.html'), page);
    const out = resolve(file);
    const args = [
      // Chromium refuses its sandbox to root; the page is ours and has no script.
      ...ARGUMENTS,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${join(folder, 'profile')}`,
      `--print-to-pdf=${out}`,
      pathToFileURL(join(folder, 'page.html')).href,
    ];
    const named = process.env['CHROMIUM_BIN'];
    for (const command of named ? [named] : BROWSERS) {
      const code = await ended(command, args);
      if (code === 'missing') continue;
      if (code !== 0) throw new Fault('CHILD_CRASHED', `${command} did not print the page`);
      return;
    }
    throw new Fault(
      'TOOL_UNAVAILABLE',
      'no Chromium is installed, or CHROMIUM_BIN names none: write FILE.html instead, and print it from any browser',
    );
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function ended(command: string, args: readonly string[]): Promise<number | 'missing'> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: 60_000, killSignal: 'SIGKILL' });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'missing' : 1),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
