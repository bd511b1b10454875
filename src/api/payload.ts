import { GraphQLError } from 'graphql';
import type { Problem, ProblemCode } from '../errors/index.ts';

/** What is wrong with the input of a mutation, as its payload says it. */
export interface UserError {
  readonly code: string;
  /** From the argument down: `["input", "limits", "timeoutMs"]`. */
  readonly field: readonly string[];
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly elementId?: string;
  /** Where a second person has to approve it. */
  readonly approvalRequestId?: string;
}

/** Who may not ask at all is told so as an error, not in a payload. */
const NOT_THE_INPUT: ReadonlySet<ProblemCode> = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/**
 * The payload of a mutation: what it did, or what is wrong with its input, all at once. Faults stay
 * errors: they are not the user's.
 */
export async function payload<T extends object>(
  work: () => Promise<T>,
): Promise<Partial<T> & { readonly userErrors: readonly UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    const problems = problemsIn(error);
    if (problems.length === 0 || problems.some(({ code }) => NOT_THE_INPUT.has(code))) throw error;
    return { userErrors: problems.map(userError) } as never;
  }
}

function problemsIn(error: unknown): readonly Problem[] {
  const problems = error instanceof GraphQLError ? error.extensions['problems'] : undefined;
  return Array.isArray(problems) ? (problems as Problem[]) : [];
}

export const userError = ({ code, path, ...said }: Problem): UserError => ({
  ...said,
  code,
  field: path === '' ? [] : (/^input\b/u.test(path) ? path : `input.${path}`).split('.'),
});
