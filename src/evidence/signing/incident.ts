import { canonicalJson, sha256 } from '../../canonical/index.ts';
import { invariant } from '../../errors/index.ts';
import { INCIDENT_TYPE, type IncidentStatement } from '../statements/incident.ts';
import type { SignedStatement } from '../statements/leaf.ts';
import { STATEMENT_TYPE } from '../statements/statement.ts';
import { isIncident } from '../statements/validate.ts';
import { signForLog } from './sign.ts';
import type { Signer } from './signer.ts';

/** What is said of an incident, without who says it and when. */
export type IncidentContent = Omit<IncidentStatement['predicate'], 'issuer' | 'issuedAt' | 'id'>;

/** Signs what was told of an incident. Nothing is signed that verifiers would refuse. */
export async function signIncident(
  { id, subject, content }: { id: string; subject: string; content: IncidentContent },
  { signer, issuer, now = () => new Date() }: { signer: Signer; issuer: string; now?: () => Date },
): Promise<SignedStatement> {
  const statement: IncidentStatement = {
    _type: STATEMENT_TYPE,
    subject: [
      {
        name: subject,
        digest: { sha256: sha256(canonicalJson(content.alerts)).slice('sha256:'.length) },
      },
    ],
    predicateType: INCIDENT_TYPE,
    predicate: {
      id,
      issuer: { name: issuer, key: signer.keyId },
      issuedAt: now().toISOString(),
      ...content,
    },
  };
  invariant(
    isIncident(JSON.parse(canonicalJson(statement))),
    'an incident statement of the published shape',
  );
  return signForLog(statement, [signer], { kind: 'incident', id });
}
