import { ok, type Result } from '../errors/index.ts';
import type { LossAnswer } from '../risk/attacks/lossAnswer.ts';
import { LossThread } from '../risk/attacks/lossThread.ts';
import { attacksOfRun } from './attackChanges.ts';
import type { Service } from './service.ts';
import type { Asker } from './submit.ts';

/** The shape of `AttackLossInput`. */
export interface AttackLossInput {
  readonly question: string;
  readonly sets?: string | null;
  readonly runId?: string | null;
  readonly incidents?: string | null;
  readonly seed?: number | null;
}

let thread: LossThread | undefined;

/** What `probity loss` answers, with the attack sets of a run where one is named. */
export async function lossFromAttacks(
  service: Service,
  asker: Asker,
  { question, sets, runId, incidents, seed }: AttackLossInput,
): Promise<Result<LossAnswer>> {
  const found = await setsOfRun(service, asker, runId);
  if (!found.ok) return found;
  // One thread for all losses of a process; it keeps no process alive.
  thread ??= new LossThread();
  return thread.ask({
    question,
    sets: found.value ?? sets ?? undefined,
    incidents: incidents ?? undefined,
    seed: seed ?? 1,
  });
}

async function setsOfRun(
  service: Service,
  asker: Asker,
  runId: string | null | undefined,
): Promise<Result<string | undefined>> {
  if (runId === null || runId === undefined) return ok(undefined);
  const attacks = await attacksOfRun(service, asker, runId, 'input.runId');
  return attacks.ok ? ok(JSON.stringify(attacks.value)) : attacks;
}
