import { truth } from '../../model/scope.ts';
import { BOOL } from '../../model/types.ts';
import { negated, variableOf } from '../terms.ts';
import { cellNames } from '../../model/codec.ts';
import type { Operator } from '../threat.ts';
import { otherValues, otherValueOf } from './alter.ts';

/** A reading sticks: what is assigned to it has no effect. Or it takes any other value. */
export const sensorFault: Operator = {
  name: 'sensorFault',
  find: (model) =>
    model.variables.filter(({ sensor }) => sensor === true).map(({ name }) => ({ of: [name] })),
  arm: ([variable = ''], world) => {
    const jump = otherValues(variable, world);
    const block = world.layout.cell('variable', variable);
    const flags = cellNames(block).map((name) => world.place(`stuck ${name}`));
    return (row, emit) => {
      for (const flag of flags) {
        const next = [...row];
        next[flag] = 1;
        emit(next);
      }
      jump(row, emit);
    };
  },
  compose: ([variable = ''], to) => {
    const { binders, keys } = to.cell(variable);
    const flag = to.sticks(variable);
    to.step({
      binders,
      when: negated(variableOf(flag, BOOL, keys)),
      assignments: [{ variable: flag, keys, value: truth(true), type: BOOL }],
    });
    otherValueOf(variable, to);
  },
};
