import type { Medium, PropertyDocument, VariableDocument } from '../../model/document.ts';

/**
 * A BPMN diagram as this frontend understands it: a graph, free of XML. It is built complete by
 * `read.ts`, then only read. Section numbers are those of BPMN 2.0.2 (OMG formal/2013-12-09).
 */

/** What a node does with tokens. A kind is one entry in `FIRINGS`. */
export type NodeKind =
  | 'task'
  | 'eventSubProcess'
  | 'exclusive'
  | 'inclusive'
  | 'complex'
  | 'parallel'
  | 'eventBased'
  | 'start'
  | 'catch'
  | 'throw'
  | 'boundary'
  | 'end';

/**
 * What makes an event happen, or what it makes happen (§10.5). A task that receives (§10.3.3) waits
 * for a `message` too.
 */
export type Trigger =
  | 'none'
  | 'message'
  | 'timer'
  | 'condition'
  | 'signal'
  | 'link'
  | 'error'
  | 'escalation'
  | 'terminate'
  | 'compensate'
  | 'cancel';

export interface Node {
  /** Different for each node; the id of its element, but for the copies that are made of one. */
  readonly id: string;
  /** What is drawn for it. */
  readonly elementId: string;
  readonly name: string;
  /** `userTask`, `startEvent`, …: the element's name in the XML. */
  readonly element: string;
  /**
   * Whether a dead one is to be reported: what BPMN calls an activity (§10.3), and is not merely
   * the frame around several runs of it.
   */
  activity: boolean;
  /**
   * An element that begins its process by itself (`instantiate`) is found to be a `start` when its
   * flows are known.
   */
  kind: NodeKind;
  readonly trigger: Trigger;
  /**
   * What an event's definition refers to: the name of a link or signal, the code of an error or
   * escalation; else empty, which stands for any.
   */
  readonly reference: string;
  readonly process: Process;
  readonly actor: DiagramActor;
  readonly incoming: Flow[];
  readonly outgoing: Flow[];
  /** Message flows that start here: each gets a message when the node fires. */
  readonly sends: MessageFlow[];
  /** Message flows that this node waits for: it fires on a message of any one of them. */
  readonly receives: MessageFlow[];
  /**
   * Whether some message for this node comes from outside the diagram: it may arrive at any time.
   */
  outside: boolean;
  /** What an embedded sub-process holds (§10.3.5). */
  inside: Process | undefined;
  /**
   * Events on the border of this activity (§10.5.4), and for each of them the activity and whether
   * it ends it.
   */
  readonly boundary: Node[];
  attachedTo: Node | undefined;
  readonly interrupting: boolean;
  /**
   * The event that catches the error or escalation thrown here, or the cancel event of the
   * transaction that is cancelled here.
   */
  handler: Node | undefined;
  /**
   * Whether something in the diagram makes this event happen, so that it never does so by itself.
   */
  thrown: boolean;
  /** Whether another event always catches what this one would. */
  shadowed: boolean;
  /** The events that this signal goes to. */
  readonly heard: Node[];
  /**
   * The activity that undoes this one (§10.7.1), and what a compensation or cancellation that is
   * thrown here undoes.
   */
  undoneBy: Node | undefined;
  readonly undoes: Node[];
  /** The transaction that a cancel end event ends. */
  cancels: Node | undefined;
  /** For an activity that undoes another one: it has no incoming flows and waits to be called. */
  readonly forCompensation: boolean;
  /**
   * Events that must happen as well once this one has begun the process (a parallel event-based
   * gateway, §10.6.6).
   */
  readonly together: Node[];
  /** What happens to variables when it happens. */
  readonly sets: readonly DataAssignment[];
  /**
   * How many tokens a complex gateway waits for (§10.6.5); 0 where its condition does not say so.
   */
  readonly needs: number;
  /**
   * Whether an event on a border that does not interrupt may happen again and again; a timer with a
   * date or duration goes off once.
   */
  readonly repeats: boolean;
  /**
   * It does so only once its token has been taken up: a timer of which nothing is known, since its
   * tokens would multiply without end.
   */
  readonly paced: boolean;
}

/** A sequence flow (§8.4.13). */
export interface Flow {
  readonly id: string;
  /**
   * The element that is drawn for it: the flow itself, or the throwing event of a link (§10.5.5).
   */
  readonly elementId: string;
  readonly name: string;
  readonly source: Node;
  readonly target: Node;
  readonly conditional: boolean;
  /**
   * Its condition, where it can be evaluated: FEEL over declared variables. Else the choice is
   * free.
   */
  readonly condition: string | undefined;
  readonly isDefault: boolean;
}

export interface DataAssignment {
  readonly variable: string;
  /** FEEL. */
  readonly value: string;
}

/** What a diagram is annotated with. */
export interface Data {
  readonly variables: ReadonlyMap<string, VariableDocument>;
  readonly properties: ReadonlyMap<string, PropertyDocument>;
}

