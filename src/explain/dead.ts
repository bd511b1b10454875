import type { Flow, Node } from '../frontends/bpmn/diagram.ts';
import type { Sentence } from './sentence.ts';
import type { Claim, Story } from './story.ts';
import { called, capital, firstFew, list } from './words.ts';

/** Activities that can never happen, and why not. */
export function* neverHappens(story: Story): Iterable<Sentence> {
  const { reading, property } = story;
  const found = property.evidence?.['unreachable'];
  const goals = new Set<unknown>(Array.isArray(found) ? found : []);
  const dead = new Map<string, Node>();
  for (const [node, goal] of reading.activities)
    if (goals.has(goal) && !dead.has(node.elementId)) dead.set(node.elementId, node);
  if (dead.size === 0) return;
  const told = [...dead.values()].map((node) => {
    const why = [...reasons(story, node, new Set(dead.keys()))].find(({ claims }) =>
      story.areTrue(claims),
    );
    return {
      words: capital(`${called(node)} can never happen${why ? `: ${why.words}` : ''}`),
      claims: why?.claims ?? [],
    };
  });
  yield {
    words: firstFew(
      told.map(({ words }) => words),
      '. ',
      'more can never happen',
    ).replace('. and ', '. And '),
    claims: told.flatMap(({ claims }) => claims),
    blamed: [],
    dead: [...dead.keys()],
  };
}

interface Reason {
  readonly words: string;
  readonly claims: readonly Claim[];
}

function* reasons(story: Story, node: Node, dead: ReadonlySet<string>): Iterable<Reason> {
  if (node.forCompensation) {
    yield { words: 'no run ever asks for it to undo something', claims: nowhere(story, node) };
    return;
  }
  if (node.kind === 'eventSubProcess') {
    yield { words: 'the event that it waits for never happens', claims: [] };
    return;
  }
  if (node.incoming.length === 0) {
    if (!node.process.adHoc && story.variable(`${node.id}_entry`) === undefined)
      yield { words: 'no sequence flow leads to it', claims: [] };
    return;
  }
  yield* blocked(story, node, dead);
  if (node.incoming.every((flow) => dead.has(flow.source.elementId)))
    yield {
      words: `it comes after ${list(
        node.incoming.map((flow) => called(flow.source)),
        'and',
      )}`,
      claims: [],
    };
  for (const flow of lastHeld(story, node)) yield* passing(story, flow);
  yield { words: 'no run leads there', claims: nowhere(story, node) };
}

function nowhere(story: Story, node: Node): readonly Claim[] {
  const of = story.before(node);
  return of.length > 0 ? [{ is: 'nowhere', of }] : [];
}

/** Tokens come to it, and it never happens all the same. */
function* blocked(story: Story, node: Node, dead: ReadonlySet<string>): Iterable<Reason> {
  const senders = node.receives.map((flow) => flow.source);
  if (senders.length === 0 || node.outside) return;
  const claims: Claim[] = [{ is: 'nowhere', of: story.variablesOf(node.receives) }];
  const unable = senders.filter((sender) => dead.has(sender.elementId));
  yield {
    words: `nobody ever sends its message${
      unable.length > 0 && unable.length === senders.length
        ? `, ${list(unable.map(called), 'and')} cannot happen`
        : ''
    }`,
    claims,
  };
}

/**
 * Where runs get to on the way to a node: the ways out of a node that has had a token, which never
 * have one.
 */
function lastHeld(story: Story, node: Node): readonly Flow[] {
  const isHeld = (names: readonly string[]): boolean =>
    names.length > 0 && story.areTrue([{ is: 'somewhere', of: names }]);
  const found: Flow[] = [];
  const seen = new Set(node.incoming);
  for (const flow of seen) {
    if (isHeld(story.variablesOf([flow]))) continue;
    const source = flow.source.attachedTo ?? flow.source;
    if (isHeld(story.before(source))) found.push(flow);
    else for (const earlier of source.incoming) seen.add(earlier);
  }
  return found;
}

/** Why no run gets past the source of this flow, on this flow. */
function* passing(story: Story, flow: Flow): Iterable<Reason> {
  const { source } = flow;
  const none: Claim = { is: 'nowhere', of: story.variablesOf([flow]) };
  if (source.kind === 'parallel') {
    const missing = source.incoming.filter((into) =>
      story.areTrue([{ is: 'nowhere', of: story.variablesOf([into]) }]),
    );
    yield {
      words: `no run gets past ${called(source)}, which waits for a token on each of its ${source.incoming.length} ways in${
        missing.length > 0
          ? `, and none ever comes from ${list(
              missing.map((into) => called(into.source)),
              'or',
            )}`
          : ''
      }`,
      claims:
        missing.length > 0 ? [none, { is: 'nowhere', of: story.variablesOf(missing) }] : [none],
    };
  }
  if (source.outgoing.length > 1)
    yield { words: `${called(source)} never takes the way that leads there`, claims: [none] };
  yield { words: `no run gets past ${called(source)}`, claims: [none] };
}
