import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { broadcast } from './broadcast.ts';
import { nodesOf, type Diagram, type Node } from './diagram.ts';
import { FIRINGS, reactionsTo } from './firings.ts';
import { DiagramPlaces, type Cell, type Firing } from './places.ts';

/**
 * A diagram as places that hold tokens and the ways in which nodes fire: the token game of BPMN 2.0
 * §13, and nothing else. The model is printed from it; reductions and other channel semantics will
 * work on it.
 */
export interface Net {
  readonly cells: readonly Cell[];
  readonly firings: readonly Firing[];
  /** How activities of those who are not trusted can be passed over. */
  readonly skips: readonly SkipWay[];
}

/** A token goes from one of these places to one of those. */
export interface SkipWay {
  readonly node: Node;
  readonly from: readonly Cell[];
  readonly to: readonly Cell[];
}

/**
 * The model grows with the number of places that each way of firing touches; beyond this it is of
 * no use to anybody.
 */
const MAX_SIZE = 1_000_000;

/** The token game of a diagram. The only thing that can be wrong with it is its size. */
export function netOf(diagram: Diagram): Result<Net> {
  const places = new DiagramPlaces(diagram);
  const firings: Firing[] = [];
  let size = 0;
  for (const node of nodesOf(diagram)) {
    for (const firing of waysOf(node, places)) {
      size += sizeOf(firing);
      if (size > MAX_SIZE) {
        return bad(
          problem(
            'INPUT_TOO_LARGE',
            node.id,
            `the diagram has too many ways to fire: counting stopped at ${node.id}`,
            { elementId: node.elementId },
          ),
        );
      }
      firings.push(firing);
    }
  }
  return ok({ cells: places.all(), firings, skips: skipsOf(diagram, places) });
}

/** An activity is passed over, from one incoming flow to one outgoing one (SEMANTICS 18). */
function skipsOf(diagram: Diagram, places: DiagramPlaces): readonly SkipWay[] {
  return nodesOf(diagram)
    .filter(({ activity, kind, actor }) => activity && kind === 'task' && actor.trust !== 'trusted')
    .map((node) => ({
      node,
      from: places.before(node).filter(({ kind }) => kind === 'flow'),
      to: places.after(node.outgoing).filter(({ kind }) => kind === 'flow'),
    }))
    .filter(({ from, to }) => from.length > 0 && to.length > 0);
}

/** A signal goes to all that wait for it, in one step. */
function* waysOf(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const firings = FIRINGS[node.kind](node, places);
  if (node.heard.length === 0) return yield* firings;
  const listeners = node.heard.map((event) => [...reactionsTo(event, places)]);
  for (const firing of firings) yield* broadcast(firing, listeners);
}

function sizeOf({
  take,
  give,
  empty = [],
  some = [],
  unless = [],
  clears = [],
  forgets = [],
  join,
}: Firing): number {
  const awaited = (join?.waits ?? []).reduce(
    (sum, { before, unless: others }) => sum + before.length + others.length,
    join?.inputs.length ?? 0,
  );
  const others = unless.reduce(
    (sum, firing): number => sum + sizeOf(firing),
    some.reduce((sum, cells) => sum + cells.length, 0),
  );
  return (
    1 + take.length + give.length + empty.length + clears.length + forgets.length + awaited + others
  );
}
