import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { newId, type TenantStore } from '../store/index.ts';

const MAX_KEY = 200;

/** What is wrong with an idempotency key. */
export function keyProblems(key: string | null | undefined): Problem[] {
  if (key === undefined || key === null) return [];
  return key !== '' && key.length <= MAX_KEY && !/[\p{Cc}\p{Surrogate}]/u.test(key)
    ? []
    : [
        problem(
          'REQUEST_SHAPE',
          'input.idempotencyKey',
          `an idempotency key has 1 to ${MAX_KEY} printable characters`,
        ),
      ];
}

export const usedOtherwise = (): Problem =>
  problem(
    'IDEMPOTENCY_CONFLICT',
    'input.idempotencyKey',
    'this idempotency key was used with another input',
  );

/**
 * The id of what is about to be made. It is kept before it is made: of a hundred requests with one
 * key all get the same, and whoever repeats one that was cut off makes the same thing.
 */
export async function idOnce(
  { idempotency }: Pick<TenantStore, 'idempotency'>,
  owner: string,
  operation: string,
  key: string | null | undefined,
  inputDigest: string,
  fresh: Parameters<typeof newId>[0] | { readonly id: string },
): Promise<Result<string>> {
  const id = typeof fresh === 'string' ? newId(fresh) : fresh.id;
  if (key === undefined || key === null) return ok(id);
  const kept = await idempotency.remember(owner, operation, key, { inputDigest, resultId: id });
  return kept.inputDigest === inputDigest ? ok(kept.resultId) : bad(usedOtherwise());
}
