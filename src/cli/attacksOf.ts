import type { ThreatenedProperty, ThreatReport } from '../checking/attackSets/types.ts';
import { Fault } from '../errors/index.ts';
import type { Report } from '../model/outcome.ts';
import { ask, type Server } from './client.ts';

/** Unions of numbers and words are two fields each in GraphQL. */
interface ThreatenedView extends Omit<ThreatenedProperty, 'complete' | 'resilience'> {
  readonly complete: boolean;
  readonly completeUpTo: number | null;
  readonly resilience: number | null;
  readonly resistsAll: boolean;
}

interface AttacksView extends Omit<ThreatReport, 'model' | 'properties' | 'bound'> {
  readonly properties: readonly ThreatenedView[];
  readonly bound: string | null;
}

/** The analysis of threats of a run that was asked for one, as `probity threats` gives it. */
export async function attacksOf(
  server: Server,
  id: string,
  { model }: Pick<Report, 'model'>,
): Promise<ThreatReport> {
  const { run } = await ask<{ run: { report: { attacks: AttacksView | null } | null } | null }>(
    server,
    `query ($id: ID!) { run(id: $id) { report { attacks {
      options { threats budget controls }
      ids { id operator proper references }
      properties {
        name kind withoutThreats complete completeUpTo resilience resistsAll assuming
        minimalAttackSets { threats traceLength trace }
      }
      controls { id property loadBearing redundant insufficient }
      sufficientControls { property sets }
      states { withoutThreats all }
      assumptions bound
    } } } }`,
    { id },
  );
  const attacks = run?.report?.attacks;
  if (!attacks) throw new Fault('INTERNAL', `the run ${id} has no analysis of threats`);
  const { properties, bound, ...rest } = attacks;
  return {
    model,
    ...rest,
    properties: properties.map(threatened),
    ...(bound !== null && { bound }),
  };
}

function threatened(view: ThreatenedView): ThreatenedProperty {
  const { completeUpTo, resistsAll, ...rest } = view;
  return {
    ...rest,
    complete: view.complete ? true : { upTo: completeUpTo ?? 0 },
    resilience: resistsAll ? 'all' : view.resilience,
    minimalAttackSets: view.minimalAttackSets.map(({ trace, ...set }) => ({
      ...set,
      ...(trace && { trace }),
    })),
  };
}
