import { nodesOf, type Node } from '../frontends/bpmn/diagram.ts';
import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import type { Cell } from '../frontends/bpmn/places.ts';
import { statesOf } from '../graph/replay.ts';
import type { State } from '../model/layout.ts';
import { liftRun } from '../model/lift.ts';
import type { PropertyReport } from '../model/outcome.ts';
import type { Semantics } from '../model/semantics.ts';
import type { Step, Trace } from '../model/trace.ts';
import type { DiagramRuns } from './runs.ts';

/**
 * What a sentence says of the diagram, checked before the sentence is said. Variables are named as
 * in the model; the end is that of the run which is told.
 * - `empty`: from the end on, none of these ever holds anything.
 * - `kept`: from the end on, at least one of these holds something, for ever.
 * - `idle`: from the end on, what is drawn as this element never happens.
 * - `lost`: before this step one of these could still come to hold something, after it none can.
 * - `unfinished`: from the end on, nothing leads to where everything is completed.
 * - `goesOn`: from the end on, something can always happen.
 * - `nowhere`: in no run does any of these ever hold anything.
 * - `somewhere`: in some run one of these does.
 * - `circling`: the run goes round for ever, and in its loop never everything is completed.
 * - `happens`: in this run what is drawn as this element happens so often.
 * - `given`: this step gives a token to each of these.
 */
export type StoryClaim =
  | { readonly is: 'empty' | 'kept' | 'nowhere' | 'somewhere'; readonly of: readonly string[] }
  | { readonly is: 'lost'; readonly step: number; readonly of: readonly string[] }
  | { readonly is: 'unfinished' | 'goesOn' | 'circling' }
  | { readonly is: 'idle'; readonly element: string }
  | { readonly is: 'happens'; readonly element: string; readonly times: number }
  | { readonly is: 'given'; readonly step: number; readonly of: readonly string[] };

/** A run of a diagram that shows an answer, with its states where they are known. */
export class Story {
  readonly reading: ReadDiagram;
  readonly property: PropertyReport;
  readonly trace: Trace | undefined;
  readonly #runs: DiagramRuns | undefined;
  readonly #states: readonly State[];
  readonly #names: ReadonlyMap<string, string>;
  readonly #counts: ReadonlyMap<string, number>;

  constructor(reading: ReadDiagram, property: PropertyReport, runs: DiagramRuns | undefined) {
    this.reading = reading;
    this.#runs = runs;
    this.property = property;
    this.trace =
      property.witness === 'trap' && property.trace && runs
        ? toItsEnd(runs.semantics, property.trace)
        : property.trace;
    this.#states = (this.trace && runs && statesOf(runs.semantics, this.trace)) || [];
    this.#names = new Map([...reading.cells].map(([name, cell]) => [cell.id, name]));
    this.#counts = countsAt(this.trace);
  }

  get steps(): readonly Step[] {
    return this.trace?.steps ?? [];
  }

  /** The steps that the run repeats for ever; none where it stops, or only goes on as it likes. */
  get loop(): readonly Step[] {
    return this.trace?.loopStart === undefined ? [] : this.steps.slice(this.trace.loopStart);
  }

