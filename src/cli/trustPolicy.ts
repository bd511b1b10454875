import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ownPolicyFile } from '../config/places.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { NO_TRUST, parsePolicy, type TrustPolicy } from '../evidence/formats/policy.ts';

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
