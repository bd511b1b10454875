import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { readMapping, type Mapping } from '../events/mapping.ts';
import type { Model } from '../model/model.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { selectThreats, type NamedThreats } from '../threats/selection.ts';
import type { Threat } from '../threats/threat.ts';
import { followProblems, triable } from './followable.ts';
import { Monitor, type WatchOptions } from './monitor.ts';

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
  return ok(readyMonitor(model, mapping.value, threats.value, parts.budget));
}

/** A monitor of parts that are fine: what cannot be tried is left out. */
export function readyMonitor(
  model: Model,
  mapping: Mapping,
  threats: readonly Threat[],
  budget: number,
  more: Pick<WatchOptions, 'now' | 'written'> = {},
): ReadyMonitor {
  const { tried, left } = triable(model, threats);
  const monitor = new Monitor(model, mapping, { threats: tried, budget, ...more });
  return { monitor, mapping, leftOut: left.map(({ id }) => id) };
}

/** What is said of a case whose unseen steps are too many to be followed. */
export const tooManyUnseen = (): Problem =>
  problem(
    'MONITOR_MODEL',
    '',
    'what may happen unseen has too many states: map more actions to events',
  );