  #loopStates(): readonly State[] {
    return this.#states.slice(this.trace?.loopStart);
  }

  /** The variable that counts what is on a flow, before a node (`_entry`), or running. */
  variable(id: string): string | undefined {
    return this.#names.get(id);
  }

  variablesOf(flows: readonly { readonly id: string }[]): readonly string[] {
    return flows.flatMap(({ id }) => this.variable(id) ?? []);
  }

  /** Where tokens can wait for a node: on its ways in, before it, or with those of its gateway. */
  before(node: Node): readonly string[] {
    const own = this.variablesOf([...node.incoming, { id: `${node.id}_entry` }]);
    const gateways = node.incoming.map((flow) => flow.source).filter(isEventBased);
    return [...own, ...gateways.flatMap((gateway) => this.variablesOf(gateway.incoming))];
  }

  /** How many are on a flow, or counted by another cell, at the end of the run. */
  on({ id }: { readonly id: string }): number {
    return this.#counts.get(this.variable(id) ?? '') ?? 0;
  }

  /** The cells that hold something at the end of the run, and how much. */
  standing(): ReadonlyMap<Cell, number> {
    return new Map(
      [...this.reading.cells]
        .map(([name, cell]) => [cell, this.#counts.get(name) ?? 0] as const)
        .filter(([, count]) => count > 0),
    );
  }

  /** The node that a step is one of. */
  nodeOf(step: Step): Node | undefined {
    return nodesOf(this.reading.diagram).find((node) => node.elementId === step.elementId);
  }

  /** The step that takes away the last chance that one of these comes to hold something. */
  stepThatLost(names: readonly string[]): number | undefined {
    const step = this.steps.findLastIndex((_, i) => this.#canCome(i, names) === true);
    return step >= 0 && this.#canCome(step + 1, names) === false ? step : undefined;
  }

  areTrue(claims: readonly StoryClaim[]): boolean {
    return claims.every((claim) => this.#isTrue(claim));
  }

  /** The first of these of which every claim is true; no further one is looked at. */
  firstTrue<T extends { readonly claims: readonly StoryClaim[] }>(
    said: Iterable<T>,
  ): T | undefined {
    for (const each of said) if (this.areTrue(each.claims)) return each;
    return undefined;
  }

  #isTrue(claim: StoryClaim): boolean {
    const end = this.#states.at(-1);
    const onward = end && this.#runs?.after(end);
    switch (claim.is) {
      case 'empty':
        return claim.of.length > 0 && this.#canCome(this.#states.length - 1, claim.of) === false;
      case 'kept': {
        const held = this.#runs?.holds(claim.of);
        return onward !== undefined && held !== undefined && !onward.some((state) => !held(state));
      }
      case 'lost':
        return (
          this.#canCome(claim.step, claim.of) === true &&
          this.#canCome(claim.step + 1, claim.of) === false
        );
      case 'unfinished': {
        const left = this.#runs?.holds(tokensOf(this.reading));
        return onward !== undefined && left !== undefined && !onward.some((state) => !left(state));
      }
      case 'goesOn':
        return onward?.stops === false;
      case 'circling': {
        const left = this.#runs?.holds(tokensOf(this.reading));
        return left !== undefined && this.loop.length > 0 && this.#loopStates().every(left);
      }
      case 'idle':
        return onward?.happens(claim.element) === false;
      case 'nowhere':
      case 'somewhere': {
        const [all, held] = [this.#runs?.all, this.#runs?.holds(claim.of)];
        return all !== undefined && held !== undefined
          ? all.some(held) === (claim.is === 'somewhere')
          : false;
      }
      case 'happens':
        return (
          this.steps.filter(({ elementId }) => elementId === claim.element).length >= claim.times
        );
      case 'given': {
        const changed = this.steps[claim.step]?.changed ?? {};
        return claim.of.every((name) => grew(changed[name]));
      }
    }
  }

  /** Whether after so many steps one of these can still come to hold something, or does. */
  #canCome(steps: number, names: readonly string[]): boolean | undefined {
    const [state, first, last] = [this.#states[steps], this.#states[0], this.#states.at(-1)];
    if (!state || !first || !last || !this.#runs) return undefined;
    const onward = state === last ? this.#runs.after(last) : this.#runs.after(first);
    return onward?.canFollow(state, names.join(), this.#runs.holds(names));
  }
}

/** A run as an answer would show it, whatever it is an answer to. */
export function reportOfTrace(trace: Trace | undefined): PropertyReport {
  return {
    name: '',
    kind: 'always',
    outcome: 'violated',
    witness: 'trace',
    assurance: [],
    threats: [],
    engines: [],
    ...(trace && { trace }),
  };
}

/** What is above zero as long as something is not completed. */
export function tokensOf(reading: ReadDiagram): readonly string[] {
  return [...reading.cells]
    .filter(([, { kind }]) => !['message', 'end', 'done', 'seen'].includes(kind))
    .map(([name]) => name);
}

function countsAt(trace: Trace | undefined): ReadonlyMap<string, number> {
  const values = new Map<string, unknown>(Object.entries(trace?.initial ?? {}));
  for (const step of trace?.steps ?? [])
    for (const [cell, [, after]] of Object.entries(step.changed)) values.set(cell, after);
  return new Map(
    [...values].map(([name, value]) => [name, typeof value === 'number' ? value : 0] as const),
  );
}

/** How far a state without a way back is followed to somebody who is stuck. */
const MAX_FOLLOWED = 2_000;

/**
 * The trace to a state without a way back says little by itself: it is followed to where nothing
 * goes on, if it comes to that soon.
 */
function toItsEnd(semantics: Semantics, trace: Trace): Trace {
  const states = statesOf(semantics, trace);
  const rest = states && wayToStop(semantics, states.at(-1) as State);
  return (rest && liftRun(semantics, { states: [...states.slice(0, -1), ...rest] })) ?? trace;
}

function wayToStop(semantics: Semantics, from: State): readonly State[] | undefined {
  const before = new Map<string, { readonly state: State; readonly earlier: string | undefined }>([
    [from.join(), { state: from, earlier: undefined }],
  ]);
  for (const [name, { state }] of before) {
    let moves = false;
    semantics.successors(state, (_instance, next) => {
      moves = true;
      if (next && !before.has(next.join())) before.set(next.join(), { state: next, earlier: name });
    });
    if (!moves) {
      const way: State[] = [];
      for (let at: string | undefined = name; at !== undefined; at = before.get(at)?.earlier)
        way.unshift(before.get(at)?.state as State);
      return way;
    }
    if (before.size > MAX_FOLLOWED) return undefined;
  }
  return undefined;
}

/** Whether a step put more into a cell than was there. */
export function grew(change: readonly [unknown, unknown] | undefined): boolean {
  return typeof change?.[0] === 'number' && typeof change[1] === 'number' && change[1] > change[0];
}

function isEventBased({ kind }: Node): boolean {
  return kind === 'eventBased';
}
