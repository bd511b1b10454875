import { OPTIONAL_FILES, REQUIRED_FILES } from './files.ts';
import { factsOf, isSpecificationFormat } from '../../model/formats.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { MODEL_FILE, PREDICATE_TYPE, type Statement } from '../statements/statement.ts';
import { isStatement } from '../statements/validate.ts';
import type { OpenEnvelope } from './envelope.ts';
import { type LayerStep, step } from './step.ts';

/**
 * Shape and issuer. Signatures are no part of what is signed, so the statement says by whom it is
 * signed: one that it does not announce was added by somebody else.
 */
export function checkStatement({ envelope, keyId }: OpenEnvelope): LayerStep<Statement> {
  const json = parseCanonicalJson(envelope.payload);
  if (!json.ok) return step('statement', 'failed', 'STATEMENT_NOT_CANONICAL');
  const type = (json.value as { predicateType?: unknown } | null)?.predicateType;
  if (type !== PREDICATE_TYPE)
    return step('statement', 'failed', 'STATEMENT_PREDICATE_TYPE', String(type));
  if (!isStatement(json.value)) return step('statement', 'failed', 'STATEMENT_SHAPE');
  const { id, issuer } = json.value.predicate;
  if (keyId !== undefined && issuer.key !== keyId)
    return step('statement', 'failed', 'STATEMENT_ISSUER', issuer.key);
  const announced = [issuer.key, ...(issuer.also ?? [])];
  const signers = envelope.signatures.map(({ keyid }) => keyid);
  if (
    keyId !== undefined &&
    (signers.length !== announced.length || signers.some((keyid, at) => keyid !== announced[at]))
  ) {
    return step('statement', 'failed', 'STATEMENT_SIGNERS', signers.join(', '));
  }
  const claim = claimOfAnother(json.value);
  if (claim !== undefined) return step('statement', 'failed', 'STATEMENT_OPAQUE', claim);
  const stray = strayPath(json.value);
  if (stray !== undefined) return step('statement', 'failed', 'STATEMENT_PATHS', stray);
  return step('statement', 'proved', 'STATEMENT_VALID', id, json.value);
}

/**
 * An assurance where only a tool has spoken, or answers of the other kind of format: nothing that
 * is checked as it is was replayed or proved.
 */

export function claimOfAnother({
  predicate: { model, properties, script },
}: Statement): string | undefined {
  if ((factsOf(model.format)?.answers === 'script') !== (script !== undefined)) return model.format;
  if (script !== undefined && properties.length > 0) return properties[0]?.name;
  return isSpecificationFormat(model.format)
    ? properties.find(({ assurance, agreement }) => assurance.length > 0 || agreement)?.name
    : undefined;
}

/**
 * A path that is listed twice or as one of the bundle's own files, or that is named and not listed:
 * two readers could read two things.
 */

export function strayPath({
  subject,
  predicate: { evidence, properties, risk, script },
}: Statement): string | undefined {
  const listed = [...subject.map(({ name }) => name), ...evidence.map(({ path }) => path)];
  const own = new Set<string>([
    ...REQUIRED_FILES.filter((path) => path !== MODEL_FILE),
    ...OPTIONAL_FILES,
  ]);
  const twice = listed.find((path, at) => own.has(path) || listed.indexOf(path) !== at);
  const named = [
    ...properties.flatMap(({ trace }) => trace ?? []),
    ...(risk === undefined ? [] : [risk.card]),
    ...(script === undefined ? [] : [script.results]),
  ];
  return twice ?? named.find((path) => !evidence.some((file) => file.path === path));
}
