import type { Lane, Sequence, SequenceRow } from '../drawing/sequence.ts';
import type { Model } from '../model/model.ts';
import type { Message, Step, Trace } from '../model/trace.ts';
import type { Teller } from './teller.ts';
import { messageText, valueText } from './valueText.ts';

/** Whoever does what no actor of the model does. */
const ATTACKER = '(attacker)';
/** Of a longer run the picture has the beginning. */
const MAX_DRAWN = 60;

/**
 * A run, seen as messages between actors: each step at whom it is a step of, each message that it
 * sends on the way to whom its channel leads, each that a threat takes away as one that is lost.
 */
export function attackSequence(
  model: Model,
  trace: Trace,
  title: string,
  teller: Teller,
): Sequence {
  const drawn = trace.steps.slice(0, MAX_DRAWN);
  const lanes = new Map<string, Lane>();
  const lane = (id: string): string => {
    if (!lanes.has(id)) lanes.set(id, laneOf(model, id));
    return id;
  };
  const rows: SequenceRow[] = [];
  const params = Object.entries(trace.params).map(
    ([name, value]) => `${name} = ${valueText(value)}`,
  );
  if (params.length > 0) rows.push({ kind: 'note', text: `with ${params.join(', ')}` });
  for (const [i, step] of drawn.entries()) {
    if (trace.loopStart === i) rows.push({ kind: 'note', text: 'from here for ever:' });
    const isThreat = step.threats !== undefined;
    const by = lane(actorOf(model, step));
    rows.push({ kind: 'step', lane: by, text: `${i + 1} ${teller.step(step)}`, isThreat });
    for (const { from, to, message, isLost } of messagesOf(model, step, by))
      rows.push({
        kind: isLost ? 'lost' : 'message',
        from: lane(from),
        to: lane(to),
        text: messageText(message),
      });
  }
  if (trace.steps.length > drawn.length)
    rows.push({ kind: 'note', text: `… ${trace.steps.length - drawn.length} more steps` });
  else if (trace.loopStart === trace.steps.length)
    rows.push({ kind: 'note', text: 'nothing fair is enabled from here' });
  const order = model.actors.map(({ name }) => name);
  const rank = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  return {
    title,
    lanes: [...lanes.values()].toSorted((a, b) => rank(a.id) - rank(b.id)),
    rows,
  };
}

function laneOf({ actors }: Model, id: string): Lane {
  const actor = actors.find(({ name }) => name === id);
  return actor
    ? { id, label: actor.label ?? id, isAttacker: actor.trust !== 'trusted' }
    : { id, label: 'Attacker', isAttacker: true };
}

/** The actor of the model's own action, also where a control of it is left out. */
const actorOf = ({ actions }: Model, { action }: Step): string =>
  actions.find(({ name }) => name === action)?.actor ?? ATTACKER;

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: Message;
  readonly isLost: boolean;
}

function messagesOf({ channels }: Model, step: Step, by: string): readonly Sent[] {
  const channel = (name: string) => channels.find((each) => each.name === name);
  const sent = (step.sent ?? []).flatMap((message): Sent[] => {
    const to = channel(message.channel)?.to;
    return to === undefined ? [] : [{ from: by, to, message, isLost: false }];
  });
  if (by !== ATTACKER || sent.length > 0) return sent;
  return (step.received ?? []).flatMap((message): Sent[] => {
    const found = channel(message.channel);
    return found ? [{ from: found.from, to: found.to, message, isLost: true }] : [];
  });
}
