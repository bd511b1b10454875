import { flowsOf, nodesOf, type Flow, type Node } from '../frontends/bpmn/diagram.ts';
import type { Rule } from '../model/outcome.ts';
import type { Sentence } from './sentence.ts';
import { grew, type StoryClaim, type Story } from './story.ts';
import { called, leaving, flowsAfter } from './words.ts';

/** Two tokens on one flow. */
export function* crowded(story: Story): Iterable<Sentence> {
  const flow = flowsOf(story.reading.diagram).find((found) => story.on(found) > 1);
  if (!flow) return;
  const words = `${story.on(flow)} tokens stand on the way from ${called(flow.source)} to ${called(flow.target)} at the same time`;
  yield* withSources(story, 'crowded', words, [flow], [flow.elementId, flow.source.elementId]);
}

/** An end event that has happened twice. */
export function* endedTwice(story: Story): Iterable<Sentence> {
  for (const end of nodesOf(story.reading.diagram)) {
    if (end.kind !== 'end' || story.on({ id: `${end.id}_count` }) < 2) continue;
    const words = `${called(end)} happens more than once in one run`;
    yield* withSources(story, 'endsTwice', words, end.incoming, [end.elementId]);
  }
}

function* withSources(
  story: Story,
  rule: Rule,
  words: string,
  flows: readonly Flow[],
  blamed: readonly string[],
): Iterable<Sentence> {
  for (const source of sourcesOf(story, flows))
    yield {
      rule,
      root: [source.node.elementId],
      words: `${words}: ${source.words}`,
      claims: source.claims,
      blamed: [...blamed, source.node.elementId],
    };
  yield { rule, root: blamed, words, claims: [], blamed };
}

interface Source {
  readonly node: Node;
  readonly words: string;
  readonly claims: readonly StoryClaim[];
}

/** One token became several, some of which can come to the flows that are asked about. */
interface Split extends Source {
  readonly ways: readonly Flow[];
}

/** Where one token became several that can all come to one of these flows: the last place first. */
function* sourcesOf(story: Story, flows: readonly Flow[]): Iterable<Source> {
  for (let at = story.steps.length - 1; at >= 0; at -= 1) {
    const split = splitAt(story, at, flows);
    if (!split) continue;
    yield* meeting(split, flows);
    const { node, claims, ways } = split;
    if (ways.some((way) => node.incoming.some((into) => flowsAfter(way).has(into))))
      yield {
        node,
        words: `${called(node)} sends out several tokens, and one of them comes back to it while another is still under way`,
        claims: [...claims, { is: 'happens', element: node.elementId, times: 2 }],
      };
    yield* leadingHere(split, flows);
  }
  for (const node of nodesOf(story.reading.diagram)) {
    const ways = node.outgoing.filter(
      (way) =>
        node.kind === 'start' &&
        leadsTo(flows, way) &&
        story.variablesOf([way]).some((name) => story.trace?.initial[name] === 1),
    );
    const words = `${called(node)} begins ${ways.length} ways at once`;
    if (ways.length < 2) continue;
    yield* meeting({ node, words, ways, claims: [] }, flows);
    yield* leadingHere({ node, words, ways, claims: [] }, flows);
  }
}

/** The tokens that a step sends out, or one that it sends out beside an activity that goes on. */
function splitAt(story: Story, at: number, flows: readonly Flow[]): Split | undefined {
  const step = story.steps[at];
  const node = step && story.nodeOf(step);
  if (!node) return undefined;
  const given = node.outgoing.filter((way) =>
    story.variablesOf([way]).some((name) => grew(step.changed[name])),
  );
  const ways = given.filter((way) => leadsTo(flows, way));
  const claims: StoryClaim[] = [{ is: 'given', step: at, of: story.variablesOf(given) }];
  const besides = node.interrupting ? undefined : node.attachedTo;
  if (besides && ways.length > 0) {
    const words = `${called(node)} sends out a token while ${called(besides)} goes on`;
    return { node, words, ways: [...ways, ...besides.outgoing], claims };
  }
  const words = `${called(node)} sends a token along each of ${ways.length} ways`;
  return ways.length > 1 ? { node, words, ways, claims } : undefined;
}

function leadsTo(flows: readonly Flow[], way: Flow): boolean {
  return flows.some((flow) => flowsAfter(way).has(flow));
}

/** The ways meet where nothing joins them. */
function* meeting({ node, words, ways, claims }: Split, flows: readonly Flow[]): Iterable<Source> {
  const found = meetingOf(ways, flows);
  if (found)
    yield {
      node,
      words: `${words}, and they meet at ${called(found)} without being joined`,
      claims: [...claims, { is: 'happens', element: found.elementId, times: 2 }],
    };
}

/** The ways lead here, each by itself. */
function* leadingHere(
  { node, words, ways, claims }: Split,
  flows: readonly Flow[],
): Iterable<Source> {
  if (
    ways.length > 1 &&
    ways.every((way) => flows.some((flow) => flowsAfter(way, joins).has(flow)))
  )
    yield { node, words: `${words}, and each of them leads here`, claims };
}

function joins(node: Node): boolean {
  return (
    node.incoming.length > 1 &&
    (node.kind === 'parallel' || node.kind === 'inclusive' || node.kind === 'complex')
  );
}

/**
 * The first node on the ways, past no join, that all of them lead into, and that takes their tokens
 * one by one.
 */
function meetingOf(ways: readonly Flow[], flows: readonly Flow[]): Node | undefined {
  const paths = ways.map((way) => [...flowsAfter(way, joins)]);
  return paths[0]
    ?.map((step) => step.target)
    .find(
      (node) =>
        node.incoming.length > 1 &&
        !joins(node) &&
        paths.every((path) => path.some((step) => step.target === node)) &&
        flows.some(
          (flow) => node === flow.target || leaving(node).some((out) => flowsAfter(out).has(flow)),
        ),
    );
}
