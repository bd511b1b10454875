import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ownPolicyFile } from '../config/places.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import { fromUtf8, utf8 } from '../evidence/formats/encoding.ts';
import { STATUS_FILE } from '../evidence/statements/revocation.ts';
import { MANIFEST_FILE, manifestOf } from '../evidence/bundle/manifest.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { parseReceipt } from '../evidence/formats/receipt.ts';
import { readBundle } from '../evidence/bundle/read.ts';
import type { Predicate, Statement } from '../evidence/statements/statement.ts';
import { NO_TRUST, parsePolicy, type TrustPolicy } from '../evidence/formats/policy.ts';
import {
  conclusionOf,
  LAYER_CODES,
  type Layer,
  type LayerStatus,
  type VerifyReport,
  type VerifyStatus,
} from '../evidence/verify/report.ts';
import { verifyBundle, type BundleFiles } from '../evidence/verify/verify.ts';
import { isRawFormat } from '../model/specification.ts';
import type { Recheck } from '../checking/recheck.ts';
import { parseArgs, wrong } from './arguments.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';

export const VERIFY_HELP = `probity verify DIR|FILE.zip [options]      check a bundle offline, trusting only your own keys

  --policy FILE     whom you trust · default: the policy in your trust folder
                    (\${XDG_CONFIG_HOME:-~/.config}/probity/trust/policy)
  --compliance      ask for an anchor on a real network, from a ledger key of the policy
  --online          ask the server (--server, --key) whether the verdict was revoked since; its
                    answer is believed as far as it is signed and logged
  --recheck         check the answers again from the model: replay each trace, prove each
                    invariant's obligations in a fresh Z3, explore and count again; ask TLC or a
                    solver again of what is theirs alone. What takes too long, or has no tool
                    here, is skipped, and says so
  --json            each layer as JSON

A policy inside the bundle is never used: whoever forged the bundle would have written it.
exit: 0 verified · 1 tampered, or an answer that its evidence does not bear out · 2 not a bundle, or bad arguments · 3 untrusted · 4 a fault
`;

/** DESIGN section 9: `verify` reads 3 as untrusted. */
const EXIT_OF: Readonly<Record<VerifyStatus, number>> = {
  verified: 0,
  failed: 1,
  malformed: 2,
  untrusted: 3,
};

interface VerifyArgs {
  readonly folder: string;
  readonly policy: string | undefined;
  readonly compliance: boolean;
  readonly recheck: boolean;
  /** Which server to ask, where `--online` asks for that. */
  readonly online:
    { readonly server?: string | undefined; readonly key?: string | undefined } | undefined;
  readonly json: boolean;
}

/** `probity verify`: opens no database and no key, and no network but with `--online`. */
export async function verifyCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(VERIFY_HELP);
    return 0;
  }
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const { folder, compliance, json } = parsed.value;
  const trust = await readPolicy(parsed.value.policy);
  if (!trust.ok) return printProblems(trust.problems, json, io);
  const bundle = await readBundle(folder);
  if (!bundle.ok) return printProblems(bundle.problems, json, io);
  const options = { crypto: nodeCrypto, compliance, now: new Date() };
  const offline = await verifyBundle(bundle.value, trust.value.policy, options);
  const { online } = parsed.value;
  const asked =
    online === undefined || offline.statement === undefined
      ? undefined
      : await (
          await import('./online.ts')
        ).askStatus(
          online,
          { id: offline.statement.predicate.id, since: sizeOf(bundle.value) },
          io,
          json,
        );
  if (typeof asked === 'number') return asked;
  const report =
    asked === undefined
      ? offline
      : await verifyBundle(withStatus(bundle.value, asked), trust.value.policy, options);
  const asFound =
    parsed.value.recheck && report.statement !== undefined
      ? await recheckAnswers(bundle.value, report.statement)
      : ok(undefined);
  if (!asFound.ok) return printProblems(asFound.problems, json, io);
  const rechecked = asFound.value;
  const exit = rechecked?.some(({ status }) => status === 'failed')
    ? EXIT_OF.failed
    : EXIT_OF[report.status];
  const recheck = rechecked === undefined ? {} : { recheck: rechecked };
  io.stdout(
    json
      ? `${JSON.stringify({ ...report, ...recheck, policy: trust.value.file ?? null, exit }, null, 2)}\n`
      : reportText(folder, report, { rechecked, exit, policy: trust.value.file }, io),
  );
  if (trust.value.file === undefined)
    io.stderr(
      'no trust policy: give one with --policy, from somebody other than who gave you the bundle\n',
    );
  return exit;
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
  const [{ recheck }, { loadConfig }] = await Promise.all([
    import('../checking/recheck.ts'),
    import('../config/index.ts'),
  ]);
  const config = loadConfig(process.env);
  if (!config.ok) return config;
  return ok(await recheck(files, statement, undefined, config.value.cacheDir));
}

