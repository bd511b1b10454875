import type { Diagram, Flow, MessageFlow, Node, Process } from './diagram.ts';

/**
 * Something that is counted.
 * - `flow`: tokens on a sequence flow. `entry`: the token of a node that a process without start events begins with, or of a
 *   start event inside a sub-process that waits for something.
 * - `start`: 1 while a process that has other ways to start may still be started freely.
 * - `active`: 1 while an activity that can be looked into or interrupted is running. `armed`: 1 while an event on its border
 *   that does not interrupt it may still happen.
 * - `message`: messages in transit on a message flow. `end`: how often an end event has happened, up to 2.
 */
export interface Cell {
  readonly kind: 'flow' | 'entry' | 'start' | 'active' | 'armed' | 'message' | 'end';
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
  /** An inclusive gateway that merges takes a token from wherever there is one, when no other can still come. */
  readonly join?: Join;
  /** What must be empty before. */
  readonly empty?: readonly Cell[];
  /** What is empty afterwards, whatever it was. */
  readonly clears?: readonly Cell[];
  /** End events that begin to count anew. */
  readonly forgets?: readonly Cell[];
  /** A message starts a process that is not running. */
  readonly begins?: Process;
  readonly fair?: 'weak' | 'strong';
  /** Where an activity takes several steps: this one does not show that it happens. */
  readonly partial?: boolean;
}

/** What an inclusive gateway waits for: `before` is all empty, or some of `unless` is not. */
export interface Join {
  readonly inputs: readonly Cell[];
  readonly waits: readonly { readonly before: readonly Cell[]; readonly unless: readonly Cell[] }[];
}

/** The cells of a diagram, found by what they belong to. */
export class Places {
  private readonly flows = new Map<Flow, Cell>();
  private readonly messages = new Map<MessageFlow, Cell>();
  private readonly entries = new Map<Node, Cell>();
  private readonly ends = new Map<Node, Cell>();
  private readonly starts = new Map<Process, Cell>();
  private readonly actives = new Map<Node, Cell>();
  private readonly arms = new Map<Node, Cell>();
  private readonly tokens = new Map<Process, readonly Cell[]>();
  private readonly counts = new Map<Process, readonly Cell[]>();

  constructor(diagram: Diagram) {
    for (const process of diagram.processes) this.addProcess(process);
    // Inner ones first, so that each finds the cells of those inside of it.
    for (const process of diagram.processes.toReversed()) this.addSums(process);
    for (const flow of diagram.messageFlows) {
      const label = flow.name || `${name(flow.source)} to ${name(flow.target)}`;
      this.messages.set(flow, { kind: 'message', id: flow.id, label, elementId: flow.id, initial: 0 });
    }
  }

  private addProcess(process: Process): void {
    const starts = process.nodes.filter((node) => node.kind === 'start');
    const inner = process.owner !== undefined;
    const only = inner ? undefined : soleStart(starts);
    if (!inner && !only && starts.some(isFree)) {
      this.starts.set(process, { kind: 'start', id: `start_${process.id}`, label: `${process.name || process.id} may start`, elementId: process.id, initial: 1 });
    }
    for (const flow of process.flows) {
      // The token of an event-based gateway stays before it until an event takes it along.
      if (flow.source.kind === 'eventBased') continue;
      const label = `${name(flow.source)} to ${name(flow.target)}${flow.name && ` (${flow.name})`}`;
      this.flows.set(flow, { kind: 'flow', id: flow.id, label, elementId: flow.elementId, initial: flow.source === only ? 1 : 0 });
    }
    for (const node of process.nodes) {
      const elementId = node.id;
      if (node.kind === 'end') this.ends.set(node, { kind: 'end', id: `${node.id}_count`, label: `${name(node)} happened`, elementId, initial: 0 });
      const begins = starts.length === 0 && node.incoming.length === 0 && node.kind !== 'boundary';
      if (begins || (inner && node.kind === 'start' && node.trigger !== 'none')) {
        this.entries.set(node, { kind: 'entry', id: `${node.id}_entry`, label: `before ${name(node)}`, elementId, initial: inner ? 0 : 1 });
      }
      if (node.inside || node.boundary.length > 0) {
        this.actives.set(node, { kind: 'active', id: `${node.id}_active`, label: `${name(node)} is running`, elementId, initial: 0 });
      }
      if (node.kind === 'boundary' && !node.interrupting && !node.repeats) {
        this.arms.set(node, { kind: 'armed', id: `${node.id}_armed`, label: `${name(node)} may happen`, elementId, initial: 0 });
      }
    }
  }

  private addSums(process: Process): void {
    const of = <K>(keys: readonly K[], cells: ReadonlyMap<K, Cell>): readonly Cell[] => keys.flatMap((key) => cells.get(key) ?? []);
    const { nodes, flows } = process;
    const insides = nodes.flatMap((node) => node.inside ?? []);
    this.tokens.set(process, [...of(flows, this.flows), ...of(nodes, this.entries), ...of(nodes, this.actives), ...of(nodes, this.arms),
      ...insides.flatMap((inside) => this.of(inside))]);
    this.counts.set(process, [...of(nodes, this.ends), ...insides.flatMap((inside) => this.endsOf(inside))]);
  }

  all(): readonly Cell[] {
    return [this.starts, this.entries, this.actives, this.arms, this.flows, this.messages, this.ends]
      .flatMap((found: ReadonlyMap<unknown, Cell>) => [...found.values()]);
  }

  /** Where the process can hold tokens, sub-processes included. */
  of(process: Process): readonly Cell[] {
    return this.tokens.get(process) ?? [];
  }

  /** What counts the end events of the process, sub-processes included. */
  endsOf(process: Process): readonly Cell[] {
    return this.counts.get(process) ?? [];
  }

  /** Where a token can wait for this node, but for those of an event-based gateway before it. */
  before(node: Node): readonly Cell[] {
    return [...node.incoming.flatMap((flow) => this.flows.get(flow) ?? []), ...this.entry(node)];
  }

  after(flows: readonly Flow[]): readonly Cell[] {
    return flows.flatMap((flow) => this.flows.get(flow) ?? []);
  }

  entry(node: Node): readonly Cell[] {
    return found(this.entries.get(node));
  }

  /** Present for an activity that takes several steps: a sub-process, or one with events on its border. */
  active(node: Node): readonly Cell[] {
    return found(this.actives.get(node));
  }

  armed(event: Node): readonly Cell[] {
    return found(this.arms.get(event));
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

/** The start event that has happened in the first state: the only one, if nobody in the diagram sends its message. */
function soleStart(starts: readonly Node[]): Node | undefined {
  const [start, ...others] = starts;
  return others.length === 0 && start?.receives.length === 0 ? start : undefined;
}

/** Whether a start event need not wait for anybody in the diagram. */
export function isFree(start: Node): boolean {
  return start.receives.length === 0 || start.outside;
}

/** How a node is named in a label: what is written on it, else its id. */
export function name(node: Node): string {
  return node.name || node.id;
}
