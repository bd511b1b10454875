import {
  compareThreats,
  exitOfChanges,
  type ThreatChanges,
} from '../checking/attackSets/compare.ts';
import type { ThreatReport } from '../checking/attackSets/types.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { reportOfRun } from './read.ts';
import type { Service } from './service.ts';
import { visibleRun, type Asker } from './submit.ts';

/** What `probity threats NEW --against OLD` says, of two runs. */
export interface ComparedRuns extends ThreatChanges {
  readonly verdict: 'newAttacks' | 'noNewAttacks' | 'notWhole';
}

const VERDICTS = { 0: 'noNewAttacks', 1: 'newAttacks', 3: 'notWhole' } as const;

/** The attacks that two runs found, one against the other. */
export async function attackChanges(
  service: Service,
  asker: Asker,
  { run, against }: { readonly run: string; readonly against: string },
): Promise<Result<ComparedRuns>> {
  const now = await attacksOfRun(service, asker, run, 'run');
  const before = await attacksOfRun(service, asker, against, 'against');
  if (!now.ok || !before.ok)
    return bad(...[now, before].flatMap((each) => (each.ok ? [] : each.problems)));
  const changes = compareThreats(now.value, before.value);
  return ok({ ...changes, verdict: VERDICTS[exitOfChanges(changes)] });
}

/** What a run that was asked for threats found; the run is one that the asker may see. */
export async function attacksOfRun(
  service: Service,
  asker: Asker,
  id: string,
  path: 'run' | 'against' | 'input.runId',
): Promise<Result<ThreatReport>> {
  const refused = (code: Problem['code'], message: string): Result<ThreatReport> =>
    bad(problem(code, path, message));
  const run = await visibleRun(service, asker, id);
  if (!run) return refused('NOT_FOUND', 'there is no such run');
  const report = await reportOfRun(service, run);
  if (!report) return refused('OPTION_INVALID', `the run is ${run.state} and has no report yet`);
  if (!report.attacks)
    return refused(
      'OPTION_INVALID',
      'the run was not asked for attacks: request one with `threats: ["all"]`',
    );
  const { name, digest, format } = report.model;
  // It was written by `attacksOn`.
  const attacks = report.attacks as unknown as Omit<ThreatReport, 'model'>;
  return ok({ ...attacks, model: { name, digest, format } });
}
