import type { GraphQLError } from 'graphql';

/** In place of an event: why there are no more. The field of the subscription throws it. */
export class LastWord {
  readonly error: GraphQLError;

  constructor(error: GraphQLError) {
    this.error = error;
  }
}

/**
 * The events of a subscription for as long as whoever asked may see them, which is looked up before
 * each. Where that ends, or the events themselves fail, the last one is a `LastWord`: a coded error
 * of the operation, on every transport, in place of a connection that breaks.
 */
export function whileAllowed(
  events: AsyncIterableIterator<unknown>,
  refusalNow: () => Promise<GraphQLError | undefined>,
  answerable: (error: unknown) => GraphQLError,
): AsyncIterableIterator<unknown> {
  let over = false;
  const end = async (error: GraphQLError): Promise<IteratorResult<unknown>> => {
    over = true;
    await events.return?.();
    return { done: false, value: new LastWord(error) };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        const event = await events.next();
        const refused = event.done ? undefined : await refusalNow();
        return refused ? await end(refused) : event;
      } catch (error) {
        return end(answerable(error));
      }
    },
    async return() {
      over = true;
      await events.return?.();
      return { done: true, value: undefined };
    },
    async throw(error: unknown) {
      over = true;
      await events.return?.();
      throw error;
    },
  };
}
