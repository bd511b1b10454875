import { analyseThreats } from '../../src/checking/attackSets/analysis.ts';
import type { ThreatOptions, ThreatReport } from '../../src/checking/attackSets/types.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { timeOf } from '../../src/time/time.ts';
import type { Problem, Result } from '../../src/errors/index.ts';

export const OPTIONS: ThreatOptions = {
  threats: 'all',
  budget: undefined,
  controls: false,
  timeoutMs: 20_000,
  maxStates: 100_000,
  memoryMb: 512,
};

/** The analysis of a native model in YAML. */
export async function analyse(
  source: string,
  options: Partial<ThreatOptions> = {},
): Promise<Result<ThreatReport>> {
  const inspected = await inspect({ source, format: 'native', name: 'model.yaml' });
  if (!inspected.ok) return inspected;
  const asked = { ...OPTIONS, ...options };
  return analyseThreats(inspected.value, 'native', asked, timeOf(asked.timeoutMs));
}

/** The minimal sets of a property among these ids, as texts. */
export async function setsOf(
  source: string,
  property: string,
  threats: readonly string[],
): Promise<readonly string[]> {
  const answer = await analyse(source, { threats });
  if (!answer.ok) throw new Error(answer.problems.map((p: Problem) => p.message).join('; '));
  const found = answer.value.properties.find(({ name }) => name === property);
  return found?.minimalAttackSets.map((set) => set.threats.join(' + ')) ?? ['no such property'];
}
