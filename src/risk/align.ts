import { stopBranch, type StateChain } from './chain.ts';
import {
  countEnd,
  countPairs,
  IDLE,
  replayCase,
  share,
  type CaseLayer,
  type ReplayedCase,
} from './layers.ts';
import type { BranchPairs } from './markovFit.ts';
import { Matcher, type Deviation } from './matcher.ts';
import { Moves, type Censoring, type Stays } from './moves.ts';
import type { BranchEvidence } from './posterior.ts';
import { hasEqualTimes, otherOrders } from './orders.ts';
import { NEVER_A_GOAL } from './question.ts';
import type { EventLog, LogCase } from '../eventLog/log.ts';

/**
 * How one case ended, as far as its events tell. A case that is not at its end, but where no loss
 * can be reached any more, is not lost.
 */
export type CaseEnd = 'lost' | 'notLost' | 'open' | 'outside';

/** A log read as evidence on a chain. */
export interface Alignment {
  readonly evidence: BranchEvidence;
  readonly censoring: Censoring;
  readonly stays: Stays;
  /** How often one branch came right after another, in the cases that fit one path. */
  readonly pairs: BranchPairs;
  readonly deviations: readonly Deviation[];
  /** The end of each case, in the order of the log. A case that was lost stays lost. */
  readonly ends: readonly CaseEnd[];
  /** Cases that end where the model promises a further step. */
  readonly openCases: number;
  /** Cases whose moves fit more than one path. */
  readonly ambiguousCases: number;
  readonly eventsCounted: number;
  /** Cases with events of one time, and those that fit the model in another order of these only. */
  readonly equalTimeCases: number;
  readonly reorderedCases: number;
  /** Events of an enabled step that changes nothing: they conform, and count for no branch. */
  readonly idleEvents: number;
  /** Conformant or not, cases that surely passed a goal of the chain. */
  readonly goalCases: number;
  readonly unusedColumns: readonly string[];
  /** Actions that were taken to happen without events. */
  readonly silentActions: readonly string[];
}

/**
 * Replays every case from the starts. All paths of the chain that explain the events so far are
 * kept; what a move counts for is shared among them, each path with the same weight (one forward
 * and one backward pass: the expected counts of the uniform distribution over the paths that
 * explain the whole case). Where only one path explains the events, counts are whole numbers. A
 * case that leaves the model counts up to there. `verdicts`: what the graph alone says of each
 * node.
 * `quiet`: actions that need no events, where the log never names them.
 */
export function align(
  chain: StateChain,
  log: EventLog,
  verdicts?: Uint8Array,
  quiet: ReadonlySet<string> = new Set(),
): Alignment {
  const matcher = new Matcher(chain.graph.semantics, quiet, log);
  const reading = new Reading(chain, matcher, log.untilMs, verdicts);
  for (const logCase of log.cases) reading.add(logCase);
  return reading.alignment(log);
}

