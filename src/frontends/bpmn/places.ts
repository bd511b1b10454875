import {
  isAwaited,
  isChoosing,
  type DataAssignment,
  type Diagram,
  type Flow,
  type MessageFlow,
  type Node,
  type Process,
} from './diagram.ts';

/**
 * Something that is counted.
 * - `flow`: tokens on a sequence flow. `entry`: the token of a node that a process without start
 *   events begins with, or of a start event inside a sub-process that waits for something.
 * - `start`: 1 while a process that has other ways to start may still be started freely.
 * - `active`: 1 while an activity that can be looked into or interrupted is running. `armed`: 1
 *   while an event on its border that does not interrupt it may still happen.
 * - `message`: messages in transit on a message flow. `end`: how often an end event has happened,
 *   up to 2.
 * - `done`: 1 once an activity that can be undone has been done. `seen`: 1 for a way into a complex
 *   gateway whose token has been taken since it last began to wait, and for the gateway itself
 *   while it waits for the others.
 */
export interface Cell {
  readonly kind:
    'flow' | 'entry' | 'start' | 'active' | 'armed' | 'message' | 'end' | 'done' | 'seen';
  readonly id: string;
  readonly label: string;
  readonly elementId: string;
  readonly initial: number;
}

/** One way in which a node fires: one step of the model. */
export interface Firing {
  readonly node: Node;
  /** What tells this way from the node's other ways: goes into the action's name. */
  readonly way: string;
  readonly label: string;
  readonly take: readonly Cell[];
  readonly give: readonly Cell[];
  /**
   * An inclusive gateway that merges takes a token from wherever there is one, when no other can
   * still come.
   */
  readonly join?: Join;
  /** What must be empty before. */
  readonly empty?: readonly Cell[];
  /** Of each of these groups, something must not be empty before. */
  readonly some?: readonly (readonly Cell[])[];
  /** So many of these must not be empty before. */
  readonly atLeast?: { readonly of: readonly Cell[]; readonly count: number };
  /** None of these could fire before. */
  readonly unless?: readonly Firing[];
  /**
   * A complex gateway takes what is there and remembers from where; then it takes what it has not
   * seen, and forgets.
   */
  readonly sees?: readonly Sight[];
  readonly resets?: readonly Sight[];
  /** FEEL over the variables of the diagram that must hold before; and what becomes of them. */
  readonly guards?: readonly string[];
  readonly sets?: readonly DataAssignment[];
  /** What is empty afterwards, whatever it was. */
  readonly clears?: readonly Cell[];
  /** End events that begin to count anew. */
  readonly forgets?: readonly Cell[];
  /** A message starts a process that is not running. */
  readonly begins?: Process;
  /** Whether it does not wait for ever, as one of the ways of its node. */
  readonly fair?: boolean;
  /** It waits for the outside, which answers in the end unless it may stay silent. */
  readonly answered?: boolean;
  /**
   * The choices that this way is one of the steps of: each is taken if it is possible again and
   * again.
   */
  readonly chosen?: string;
  /**
   * What else happens in this step: an event sub-process that catches what is thrown, whoever hears
   * a signal.
   */
  readonly also?: readonly Node[];
  /** Where an activity takes several steps: this one does not show that it happens. */
  readonly partial?: boolean;
}

/** A way into a complex gateway, and whether its token has been taken. */
export interface Sight {
  readonly input: Cell;
  readonly seen: Cell;
}

/** What an inclusive gateway waits for: `before` is all empty, or some of `unless` is not. */
export interface Join {
  readonly inputs: readonly Cell[];
  readonly waits: readonly { readonly before: readonly Cell[]; readonly unless: readonly Cell[] }[];
}

/** The cells of a diagram, found by what they belong to. */
export class DiagramPlaces {
  private readonly flows = new Map<Flow, Cell>();
  private readonly messages = new Map<MessageFlow, Cell>();
  private readonly entries = new Map<Node, Cell>();
  private readonly ends = new Map<Node, Cell>();
  private readonly starts = new Map<Process, Cell>();
  private readonly actives = new Map<Node, Cell>();
  private readonly arms = new Map<Node, Cell>();
  private readonly dones = new Map<Node, Cell>();
  private readonly sights = new Map<Node | Flow, Cell>();
  private readonly tokens = new Map<Process, readonly Cell[]>();
  private readonly counts = new Map<Process, readonly Cell[]>();
  private readonly memories = new Map<Process, readonly Cell[]>();

