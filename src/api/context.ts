import { GraphQLError } from 'graphql';
import { Fault, problem } from '../errors/index.ts';
import { AnswerSize } from './answer.ts';
import type { Authenticator, Principal } from './auth.ts';
import { refusal } from './errors.ts';

/** What every resolver is given. `principal` is undefined for a request without a valid key. */
export interface ApiContext {
  readonly principal: Principal | undefined;
  /** Why nobody can say whether there is one. */
  readonly trouble?: Fault | GraphQLError;
  /** What the large fields of this operation have taken so far. */
  readonly answer: AnswerSize;
  /**
   * Why whoever asked may ask no more: for what lasts longer than a request. Throws what
   * `Authenticator.principal` throws.
   */
  refusedNow(): Promise<GraphQLError | undefined>;
}

/** The context of one operation. Who asks may be unknowable; each field then says why. */
export async function contextOf(
  authenticator: Authenticator,
  authorization: string | undefined,
  address?: string,
): Promise<ApiContext> {
  const answer = new AnswerSize();
  const refusedNow = async (): Promise<GraphQLError | undefined> =>
    (await authenticator.principal(authorization, address))
      ? undefined
      : refusal([problem('UNAUTHENTICATED', '', 'the key was revoked, or has ended')]);
  try {
    const found = await authenticator.principal(authorization, address);
    const principal = found && { ...found, address };
    return { principal, answer, refusedNow };
  } catch (trouble) {
    if (!(trouble instanceof Fault || trouble instanceof GraphQLError)) throw trouble;
    return { principal: undefined, trouble, answer, refusedNow };
  }
}
