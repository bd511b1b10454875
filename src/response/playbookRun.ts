import type { FlowPlace, PlaybookFlow } from '../threats/playbooks/flow.ts';

/**
 * How a step of a playbook that is carried out stands. `sending` is written before a byte leaves,
 * and left when the receiver answered; whoever died in it leaves it `unknown`: nothing is sent
 * twice, and a person says what became of it.
 */
export const PLAYBOOK_STEP_STATES = [
  /** A person says what came of it, or what a condition comes to. */
  'open',
  /** For the approval of a role. */
  'waiting',
  'approved',
  'sending',
  /** The receiver took it, or a person carries it out; its outcome is awaited. */
  'underWay',
  /** Nobody knows whether the receiver took it. */
  'unknown',
  'succeeded',
  'failed',
  'timedOut',
  /** There was nothing to do. */
  'notNeeded',
  'yes',
  'no',
  'cancelled',
] as const;
export type PlaybookStepState = (typeof PLAYBOOK_STEP_STATES)[number];

/** What a person, an event or the clock says of a step. */
export const PLAYBOOK_OUTCOMES = [
  'succeeded',
  'failed',
  'notNeeded',
  'yes',
  'no',
  'notSent',
] as const;
export type PlaybookOutcome = (typeof PLAYBOOK_OUTCOMES)[number];

/** How a step stands when it comes up. */
export const enteredAs = (place: FlowPlace): PlaybookStepState =>
  place.kind === 'act' && place.approval !== undefined ? 'waiting' : 'open';

/** What a person may say of a step that stands so; nothing: it is over, or not his to say. */
export function outcomesOpen(
  place: FlowPlace,
  state: PlaybookStepState,
): readonly PlaybookOutcome[] {
  const passing = place.kind === 'act' && place.unless !== undefined ? ['notNeeded' as const] : [];
  switch (state) {
    case 'open':
      return place.kind === 'decide' ? ['yes', 'no'] : ['succeeded', 'failed', ...passing];
    case 'waiting':
      return passing;
    case 'underWay':
      return ['succeeded', 'failed'];
    case 'unknown':
      return ['succeeded', 'failed', 'notSent'];
    default:
      return [];
  }
}

/** Whether an event may say what came of it: only of what was sent. */
export const awaitsOutcome = (state: PlaybookStepState): boolean =>
  state === 'sending' || state === 'underWay' || state === 'unknown';

/** Where a flow goes on after an outcome: the number of a place, or how the run ends. */
export function placeAfter(
  { places }: PlaybookFlow,
  place: number,
  outcome: PlaybookStepState,
): number | 'completed' | 'failed' {
  const at = places[place] as FlowPlace;
  const to = nextOf(at, outcome);
  if (to === undefined) return 'failed';
  return to >= places.length ? 'completed' : to;
}

function nextOf(place: FlowPlace, outcome: PlaybookStepState): number | undefined {
  if (place.kind === 'decide') return outcome === 'yes' ? place.yes : place.no;
  return outcome === 'failed' || outcome === 'timedOut' ? place.failed : place.next;
}
