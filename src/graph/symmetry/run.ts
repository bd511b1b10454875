import { invariant } from '../../errors/index.ts';
import type { State } from '../../model/layout.ts';
import { sameState, type Semantics } from '../../model/semantics.ts';
import { afterExchange, inverseExchange, type ElementExchange } from './exchange.ts';
import type { Symmetry } from './symmetry.ts';

/**
 * A run of the model from `start` through states that the given ones stand for, one by one. What
 * takes the representative to the state of the run is kept on the way: a step of the one is a step
 * of the other, exchanged.
 */
export function runThrough(
  semantics: Semantics,
  symmetry: Symmetry,
  start: State,
  representatives: readonly State[],
): State[] {
  const run = [start];
  let back = backFrom(symmetry, start);
  for (let i = 1; i < representatives.length; i += 1) {
    const wanted = representatives[i] as State;
    const reached = stepTo(semantics, symmetry, representatives[i - 1] as State, wanted);
    invariant(reached, 'a state stands for one that no step leads to');
    run.push(back ? symmetry.exchanged(reached, back) : reached);
    back = joined(back, backFrom(symmetry, reached));
  }
  return run;
}

/** What takes the row that stands for this one to it. */
function backFrom(symmetry: Symmetry, row: State): ElementExchange | undefined {
  const exchange = symmetry.exchangeOf(row);
  return exchange && inverseExchange(exchange);
}

function joined(
  second: ElementExchange | undefined,
  first: ElementExchange | undefined,
): ElementExchange | undefined {
  return second && first ? afterExchange(second, first) : (second ?? first);
}

/** A successor of `from` that `wanted` stands for. */
function stepTo(
  semantics: Semantics,
  symmetry: Symmetry,
  from: State,
  wanted: State,
): State | undefined {
  let found: State | undefined;
  semantics.successors(from, (_instance, next) => {
    if (!found && next && sameState(symmetry.representative(next), wanted)) found = next;
  });
  return found;
}
