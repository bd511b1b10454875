import type { ActionDocument, ChannelDocument, VariableDocument } from '../../model/document.ts';
import { CausalOrder, type Pair } from './causal.ts';
import { endsOf, isCausal, queuesOf, type Queue } from './channels.ts';
import type { ChannelSemantics, Diagram, MessageFlow, Node } from './diagram.ts';
import type { DiagramNames } from './names.ts';
import type { Net } from './net.ts';
import type { Cell, Firing } from './places.ts';

interface PrintedQueue extends Queue {
  readonly name: string;
  /** Kind of message → member of the enumeration that the channel carries. */
  readonly members: ReadonlyMap<string, string>;
}

/**
 * Where in the model messages wait: each flow has its counter; what order they come in is a matter
 * of channels beside the counters.
 */
export class Post {
  readonly queues: readonly PrintedQueue[];
  /**
   * For an activity whose turn a counter does not tell: the variable that says that it has
   * happened.
   */
  readonly happened: ReadonlyMap<Node, string>;
  private readonly semantics: ChannelSemantics;
  private readonly net: Net;
  private readonly flows: ReadonlyMap<string, MessageFlow>;
  private readonly local: string;
  private readonly causal: CausalOrder | undefined;
  private readonly pairs: ReadonlyMap<PrintedQueue, Pair>;

  constructor(diagram: Diagram, net: Net, semantics: ChannelSemantics, names: DiagramNames) {
    this.semantics = semantics;
    this.net = net;
    this.flows = new Map(diagram.messageFlows.map((flow) => [flow.id, flow]));
    this.queues = queuesOf(diagram, semantics).map((queue) => ({
      ...queue,
      name: names.take(queue.id),
      members: new Map(
        [...queue.kinds].map(([flow, kind]) => [
          kind,
          names.take(`message_${flow.name || flow.id}`),
        ]),
      ),
    }));
    this.local = names.take('received');
    this.pairs = new Map(
      isCausal(diagram, semantics) ? this.queues.map((queue) => [queue, pairOf(queue)]) : [],
    );
    this.causal =
      this.pairs.size > 0 ? new CausalOrder([...this.pairs.values()], names) : undefined;
    const waiting =
      this.queues.length === 0
        ? []
        : net.firings.filter(
            (firing) =>
              firing.node.activity &&
              !firing.partial &&
              firing.take.some((cell) => this.queueOf(cell)),
          );
    this.happened = new Map(
      [...new Set(waiting.map((firing) => firing.node))].map((node) => [
        node,
        names.take(`${node.id}_happened`),
      ]),
    );
  }

  channel(
    queue: PrintedQueue,
    ends: (flow: MessageFlow) => readonly [string, string],
  ): ChannelDocument {
    const [flow] = queue.kinds.keys();
    const [from, to] = flow ? ends(flow) : ['', ''];
    return {
      from,
      to,
      carries: { kind: `enum [${[...new Set(queue.members.values())].join(', ')}]` },
      medium: 'private',
      order: 'fifo',
      capacity: queue.capacity,
      unbounded: true,
    };
  }

  variables(): readonly (readonly [string, VariableDocument])[] {
    const flags = [...this.happened].map(([node, name]): readonly [string, VariableDocument] => [
      name,
      {
        type: 'int 0..1',
        init: 0,
        label: `${node.name || node.id} has happened`,
        elementId: node.elementId,
      },
    ]);
    return [...flags, ...(this.causal?.variables() ?? [])];
  }

  /**
   * What a step takes from queues and puts into them, beside its counters; and what must hold for
   * it to be allowed to send.
   */
  exchange(
    firing: Firing,
    name: (cell: Cell) => string,
  ): Pick<ActionDocument, 'receive' | 'send'> & {
    readonly when: readonly string[];
    readonly then: Readonly<Record<string, string | number>>;
  } {
    const taken = firing.take.filter((cell) => cell.kind === 'message');
    const given = firing.give.filter((cell) => cell.kind === 'message');
    const [receipt] = taken.flatMap((cell) => this.queueOf(cell) ?? []);
    const sends = given.flatMap((cell) => this.queueOf(cell) ?? []);
    const flag = this.happened.get(firing.node);
    return {
      ...(receipt && { receive: { [receipt.queue.name]: this.local } }),
      ...(sends.length > 0 && {
        send: sends.map(({ queue, member }) => ({ [queue.name]: { kind: member } })),
      }),
      when: [
        ...(receipt
          ? [`${this.local}.kind = ${receipt.member}`, ...this.inTurn(receipt.queue)]
          : []),
        ...this.allowed(taken, given, name),
      ],
      then: {
        ...(flag !== undefined && !firing.partial && { [flag]: 1 }),
        ...this.remembered(
          receipt?.queue,
          sends.map(({ queue }) => queue),
        ),
      },
    };
  }

  /** In causal order: nothing that was sent before is under way to the same receiver. */
  private inTurn(queue: PrintedQueue): readonly string[] {
    const pair = this.pairs.get(queue);
    return pair ? (this.causal?.receivable(pair) ?? []) : [];
  }

  /** In causal order: who knows of what after this step. */
  private remembered(
    received: PrintedQueue | undefined,
    sent: readonly PrintedQueue[],
  ): Readonly<Record<string, string | number>> {
    const [into, outOf] = [
      received && this.pairs.get(received),
      sent.flatMap((queue) => this.pairs.get(queue) ?? []),
    ];
    const participant = into?.to ?? outOf[0]?.from;
    return participant === undefined
      ? {}
      : Object.fromEntries(
          this.causal?.effects({ participant, received: into, sent: outOf }) ?? [],
        );
  }

  /**
   * With one place for all, nobody sends while a message is under way; who takes it first makes
   * room.
   */
  private allowed(
    taken: readonly Cell[],
    given: readonly Cell[],
    name: (cell: Cell) => string,
  ): string[] {
    if (this.semantics !== 'rsc' || given.length === 0) return [];
    if (given.length > 1) return ['false'];
    return taken.length > 0
      ? []
      : this.net.cells.filter((cell) => cell.kind === 'message').map((cell) => `${name(cell)} = 0`);
  }

  /** Whether a message waits in a queue: its counter alone does not say where. */
  isQueued(cell: Cell): boolean {
    return this.queueOf(cell) !== undefined;
  }

  private queueOf(
    cell: Cell,
  ): { readonly queue: PrintedQueue; readonly member: string } | undefined {
    const flow = cell.kind === 'message' ? this.flows.get(cell.id) : undefined;
    for (const queue of flow ? this.queues : []) {
      const member = flow && queue.members.get(queue.kinds.get(flow) ?? '');
      if (member !== undefined) return { queue, member };
    }
    return undefined;
  }
}

function pairOf({ name, label, kinds, capacity }: PrintedQueue): Pair {
  const [flow] = kinds.keys();
  const [from, to] = flow ? endsOf(flow) : ['', ''];
  return { name, label, from, to, capacity };
}
