import type { Diagram, Flow, MessageFlow, Node, Process } from './diagram.ts';

/**
 * Something that is counted.
 * - `flow`: tokens on a sequence flow. `entry`: the token of a node that a process without start events begins with.
 * - `start`: 1 while a process that has other ways to start may still be started freely.
 * - `message`: messages in transit on a message flow. `end`: how often an end event has happened, up to 2.
 */
export interface Cell {
  readonly kind: 'flow' | 'entry' | 'start' | 'message' | 'end';
  readonly id: string;
  readonly label: string;
  readonly elementId: string;
  /** Whose token it is; messages belong to nobody. */
  readonly process: Process | undefined;
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
  /** A terminate end event empties its process (§10.5.6). */
  readonly clears?: Process;
  /** A message starts a process that is not running. */
  readonly begins?: Process;
  readonly fair?: 'weak' | 'strong';
}

/** The cells of a diagram, found by what they belong to. */
export class Places {
  private readonly flows = new Map<Flow, Cell>();
  private readonly messages = new Map<MessageFlow, Cell>();
  private readonly entries = new Map<Node, Cell>();
  private readonly ends = new Map<Node, Cell>();
  private readonly starts = new Map<Process, Cell>();
  private readonly tokens = new Map<Process, Cell[]>();

  constructor(diagram: Diagram) {
    for (const process of diagram.processes) this.addProcess(process);
    for (const flow of diagram.messageFlows) {
      const label = flow.name || `${name(flow.source)} to ${name(flow.target)}`;
      this.messages.set(flow, { kind: 'message', id: flow.id, label, elementId: flow.id, process: undefined, initial: 0 });
    }
  }

  private addProcess(process: Process): void {
    const starts = process.nodes.filter((node) => node.kind === 'start');
    const [start, ...others] = starts;
    const only = others.length === 0 && start?.receives.length === 0 ? start : undefined;
    if (!only && starts.some(isFree)) {
      this.starts.set(process, { kind: 'start', id: `start_${process.id}`, label: `${process.name || process.id} may start`, elementId: process.id, process, initial: 1 });
    }
    for (const flow of process.flows) {
      // The token of an event-based gateway stays before it until an event takes it along.
      if (flow.source.kind === 'eventBased') continue;
      const label = `${name(flow.source)} to ${name(flow.target)}${flow.name && ` (${flow.name})`}`;
      this.flows.set(flow, { kind: 'flow', id: flow.id, label, elementId: flow.id, process, initial: flow.source === only ? 1 : 0 });
    }
    for (const node of process.nodes) {
      const own = { elementId: node.id, process };
      if (node.kind === 'end') this.ends.set(node, { kind: 'end', id: `${node.id}_count`, label: `${name(node)} happened`, ...own, initial: 0 });
      if (starts.length === 0 && node.incoming.length === 0) {
        this.entries.set(node, { kind: 'entry', id: `${node.id}_entry`, label: `before ${name(node)}`, ...own, initial: 1 });
      }
    }
    const tokens = [...process.flows.flatMap((flow) => this.flows.get(flow) ?? []), ...process.nodes.flatMap((node) => this.entries.get(node) ?? [])];
    this.tokens.set(process, tokens);
  }

  all(): readonly Cell[] {
    return [this.starts, this.entries, this.flows, this.messages, this.ends].flatMap((found: ReadonlyMap<unknown, Cell>) => [...found.values()]);
  }

  /** Where the process can hold tokens. */
  of(process: Process): readonly Cell[] {
    return this.tokens.get(process) ?? [];
  }

  /** Where a token can wait for this node, but for those of an event-based gateway before it. */
  before(node: Node): readonly Cell[] {
    const waiting = node.incoming.flatMap((flow) => this.flows.get(flow) ?? []);
    const entry = this.entries.get(node);
    return entry ? [...waiting, entry] : waiting;
  }

  after(flows: readonly Flow[]): readonly Cell[] {
    return flows.flatMap((flow) => this.flows.get(flow) ?? []);
  }

  message(flow: MessageFlow): readonly Cell[] {
    return [this.messages.get(flow)].filter((cell) => cell !== undefined);
  }

  end(node: Node): readonly Cell[] {
    return [this.ends.get(node)].filter((cell) => cell !== undefined);
  }

  start(process: Process): readonly Cell[] {
    return [this.starts.get(process)].filter((cell) => cell !== undefined);
  }
}

/** Whether a start event need not wait for anybody in the diagram. */
export function isFree(start: Node): boolean {
  return start.receives.length === 0 || start.outside;
}

/** How a node is named in a label: what is written on it, else its id. */
export function name(node: Node): string {
  return node.name || node.id;
}
