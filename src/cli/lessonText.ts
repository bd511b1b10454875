import type { GradedAttempt } from '../lessons/graded.ts';
import type { Position } from '../lessons/play.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';
import { traceLines } from './traceText.ts';

const VERDICTS: Readonly<Record<GradedAttempt['verdict'], string>> = {
  right: '✓ right',
  wrong: '✗ not yet',
  refused: '✗ refused',
  unreadable: '✗ unreadable',
  undecided: '? undecided',
};

/** A graded attempt for a person. */
export function gradedText(graded: GradedAttempt, io: Io): string {
  const paint = painter(io);
  const colour =
    graded.verdict === 'right' ? 'green' : graded.verdict === 'undecided' ? 'yellow' : 'red';
  const lines = [`${paint(colour, VERDICTS[graded.verdict])} · ${graded.exercise}`, ''];
  for (const { code, message, line, path } of graded.problems)
    lines.push(`  ${code}${line === undefined ? '' : ` line ${line}`} ${path}`, `    ${message}`);
  for (const { name, trace } of graded.lostRuns)
    if (trace && trace.steps.length > 0)
      lines.push(`  ${paint('bold', name)}, as far as it comes:`, ...traceLines(trace));
  const [attack, ...others] = graded.attacks;
  if (attack && graded.verdict !== 'right') {
    lines.push(
      `  ${paint('bold', attack.property)} still breaks: ${attack.threats.join(' + ') || 'without any threat'}`,
      ...(attack.trace ? traceLines(attack.trace) : []),
    );
    if (others.length > 0) lines.push(`  and ${others.length} more: --json has them`);
  }
  if (graded.followed && graded.verdict !== 'right')
    lines.push(
      `  ${graded.followed.steps} of its steps are possible; then there would be ${graded.followed.instead.join(', ') || 'nothing'}`,
    );
  for (const { question, predicted, outcome, isRight } of graded.predictions)
    lines.push(
      `  ${isRight ? paint('green', '✓') : paint('red', '✗')} ${question}: ${predicted ?? 'nothing said'}${isRight ? '' : `, and it is ${outcome}`}`,
    );
  if (graded.hint) {
    const { stage, of, text, line } = graded.hint;
    lines.push(
      '',
      `  hint ${stage} of ${of}${line === undefined ? '' : `, line ${line}`}: ${text}`,
    );
  }
  for (const { part, name, falls, loses } of graded.carriers)
    lines.push(
      `  ${part} ${name}: ${falls.length + loses.length === 0 ? 'nothing falls without it' : `without it ${[...falls, ...loses].join(', ')} falls`}`,
    );
  if (graded.open !== undefined) lines.push(`  ${graded.open}`);
  if (graded.explanation !== undefined) lines.push('', `  ${graded.explanation.trim()}`);
  return `${lines.join('\n')}\n`;
}

/** Where a game stands, for a person. */
export function positionText(position: Position, io: Io): string {
  const paint = painter(io);
  const { trace, state, messages, away, enabled, broken } = position;
  const lines = [
    ...(trace.steps.length > 0 ? traceLines(trace) : []),
    '',
    ...state.map(
      ({ cell, value, label }) =>
        `  ${cell} = ${JSON.stringify(value)}${label === undefined ? '' : paint('dim', `  ${label}`)}`,
    ),
    ...messages.map(
      ({ channel, message }) => `  under way on ${channel}: ${JSON.stringify(message)}`,
    ),
    ...away.map((actor) => `  ${actor} is away`),
    '',
    ...broken.map(({ property, label, afterSteps }) =>
      paint(
        'red',
        `  ✗ ${property} broke after ${afterSteps === 1 ? '1 step' : `${afterSteps} steps`}${label === undefined ? '' : `: ${label}`}`,
      ),
    ),
    ...(enabled.length === 0
      ? ['  nothing is possible any more']
      : enabled.map(
          ({ choice, side, label, step }) =>
            `  ${String(choice).padStart(3)}  ${paint(side === 'attacker' ? 'red' : 'bold', step ? step.action : label)}${step ? `  ${[...Object.values(step.binding), ...(step.received ?? []).map(({ message }) => message), ...(step.sent ?? []).map(({ message }) => message)].map((each) => JSON.stringify(each)).join(' ')}` : ''}`,
        )),
  ];
  return `${lines.join('\n')}\n`;
}
