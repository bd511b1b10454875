import type { Problem } from '../errors/index.ts';
import { RefusedByServer } from './refused.ts';

/** What a mutation says of its input, as it is asked for here. */
export const USER_ERRORS = 'userErrors { code field message line column elementId }';

interface Said {
  readonly userErrors: readonly (Pick<Problem, 'code' | 'message'> & {
    readonly field: readonly string[];
    readonly line?: number | null;
    readonly column?: number | null;
    readonly elementId?: string | null;
  })[];
}

/** A payload without complaints; those that it has are told as any refusal. */
export function accepted<T extends Said>(payload: T): T {
  const problems = payload.userErrors.map(
    ({ code, field, message, line, column, elementId }): Problem => ({
      code,
      message,
      // As the argument that it is about is called here, not within the mutation.
      path: field.join('.').replace(/^input\.?/u, ''),
      ...(typeof line === 'number' && { line }),
      ...(typeof column === 'number' && { column }),
      ...(typeof elementId === 'string' && { elementId }),
    }),
  );
  if (problems.length > 0) throw new RefusedByServer(problems);
  return payload;
}
