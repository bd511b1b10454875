import type { ApolloServerPlugin } from '@apollo/server';
import type { KeyBudget } from './budget.ts';
import type { ApiContext } from './context.ts';
import { tooMuch } from './errors.ts';
import type { CostMeter } from './limits.ts';

/**
 * What a document costs is taken from the key's budget before it is executed, and what it did not
 * use is given back. `extensions.cost` and `x-ratelimit-*` say how it stands.
 */
export const costPlugin = (
  budget: KeyBudget,
  meter: CostMeter,
): ApolloServerPlugin<ApiContext> => ({
  requestDidStart: async () => {
    let requested: number | undefined;
    return {
      didResolveOperation: async ({ document, operation, contextValue, response }) => {
        const { principal } = contextValue;
        if (!principal || !operation) return;
        const { cost, dearest } = meter.requested(document, operation);
        const { limit, left, waitS } = budget.take(principal.keyId, cost);
        response.http.headers.set('x-ratelimit-limit', String(limit));
        response.http.headers.set('x-ratelimit-remaining', String(left));
        if (waitS === 0) {
          requested = cost;
          return;
        }
        response.http.headers.set('x-ratelimit-reset', String(waitS));
        throw tooMuch(
          '',
          `the document costs ${cost}, and the key has ${left} left${dearest}`,
          waitS,
        );
      },
      willSendResponse: async ({ document, operation, contextValue, response }) => {
        const { principal } = contextValue;
        if (requested === undefined || !principal || !document || !operation) return;
        if (response.body.kind !== 'single') return;
        const { singleResult } = response.body;
        const actual = Math.min(requested, meter.actual(document, operation, singleResult.data));
        const left = budget.giveBack(principal.keyId, requested - actual);
        singleResult.extensions = {
          ...singleResult.extensions,
          cost: { requested, actual, left },
        };
        response.http.headers.set('x-ratelimit-remaining', String(left));
      },
    };
  },
});
