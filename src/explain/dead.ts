import type { Flow, Node } from '../frontends/bpmn/diagram.ts';
import type { Sentence } from './sentence.ts';
import type { StoryClaim, Story } from './story.ts';
import { called, capital, firstFew, list } from './words.ts';

/** Activities that can never happen, and why not. */
export function* neverHappens(story: Story): Iterable<Sentence> {
  const told = deadOf(story);
  if (told.length > 0) yield sentenceOf(told);
}

/** The same, a sentence for each place that all of its activities come after. */
export function deadByRoot(story: Story): readonly Sentence[] {
  const groups = new Map<string, Dead[]>();
  for (const dead of deadOf(story)) {
    const key = dead.root.join(' ');
    groups.set(key, [...(groups.get(key) ?? []), dead]);
  }
  return [...groups.values()].map(sentenceOf);
}

/** An activity that can never happen. */
interface Dead {
  readonly node: Node;
  readonly words: string;
  readonly claims: readonly StoryClaim[];
  readonly root: readonly string[];
}

function sentenceOf(told: readonly Dead[]): Sentence {
  return {
    rule: 'dead',
    root: [...new Set(told.flatMap(({ root }) => root))].toSorted(),
    words: firstFew(
      told.map(({ words }) => words),
      '. ',
      'more can never happen',
    ).replace('. and ', '. And '),
    claims: told.flatMap(({ claims }) => claims),
    blamed: [],
    dead: told.map(({ node }) => node.elementId),
  };
}

function deadOf(story: Story): readonly Dead[] {
  const { reading, property } = story;
  const found = property.evidence?.['unreachable'];
  const goals = new Set<unknown>(Array.isArray(found) ? found : []);
  const dead = new Map<string, Node>();
  for (const [node, goal] of reading.activities)
    if (goals.has(goal) && !dead.has(node.elementId)) dead.set(node.elementId, node);
  const why = new Map(
    [...dead].map(([id, node]) => [
      id,
      story.firstTrue(reasons(story, node, new Set(dead.keys()))),
    ]),
  );
  const roots = (id: string, seen: ReadonlySet<string>): readonly string[] => {
    const after = why.get(id)?.after?.filter((other) => !seen.has(other)) ?? [];
    if (after.length === 0) return [id];
    return after.flatMap((other) =>
      dead.has(other) ? roots(other, new Set([...seen, other])) : [other],
    );
  };
  return [...dead].map(([id, node]) => ({
    node,
    words: capital(
      `${called(node)} can never happen${why.get(id) ? `: ${why.get(id)?.words}` : ''}`,
    ),
    claims: why.get(id)?.claims ?? [],
    root: [...new Set(roots(id, new Set([id])))].toSorted(),
  }));
}

interface Reason {
  readonly words: string;
  readonly claims: readonly StoryClaim[];
  /** The elements that it comes after; none where it is the first itself. */
  readonly after?: readonly string[];
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
      after: node.incoming.map((flow) => flow.source.elementId),
    };
  for (const flow of lastHeld(story, node)) yield* passing(story, flow);
  const first = firstBefore(node, dead);
  const after = first.map(({ elementId }) => elementId);
  const ways = story.variablesOf(first.flatMap(({ outgoing }) => outgoing));
  if (first.length > 0 && ways.length > 0)
    yield {
      words: `it comes after ${list(first.map(called), 'or')}, and no run gets there`,
      claims: [{ is: 'nowhere', of: ways }],
      after,
    };
  yield { words: 'no run leads there', claims: nowhere(story, node), after };
}

/**
 * Where the ways to a node begin: what nothing leads to, or activities that are dead themselves.
 */
function firstBefore(node: Node, dead: ReadonlySet<string>): readonly Node[] {
  const found = new Set<Node>();
  const seen = new Set([node]);
  for (const at of seen)
    for (const flow of at.incoming) {
      const source = flow.source.attachedTo ?? flow.source;
      if (source.incoming.length === 0 || (source !== node && dead.has(source.elementId)))
        found.add(source);
      else seen.add(source);
    }
  found.delete(node);
  return [...found];
}

function nowhere(story: Story, node: Node): readonly StoryClaim[] {
  const of = story.before(node);
  return of.length > 0 ? [{ is: 'nowhere', of }] : [];
}

/** Tokens come to it, and it never happens all the same. */
function* blocked(story: Story, node: Node, dead: ReadonlySet<string>): Iterable<Reason> {
  const senders = node.receives.map((flow) => flow.source);
  if (senders.length === 0 || node.outside) return;
  const claims: StoryClaim[] = [{ is: 'nowhere', of: story.variablesOf(node.receives) }];
  const unable = senders.filter((sender) => dead.has(sender.elementId));
  yield {
    words: `nobody ever sends its message${
      unable.length > 0 && unable.length === senders.length
        ? `, ${list(unable.map(called), 'and')} cannot happen`
        : ''
    }`,
    claims,
    ...(unable.length > 0 && { after: unable.map(({ elementId }) => elementId) }),
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
  const after = [source.elementId];
  const none: StoryClaim = { is: 'nowhere', of: story.variablesOf([flow]) };
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
      after,
    };
  }
  if (source.outgoing.length > 1)
    yield {
      words: `${called(source)} never takes the way that leads there`,
      claims: [none],
      after,
    };
  yield { words: `no run gets past ${called(source)}`, claims: [none], after };
}