  constructor(diagram: Diagram) {
    for (const process of diagram.processes) this.addProcess(process);
    // Inner ones first, so that each finds the cells of those inside of it.
    for (const process of diagram.processes.toReversed()) this.addSums(process);
    for (const flow of diagram.messageFlows) {
      const label = flow.name || `${name(flow.source)} to ${name(flow.target)}`;
      this.messages.set(flow, {
        kind: 'message',
        id: flow.id,
        label,
        elementId: flow.id,
        initial: 0,
      });
    }
  }

  private addProcess(process: Process): void {
    const starts = process.nodes.filter((node) => node.kind === 'start');
    const inner = process.owner !== undefined;
    const only = inner ? undefined : soleStart(starts);
    if (!inner && !only && starts.some(isFree)) {
      this.starts.set(process, {
        kind: 'start',
        id: `start_${process.id}`,
        label: `${process.name || process.id} may start`,
        elementId: process.id,
        initial: 1,
      });
    }
    for (const flow of process.flows) {
      // The token of an event-based gateway stays before it until an event takes it along.
      if (isAwaited(flow)) continue;
      const label = `${name(flow.source)} to ${name(flow.target)}${flow.name && ` (${flow.name})`}`;
      this.flows.set(flow, {
        kind: 'flow',
        id: flow.id,
        label,
        elementId: flow.elementId,
        initial: flow.source === only ? 1 : 0,
      });
    }
    for (const node of process.nodes) {
      const { elementId } = node;
      if (node.kind === 'end')
        this.ends.set(node, {
          kind: 'end',
          id: `${node.id}_count`,
          label: `${name(node)} happened`,
          elementId,
          initial: 0,
        });
      const begins = starts.length === 0 && isLoose(node);
      const awaited =
        inner &&
        process.owner?.kind !== 'eventSubProcess' &&
        node.kind === 'start' &&
        (node.trigger !== 'none' || isChoosing(node));
      const undoes = node.forCompensation || isUndoing(node);
      if (begins || awaited || undoes || node.together.length > 0) {
        this.entries.set(node, {
          kind: 'entry',
          id: `${node.id}_entry`,
          label: `before ${name(node)}`,
          elementId,
          initial: inner || !begins ? 0 : 1,
        });
      }
      if (node.undoneBy)
        this.dones.set(node, {
          kind: 'done',
          id: `${node.id}_done`,
          label: `${name(node)} can be undone`,
          elementId,
          initial: 0,
        });
      if (node.kind === 'complex' && node.incoming.length > 1) this.addSights(node);
      if (node.inside || node.boundary.length > 0 || node.undoes.length > 0) {
        this.actives.set(node, {
          kind: 'active',
          id: `${node.id}_active`,
          label: `${name(node)} is running`,
          elementId,
          initial: 0,
        });
      }
      if (node.kind === 'boundary' && !node.interrupting && !node.repeats) {
        this.arms.set(node, {
          kind: 'armed',
          id: `${node.id}_armed`,
          label: `${name(node)} may happen`,
          elementId,
          initial: 0,
        });
      }
    }
  }

  private addSights(node: Node): void {
    const seen = (id: string, label: string): Cell => ({
      kind: 'seen',
      id,
      label,
      elementId: node.elementId,
      initial: 0,
    });
    this.sights.set(node, seen(`${node.id}_waits`, `${name(node)} waits for the others`));
    for (const flow of node.incoming)
      this.sights.set(
        flow,
        seen(
          `${node.id}_saw_${flow.id}`,
          `${name(node)} has taken a token from ${name(flow.source)}`,
        ),
      );
  }

  private addSums(process: Process): void {
    const of = <K>(keys: readonly K[], cells: ReadonlyMap<K, Cell>): readonly Cell[] =>
      keys.flatMap((key) => cells.get(key) ?? []);
    const { nodes, flows } = process;
    const insides = nodes.flatMap((node) => node.inside ?? []);
    this.tokens.set(process, [
      ...of(flows, this.flows),
      ...of(nodes, this.entries),
      ...of(nodes, this.actives),
      ...of(nodes, this.arms),
      ...insides.flatMap((inside) => this.of(inside)),
    ]);
    this.memories.set(process, [
      ...of(nodes, this.dones),
      ...of([...nodes, ...flows], this.sights),
      ...insides.flatMap((inside) => this.memoriesOf(inside)),
    ]);
    this.counts.set(process, [
      ...of(nodes, this.ends),
      ...insides.flatMap((inside) => this.endsOf(inside)),
    ]);
  }

