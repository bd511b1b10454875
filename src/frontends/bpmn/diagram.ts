/**
 * A BPMN diagram as this frontend understands it: a graph, free of XML. It is built complete by `read.ts`, then only read.
 * Section numbers are those of BPMN 2.0.2 (OMG formal/2013-12-09).
 */

/** What a node does with tokens. A kind is one entry in `FIRINGS`. */
export type NodeKind = 'task' | 'exclusive' | 'inclusive' | 'parallel' | 'eventBased' | 'start' | 'catch' | 'throw' | 'boundary' | 'end';

/** What makes an event happen, or what it makes happen (§10.5). A task that receives (§10.3.3) waits for a `message` too. */
export type Trigger = 'none' | 'message' | 'timer' | 'condition' | 'signal' | 'link' | 'error' | 'escalation' | 'terminate';

export interface Node {
  readonly id: string;
  readonly name: string;
  /** `userTask`, `startEvent`, …: the element's name in the XML. */
  readonly element: string;
  readonly kind: NodeKind;
  readonly trigger: Trigger;
  /** What an event's definition refers to: the name of a link, the id of a signal, an error or an escalation; else empty. */
  readonly reference: string;
  readonly process: Process;
  readonly actor: Actor;
  readonly incoming: Flow[];
  readonly outgoing: Flow[];
  /** Message flows that start here: each gets a message when the node fires. */
  readonly sends: MessageFlow[];
  /** Message flows that this node waits for: it fires on a message of any one of them. */
  readonly receives: MessageFlow[];
  /** Whether some message for this node comes from outside the diagram: it may arrive at any time. */
  outside: boolean;
  /** What an embedded sub-process holds (§10.3.5). */
  inside: Process | undefined;
  /** Events on the border of this activity (§10.5.4), and for each of them the activity and whether it ends it. */
  readonly boundary: Node[];
  attachedTo: Node | undefined;
  readonly interrupting: boolean;
  /** The event that catches the error or escalation thrown here, and for such an event that there is one. */
  handler: Node | undefined;
  thrown: boolean;
  /** Whether an event on a border that does not interrupt may happen again and again; a timer without a cycle goes off once. */
  readonly repeats: boolean;
}

/** A sequence flow (§8.4.13). */
export interface Flow {
  readonly id: string;
  /** The element that is drawn for it: the flow itself, or the throwing event of a link (§10.5.5). */
  readonly elementId: string;
  readonly name: string;
  readonly source: Node;
  readonly target: Node;
  readonly conditional: boolean;
  readonly isDefault: boolean;
}

/** A message flow (§9.4) from a node to a node that waits for it. All others carry nothing that anybody could notice. */
export interface MessageFlow {
  readonly id: string;
  readonly name: string;
  readonly source: Node;
  readonly target: Node;
}

/** Who acts: a lane (§10.8), else the pool (§9.3), else the process. */
export interface Actor {
  readonly id: string;
  readonly name: string;
}

/** A process, or what is inside of a sub-process: tokens and flows do not cross its border. */
export interface Process {
  readonly id: string;
  readonly name: string;
  readonly nodes: Node[];
  readonly flows: Flow[];
  /** The sub-process that it is the inside of. */
  readonly owner: Node | undefined;
}

export interface Diagram {
  readonly name: string;
  /** Each before what is inside of it. */
  readonly processes: readonly Process[];
  readonly messageFlows: readonly MessageFlow[];
  /** What was left out or widened, in words: ends in the model's `abstractions`. */
  readonly notes: readonly string[];
}

/** The process as a whole that a node belongs to, however deep. */
export function outermost(process: Process): Process {
  return process.owner ? outermost(process.owner.process) : process;
}

/** How a node is named to people: its name if it has one, and always its id. */
export function display(node: { readonly id: string; readonly name: string }): string {
  return node.name === '' ? node.id : `'${node.name}' (${node.id})`;
}
