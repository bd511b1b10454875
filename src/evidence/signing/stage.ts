import { canonicalJson, digestOf, sha256 } from '../../canonical/index.ts';
import { invariant } from '../../errors/index.ts';
import type { PropertyReport, ScriptReport } from '../../model/outcome.ts';
import {
  evidenceTexts,
  MODEL_CARD,
  SCRIPT_RESULTS,
  sourceName,
  type Sealable,
  type Staged,
} from '../bundle/contents.ts';
import { tracePath } from '../bundle/paths.ts';
import { bundleReadme } from '../bundle/readme.ts';
import { renderPolicy, type LedgerSender } from '../formats/policy.ts';
import {
  MODEL_FILE,
  PREDICATE_TYPE,
  SEMANTICS_VERSION,
  STATEMENT_TYPE,
  type EvidenceFile,
  type PropertyVerdict,
  type ScriptVerdict,
  type Statement,
} from '../statements/statement.ts';
import { isStatement } from '../statements/validate.ts';
import type { Signer } from './signer.ts';
import { signForLog } from './sign.ts';

/** Who seals: the key, and what a reader of the bundle is told about trust. */
export interface Sealer {
  readonly signer: Signer;
  readonly issuer: string;
  readonly software: { readonly name: string; readonly version: string };
  /** The vkey of the log that the leaf will go to. */
  readonly logVkey: string;
  readonly ledgers?: readonly LedgerSender[];
  /** Policy lines of keys that this installation used before. */
  readonly retired?: readonly string[];
  /** Policy lines of who cosigns. */
  readonly witnesses?: readonly string[];
  /** How long the verdict is to count, in days; without end when left out. */
  readonly validDays?: number;
  readonly now?: () => Date;
}

const DAY_MS = 86_400_000;

/** Builds, validates and signs the statement, and prepares its leaf. Touches no log and no disk. */
export async function stage(parts: Sealable, sealer: Sealer): Promise<Staged> {
  invariant(
    digestOf(parts.document) === parts.report.model.digest,
    'the report is about the document that is signed',
  );
  const now = (sealer.now ?? (() => new Date()))();
  const issuedAt = now.toISOString();
  const validUntil =
    sealer.validDays === undefined
      ? undefined
      : new Date(now.getTime() + sealer.validDays * DAY_MS).toISOString();
  const information = {
    'README.md': bundleReadme(parts.report, {
      id: parts.id,
      issuer: sealer.issuer,
      issuedAt,
      key: sealer.signer.keyId,
    }),
    'trust/log.vkey': `${sealer.logVkey}\n`,
    'trust/policy': renderPolicy({
      verdicts: [sealer.signer.vkey],
      logs: [sealer.logVkey],
      ledgers: sealer.ledgers ?? [],
      retired: sealer.retired ?? [],
      witnesses: sealer.witnesses ?? [],
    }),
  };
  const statement = buildStatement(parts, sealer, { issuedAt, validUntil }, information);
  invariant(
    isStatement(JSON.parse(canonicalJson(statement))),
    'a statement that verifiers would refuse is never signed',
  );
  return {
    id: parts.id,
    issuedAt,
    information,
    ...(await signForLog(statement, [sealer.signer], { kind: 'verdict', id: parts.id })),
  };
}

function buildStatement(
  parts: Sealable,
  sealer: Sealer,
  { issuedAt, validUntil }: { readonly issuedAt: string; readonly validUntil: string | undefined },
  information: Readonly<Record<string, string>>,
): Statement {
  const { report } = parts;
  const evidence = evidenceTexts(parts, information);
  return {
    _type: STATEMENT_TYPE,
    subject: [
      { name: sourceName(parts.source), digest: hexDigest(parts.source.text) },
      { name: MODEL_FILE, digest: hexDigest(canonicalJson(parts.document)) },
    ],
    predicateType: PREDICATE_TYPE,
    predicate: {
      id: parts.id,
      issuer: { name: sealer.issuer, key: sealer.signer.keyId, software: sealer.software },
      issuedAt,
      ...(validUntil === undefined ? {} : { validUntil }),
      semantics: SEMANTICS_VERSION,
      model: { name: report.model.name, format: report.model.format },
      properties: report.properties.map(propertyVerdict),
      assumptions: report.assumptions,
      ...(report.script === undefined ? {} : { script: scriptVerdict(report.script) }),
      ...(report.vacuity === undefined ? {} : { vacuity: report.vacuity }),
      options: parts.options,
      evidence: evidence.map(({ path, mediaType, text }): EvidenceFile => ({
        path,
        mediaType,
        digest: hexDigest(text),
      })),
      ...(parts.risk === undefined
        ? {}
        : { risk: { scores: parts.risk.scores, card: MODEL_CARD } }),
    },
  };
}

function propertyVerdict(property: PropertyReport, at: number): PropertyVerdict {
  const { trace, evidence, engines, hint: _hint, ...rest } = property;
  return {
    ...rest,
    engines: engines.map(({ durationMs: _duration, message: _message, ...engine }) => engine),
    ...(trace === undefined ? {} : { trace: tracePath(property.name, at) }),
    ...(evidence === undefined ? {} : { facts: evidence }),
  };
}

function scriptVerdict({ answers, engines }: ScriptReport): ScriptVerdict {
  return {
    answers,
    engines: engines.map(({ name, version }) => ({ name, version })),
    results: SCRIPT_RESULTS,
  };
}

const hexDigest = (text: string): { sha256: string } => ({
  sha256: sha256(text).slice('sha256:'.length),
});
