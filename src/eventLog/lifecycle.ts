/** Which turn in the life of an activity is its step. */
export type StepTurn = 'complete' | 'start';

/**
 * Which transition (XES `lifecycle:transition`) stands for the step in a log with these: an
 * activity that has rows for its start and its completion is one step, taken when it completes. In
 * a log that never says `complete`, `start` is the step.
 */
export function stepTurn(transitions: Iterable<string | undefined>): StepTurn {
  let starts = false;
  for (const transition of transitions) {
    if (transition?.toLowerCase() === 'complete') return 'complete';
    starts ||= transition?.toLowerCase() === 'start';
  }
  return starts ? 'start' : 'complete';
}

/**
 * Whether a row tells of a step. What else may happen to an activity (schedule, assign, suspend,
 * resume, …) does not; a row without a transition does.
 */
export function isStep(transition: string | undefined, turn: StepTurn): boolean {
  return transition === undefined || transition.toLowerCase() === turn;
}
