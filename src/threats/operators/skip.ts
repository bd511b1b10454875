import type { Operator } from '../threat.ts';

/**
 * Whoever should do an activity passes it over: a token goes from one incoming flow to one outgoing
 * flow, and nothing is received, sent, set or counted as having happened.
 */
export const skip: Operator = {
  name: 'skip',
  find: (model) => model.skips.map(({ activity }) => ({ of: [activity] })),
  arm: ([activity = ''], world) => {
    const ways = world.semantics.model.skips.find((each) => each.activity === activity);
    const at = (name: string): number => world.layout.cell('variable', name).offset;
    const pairs = (ways?.from ?? []).flatMap((from) =>
      (ways?.to ?? []).map((to) => [at(from), at(to)] as const),
    );
    return (row, emit) => {
      for (const [from, to] of pairs) {
        if ((row[from] as number) === 0) continue;
        const next = [...row];
        next[from] = (next[from] as number) - 1;
        next[to] = (next[to] as number) + 1;
        emit(next);
      }
    };
  },
};
