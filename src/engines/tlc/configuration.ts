import type { TlaModule, TlaProperty } from '../../encode/tla/module.ts';
import type { Task } from '../../model/engine.ts';
import type { Semantics } from '../../model/semantics.ts';
import type { State } from '../../model/layout.ts';
import { starts } from '../../model/initial.ts';

export interface Constraint {
  readonly valuation: readonly number[];
  readonly text: string;
}

export function constraintText(
  task: Task,
  module: TlaModule,
  parameter: string,
  valuation: readonly number[],
): string {
  const block = task.semantics.layout.cell('parameter', parameter);
  const printed =
    module.variables.find((v) => v.of === 'parameter' && v.name === parameter)?.printed ??
    parameter;
  const cells = module.parameterCells(parameter);
  return cells
    .map(
      (key, i) =>
        `${printed}${key} = ${module.literal(parameter, valuation.slice(block.offset + i * block.width, block.offset + (i + 1) * block.width))}`,
    )
    .join(' /\\ ');
}

export function* startsOf(semantics: Semantics, valuation: readonly number[]): Generator<State> {
  for (const start of starts(semantics, valuation)) if (start.errors === 0) yield start.state;
}

export function configText(
  invariants: readonly TlaProperty[],
  temporal: readonly TlaProperty[],
): string {
  const named = invariants.filter((p) => p.as !== 'deadlock');
  return [
    'SPECIFICATION Spec',
    ...(named.length > 0 ? ['INVARIANTS', ...named.map((p) => `  ${p.name}`)] : []),
    ...(temporal.length > 0 ? ['PROPERTIES', ...temporal.map((p) => `  ${p.name}`)] : []),
    '',
  ].join('\n');
}
