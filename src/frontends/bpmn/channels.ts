import { outermost, type ChannelSemantics, type Diagram, type MessageFlow } from './diagram.ts';

/** How many messages a queue is looked at with. More are a bound, not an error. */
const MAX_QUEUED = 10;
/**
 * In causal order each place in a queue has numbers of its own: so many, or one more than there are
 * message flows between the two.
 */
const MIN_CAUSAL = 3;

/**
 * A queue, and the kind of message that each of its flows carries: messages of one name between the
 * same two are not told apart.
 */
export interface Queue {
  readonly id: string;
  readonly label: string;
  readonly kinds: ReadonlyMap<MessageFlow, string>;
  readonly capacity: number;
}

const WORDS: Readonly<Record<ChannelSemantics, string>> = {
  bag: 'in any order',
  'fifo-pair': 'in order between each two participants',
  causal: 'in causal order',
  inbox: 'in one queue for each receiver',
  outbox: 'in one queue for each sender',
  'fifo-all': 'in one queue for all',
  rsc: 'one at a time: nobody sends while a message is under way',
};

export function channelWords(semantics: ChannelSemantics): string {
  return `Messages carry no content, are never lost, and travel ${WORDS[semantics]} (${semantics}).`;
}

/** The participants at both ends. */
export const endsOf = (flow: MessageFlow): readonly [string, string] => [
  outermost(flow.source.process).id,
  outermost(flow.target.process).id,
];

const GROUPS: Readonly<Partial<Record<ChannelSemantics, (from: string, to: string) => string>>> = {
  'fifo-pair': (from, to) => `${from}_to_${to}`,
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
    const [from, to] = endsOf(flow);
    const id = group(from, to);
    const kinds = found.get(id) ?? new Map<MessageFlow, string>();
    kinds.set(flow, JSON.stringify([from, to, flow.name || flow.id]));
    found.set(id, kinds);
  }
  // Between two participants causal order is the order of sending: whatever is sent before a
  // message to the same receiver is sent by its own sender.
  const causal = isCausal(diagram, semantics);
  return [...found]
    .filter(([, kinds]) => causal || new Set(kinds.values()).size > 1)
    .map(([id, kinds]) => ({
      id,
      label: id.replaceAll('_', ' '),
      kinds,
      capacity: causal ? Math.max(MIN_CAUSAL, kinds.size + 1) : MAX_QUEUED,
    }));
}

/** Whether it must be known of messages what they were sent after. */
export function isCausal(diagram: Diagram, semantics: ChannelSemantics): boolean {
  return semantics === 'causal' && new Set(diagram.messageFlows.flatMap(endsOf)).size > 2;
}
