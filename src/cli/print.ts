import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scratchFolder } from '../processes/scratch.ts';
import { Fault, problem } from '../errors/index.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { parseEnvelope } from '../evidence/dsse.ts';
import { fromUtf8, toHex } from '../evidence/encoding.ts';
import { nodeCrypto } from '../evidence/nodeCrypto.ts';
import { parseNote } from '../evidence/note.ts';
import { parseReceipt } from '../evidence/receipt.ts';
import { certificatePage } from '../evidence/renderings/page.ts';
import { isStatement } from '../evidence/statementShape.ts';
import type { TrustPolicy } from '../evidence/verify/policy.ts';
import { verifyBundle } from '../evidence/verify/verify.ts';
import { Refused } from './client.ts';

/**
 * The certificate of a bundle as a page to print. With a policy the bundle is verified first, and
 * one that does not verify is not printed as if it did.
 */
export async function pageOf(
  files: ReadonlyMap<string, Uint8Array>,
  link: string,
  policy: TrustPolicy | undefined,
): Promise<string> {
  const report =
    policy === undefined
      ? undefined
      : await verifyBundle(files, policy, { crypto: nodeCrypto, now: new Date() });
  if (report !== undefined && report.statement === undefined)
    throw new Refused([
      problem('BUNDLE_SHAPE', '', `the bundle is ${report.status}: nothing is printed`),
    ]);
  const envelope = parseEnvelope(files.get('envelope.json') ?? new Uint8Array(0));
  const statement: unknown = envelope.ok
    ? JSON.parse(fromUtf8(envelope.envelope.payload) ?? 'null')
    : undefined;
  const receipt = parseReceipt(
    fromUtf8(files.get('receipt.tlog-proof') ?? new Uint8Array(0)) ?? '',
  );
  const checkpoint = parseCheckpoint(parseNote(receipt?.checkpoint ?? '')?.text ?? '');
  if (!envelope.ok || !isStatement(statement) || receipt === undefined || checkpoint === undefined)
    throw new Fault('INTERNAL', 'the server gives no bundle');
  const statementDigest = `sha256:${toHex(await nodeCrypto.sha256(envelope.envelope.payload))}`;
  return certificatePage({
    statement,
    statementDigest,
    ...(report === undefined ? {} : { report }),
    logIndex: receipt.index,
    logOrigin: checkpoint.origin,
    link,
  });
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
