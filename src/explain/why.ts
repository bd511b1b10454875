import { flowsOf, nodesOf } from '../frontends/bpmn/diagram.ts';
import type { Cell } from '../frontends/bpmn/places.ts';
import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import type { PropertyDocument } from '../model/document.ts';
import type { PropertyReport, Report } from '../model/outcome.ts';
import { crowded, endedTwice } from './crowded.ts';
import { neverHappens } from './dead.ts';
import type { DiagramRuns } from './runs.ts';
import type { Sentence } from './sentence.ts';
import { Story, type StoryClaim } from './story.ts';
import { goesOnForEver, goesRound, leftOver, waiting } from './stuck.ts';
import { called, capital, firstFew } from './words.ts';

/**
 * Why a diagram does not have a property, in a sentence or two for whoever drew it, and what it is
 * about.
 */
export interface Why {
  readonly why: string;
  /** The elements to look at first. */
  readonly blamed: readonly string[];
  /** Activities that can never happen. */
  readonly dead: readonly string[];
  /** What the sentence says, each found true before it was said. */
  readonly claims: readonly StoryClaim[];
  readonly sentence: Sentence;
  /** The run that it tells of. */
  readonly story: Story;
}

/** The properties that are broken by themselves, not only because a part of them is. */
export function violated(report: Report): readonly PropertyReport[] {
  return report.properties.filter(
    (property) => property.outcome === 'violated' && property.engines.length > 0,
  );
}

type Explain = (story: Story) => Iterable<Sentence>;

/**
 * What may be said of each kind of property, the most telling first. What is not listed here is a
 * property of the diagram's author: the run speaks for itself.
 */
const EXPLAIN: Readonly<Record<string, readonly Explain[]>> = {
  safe: [crowded],
  properCompletion: [endedTwice],
  noDeadActivities: [neverHappens],
  deadlockFree: [waiting],
  optionToComplete: [waiting, goesOnForEver],
  noMessageLeft: [waiting, leftOver, goesOnForEver],
  fairMessageSound: [waiting, endedTwice, goesOnForEver, goesRound],
  fairSound: [waiting, endedTwice, leftOver, goesOnForEver, goesRound],
};

/**
 * Explains a violated property of a diagram: by the first sentence of those for its kind of which
 * every claim is true, else by what happens, where it stands at the end, and what was expected.
 */
export function whyOf(
  reading: ReadDiagram,
  report: PropertyReport,
  runs: DiagramRuns | undefined,
): Why | undefined {
  if (report.outcome !== 'violated') return undefined;
  const story = new Story(reading, report, runs);
  const explain = Object.hasOwn(EXPLAIN, report.kind) ? (EXPLAIN[report.kind] ?? []) : [];
  const sentence = story.firstTrue(saidBy(explain, story)) ?? plain(story);
  const { words, claims, blamed, dead = [] } = sentence;
  return { why: `${capital(words)}.`, blamed, dead, claims, sentence, story };
}

/** The same of each property that is broken by itself. */
export function whysOf(
  reading: ReadDiagram,
  report: Report,
  runs: DiagramRuns | undefined,
): readonly Why[] {
  return violated(report).flatMap((property) => whyOf(reading, property, runs) ?? []);
}

function* saidBy(explain: readonly Explain[], story: Story): Iterable<Sentence> {
  for (const candidates of explain) yield* candidates(story);
}

/** What the run itself shows; true of any run. */
function plain(story: Story): Sentence {
  const { property, steps, trace } = story;
  const expected = expectedOf(story.reading.document.properties?.[property.name], property.name);
  if (property.witness === 'exhaustion' || !trace)
    return {
      rule: 'property',
      root: [property.name],
      words: `no run gets there. Expected: ${expected}`,
      claims: [],
      blamed: [],
    };
  const last = steps.at(-1);
  const node = last && story.nodeOf(last);
  const when =
    steps.length === 0
      ? 'at the start'
      : `after ${steps.length === 1 ? '1 step' : `${steps.length} steps`}${node ? `, the last of them ${called(node)},` : ''}`;
  const places = [...story.standing()].flatMap(([cell, count]) => placeOf(story, cell, count));
  return {
    rule: 'property',
    root: [property.name],
    words: `${when} ${places.length === 0 ? 'no token is left' : firstFew(places, ', ', 'more')}. Expected: ${expected}`,
    claims: [],
    blamed: node ? [node.elementId] : [],
  };
}

/** A place that holds something, in words; nothing of what is only remembered. */
function placeOf(story: Story, cell: Cell, count: number): readonly string[] {
  const { diagram } = story.reading;
  const tokens = count === 1 ? 'a token is' : `${count} tokens are`;
  const flow = flowsOf(diagram).find(({ id }) => id === cell.id);
  if (flow) return [`${tokens} on the way from ${called(flow.source)} to ${called(flow.target)}`];
  const message = diagram.messageFlows.find(({ id }) => id === cell.id);
  if (message)
    return [
      `${count === 1 ? 'a message' : `${count} messages`} from ${called(message.source)} to ${called(message.target)} ${count === 1 ? 'is' : 'are'} under way`,
    ];
  const node = nodesOf(diagram).find(
    ({ id }) => cell.id === `${id}_entry` || cell.id === `${id}_active`,
  );
  return node ? [`${tokens} ${cell.kind === 'active' ? 'in' : 'before'} ${called(node)}`] : [];
}

/** What a property asks, in its author's words, else as it is written. */
export function expectedOf(property: PropertyDocument | undefined, name: string): string {
  if (property?.label !== undefined) return property.label;
  const [asked] = Object.entries(property ?? {}).filter(
    ([key]) => !['kind', 'severity', 'lossGroup', 'references'].includes(key),
  );
  return asked
    ? `${name}, ${asked[0]}: ${typeof asked[1] === 'string' ? asked[1] : JSON.stringify(asked[1])}`
    : name;
}
