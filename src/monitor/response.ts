import { atWorkBefore, recommended, type Recommendation } from '../response/recommend.ts';
import type { PlaybookReport } from '../response/verifyPlaybook.ts';
import type { Alert } from './caseJudge.ts';
import type { CaseAnswer } from './monitor.ts';

/** An alert with the verified playbooks that answer it. */
export interface AnsweredAlert extends Alert {
  readonly playbooks?: readonly Recommendation[];
}

/** The alerts of a case; each that stands or stood with the playbooks verified for it. */
export function answered(
  { alerts }: Pick<CaseAnswer, 'alerts'>,
  reports: readonly PlaybookReport[],
): readonly AnsweredAlert[] {
  return alerts.map((alert, i) => {
    if (alert.withdrawn !== undefined) return alert;
    const playbooks = recommended(reports, alert, atWorkBefore(alerts, i));
    return playbooks.length > 0 ? { ...alert, playbooks } : alert;
  });
}
