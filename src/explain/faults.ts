import { flowsOf, nodesOf } from '../frontends/bpmn/diagram.ts';
import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import type { State } from '../model/layout.ts';
import { liftRun } from '../model/lift.ts';
import type { PropertyReport, Rule } from '../model/outcome.ts';
import { crowded, endedTwice } from './crowded.ts';
import type { Onward } from './onward.ts';
import type { DiagramRuns } from './runs.ts';
import type { ShownSentence, Sentence } from './sentence.ts';
import { reportOfTrace, Story, tokensOf } from './story.ts';
import { goesOnForEver, leftOver, waitingByRoot } from './stuck.ts';

/** How many ends of runs are looked at. */
const MAX_ENDS = 200;

/** The properties of every diagram that a fault of this kind breaks. */
const BREAKS: Readonly<Partial<Record<Rule, readonly string[]>>> = {
  stuck: ['optionToComplete', 'noMessageLeft', 'fairMessageSound', 'fairSound', 'deadlockFree'],
  noWayOut: ['optionToComplete', 'noMessageLeft', 'fairMessageSound', 'fairSound'],
  crowded: ['safe'],
  endsTwice: ['properCompletion'],
  messageLeft: ['noMessageLeft', 'fairSound'],
};

/**
 * What is wrong with a diagram besides what its violated properties show, each by a shortest run:
 * flows that come to hold several tokens, end events that happen twice, and all the ends of runs
 * that are no good ones. Nothing where the graph is larger than it is looked at.
 */
export function faults(
  reading: ReadDiagram,
  runs: DiagramRuns,
  broken: readonly PropertyReport[],
): readonly ShownSentence[] {
  const { all } = runs;
  if (!all) return [];
  const kinds = new Set(broken.map(({ kind }) => kind));
  const search = new Search(reading, runs, all);
  return [
    ...(kinds.has('safe') ? search.crowdedFlows() : []),
    ...(kinds.has('properCompletion') ? search.repeatedEnds() : []),
    ...(kinds.has('optionToComplete') || kinds.has('noMessageLeft') ? search.badEnds() : []),
  ].map(({ sentence, story, stops }) => {
    const named = BREAKS[sentence.rule] ?? [];
    const breaks = broken
      .filter(({ kind }) => named.includes(kind) && (stops || kind !== 'deadlockFree'))
      .map(({ name }) => name);
    return { sentence, story, breaks };
  });
}

interface Fault {
  readonly sentence: Sentence;
  readonly story: Story;
  /** Whether nothing goes on after it. */
  readonly stops: boolean;
}

class Search {
  readonly #reading: ReadDiagram;
  readonly #runs: DiagramRuns;
  readonly #all: Onward;
  readonly #names: ReadonlyMap<string, string>;

  constructor(reading: ReadDiagram, runs: DiagramRuns, all: Onward) {
    this.#reading = reading;
    this.#runs = runs;
    this.#all = all;
    this.#names = new Map([...reading.cells].map(([name, cell]) => [cell.id, name]));
  }

  /** The flows that come to hold several tokens behind a place where one became several. */
  crowdedFlows(): readonly Fault[] {
    const ids = flowsOf(this.#reading.diagram).map(({ id }) => id);
    return this.#first(ids, () => true)
      .flatMap((state) => this.#told(state, (story) => firstTrue(story, crowded)))
      .filter(({ sentence }) => sentence.claims.length > 0);
  }

  /** The end events that have happened twice when everything is completed. */
  repeatedEnds(): readonly Fault[] {
    const ends = nodesOf(this.#reading.diagram).filter(({ kind }) => kind === 'end');
    const goesOn = this.#holdsToken();
    return this.#first(
      ends.map(({ id }) => `${id}_count`),
      (state) => !goesOn(state),
    ).flatMap((state) => this.#told(state, (story) => firstTrue(story, endedTwice)));
  }

  /** Where runs end, or stay for ever, without everything being completed and taken. */
  badEnds(): readonly Fault[] {
    const goesOn = this.#holdsToken();
    return this.#all
      .ends()
      .slice(0, MAX_ENDS)
      .flatMap((state) =>
        goesOn(state)
          ? this.#told(state, (story) => {
              const waits = waitingByRoot(story);
              return waits.length > 0 ? waits : firstTrue(story, goesOnForEver);
            })
          : this.#told(state, (story) => firstTrue(story, leftOver)),
      );
  }

  /** For each of these counters the first state in which it is above one. */
  #first(ids: readonly string[], where: (state: State) => boolean): readonly State[] {
    const { layout } = this.#runs.semantics;
    const offsets = new Set(
      ids.flatMap((id) => {
        const name = this.#names.get(id);
        return name === undefined ? [] : [layout.cell('variable', name).offset];
      }),
    );
    const found: State[] = [];
    for (const state of this.#all.states()) {
      const above = [...offsets].filter((offset) => (state[offset] ?? 0) > 1);
      if (above.length === 0 || !where(state)) continue;
      found.push(state);
      for (const offset of above) offsets.delete(offset);
      if (offsets.size === 0) break;
    }
    return found;
  }

  #told(state: State, sentences: (story: Story) => readonly Sentence[]): readonly Fault[] {
    const trace = liftRun(this.#runs.semantics, { states: this.#all.wayTo(state) });
    if (!trace) return [];
    const story = new Story(this.#reading, reportOfTrace(trace), this.#runs);
    const stops = this.#runs.after(state)?.stops === true;
    return sentences(story).map((sentence) => ({ sentence, story, stops }));
  }

  #holdsToken(): (state: State) => boolean {
    return this.#runs.holds(tokensOf(this.#reading));
  }
}

function firstTrue(
  story: Story,
  sentences: (story: Story) => Iterable<Sentence>,
): readonly Sentence[] {
  const found = story.firstTrue(sentences(story));
  return found ? [found] : [];
}