function readArgs(args: string[]): Result<VerifyArgs> {
  const options = {
    policy: { type: 'string' },
    compliance: { type: 'boolean' },
    recheck: { type: 'boolean' },
    online: { type: 'boolean' },
    server: { type: 'string' },
    key: { type: 'string' },
    json: { type: 'boolean' },
  } as const;
  const given = parseArgs({ args, options, allowPositionals: true });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    return wrong('exactly one bundle, a folder or a .probity.zip, is needed', 'DIR');
  return ok({
    folder,
    policy: values.policy,
    compliance: values.compliance ?? false,
    recheck: values.recheck ?? false,
    online: values.online ? { server: values.server, key: values.key } : undefined,
    json: values.json ?? false,
  });
}

/** The policy of `--policy`, else of the user's trust folder, else nobody is trusted. */
export async function readPolicy(
  given: string | undefined,
): Promise<Result<{ readonly policy: TrustPolicy; readonly file?: string }>> {
  const own = given === undefined ? ownPolicyFile(process.env) : ok(given);
  if (!own.ok) return own;
  const file = given ?? (existsSync(own.value) ? own.value : undefined);
  if (file === undefined) return ok({ policy: NO_TRUST });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    return bad(problem('POLICY_SHAPE', file, `cannot be read: ${(cause as Error).message}`));
  }
  const policy = await parsePolicy(text, nodeCrypto.sha256);
  return policy.ok
    ? ok({ policy: policy.value, file })
    : bad(...policy.problems.map((each) => ({ ...each, path: file })));
}

function printProblems(problems: readonly Problem[], json: boolean, io: Io): number {
  if (json) io.stdout(`${JSON.stringify({ problems }, null, 2)}\n`);
  else
    for (const { code, path, line, message } of problems)
      io.stderr(`${[path, line].filter((part) => part).join(':')}  ${code}  ${message}\n`);
  return 2;
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

/** Text from a bundle on a terminal: a control sequence in it could repaint what we say. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');

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
  const line = ({ layer, status: each, code, detail }: Layer): string => {
    const [mark, tone] = MARKS[each];
    const about = detail === undefined ? '' : ` · ${plain(detail)}`;
    return `  ${paint(tone, mark)} ${layer.padEnd(11)} ${each.padEnd(10)} ${LAYER_CODES[code]}${about}${each === 'failed' || each === 'untrusted' ? paint('dim', `  ${code}`) : ''}`;
  };
  const verdict = statement === undefined ? '' : verdictText(statement.predicate, io);
  const again = rechecked === undefined ? '' : recheckText(rechecked, io);
  const refuted = rechecked?.some((each) => each.status === 'failed') === true;
  const under = policy === undefined ? '' : `  policy  ${plain(resolve(policy))}\n`;
  return `${plain(folder)}\n${under}\n${layers.map(line).join('\n')}\n${verdict}${again}\n${paint('bold', refuted ? 'signed as it should be, and wrong: the evidence does not bear out every answer' : conclusionOf(report))}   exit ${exit}\n`;
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
  const width = Math.max(0, ...rechecked.map(({ property }) => plain(property).length));
  const rows = rechecked.map((each) => {
    const [mark, tone] = RECHECK_MARKS[each.status];
    const about = [
      ...(each.status === 'failed' ? [each.code] : []),
      ...(each.detail === undefined ? [] : [plain(each.detail)]),
    ].join(' · ');
    return `  ${paint(tone, mark)} ${plain(each.property).padEnd(width)}  ${each.status.padEnd(9)} ${about}`.trimEnd();
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
  const width = Math.max(0, ...properties.map(({ name }) => plain(name).length));
  const answers = script === undefined ? [] : [`  answers  ${script.answers.join(', ')}`];
  const rows = properties.map(({ name, outcome, threats, assurance }) => {
    const about = [...assurance, ...threats.map((threat) => `threat ${plain(threat)}`)].join(' · ');
    return `  ${plain(name).padEnd(width)}  ${paint(tones[outcome], outcome.padEnd(9))} ${about}`.trimEnd();
  });
  return `\n${paint('bold', plain(model.name))} · ${plain(model.format)} · issued by ${plain(issuer.name)} at ${issuedAt}${validUntil === undefined ? '' : `, valid until ${validUntil}`}\n${[...answers, ...rows].join('\n')}\n${isRawFormat(model.format) ? `  ${paint('yellow', OPAQUE)}\n` : ''}`;
}
