import { truth } from '../../model/scope.ts';
import { BOOL } from '../../model/types.ts';
import { negated } from '../terms.ts';
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
  compose: ([actor = ''], to) => {
    const away = to.away(actor);
    to.step({
      when: negated(away),
      assignments: [{ variable: `away!${actor}`, keys: [], value: truth(true), type: BOOL }],
    });
  },
};
