import { canonicalJson, sha256, type Json } from '../canonical/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { fromBase64, utf8 } from '../evidence/formats/encoding.ts';
import { signEnvelope } from '../evidence/signing/sign.ts';
import { STATEMENT_TYPE } from '../evidence/statements/statement.ts';
import { writeZip } from '../evidence/formats/zip.ts';
import { type StatementRecord, isSealed, type SealedVerdict } from '../store/index.ts';
import { installationPolicy } from './policy.ts';
import type { Service } from './service.ts';
import { statementOf, verdictFiles } from './verdict.ts';

export const AUDIT_TYPE = 'urn:probity:audit:v1';

/** What one archive holds at most; a longer period is asked for in parts. */
const MAX_VERDICTS = 2_000;
const MAX_BYTES = 384 * 1024 * 1024;

export interface Period {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
}

/** `from` and `to` as dates or times in UTC. */
export function readPeriod(from: string, to: string): Result<Period> {
  const form = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z)?$/u;
  const wrong = (
    [
      ['from', from],
      ['to', to],
    ] as const
  ).filter(([, text]) => !form.test(text) || Number.isNaN(Date.parse(text)));
  if (wrong.length > 0)
    return bad(
      ...wrong.map(([name]) =>
        problem('OPTION_INVALID', name, 'a date is needed, 2026-01-31 or 2026-01-31T12:00:00Z'),
      ),
    );
  const period = { from: new Date(from), to: new Date(to) };
  return period.from < period.to
    ? ok(period)
    : bad(problem('OPTION_INVALID', 'to', 'the period ends before it begins'));
}

/**
 * All that an auditor asks of a period, as one ZIP that any tool unpacks: a bundle for each verdict
 * that was sealed in it, every revocation and change of keys, the policy, the latest checkpoint,
 * and who asked for what. `SHA256SUMS` is for `sha256sum -c`, and is signed; each bundle verifies
 * by itself.
 */
export async function auditArchive(service: Service, period: Period): Promise<Result<Uint8Array>> {
  const { store, notary } = service;
  await notary.refresh();
  const sealed = (await store.verdicts.sealedBetween(period.from, period.to)).filter(isSealed);
  if (sealed.length > MAX_VERDICTS)
    return bad(
      problem(
        'INPUT_TOO_LARGE',
        'to',
        `the period has ${sealed.length} verdicts; an archive holds ${MAX_VERDICTS}`,
      ),
    );
  const files = new Map<string, Uint8Array>();
  const entries: Json[] = [];
  let bytes = 0;
  for (const verdict of sealed) {
    const { entry, bundle } = await packed(service, verdict);
    entries.push(entry);
    if (bundle === undefined) continue;
    if (verdict.timestamp !== null)
      files.set(`timestamps/${verdict.id}.tsr`, fromBase64(verdict.timestamp) ?? new Uint8Array(0));
    bytes += bundle.length;
    if (bytes > MAX_BYTES)
      return bad(
        problem('INPUT_TOO_LARGE', 'to', `the period has more than ${MAX_BYTES} bytes of evidence`),
      );
    files.set(`verdicts/${verdict.id}.probity.zip`, bundle);
  }
  // Changes of the installation's keys are everybody's: without them old bundles do not verify.
  for (const statement of [...(await store.statements.list()), ...(await store.keyChanges.list())])
    // What was said of an erased verdict was erased with it.
    if (statement.envelope !== '')
      files.set(`${statement.kind}s/${statement.id}.json`, utf8(loggedJson(statement)));
  const events = await store.audit.between(period.from, period.to);
  files.set(
    'access-log.jsonl',
    utf8(
      events
        .map((event) => `${canonicalJson({ ...event, at: event.at.toISOString() })}\n`)
        .join(''),
    ),
  );
  files.set('log.checkpoint', utf8((await notary.log.checkpoint()) ?? ''));
  files.set('policy', utf8(installationPolicy(notary)));
  files.set(
    'index.json',
    utf8(
      canonicalJson({
        v: 1,
        from: period.from.toISOString(),
        to: period.to.toISOString(),
        issuer: notary.issuer,
        verdicts: entries,
      }),
    ),
  );
  files.set('README.md', utf8(readme(period, notary.issuer)));
  return ok(writeZip(await withSums(service, files)));
}

