import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { Diagram } from './diagram.ts';
import { FIRINGS } from './firings.ts';
import { Places, type Cell, type Firing } from './places.ts';

/**
 * A diagram as places that hold tokens and the ways in which nodes fire: the token game of BPMN 2.0 §13, and nothing else.
 * The model is printed from it; reductions and other channel semantics will work on it.
 */
export interface Net {
  readonly cells: readonly Cell[];
  readonly firings: readonly Firing[];
}

/** The model grows with the number of places that each way of firing touches; beyond this it is of no use to anybody. */
const MAX_SIZE = 1_000_000;

/** The token game of a diagram. The only thing that can be wrong with it is its size. */
export function netOf(diagram: Diagram): Result<Net> {
  const places = new Places(diagram);
  const firings: Firing[] = [];
  let size = 0;
  for (const node of diagram.processes.flatMap((process) => process.nodes)) {
    for (const firing of FIRINGS[node.kind](node, places)) {
      size += sizeOf(firing);
      if (size > MAX_SIZE) {
        return bad(problem('INPUT_TOO_LARGE', node.id, `the diagram has too many ways to fire: counting stopped at ${node.id}`, { elementId: node.id }));
      }
      firings.push(firing);
    }
  }
  return ok({ cells: places.all(), firings });
}

function sizeOf({ take, give, empty = [], clears = [], forgets = [], join }: Firing): number {
  const awaited = (join?.waits ?? []).reduce((sum, { before, unless }) => sum + before.length + unless.length, join?.inputs.length ?? 0);
  return take.length + give.length + empty.length + clears.length + forgets.length + awaited;
}
