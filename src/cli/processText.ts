import type { RiskAssessment } from '../risk/index.ts';
import type { Spread } from '../risk/process/spread.ts';
import { numberText, percent } from './riskNumbers.ts';

/**
 * What more was asked of the process, a line for each. Of losses no mean is said where the headline
 * says none.
 */
export function processLines({ process, headline }: RiskAssessment): string[] {
  const { within, expected, robust, attackers } = process ?? {};
  return [
    ...(within
      ? [
          `lost in at most ${within.steps} of its steps: ${headline.kind === 'mean' ? spreadText(within, percent) : intervalText(within, percent)}`,
        ]
      : []),
    ...(expected
      ? [
          `a case takes ${spreadText(expected.steps, (n) => `${numberText(n)} steps`)}`,
          ...(expected.days
            ? [
                `from its first event to its last: ${spreadText(expected.days, (n) => `${numberText(n)} days`)}`,
              ]
            : []),
          ...(expected.cost ? [`it costs ${spreadText(expected.cost, numberText)}`] : []),
        ]
      : []),
    ...(robust
      ? [
          `whatever the rates of ${robust.branches} branches are within intervals that hold all of them with 95 %: ${percent(robust.lower)} to ${percent(robust.upper)}`,
        ]
      : []),
    ...(attackers
      ? [
          `under ${attackers.threats.length} ${attackers.threats.length === 1 ? 'threat' : 'threats'} ${percent(attackers.best.lower)} at best to ${percent(attackers.worst.upper)} at worst, whenever they are used; in ${attackers.unknownStates} of ${attackers.states} states nobody was seen, and any step may be the next${attackers.errs ? '; some attack breaks the model itself, and the case ends there' : ''}`,
        ]
      : []),
  ];
}

function spreadText(spread: Spread, shown: (n: number) => string): string {
  const { atMeanRates } = spread;
  if (atMeanRates === null) return 'no number: it may go on for ever, or was not computed in time';
  return `${shown(atMeanRates)} at the mean rates · ${intervalText(spread, shown)}`;
}

function intervalText({ lower, upper }: Spread, shown: (n: number) => string): string {
  const ends = [lower, upper].map((end) => (end === null ? 'infinity' : shown(end)));
  return `95 % posterior interval ${ends.join(' to ')}`;
}
