import type { AttackChanges, ThreatChanges } from '../checking/attackSets/compare.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';
import { lengthText, named } from './threatsText.ts';
import { steps, traceLines } from './traceText.ts';

type Paint = ReturnType<typeof painter>;

/** What is new in the attacks on a model, for a person: the new ones with their steps. */
export function changesText(
  { model, against, changes }: ThreatChanges,
  durationMs: number,
  exit: number,
  io: Io,
): string {
  const paint = painter(io);
  const appeared = changes.reduce((sum, change) => sum + change.appeared.length, 0);
  const same = changes.filter((change) => !isChanged(change));
  const gone = changes.reduce((sum, change) => sum + change.gone.length, 0);
  return [
    `${paint('bold', model.name)} · ${model.digest.slice(0, 13)}… against ${against.name} · ${against.digest.slice(0, 13)}…`,
    '',
    ...changes.filter(isChanged).flatMap((change) => changeLines(change, paint)),
    ...(same.length > 0
      ? [
          `  ${paint('green', '✓')} ${paint('dim', `${same.map(({ property }) => property).join(', ')} as before`)}`,
        ]
      : []),
    '',
    `${appeared} new, ${gone} gone · ${(durationMs / 1000).toFixed(1)} s   exit ${exit}`,
    '',
  ].join('\n');
}

function isChanged({ only, appeared, gone, lengths, open }: AttackChanges): boolean {
  return only !== undefined || open || appeared.length + gone.length + lengths.length > 0;
}

function changeLines(change: AttackChanges, paint: Paint): string[] {
  const { property, only, appeared, gone, lengths, open } = change;
  const mark =
    appeared.length > 0 ? paint('red', '✗') : open ? paint('yellow', '?') : paint('green', '✓');
  const about = [
    ...(only === 'new' ? ['a new property'] : only === 'old' ? ['no longer there'] : []),
    ...(open ? ['larger sets were not judged'] : []),
  ];
  return [
    `  ${mark} ${property}  ${about.join(' · ')}`.trimEnd(),
    ...appeared.flatMap(({ threats, traceLength, trace }) => [
      `    ${paint('bold', `new   ${named(threats)}`)} · ${lengthText(traceLength)}`,
      ...(trace ? traceLines(trace) : []),
    ]),
    ...gone.map((threats) => `    gone  ${named(threats)}`),
    ...lengths.map(
      ({ threats, before, now }) =>
        `    ${now < before ? 'shorter' : 'longer'}  ${named(threats)} · in ${steps(now)}, ${before} before`,
    ),
  ];
}