  all(): readonly Cell[] {
    return [
      this.starts,
      this.entries,
      this.actives,
      this.arms,
      this.flows,
      this.messages,
      this.ends,
      this.dones,
      this.sights,
    ].flatMap((found: ReadonlyMap<unknown, Cell>) => [...found.values()]);
  }

  /** Where the process can hold tokens, sub-processes included. */
  of(process: Process): readonly Cell[] {
    return this.tokens.get(process) ?? [];
  }

  /** What counts the end events of the process, sub-processes included. */
  endsOf(process: Process): readonly Cell[] {
    return this.counts.get(process) ?? [];
  }

  /**
   * What the process remembers that is no token: what can be undone, what complex gateways have
   * seen.
   */
  memoriesOf(process: Process): readonly Cell[] {
    return this.memories.get(process) ?? [];
  }

  /**
   * Where a token can wait for this node, but for those of an event-based gateway before it, and
   * those that somebody led into a start event.
   */
  before(node: Node): readonly Cell[] {
    if (node.kind === 'start') return this.entry(node);
    return [...node.incoming.flatMap((flow) => this.flows.get(flow) ?? []), ...this.entry(node)];
  }

  after(flows: readonly Flow[]): readonly Cell[] {
    return flows.flatMap((flow) => this.flows.get(flow) ?? []);
  }

  entry(node: Node): readonly Cell[] {
    return found(this.entries.get(node));
  }

  /**
   * Present for an activity that takes several steps: a sub-process, or one with events on its
   * border.
   */
  active(node: Node): readonly Cell[] {
    return found(this.actives.get(node));
  }

  armed(event: Node): readonly Cell[] {
    return found(this.arms.get(event));
  }

  /** Present for an activity that can be undone. */
  done(node: Node): readonly Cell[] {
    return found(this.dones.get(node));
  }

  /** Of a complex gateway: whether it waits for the tokens that it has not seen. */
  waits(node: Node): readonly Cell[] {
    return found(this.sights.get(node));
  }

  sightsOf(node: Node): readonly Sight[] {
    return node.incoming.flatMap((flow) => {
      const [input, seen] = [this.flows.get(flow), this.sights.get(flow)];
      return input && seen ? [{ input, seen }] : [];
    });
  }

  message(flow: MessageFlow): readonly Cell[] {
    return found(this.messages.get(flow));
  }

  end(node: Node): readonly Cell[] {
    return found(this.ends.get(node));
  }

  start(process: Process): readonly Cell[] {
    return found(this.starts.get(process));
  }
}

function found(cell: Cell | undefined): readonly Cell[] {
  return cell ? [cell] : [];
}

/**
 * The start event that has happened in the first state: the only one, if nobody in the diagram
 * sends its message.
 */
function soleStart(starts: readonly Node[]): Node | undefined {
  const [start, ...others] = starts;
  return others.length === 0 &&
    start?.receives.length === 0 &&
    !start.thrown &&
    !isChoosing(start) &&
    start.together.length === 0
    ? start
    : undefined;
}

/** Whether a start event need not wait for anybody in the diagram. */
export function isFree(start: Node): boolean {
  return (start.receives.length === 0 && !start.thrown) || start.outside;
}

/**
 * Whether a process without start events begins here: nothing leads to it, and nothing else makes
 * it happen.
 */
export function isLoose(node: Node): boolean {
  return (
    node.incoming.length === 0 &&
    node.kind !== 'boundary' &&
    node.kind !== 'eventSubProcess' &&
    !node.forCompensation
  );
}

/** Whether an event sub-process is there to undo what it stands in. */
export function isUndoing(node: Node): boolean {
  return (
    node.kind === 'eventSubProcess' &&
    (node.inside?.nodes.some(({ kind, trigger }) => kind === 'start' && trigger === 'compensate') ??
      false)
  );
}

/** How a node is named in a label: what is written on it, else its id. */
export function name(node: Node): string {
  return node.name || node.id;
}