/**
 * A message flow (§9.4) from a node to a node that waits for it. All others carry nothing that
 * anybody could notice.
 */
export interface MessageFlow {
  readonly id: string;
  readonly name: string;
  readonly source: Node;
  readonly target: Node;
  /** What an attacker on the way can do; as good as public where nothing says so. */
  readonly medium: Medium | undefined;
}

/** Who acts: a lane (§10.8), else the pool (§9.3), else the process. */
export interface DiagramActor {
  readonly id: string;
  readonly name: string;
  readonly trust: Trust;
  /** Whether an outage of this actor ends. */
  readonly recovers: boolean;
}

export const TRUSTS = ['trusted', 'insider', 'untrusted'] as const;
export type Trust = (typeof TRUSTS)[number];

export const MEDIA = ['private', 'public', 'authenticated', 'signed'] as const satisfies Medium[];

/** A process, or what is inside of a sub-process: tokens and flows do not cross its border. */
export interface Process {
  readonly id: string;
  readonly name: string;
  readonly nodes: Node[];
  readonly flows: Flow[];
  /** The sub-process that it is the inside of. */
  readonly owner: Node | undefined;
  /** Its activities happen in any order, any number of times (§10.3.5, ad-hoc). */
  readonly adHoc: boolean;
}

/**
 * How messages travel between participants. `bag`: in any order. `fifo-pair`: in order between each
 * two. `causal`: none overtakes another to the same receiver that was sent, as everybody could
 * know, before it. `inbox`, `outbox`: one queue for each receiver, each sender. `fifo-all`: one
 * queue for all. `rsc`: at most one message is under way, as if all talked synchronously; who wants
 * to send waits.
 */
export const CHANNEL_SEMANTICS = [
  'bag',
  'fifo-pair',
  'causal',
  'inbox',
  'outbox',
  'fifo-all',
  'rsc',
] as const;
export type ChannelSemantics = (typeof CHANNEL_SEMANTICS)[number];

export function isChannelSemantics(text: string): text is ChannelSemantics {
  return (CHANNEL_SEMANTICS as readonly string[]).includes(text);
}

/** Whether what is waited for from outside the diagram comes in the end, or may never come. */
export const OUTSIDES = ['answers', 'silent'] as const;
export type Outside = (typeof OUTSIDES)[number];

export function isOutside(text: string): text is Outside {
  return (OUTSIDES as readonly string[]).includes(text);
}

export interface Diagram {
  readonly name: string;
  /** Each before what is inside of it. */
  readonly processes: readonly Process[];
  readonly messageFlows: readonly MessageFlow[];
  /** What was left out or widened, in words: ends in the model's `abstractions`. */
  readonly notes: readonly string[];
  readonly data: Data;
  /** How messages travel, as an attribute of the collaboration says; `bag` if none does. */
  readonly channels: ChannelSemantics;
  /** What was looked at only up to a number, in words: ends in the model's `bounds`. */
  readonly bounds: readonly string[];
}

/** Those of all its processes, sub-processes and what is in them included. */
export function nodesOf({ processes }: Diagram): readonly Node[] {
  return processes.flatMap(({ nodes }) => nodes);
}

export function flowsOf({ processes }: Diagram): readonly Flow[] {
  return processes.flatMap(({ flows }) => flows);
}

/**
 * Whether the token that would take this flow waits before the gateway instead, for what is behind
 * it to happen (§13.4.4).
 */
export function isAwaited({ source, target }: Flow): boolean {
  return (
    source.kind === 'eventBased' &&
    (target.kind === 'catch' || (target.kind === 'task' && target.trigger === 'message'))
  );
}

/** Kinds of nodes whose flows are chosen when they are done or have happened. */
const DECIDED_AFTER: ReadonlySet<NodeKind> = new Set([
  'task',
  'start',
  'catch',
  'throw',
  'boundary',
]);

/**
 * The flows whose condition decides whether they get a token. BPMN has none out of events; where
 * somebody draws one, it decides as after an activity.
 */
export function conditionalFlows({ kind, outgoing }: Node): readonly Flow[] {
  if (kind === 'inclusive' || kind === 'complex')
    return outgoing.filter((flow) => !flow.isDefault && (outgoing.length > 1 || flow.conditional));
  return DECIDED_AFTER.has(kind)
    ? outgoing.filter((flow) => flow.conditional && !flow.isDefault)
    : [];
}

/** Whether it is open, when this node happens, which of its flows get a token. */
export function isChoosing(node: Node): boolean {
  const flows = conditionalFlows(node);
  return (
    flows.some((flow) => flow.condition !== undefined) ||
    (flows.length > 0 && node.outgoing.length > 1)
  );
}

/** The process as a whole that a node belongs to, however deep. */
export function outermost(process: Process): Process {
  return process.owner ? outermost(process.owner.process) : process;
}

/** How a node is named to people: its name if it has one, and always its id. */
export function display(node: { readonly id: string; readonly name: string }): string {
  return node.name === '' ? node.id : `'${node.name}' (${node.id})`;
}
