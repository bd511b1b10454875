import { resolve } from 'node:path';
import { ok, type Result } from '../errors/index.ts';
import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import { fromUtf8, utf8 } from '../evidence/formats/encoding.ts';
import { STATUS_FILE } from '../evidence/statements/revocation.ts';
import { MANIFEST_FILE, manifestOf } from '../evidence/bundle/manifest.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { parseReceipt } from '../evidence/formats/receipt.ts';
import { readBundle } from '../evidence/bundle/read.ts';
import { agreementText } from '../evidence/statements/agreement.ts';
import type { Predicate, Statement } from '../evidence/statements/statement.ts';
import type { TrustPolicy } from '../evidence/formats/policy.ts';
import {
  conclusionOf,
  LAYER_CODES,
  type LayerStatus,
  type VerifiedLayer,
  type VerifyReport,
} from '../evidence/verify/report.ts';
import { verifyBundle } from '../evidence/verify/verify.ts';
import type { BundleFiles } from '../evidence/verify/step.ts';
import { isSpecificationFormat } from '../model/formats.ts';
import type { Recheck } from '../checking/recheck.ts';
import type { ServerValues } from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';
import { EXIT_OF, plainText } from './verifyWords.ts';
import { readPolicy } from './trustPolicy.ts';

type Asked = ServerValues & {
  readonly bundle: string;
  readonly policy: string | undefined;
  readonly compliance: boolean;
  readonly online: boolean;
  readonly recheck: boolean;
};

/** `probity verify`: opens no database and no key, and no network but with `--online`. */
export async function verify(asked: Asked, io: CommandIo): Promise<Ended> {
  const trust = await readPolicy(asked.policy);
  if (!trust.ok) return trust;
  if (asked.bundle.endsWith('.json')) {
    const { verifyIncidentFile } = await import('./verifyIncident.ts');
    return verifyIncidentFile(asked.bundle, trust.value, io);
  }
  const bundle = await readBundle(asked.bundle);
  if (!bundle.ok) return bundle;
  const report = await verified(bundle.value, trust.value.policy, asked);
  const found =
    asked.recheck && report.statement !== undefined
      ? await recheckAnswers(bundle.value, report.statement)
      : ok(undefined);
  if (!found.ok) return found;
  const rechecked = found.value;
  const exit = rechecked?.some(({ status }) => status === 'failed')
    ? EXIT_OF.failed
    : EXIT_OF[report.status];
  const { file } = trust.value;
  if (file === undefined)
    io.stderr(
      'no trust policy: give one with --policy, from somebody other than who gave you the bundle\n',
    );
  return {
    exit,
    json: {
      ...report,
      ...(rechecked !== undefined && { recheck: rechecked }),
      policy: file ?? null,
      exit,
    },
    text: () => reportText(asked.bundle, report, { rechecked, exit, policy: file }, io),
  };
}

/** The bundle as it is; with `--online`, with what the server says of it now. */
async function verified(
  files: BundleFiles,
  policy: TrustPolicy,
  asked: Asked,
): Promise<VerifyReport> {
  const options = { crypto: nodeCrypto, compliance: asked.compliance, now: new Date() };
  const offline = await verifyBundle(files, policy, options);
  if (!asked.online || offline.statement === undefined) return offline;
  const { askStatus } = await import('./online.ts');
  const { id } = offline.statement.predicate;
  const status = await askStatus(asked, { id, since: sizeOf(files) });
  return verifyBundle(withStatus(files, status), policy, options);
}

/** The size of the log under the receipt's checkpoint, of a bundle that was verified. */
const sizeOf = (files: BundleFiles): number =>
  parseCheckpoint(
    parseNote(
      parseReceipt(fromUtf8(files.get('receipt.tlog-proof') ?? new Uint8Array(0)) ?? '')
        ?.checkpoint ?? '',
    )?.text ?? '',
  )?.size ?? 0;

/**
 * The bundle with what the server says now. Its list of files says nothing that anybody trusts, so
 * it may be made again.
 */
function withStatus(files: BundleFiles, status: string): BundleFiles {
  const fresh = new Map(files).set(STATUS_FILE, utf8(status));
  return fresh.set(MANIFEST_FILE, manifestOf(fresh.keys()));
}

/**
 * Engines are loaded only for those who ask: without `--recheck` this command reaches nothing that
 * could run a model.
 */
async function recheckAnswers(
  files: BundleFiles,
  statement: Statement,
): Promise<Result<Recheck[]>> {
  const [{ recheck }, { ownConfig }] = await Promise.all([
    import('../checking/recheck.ts'),
    import('../config/index.ts'),
  ]);
  const config = ownConfig();
  if (!config.ok) return config;
  return ok(await recheck(files, statement, undefined, config.value.cacheDir));
}

