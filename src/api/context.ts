import { Fault } from '../errors/index.ts';
import { AnswerSize } from './answer.ts';
import type { Authenticator, Principal } from './auth.ts';

/** What every resolver is given. `principal` is undefined for a request without a valid key. */
export interface ApiContext {
  readonly principal: Principal | undefined;
  /** Why nobody can say whether there is one. */
  readonly trouble?: Fault;
  /** What the large fields of this operation have taken so far. */
  readonly answer: AnswerSize;
}

/** The context of one operation. Who asks may be unknowable; each field then says why. */
export async function contextOf(
  authenticator: Authenticator,
  authorization: string | undefined,
): Promise<ApiContext> {
  const answer = new AnswerSize();
  try {
    return { principal: await authenticator.principal(authorization), answer };
  } catch (trouble) {
    if (!(trouble instanceof Fault)) throw trouble;
    return { principal: undefined, trouble, answer };
  }
}
