import type { BindingReport, PlaybookReport } from './verifyPlaybook.ts';

/** What of an alert says which playbooks answer it. */
export interface AlertToAnswer {
  readonly kind: string;
  readonly property?: string;
  readonly explainedBy?: readonly (readonly string[])[];
}

/** A verified playbook for an alert. */
export interface Recommendation {
  readonly playbook: string;
  readonly name: string;
  /** The sets of threats that it is verified under, of those that may be at work. */
  readonly under: readonly (readonly string[])[];
  /** It is verified under each of them. */
  readonly coversAll: boolean;
}

/**
 * The verified playbooks for an alert, those first that are verified under most of what may be at
 * work. `atWork`: the sets that explain the case so far; of a deviation its own.
 */
export function recommended(
  reports: readonly PlaybookReport[],
  alert: AlertToAnswer,
  atWork: readonly (readonly string[])[],
): readonly Recommendation[] {
  const sets = alert.explainedBy ?? (atWork.length > 0 ? atWork : [[]]);
  return reports
    .flatMap(({ playbook, on }): Recommendation[] => {
      const under = sets.filter((set) =>
        on.some((binding) => binding.verified && answers(binding, alert, set)),
      );
      if (under.length === 0) return [];
      const coversAll = under.length === sets.length;
      return [{ playbook: playbook.id, name: playbook.name, under, coversAll }];
    })
    .toSorted((a, b) => b.under.length - a.under.length || (a.name < b.name ? -1 : 1));
}

/**
 * A deviation is answered under exactly its threats; any other alert under these and perhaps more:
 * threats that may act need not.
 */
function answers(
  { alert, property, threats }: BindingReport,
  asked: AlertToAnswer,
  set: readonly string[],
): boolean {
  if (alert !== asked.kind) return false;
  if (alert !== 'deviation' && property !== asked.property) return false;
  if (!set.every((id) => threats.includes(id))) return false;
  return alert !== 'deviation' || set.length === threats.length;
}

/** The sets of threats that explain a case before its alert of this number. */
export function atWorkBefore(
  alerts: readonly AlertToAnswer[],
  index: number,
): readonly (readonly string[])[] {
  const explained = alerts
    .slice(0, index)
    .flatMap(({ kind, explainedBy }) => (kind === 'deviation' && explainedBy ? [explainedBy] : []))
    .at(-1);
  const least = Math.min(...(explained ?? []).map((set) => set.length));
  return (explained ?? []).filter((set) => set.length === least);
}
