import { bad, type Locate, ok, problem, type Result } from '../errors/problem.ts';
import {
  MAX_VALUATIONS_CHECKED,
  optionsOf,
  readsParameters,
  rulesPerCell,
  starts,
  valuations,
} from './initial.ts';
import type { Semantics } from './semantics.ts';

/**
 * The initial conditions judged before any engine runs (SEMANTICS 5): a constant out of its range
 * is bad input, and so is a valuation that no initial state satisfies. At most
 * `MAX_VALUATIONS_CHECKED` valuations are looked at here; explorers meet the rest.
 */
export function checkInitial(
  semantics: Semantics,
  locate: Locate = () => undefined,
): Result<Semantics> {
  const { layout, model } = semantics;
  const row = new Array<number>(layout.width).fill(0);
  const problems = model.variables.flatMap((variable, i) => {
    const block = layout.variables[i];
    if (!block) return [];
    const path = ['variables', variable.name, 'init'];
    const constants = rulesPerCell(variable.init, block).filter((rule) => !readsParameters(rule));
    const wrong = constants.some(
      (rule) =>
        rule.kind !== 'any' &&
        optionsOf(rule, block, semantics, row).some((cell) => cell.errors !== 0),
    );
    return wrong
      ? [
          problem(
            'INIT_OUT_OF_RANGE',
            path.join('.'),
            `${variable.name} starts outside its type`,
            locate(path),
          ),
        ]
      : [];
  });
  if (problems.length > 0) return bad(...problems);
  let seen = 0;
  for (const valuation of valuations(semantics)) {
    if (starts(semantics, valuation).next().done) {
      const given = layout.parameters
        .map(
          (block) =>
            `${block.name} = ${valuation.slice(block.offset, block.offset + block.cells * block.width).join(', ')}`,
        )
        .join('; ');
      return bad(
        problem(
          'INIT_EMPTY',
          'variables',
          `no initial state satisfies the initial conditions${given ? ` for ${given}` : ''}`,
          locate(['variables']),
        ),
      );
    }
    seen += 1;
    if (seen >= MAX_VALUATIONS_CHECKED) break;
  }
  return ok(semantics);
}
