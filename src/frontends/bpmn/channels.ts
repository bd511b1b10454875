import { outermost, type ChannelSemantics, type Diagram, type MessageFlow } from './diagram.ts';

/** How many messages a queue is looked at with. More are a bound, not an error. */
export const MAX_QUEUED = 10;

/** A queue, and the kind of message that each of its flows carries: messages of one name between the same two are not told apart. */
export interface Queue {
  readonly id: string;
  readonly label: string;
  readonly kinds: ReadonlyMap<MessageFlow, string>;
}

const WORDS: Readonly<Record<ChannelSemantics, string>> = {
  bag: 'in any order', 'fifo-pair': 'in order between each two participants', causal: 'in causal order', inbox: 'in one queue for each receiver', outbox: 'in one queue for each sender',
  'fifo-all': 'in one queue for all', rsc: 'one at a time: nobody sends while a message is under way',
};

export function channelWords(semantics: ChannelSemantics): string {
  return `Messages carry no content, are never lost, and travel ${WORDS[semantics]} (${semantics}).`;
}

const ends = (flow: MessageFlow): readonly [string, string] => [outermost(flow.source.process).id, outermost(flow.target.process).id];

const GROUPS: Readonly<Partial<Record<ChannelSemantics, (from: string, to: string) => string>>> = {
  'fifo-pair': (from, to) => `${from}_to_${to}`,
  // Between two participants causal order is the order of sending: whatever is sent before a message to the same receiver is sent by its own sender.
  causal: (from, to) => `${from}_to_${to}`,
  inbox: (_from, to) => `inbox_of_${to}`,
  outbox: (from) => `outbox_of_${from}`,
  'fifo-all': () => 'messages',
};

/** The queues that can be told from bags: those with messages of several kinds. */
export function queuesOf(diagram: Diagram, semantics: ChannelSemantics): readonly Queue[] {
  const group = GROUPS[semantics];
  if (!group) return [];
  const found = new Map<string, Map<MessageFlow, string>>();
  for (const flow of diagram.messageFlows) {
    const [from, to] = ends(flow);
    const id = group(from, to);
    const kinds = found.get(id) ?? new Map<MessageFlow, string>();
    kinds.set(flow, JSON.stringify([from, to, flow.name || flow.id]));
    found.set(id, kinds);
  }
  return [...found].filter(([, kinds]) => new Set(kinds.values()).size > 1).map(([id, kinds]) => ({ id, label: id.replaceAll('_', ' '), kinds }));
}

/** How many participants take part in the exchange of messages. */
export function talkers(diagram: Diagram): number {
  return new Set(diagram.messageFlows.flatMap(ends)).size;
}
