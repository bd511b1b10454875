import { canonicalJson, type Json } from '../../canonical/index.ts';
import { ok, type Result } from '../../errors/index.ts';
import type { Artifact, Report } from '../../model/outcome.ts';
import type { Time } from '../../time/time.ts';
import type { Inspected } from '../inspect.ts';
import type { CheckOptions } from '../types.ts';
import { analyseThreats } from './analysis.ts';
import type { AttackReport } from './types.ts';

/** The name of the artifact with the answer: what a bundle holds it up by. */
export const ATTACKS = 'attacks.json';

/** One exploration of an analysis takes more room a state than that of the model alone. */
export const MOST_ATTACKED = 200_000;

interface Attacked {
  readonly report: Pick<Report, 'attacks'>;
  readonly artifacts: readonly Artifact[];
}

/** The analysis of threats that a check was asked for beside its answers, if it was. */
export async function attacksOn(
  inspected: Inspected,
  format: string,
  { attacks, maxStates, memoryMb, timeoutMs }: CheckOptions,
  time: Time,
  cacheDir: string,
): Promise<Result<Attacked>> {
  if (!attacks) return ok({ report: {}, artifacts: [] });
  const analysed = await analyseThreats(
    inspected,
    format,
    {
      threats: attacks.threats,
      budget: attacks.budget ?? undefined,
      controls: true,
      timeoutMs,
      memoryMb,
      cacheDir,
      maxStates: Math.min(maxStates, MOST_ATTACKED),
    },
    time,
  );
  if (!analysed.ok) return analysed;
  const { model: _model, ...answer } = analysed.value;
  const attackReport: AttackReport = answer;
  return ok({
    report: { attacks: { ...attackReport } },
    artifacts: [
      {
        name: ATTACKS,
        mediaType: 'application/json',
        text: canonicalJson(attackReport as unknown as Json),
      },
    ],
  });
}