const MARKS: Readonly<
  Record<LayerStatus, readonly [mark: string, tone: 'green' | 'red' | 'yellow' | 'dim']>
> = {
  proved: ['✓', 'green'],
  signed: ['✓', 'green'],
  skipped: ['–', 'dim'],
  untrusted: ['?', 'yellow'],
  failed: ['✗', 'red'],
};

function reportText(
  folder: string,
  report: VerifyReport,
  {
    rechecked,
    exit,
    policy,
  }: {
    readonly rechecked: readonly Recheck[] | undefined;
    readonly exit: number;
    readonly policy: string | undefined;
  },
  io: Io,
): string {
  const paint = painter(io);
  const { layers, statement } = report;
  const line = ({ layer, status: each, code, detail }: VerifiedLayer): string => {
    const [mark, tone] = MARKS[each];
    const about = detail === undefined ? '' : ` · ${plainText(detail)}`;
    return `  ${paint(tone, mark)} ${layer.padEnd(11)} ${each.padEnd(10)} ${LAYER_CODES[code]}${about}${each === 'failed' || each === 'untrusted' ? paint('dim', `  ${code}`) : ''}`;
  };
  const verdict = statement === undefined ? '' : verdictText(statement.predicate, io);
  const again = rechecked === undefined ? '' : recheckText(rechecked, io);
  const refuted = rechecked?.some((each) => each.status === 'failed') === true;
  const under = policy === undefined ? '' : `  policy  ${plainText(resolve(policy))}\n`;
  return `${plainText(folder)}\n${under}\n${layers.map(line).join('\n')}\n${verdict}${again}\n${paint('bold', refuted ? 'signed as it should be, and wrong: the evidence does not bear out every answer' : conclusionOf(report))}   exit ${exit}\n`;
}

const RECHECK_MARKS: Readonly<
  Record<Recheck['status'], readonly [mark: string, tone: 'green' | 'red' | 'yellow']>
> = {
  replayed: ['✓', 'green'],
  reproved: ['✓', 'green'],
  recounted: ['✓', 'green'],
  rerun: ['✓', 'green'],
  skipped: ['–', 'yellow'],
  failed: ['✗', 'red'],
};

function recheckText(rechecked: readonly Recheck[], io: Io): string {
  const paint = painter(io);
  const width = Math.max(0, ...rechecked.map(({ property }) => plainText(property).length));
  const rows = rechecked.map((each) => {
    const [mark, tone] = RECHECK_MARKS[each.status];
    const about = [
      ...(each.status === 'failed' ? [each.code] : []),
      ...(each.detail === undefined ? [] : [plainText(each.detail)]),
    ].join(' · ');
    return `  ${paint(tone, mark)} ${plainText(each.property).padEnd(width)}  ${each.status.padEnd(9)} ${about}`.trimEnd();
  });
  return `\n${paint('bold', 'checked again from the model')}\n${rows.join('\n')}\n`;
}

/** What nobody but the reader's own tool can check again. */
const OPAQUE =
  'the word of a tool on the text as submitted; no layer replays or proves it (--recheck asks the tool again)';

function verdictText(
  { model, issuer, issuedAt, validUntil, properties, script }: Predicate,
  io: Io,
): string {
  const paint = painter(io);
  const tones = { holds: 'green', violated: 'red', bounded: 'yellow', unknown: 'yellow' } as const;
  const width = Math.max(0, ...properties.map(({ name }) => plainText(name).length));
  const answers = script === undefined ? [] : [`  answers  ${script.answers.join(', ')}`];
  const rows = properties.map(({ name, outcome, threats, assurance, agreement }) => {
    const about = [
      ...assurance,
      ...(agreement ? [plainText(agreementText(agreement))] : []),
      ...threats.map((threat) => `threat ${plainText(threat)}`),
    ].join(' · ');
    return `  ${plainText(name).padEnd(width)}  ${paint(tones[outcome], outcome.padEnd(9))} ${about}`.trimEnd();
  });
  return `\n${paint('bold', plainText(model.name))} · ${plainText(model.format)} · issued by ${plainText(issuer.name)} at ${issuedAt}${validUntil === undefined ? '' : `, valid until ${validUntil}`}\n${[...answers, ...rows].join('\n')}\n${isSpecificationFormat(model.format) ? `  ${paint('yellow', OPAQUE)}\n` : ''}`;
}
