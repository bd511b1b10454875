import { ENGINE_NAMES, type Task } from '../model/engine.ts';
import type { Property } from '../model/model.ts';
import {
  isDefinite,
  type Agreement,
  type LackReason,
  type PropertyReport,
} from '../model/outcome.ts';
import { canAgree, ENGINES } from './plan.ts';

type Definite = PropertyReport & { readonly outcome: 'holds' | 'violated' };

/**
 * The reports with whose word each is. `properties`: those of the model, of which a conjunction is
 * told by its parts.
 */
export function withAgreement(
  task: Task,
  properties: readonly Property[],
  reports: readonly PropertyReport[],
): PropertyReport[] {
  const single = new Map<string, Agreement>();
  for (const report of reports) {
    const property = properties.find(({ name }) => name === report.name);
    if (property && property.formula.kind !== 'all' && isDefinite(report))
      single.set(report.name, agreementOf(task, property, report));
  }
  return reports.map((report) => {
    const { formula } = properties.find(({ name }) => name === report.name) ?? {};
    const agreement =
      formula?.kind === 'all'
        ? isDefinite(report)
          ? ofParts(report, formula.of, reports, single)
          : undefined
        : single.get(report.name);
    return agreement ? { ...report, agreement } : report;
  });
}

function agreementOf(task: Task, property: Property, report: Definite): Agreement {
  const said = new Map(report.engines.map((engine) => [engine.name, engine]));
  const engines = ENGINE_NAMES.filter((name) => said.get(name)?.outcome === report.outcome);
  const lacks = ENGINE_NAMES.filter((name) => !engines.includes(name)).map((engine) => ({
    engine,
    reason: reasonOf(said.get(engine), () =>
      canAgree(ENGINES[engine], task, property, report.outcome),
    ),
  }));
  return { engines, lacks };
}

function reasonOf(
  said: PropertyReport['engines'][number] | undefined,
  could: () => boolean,
): LackReason {
  if (said === undefined) return could() ? 'notAsked' : 'unsupported';
  // One that said the opposite would have made the answer unknown.
  return said.outcome === 'bounded' ? 'bounded' : (said.reason ?? 'unsupported');
}

/** One that holds is the word of who is behind each part, one that breaks of who is behind one. */
function ofParts(
  { outcome }: PropertyReport,
  names: readonly string[],
  reports: readonly PropertyReport[],
  single: ReadonlyMap<string, Agreement>,
): Agreement {
  const telling = names
    .filter((name) => reports.find((each) => each.name === name)?.outcome === outcome)
    .slice(0, outcome === 'violated' ? 1 : undefined)
    .flatMap((name) => single.get(name) ?? []);
  const engines = ENGINE_NAMES.filter((name) =>
    telling.every((each) => each.engines.includes(name)),
  );
  const lacks = ENGINE_NAMES.filter((name) => !engines.includes(name)).map((engine) => ({
    engine,
    reason:
      telling.flatMap((each) => each.lacks).find((lack) => lack.engine === engine)?.reason ??
      'notAsked',
  }));
  return { engines, lacks };
}
