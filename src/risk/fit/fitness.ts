import type { StateChain } from '../chain.ts';
import { Matcher } from '../matcher.ts';
import { traitsOfOutsiders, type Trait } from '../outsiders.ts';
import { optimalAlignment, type AlignmentMove, type OptimalAlignment } from './optimal.ts';
import { MappedEvent } from '../../events/mappedLog.ts';
import type { EventLog, LogCase } from '../../eventLog/log.ts';

/** How a log fits a model (public shape of `probity learn`, `fitness`). */
export interface Fitness {
  readonly v: 1;
  /**
   * 1 − (moves of one side alone) ÷ (events), averaged over the cases that were aligned: 1 if every
   * case is a run of the model.
   */
  readonly mean: number;
  readonly cases: number;
  readonly fitting: number;
  /** Cases whose alignment would take too long. */
  readonly unaligned: number;
  /** Of the cases that do not fit, the worst first. */
  readonly worst: readonly { readonly case: string; readonly fitness: number }[];
  readonly deviations: readonly FrequentDeviation[];
  /** Actions that no event of the log stands for, silent ones left out. */
  readonly unseenActions: readonly string[];
  readonly silentActions: readonly string[];
  readonly outsiders: readonly Trait[];
}

/** One way to leave the model, in how many cases, and an optimal alignment of one of them. */
export interface FrequentDeviation {
  readonly move: 'log' | 'model';
  readonly name: string;
  readonly cases: number;
  readonly example: { readonly case: string; readonly alignment: readonly AlignmentMove[] };
}

const MAX_POSITIONS = 200_000;
/** Cases of the same events are aligned once; more kinds of them than this are not aligned. */
const MAX_VARIANTS = 5_000;
const MAX_WORST = 100;
const MAX_DEVIATIONS = 20;

export async function fitnessOf(
  chain: StateChain,
  log: EventLog,
  quiet: ReadonlySet<string>,
  turn: (reached: string) => Promise<void>,
): Promise<Fitness> {
  const matcher = new Matcher(chain.graph.semantics, quiet, log);
  const variants = new Map<string, OptimalAlignment | undefined>();
  const found = new Map<
    string,
    { move: 'log' | 'model'; name: string; cases: number; example: FrequentDeviation['example'] }
  >();
  const fitness: (number | undefined)[] = [];
  for (const [i, each] of log.cases.entries()) {
    await turn(`case ${i + 1} of ${log.cases.length}`);
    const alignment = aligned(chain, matcher, each, variants);
    fitness.push(alignment && fitnessOfCase(alignment, each));
    for (const { move, name } of deviationsOf(alignment)) {
      const key = `${move} ${name}`;
      const known = found.get(key);
      if (known) known.cases += 1;
      else
        found.set(key, {
          move,
          name,
          cases: 1,
          example: { case: each.id, alignment: alignment?.moves ?? [] },
        });
    }
  }
  const known = fitness.filter((value) => value !== undefined);
  return {
    v: 1,
    mean: known.length === 0 ? 0 : known.reduce((a, b) => a + b, 0) / known.length,
    cases: log.cases.length,
    fitting: known.filter((value) => value === 1).length,
    unaligned: fitness.length - known.length,
    worst: log.cases
      .map(({ id }, i) => ({ case: id, fitness: fitness[i] ?? 1 }))
      .filter((each) => each.fitness < 1)
      .sort((a, b) => a.fitness - b.fitness)
      .slice(0, MAX_WORST),
    deviations: [...found.values()].sort((a, b) => b.cases - a.cases).slice(0, MAX_DEVIATIONS),
    unseenActions: unseenActions(chain, log, matcher),
    silentActions: matcher.silentActions,
    outsiders: traitsOfOutsiders(log, (i) => (fitness[i] ?? 0) < 1),
  };
}

function aligned(
  chain: StateChain,
  matcher: Matcher,
  each: LogCase,
  variants: Map<string, OptimalAlignment | undefined>,
): OptimalAlignment | undefined {
  const key = JSON.stringify(each.events.map((event) => matcher.keyOf(event)));
  if (!variants.has(key)) {
    if (variants.size >= MAX_VARIANTS) return undefined;
    variants.set(key, optimalAlignment(chain, matcher, each, MAX_POSITIONS));
  }
  return variants.get(key);
}

function fitnessOfCase({ cost }: OptimalAlignment, { events }: LogCase): number {
  return events.length === 0 ? 1 : 1 - cost / events.length;
}

/** Each once: a case that deviates twice in the same way is one case. */
function deviationsOf(
  alignment: OptimalAlignment | undefined,
): readonly { readonly move: 'log' | 'model'; readonly name: string }[] {
  const found = new Map<string, { move: 'log' | 'model'; name: string }>();
  for (const move of alignment?.moves ?? []) {
    if (move.kind !== 'log' && move.kind !== 'model') continue;
    const name = move.kind === 'log' ? move.activity : move.action;
    found.set(`${move.kind} ${name}`, { move: move.kind, name });
  }
  return [...found.values()];
}

function unseenActions({ graph }: StateChain, log: EventLog, matcher: Matcher): string[] {
  const seen = new Set<string>();
  const asked = new Set<string>();
  for (const { events } of log.cases)
    for (const event of events) {
      const open = event instanceof MappedEvent ? event : { ...event, binding: {} };
      const key = open instanceof MappedEvent ? matcher.keyOf(open) : open.activity;
      if (asked.has(key)) continue;
      asked.add(key);
      const match = matcher.instancesOf(open);
      if (typeof match !== 'string')
        for (const { action } of match.instances) seen.add(action.name);
    }
  return graph.semantics.model.actions
    .map(({ name }) => name)
    .filter((name) => !seen.has(name) && !matcher.silentActions.includes(name));
}
