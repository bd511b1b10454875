import type { Composition } from '../composition.ts';
import { areSame, negated, variableOf } from '../terms.ts';
import { isUntrusted, type Operator, type ThreatSteps } from '../threat.ts';
import type { World } from '../world.ts';

/** An insider changes a record that is in their keeping. */
export const alter: Operator = {
  name: 'alter',
  find: (model) =>
    model.variables
      .filter(({ keptBy }) => isUntrusted(model, keptBy))
      .map(({ name }) => ({ of: [name] })),
  arm: ([variable = ''], world) => otherValues(variable, world),
  compose: ([variable = ''], to) => otherValueOf(variable, to),
};

/** One cell takes any other value of its type. */
export function otherValues(variable: string, world: World): ThreatSteps {
  const block = world.layout.cell('variable', variable);
  const values = world.values(block.type);
  return (row, emit) => {
    for (let cell = 0; cell < block.cells; cell += 1)
      for (const value of values) {
        const next = [...row];
        value.forEach((word, k) => (next[block.offset + cell * block.width + k] = word));
        emit(next);
      }
  };
}

/** The same, picked. */
export function otherValueOf(variable: string, to: Composition): void {
  const { binders, keys, type } = to.cell(variable);
  const value = to.pick(variable, type);
  to.step({
    binders,
    when: negated(areSame([variableOf(variable, type, keys)], [value])),
    assignments: [{ variable, keys, value, type }],
  });
}
