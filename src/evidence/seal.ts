import { canonicalJson, digestOf, sha256, type Json } from '../canonical/index.ts';
import { invariant } from '../errors/index.ts';
import type { SubmittedDocument } from '../model/specification.ts';
import type { Artifact, PropertyReport, Report, ScriptReport } from '../model/outcome.ts';
import { utf8 } from './encoding.ts';
import type { Signer } from './keys.ts';
import type { Logged, TransparencyLog } from './log/log.ts';
import { artifactPath, tracePath } from './paths.ts';
import { bundleReadme } from './readme.ts';
import { signForLog, type SignedStatement } from './sign.ts';
import { isStatement } from './statementShape.ts';
import {
  MODEL_FILE,
  PREDICATE_TYPE,
  SEMANTICS_VERSION,
  SOURCE_PREFIX,
  STATEMENT_TYPE,
  type EvidenceFile,
  type PropertyVerdict,
  type ScriptVerdict,
  type Statement,
} from './statement.ts';
import { renderPolicy, type LedgerSender } from './verify/policy.ts';

/** A check that can be sealed: what `verification` produced, and what was submitted. */
export interface Sealable {
  /**
   * The verdict's id, for ever and public in the log: random, saying nothing of the model or its
   * owner.
   */
  readonly id: string;
  readonly source: { readonly text: string; readonly format: string };
  readonly report: Report;
  readonly document: SubmittedDocument;
  readonly artifacts: readonly Artifact[];
  /** What was asked: engines, limits, bounds, threats. */
  readonly options: Readonly<Record<string, Json>>;
  readonly risk?: { readonly scores: Readonly<Record<string, Json>>; readonly card: Json };
}

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

/**
 * A signed statement that is not in the log yet. Plain JSON: store it before appending, so that a
 * run that is killed between the two continues with the same leaf instead of signing a second
 * verdict.
 */
export interface Staged extends SignedStatement {
  readonly id: string;
  readonly issuedAt: string;
  /** Files for people (README, trust/…) that the statement covers, by path. */
  readonly information: Readonly<Record<string, string>>;
}

/** A verdict that a durable checkpoint covers. Plain JSON. */
export interface Sealed extends Staged {
  readonly leafIndex: number;
  /** `receipt.tlog-proof`. */
  readonly receipt: string;
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

/**
 * Appends a staged verdict's leaf. Repeating it after a crash adds the leaf once more, which
 * contradicts nothing.
 */
export async function appendStaged(staged: Staged, log: TransparencyLog): Promise<Sealed> {
  const { index, receipt }: Logged = await log.append(utf8(staged.leaf));
  return { ...staged, leafIndex: index, receipt };
}

/** `stage`, then `appendStaged`: a verdict that is signed and logged, or nothing acknowledged. */
export async function seal(
  parts: Sealable,
  sealer: Omit<Sealer, 'logVkey'>,
  log: TransparencyLog,
): Promise<Sealed> {
  return appendStaged(await stage(parts, { ...sealer, logVkey: log.vkey }), log);
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

/** A text file of the bundle that the statement covers. */
export interface EvidenceText {
  readonly path: string;
  readonly mediaType: string;
  readonly text: string;
}

const MODEL_CARD = 'evidence/model-card.json';
const SCRIPT_RESULTS = 'evidence/results.json';

/**
 * Every file that the statement lists by digest, in a fixed order: traces, what a solver printed,
 * artifacts, model card, files for people.
 */
export function evidenceTexts(
  parts: Sealable,
  information: Readonly<Record<string, string>>,
): EvidenceText[] {
  const texts: EvidenceText[] = [];
  parts.report.properties.forEach((property, at) => {
    if (property.trace === undefined) return;
    texts.push({
      path: tracePath(property.name, at),
      mediaType: 'application/json',
      text: canonicalJson(property.trace),
    });
  });
  if (parts.report.script !== undefined)
    texts.push({
      path: SCRIPT_RESULTS,
      mediaType: 'application/json',
      text: canonicalJson(parts.report.script.results),
    });
  parts.artifacts.forEach(({ name, mediaType, text }, at) => {
    texts.push({ path: artifactPath(name, at), mediaType, text });
  });
  if (parts.risk !== undefined) {
    texts.push({
      path: MODEL_CARD,
      mediaType: 'application/json',
      text: canonicalJson(parts.risk.card),
    });
  }
  for (const [path, text] of Object.entries(information)) {
    texts.push({ path, mediaType: path.endsWith('.md') ? 'text/markdown' : 'text/plain', text });
  }
  return texts;
}

const hexDigest = (text: string): { sha256: string } => ({
  sha256: sha256(text).slice('sha256:'.length),
});

const EXTENSIONS: Readonly<Record<string, string>> = { bpmn: 'bpmn', tla: 'tla', smt: 'smt2' };

/** The source's name in the bundle. A native model is YAML, of which JSON is a part. */
export function sourceName({ format, text }: Sealable['source']): string {
  return `${SOURCE_PREFIX}${EXTENSIONS[format] ?? (/^\s*\{/.test(text) ? 'json' : 'yaml')}`;
}

export { SEMANTICS_VERSION };