/** One line of the index, and the bundle, unless the verdict was erased. */
async function packed(
  service: Service,
  verdict: SealedVerdict,
): Promise<{ entry: Json; bundle?: Uint8Array }> {
  const place = {
    id: verdict.id,
    leaf: verdict.leaf,
    logIndex: verdict.logIndex,
    sealedAt: verdict.sealedAt?.toISOString() ?? null,
  };
  if (verdict.erasedAt)
    return {
      entry: {
        ...place,
        state: 'erased',
        erasedAt: verdict.erasedAt.toISOString(),
        receipt: verdict.receipt,
      },
    };
  const state = (await service.store.statements.withdrawals(verdict.id))[0]?.state ?? 'valid';
  return {
    entry: {
      ...place,
      state,
      ...answersIn(verdict.envelope),
      issuedAt: verdict.issuedAt,
      statementDigest: verdict.statementDigest,
      file: `verdicts/${verdict.id}.probity.zip`,
    },
    bundle: writeZip(await verdictFiles(service, verdict)),
  };
}

/**
 * What a verdict is about, and how many properties came out how: to be found without opening it.
 */
function answersIn(envelope: string): { model: Json; outcomes: Json } {
  const { model, properties, script } = statementOf(envelope).predicate;
  const outcomes: Record<string, number> = {};
  for (const outcome of [...properties.map((each) => each.outcome), ...(script?.answers ?? [])])
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return { model: { name: model.name, format: model.format }, outcomes };
}

const loggedJson = ({ envelope, leaf, salt, receipt }: StatementRecord): string =>
  canonicalJson({ envelope, leaf, salt, receipt: receipt ?? '' });

/**
 * `SHA256SUMS`, as sha256sum writes it, and a signature on it: an in-toto statement about its
 * digest.
 */
async function withSums(
  { notary }: Service,
  files: Map<string, Uint8Array>,
): Promise<Map<string, Uint8Array>> {
  const digest = (bytes: Uint8Array): string => sha256(bytes).slice('sha256:'.length);
  const sums = utf8(
    [...files.keys()]
      .sort()
      .map((path) => `${digest(files.get(path) as Uint8Array)}  ${path}\n`)
      .join(''),
  );
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: 'SHA256SUMS', digest: { sha256: digest(sums) } }],
    predicateType: AUDIT_TYPE,
    predicate: {
      issuer: { name: notary.issuer, key: notary.keys.verdict.keyId },
      issuedAt: new Date().toISOString(),
    },
  };
  return files
    .set('SHA256SUMS', sums)
    .set(
      'SHA256SUMS.dsse.json',
      utf8((await signEnvelope(statement, [notary.keys.verdict])).envelope),
    );
}

const readme = (
  { from, to }: Period,
  issuer: string,
): string => `# Verdicts of ${issuer.replaceAll(/([\\`*_[\]<>|#])/g, '\\$1')}, ${from.toISOString()} to ${to.toISOString()}

| File | What it is |
|---|---|
| index.json | every verdict that was sealed in the period: what it is about and how many properties came out how, its leaf, its place in the log, its state; also those that were erased |
| verdicts/ID.probity.zip | its bundle, with status: \`probity verify verdicts/ID.probity.zip --policy YOUR-POLICY\` |
| revocations/, keys/ | every revocation and change of keys that the log has: signed envelope, leaf, salt, receipt |
| timestamps/ID.tsr | where an authority stamped it: \`openssl ts -verify -in timestamps/ID.tsr -data envelope.json -CAfile …\`, with the envelope of the bundle |
| access-log.jsonl | who asked for what, each line a link of a chain: \`probity access-log access-log.jsonl\`, with \`--before\` an earlier one |
| log.checkpoint | the log's latest checkpoint, a C2SP signed note |
| policy | the issuer's own keys: information, never a reason to trust |
| SHA256SUMS | \`sha256sum -c SHA256SUMS\` |
| SHA256SUMS.dsse.json | the issuer's signature on its digest (DSSE, in-toto Statement v1, \`${AUDIT_TYPE}\`) |

Believe none of this because it is written here. How everything is checked is in docs/evidence.md of Probity.
`;