/** Takes the cases of a log one after the other. */
class Reading {
  readonly #chain: StateChain;
  readonly #untilMs: number | undefined;
  readonly #verdicts: Uint8Array | undefined;
  readonly #matcher: Matcher;
  readonly #moves: Moves;
  readonly #pairs = new Map<number, number>();
  readonly #deviations: Deviation[] = [];
  readonly #ends: CaseEnd[] = [];
  readonly #tally = {
    openCases: 0,
    ambiguousCases: 0,
    eventsCounted: 0,
    idleEvents: 0,
    equalTimeCases: 0,
    reorderedCases: 0,
    goalCases: 0,
  };

  constructor(
    chain: StateChain,
    matcher: Matcher,
    untilMs: number | undefined,
    verdicts: Uint8Array | undefined,
  ) {
    this.#chain = chain;
    this.#untilMs = untilMs;
    this.#verdicts = verdicts;
    this.#matcher = matcher;
    this.#moves = new Moves(chain.topology);
  }

  add(logCase: LogCase): void {
    const path = onlyPath(this.#chain, this.#matcher, logCase);
    const equal = hasEqualTimes(logCase);
    if (equal) this.#tally.equalTimeCases += 1;
    if (path) {
      this.#follow(path);
      return;
    }
    const replayed = replayCase(this.#chain, this.#matcher, logCase);
    const other = equal && replayed.deviation ? this.#inAnotherOrder(logCase) : undefined;
    if (other) this.#tally.reorderedCases += 1;
    this.#share(logCase, other ?? replayed);
  }

  /** The case with events of one time in another order, if it is a run of the model then. */
  #inAnotherOrder(logCase: LogCase): ReplayedCase | undefined {
    for (const order of otherOrders(logCase)) {
      const replayed = replayCase(this.#chain, this.#matcher, order);
      if (!replayed.deviation) return replayed;
    }
    return undefined;
  }

  alignment(log: EventLog): Alignment {
    const { censoring, ...evidence } = this.#moves.evidence();
    return {
      evidence,
      censoring,
      stays: this.#moves.stays,
      pairs: this.#pairs,
      deviations: this.#deviations,
      ends: this.#ends,
      ...this.#tally,
      silentActions: this.#matcher.silentActions,
      unusedColumns: log.bindingColumns.filter((name) => !this.#matcher.usedColumns.has(name)),
    };
  }

  /** A case that fits one path, and fits it to its end: most are. */
  #follow({ branches, timesMs, startMs, events }: Path): void {
    const { topology, root } = this.#chain;
    let node = root;
    let since: number | undefined;
    let passed = false;
    let before: number | undefined;
    branches.forEach((branch, i) => {
      const time = i === 0 ? startMs : timesMs[i];
      this.#moves.took(node, branch, 1, elapsed(since, time));
      if (before !== undefined) this.#pair(before, branch);
      before = branch;
      node = topology.targets[branch] as number;
      passed ||= topology.goal[node] === 1;
      since = time;
    });
    this.#moves.ended(node, 1, elapsed(since, this.#untilMs));
    this.#tally.eventsCounted += events;
    this.#tally.idleEvents += events - (branches.length - 1);
    const open = stopBranch(this.#chain, node) === undefined;
    this.#end({ passed, open, left: false, ambiguous: false, nodes: [node] });
  }

  /** A case that fits several paths, or leaves the model. */
  #share(logCase: LogCase, replayed: ReplayedCase): void {
    const { layers, deviation } = replayed;
    const last = layers.at(-1) as CaseLayer;
    const { passed, ambiguous, idle, ends } = share(
      this.#chain,
      this.#matcher,
      replayed,
      this.#moves,
    );
    if (!ambiguous && !this.#matcher.hasSilent)
      countPairs(layers, (before, after) => this.#pair(before, after));
    if (deviation) this.#deviations.push({ case: logCase.id, ...deviation });
    const open = !deviation && !countEnd(this.#chain, last, ends, this.#untilMs, this.#moves);
    this.#tally.eventsCounted += layers.length - 2;
    this.#tally.idleEvents += idle;
    const nodes = ends.map(({ at }) => last.nodes[at] as number);
    this.#end({ passed, open, left: deviation !== undefined, ambiguous, nodes });
  }

  #pair(before: number, after: number): void {
    const key = before * this.#chain.topology.targets.length + after;
    this.#pairs.set(key, (this.#pairs.get(key) ?? 0) + 1);
  }

  #end(end: {
    readonly passed: boolean;
    readonly open: boolean;
    readonly left: boolean;
    readonly ambiguous: boolean;
    readonly nodes: readonly number[];
  }): void {
    const { passed, open, left, nodes } = end;
    const verdicts = this.#verdicts;
    const safe = verdicts !== undefined && nodes.every((node) => verdicts[node] === NEVER_A_GOAL);
    this.#ends.push(passed ? 'lost' : left ? 'outside' : open && !safe ? 'open' : 'notLost');
    if (open) this.#tally.openCases += 1;
    if (end.ambiguous) this.#tally.ambiguousCases += 1;
    if (passed) this.#tally.goalCases += 1;
  }
}

/** The branches of a case, the start first, and the time of the event that took each. */
interface Path {
  readonly branches: readonly number[];
  readonly timesMs: readonly (number | undefined)[];
  readonly startMs: number | undefined;
  readonly events: number;
}

/** The only path that explains the case, where each event fits one branch; else nothing. */
function onlyPath(chain: StateChain, matcher: Matcher, { events }: LogCase): Path | undefined {
  const { topology, root } = chain;
  const first = topology.rows[root] as number;
  if (matcher.hasSilent || (topology.rows[root + 1] as number) - first !== 1) return undefined;
  const branches = [first];
  const timesMs: (number | undefined)[] = [undefined];
  let node = topology.targets[first] as number;
  for (const event of events) {
    const match = matcher.instancesOf(event);
    if (typeof match === 'string') return undefined;
    let [found, fitting] = [IDLE, matcher.idles(chain, node, match) ? 1 : 0];
    const end = topology.rows[node + 1] as number;
    for (let branch = topology.rows[node] as number; branch < end; branch += 1) {
      if (!matcher.takes(chain, node, branch, match)) continue;
      found = branch;
      fitting += 1;
    }
    if (fitting !== 1) return undefined;
    if (found === IDLE) continue;
    branches.push(found);
    timesMs.push(event.timeMs);
    node = topology.targets[found] as number;
  }
  return { branches, timesMs, startMs: events[0]?.timeMs, events: events.length };
}

function elapsed(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.max(0, toMs - fromMs);
}
