import { canonicalJson, type Json } from '../../canonical/index.ts';
import { FORMAT_FACTS, isFormat } from '../../model/formats.ts';
import type { Artifact, Report } from '../../model/outcome.ts';
import type { CheckedDocument } from '../../model/specification.ts';
import type { SignedStatement } from '../statements/leaf.ts';
import { SOURCE_PREFIX } from '../statements/statement.ts';
import { artifactPath, tracePath } from './paths.ts';

/** A check that can be sealed: what `verification` produced, and what was submitted. */
export interface Sealable {
  /**
   * The verdict's id, for ever and public in the log: random, saying nothing of the model or its
   * owner.
   */
  readonly id: string;
  readonly source: { readonly text: string; readonly format: string };
  readonly report: Report;
  readonly document: CheckedDocument;
  readonly artifacts: readonly Artifact[];
  /** What was asked: engines, limits, bounds, threats. */
  readonly options: Readonly<Record<string, Json>>;
  readonly risk?: { readonly scores: Readonly<Record<string, Json>>; readonly card: Json };
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

/** A text file of the bundle that the statement covers. */
export interface EvidenceText {
  readonly path: string;
  readonly mediaType: string;
  readonly text: string;
}

export const MODEL_CARD = 'evidence/model-card.json';
export const SCRIPT_RESULTS = 'evidence/results.json';

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

/** The source's name in the bundle. */
export function sourceName({ format, text }: Sealable['source']): string {
  return `${SOURCE_PREFIX}${FORMAT_FACTS[isFormat(format) ? format : 'native'].extensionOf(text)}`;
}
