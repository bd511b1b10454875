import type { Operator } from '../threat.ts';

/** The actor's actions are disabled from now on; one who recovers comes back by a model step. */
export const unavailable: Operator = {
  name: 'unavailable',
  find: (model) =>
    model.actors
      .filter(({ name }) => model.actions.some((action) => action.actor === name))
      .map(({ name }) => ({ of: [name] })),
  arm: ([actor = ''], world) => {
    const flag = world.place(`unavailable ${actor}`);
    return (row, emit) => {
      const next = [...row];
      next[flag] = 1;
      emit(next);
    };
  },
};
