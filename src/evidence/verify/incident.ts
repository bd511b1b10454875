import type { VerifierCrypto } from '../formats/crypto.ts';
import { toHex, utf8 } from '../formats/encoding.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import { canonicalize } from '../formats/canonicalText.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import type { IncidentStatement } from '../statements/incident.ts';
import { isIncident, isIncidentFile } from '../statements/validate.ts';
import { openLogged } from './logged.ts';

/** Why an incident statement is not believed. Codes never change their meaning. */
export const INCIDENT_CODES = {
  INCIDENT_VERIFIED: 'signed by a trusted key, and in a log of the policy',
  INCIDENT_SHAPE: 'no incident statement of the published shape',
  INCIDENT_SUBJECT: 'the alerts are not those that the subject names by digest',
  INCIDENT_ISSUER: 'the statement names another key than the one that signed it',
  INCIDENT_LEAF: 'the leaf is not of this statement',
  INCIDENT_INCLUSION: 'the leaf is not under the checkpoint of the receipt',
  INCIDENT_SIGNATURE: 'a signature of a trusted key does not verify',
  INCIDENT_UNTRUSTED: 'no key of the policy has signed it, or its log',
} as const;
export type IncidentCode = keyof typeof INCIDENT_CODES;

export interface IncidentReport {
  readonly status: 'verified' | 'failed' | 'malformed' | 'untrusted';
  readonly code: IncidentCode;
  readonly statement?: IncidentStatement;
}

const REASONS = {
  shape: ['malformed', 'INCIDENT_SHAPE'],
  signature: ['failed', 'INCIDENT_SIGNATURE'],
  leaf: ['failed', 'INCIDENT_LEAF'],
  inclusion: ['failed', 'INCIDENT_INCLUSION'],
  untrusted: ['untrusted', 'INCIDENT_UNTRUSTED'],
} as const;

/** Verifies an incident statement offline: nothing but its file, and a policy from elsewhere. */
export async function verifyIncident(
  bytes: Uint8Array,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<IncidentReport> {
  const refused = (reason: keyof typeof REASONS): IncidentReport => {
    const [status, code] = REASONS[reason];
    return { status, code };
  };
  const file = parseCanonicalJson(bytes);
  if (!file.ok || !isIncidentFile(file.value)) return refused('shape');
  const opened = await openLogged(file.value, policy.verdicts, policy, crypto);
  if (!opened.ok) return refused(opened.reason);
  const { value, leaf, envelope } = opened;
  if (!isIncident(value)) return refused('shape');
  const { subject, predicate } = value;
  if (leaf.kind !== 'incident' || leaf.id !== predicate.id) return refused('leaf');
  const [signature] = envelope.signatures;
  if (envelope.signatures.length !== 1 || signature?.keyid !== predicate.issuer.key)
    return { status: 'failed', code: 'INCIDENT_ISSUER' };
  const digest = toHex(await crypto.sha256(utf8(canonicalize(predicate.alerts))));
  if (subject[0].digest.sha256 !== digest) return { status: 'failed', code: 'INCIDENT_SUBJECT' };
  return { status: 'verified', code: 'INCIDENT_VERIFIED', statement: value };
}
