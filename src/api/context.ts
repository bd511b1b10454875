import { GraphQLError } from 'graphql';
import { Fault } from '../errors/index.ts';
import { AnswerSize } from './answer.ts';
import type { Authenticator, Principal } from './auth.ts';

/** What every resolver is given. `principal` is undefined for a request without a valid key. */
export interface ApiContext {
  readonly principal: Principal | undefined;
  /** Why nobody can say whether there is one. */
  readonly trouble?: Fault | GraphQLError;
  /** What the large fields of this operation have taken so far. */
  readonly answer: AnswerSize;
}

/** The context of one operation. Who asks may be unknowable; each field then says why. */
export async function contextOf(
  authenticator: Authenticator,
  authorization: string | undefined,
  address?: string,
): Promise<ApiContext> {
  const answer = new AnswerSize();
  try {
    return { principal: await authenticator.principal(authorization, address), answer };
  } catch (trouble) {
    if (!(trouble instanceof Fault || trouble instanceof GraphQLError)) throw trouble;
    return { principal: undefined, trouble, answer };
  }
}
