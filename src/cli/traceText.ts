import type { Teller } from '../explain/teller.ts';
import type { Step, Trace } from '../model/trace.ts';
import { messageText, valueText } from '../explain/valueText.ts';

/** Tells the steps of a run in the words of the model. */
export const MODEL: Teller = { step: stepLabel, effects: changes, name: (id) => id };

/** Of a trace that is longer than this, the first and the last steps are told. */
const MAX_STEPS = 60;
const [FIRST_STEPS, LAST_STEPS] = [20, 20];

/**
 * A trace, one line a step, cells and messages in the words of the model. It may have as many steps
 * as the model has states: no more of them is looked at than is told.
 */
export function traceLines(trace: Trace, teller: Teller = MODEL): string[] {
  const params = Object.entries(trace.params);
  const count = trace.steps.length;
  const isLong = count > MAX_STEPS;
  const first = trace.steps.slice(0, isLong ? FIRST_STEPS : count);
  const last = isLong ? trace.steps.slice(-LAST_STEPS) : [];
  const loop = trace.loopStart;
  const width = [...first, ...last].reduce(
    (most, step) => Math.max(most, Math.min(44, teller.step(step).length)),
    0,
  );
  const lines = (steps: readonly Step[], from: number): string[] =>
    steps.flatMap((step, i) => [
      ...(loop === from + i ? ['      ↻  from here for ever:'] : []),
      `      ${String(from + i + 1).padStart(2)}  ${teller.step(step).padEnd(width)}  ${effects(step, teller)}`.trimEnd(),
    ]);
  const isLoopHidden = loop !== undefined && loop >= first.length && loop < count - last.length;
  return [
    ...(params.length > 0
      ? [
          `         with ${params.map(([name, value]) => `${name} = ${valueText(value)}`).join(', ')}`,
        ]
      : []),
    ...lines(first, 0),
    ...(isLong
      ? [
          `       …  ${count - first.length - last.length} more steps: --json has all ${count}`,
          ...(isLoopHidden ? [`      ↻  from step ${loop + 1} on for ever:`] : []),
          ...lines(last, count - last.length),
        ]
      : []),
    ...(loop !== undefined && loop >= count ? ['      ↻  nothing fair is enabled from here'] : []),
  ];
}

/** Whether a step is a threat's own, not an action without a control. */
function isAttackers({ action, threats }: Step): boolean {
  return threats?.includes(action) ?? false;
}

function stepLabel(step: Step): string {
  if (isAttackers(step)) return step.action;
  const parts = [
    ...Object.values(step.binding).map(valueText),
    ...(step.received ?? []).map(messageText),
  ];
  return parts.length > 0 ? `${step.action}(${parts.join(', ')})` : step.action;
}

function effects(step: Step, teller: Teller): string {
  if (step.error) return `breaks ${step.error.join(', ')}`;
  return teller.effects(step).join(' · ');
}

function changes(step: Step): string[] {
  const changed = Object.entries(step.changed).map(
    ([cell, [before, after]]) => `${cell} ${valueText(before)} → ${valueText(after)}`,
  );
  if (isAttackers(step)) return [...moved(step), ...changed];
  const sent = (step.sent ?? []).map((m) => `sends ${messageText(m)}`);
  const without = step.threats?.map((id) => `without ${id.split('.').at(-1)}`) ?? [];
  return [...without, ...changed, ...sent];
}

/** What a threat does to the messages of a channel. */
function moved({ received = [], sent = [] }: Step): string[] {
  const [gone, come] = [received, sent].map((messages) => messages.map(messageText).join(', '));
  if (gone && come) return [`${gone} → ${come}`];
  if (gone) return [`${gone} is gone`];
  return come ? [`${come} comes`] : [];
}

export function steps(count: number): string {
  return count === 1 ? '1 step' : `${count} steps`;
}
