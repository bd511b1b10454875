import { bad, ok, problem, type Result } from '../errors/index.ts';
import {
  credentialOf,
  signCredential,
  signCredentialJwt,
} from '../evidence/renderings/credential.ts';
import { signSvr } from '../evidence/renderings/svr.ts';
import type { Service } from './service.ts';
import { statementOf } from './verdict.ts';
import type { SealedVerdict } from '../store/index.ts';

/** The forms in which others take a verdict; each is signed anew by the verdict key of now. */
export const RENDERINGS = ['svr', 'vc', 'vc-jwt'] as const;

/**
 * A verdict in another form. A withdrawn one is not rendered: those forms do not say that it was
 * withdrawn.
 */
export async function renderVerdict(
  service: Service,
  verdict: SealedVerdict,
  format: string,
): Promise<Result<string>> {
  const { store, notary } = service;
  const known = RENDERINGS.find((each) => each === format);
  if (known === undefined)
    return bad(problem('OPTION_INVALID', 'format', `a format is one of ${RENDERINGS.join(', ')}`));
  if (verdict.erasedAt) return bad(problem('VERDICT_ERASED', 'id', 'the verdict was erased'));
  if ((await store.statements.withdrawals(verdict.id)).length > 0)
    return bad(
      problem(
        'VERDICT_WITHDRAWN',
        'id',
        'the verdict was revoked or superseded: its bundle says so, and this form could not',
      ),
    );
  await notary.refresh();
  const statement = statementOf(verdict.envelope);
  const signer = notary.keys.verdict;
  if (known === 'svr') return ok(await signSvr(statement, verdict.statementDigest, signer));
  const credential = credentialOf(statement, verdict, signer);
  return ok(
    known === 'vc'
      ? await signCredential(credential, signer)
      : await signCredentialJwt(credential, signer),
  );
}
