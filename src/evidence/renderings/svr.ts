import { signEnvelope } from '../signing/sign.ts';
import type { Signer } from '../signing/signer.ts';
import { STATEMENT_TYPE, type Statement } from '../statements/statement.ts';

/**
 * in-toto Simple Verification Result, version 0.2 (https://github.com/in-toto/attestation,
 * spec/predicates/svr.md).
 */
export const SVR_TYPE = 'https://in-toto.io/attestation/svr/v0.2';

/**
 * A verdict for tools that gate on names: the properties that hold, and no others, as
 * `PROBITY_HOLDS_<name>`. It cannot carry a counterexample, a bound or an assumption:
 * `verifier.verdict`, a field of ours, says where they are.
 */
export function svrOf({ subject, predicate }: Statement, statementDigest: string) {
  const held = predicate.properties.filter(({ outcome }) => outcome === 'holds');
  const all = held.length > 0 && held.length === predicate.properties.length;
  return {
    _type: STATEMENT_TYPE,
    subject: subject.map(({ name, digest }) => ({ name, digest })),
    predicateType: SVR_TYPE,
    predicate: {
      verifier: {
        id: `urn:probity:verifier:${encodeURIComponent(predicate.issuer.name)}:${encodeURIComponent(predicate.issuer.software.version)}`,
        policies: [],
        verdict: {
          uri: `urn:probity:verdict:${predicate.id}`,
          digest: { sha256: statementDigest.slice('sha256:'.length) },
        },
      },
      timeCreated: predicate.issuedAt,
      properties: [
        ...held.map(({ name }) => `PROBITY_HOLDS_${name}`),
        ...(all ? ['PROBITY_ALL_PROPERTIES_HOLD'] : []),
      ],
    },
  };
}

/** The DSSE envelope of the result, as its canonical JSON text. */
export async function signSvr(
  statement: Statement,
  statementDigest: string,
  signer: Signer,
): Promise<string> {
  return (await signEnvelope(svrOf(statement, statementDigest), [signer])).envelope;
}
