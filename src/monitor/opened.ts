import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { readMapping, type Mapping } from '../events/mapping.ts';
import type { Model } from '../model/model.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { selectThreats, type NamedThreats } from '../threats/selection.ts';
import { followProblems, triable } from './followable.ts';
import { Monitor } from './monitor.ts';

/** What a monitor is made of, besides its model. */
export interface MonitorParts {
  /** The text of the mapping. */
  readonly mapping: string;
  readonly threats: NamedThreats;
  readonly budget: number;
}

/** A monitor ready for its first event. */
export interface ReadyMonitor {
  readonly monitor: Monitor;
  readonly mapping: Mapping;
  /** Threats that may write more values than can be tried: left out of explanations. */
  readonly leftOut: readonly string[];
}

/** Reads the parts of a monitor for a model: all that is wrong, below the name of the part. */
export function openMonitor(model: Model, parts: MonitorParts): Result<ReadyMonitor> {
  const below = (part: string, found: Result<unknown>): readonly Problem[] =>
    found.ok
      ? []
      : found.problems.map((each) => ({
          ...each,
          path: each.path === '' ? part : `${part}.${each.path}`,
        }));
  const mapping = readMapping(parts.mapping, model);
  const threats = selectThreats(threatsOf(model), parts.threats);
  const problems = [
    ...below('mapping', mapping),
    ...below('threats', threats),
    ...below('modelId', { ok: false, problems: followProblems(model) }),
  ];
  if (!mapping.ok || !threats.ok || problems.length > 0) return bad(...problems);
  const { tried, left } = triable(model, threats.value);
  const monitor = new Monitor(model, mapping.value, { threats: tried, budget: parts.budget });
  return ok({ monitor, mapping: mapping.value, leftOut: left.map(({ id }) => id) });
}

/** What is said of a case whose unseen steps are too many to be followed. */
export const tooManyUnseen = (): Problem =>
  problem(
    'MONITOR_MODEL',
    '',
    'what may happen unseen has too many states: map more actions to events',
  );
