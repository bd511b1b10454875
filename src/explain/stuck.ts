import { flowsOf, nodesOf, type Flow, type Node } from '../frontends/bpmn/diagram.ts';
import type { Sentence } from './sentence.ts';
import { grew, type StoryClaim, type Story } from './story.ts';
import { called, firstFew, leaving, list, flowsAfter } from './words.ts';

/** Who waits at the end of a run, and for what that never comes. */
export function* waiting(story: Story): Iterable<Sentence> {
  const told = waitingAt(story);
  if (told.length > 0) yield sentenceOf(told, rootsOf(told).flat());
}

/** The same, a sentence for each of those that wait for none of the others. */
export function waitingByRoot(story: Story): readonly Sentence[] {
  const told = waitingAt(story);
  return rootsOf(told).map((roots) =>
    sentenceOf(
      told.filter((wait) => roots.includes(wait) || roots.some((root) => isAbove(root, wait))),
      roots,
    ),
  );
}

function sentenceOf(told: readonly Waiting[], roots: readonly Waiting[]): Sentence {
  const inOrder = [...roots, ...told.filter((wait) => !roots.includes(wait))];
  return {
    rule: 'stuck',
    root: roots.map(({ node }) => node.elementId).toSorted(),
    words: firstFew(
      inOrder.map(({ node, words }) => `${called(node)} waits ${words}`),
      '; ',
      'more wait',
    ),
    claims: inOrder.flatMap(({ claims }) => claims),
    blamed: inOrder.map(({ node }) => node.elementId),
  };
}

function waitingAt(story: Story): readonly Waiting[] {
  const { diagram } = story.reading;
  const nodes = new Set([
    ...flowsOf(diagram)
      .filter((flow) => story.on(flow) > 0)
      .map((flow) => flow.target),
    ...nodesOf(diagram).filter(
      (node) =>
        story.on({ id: `${node.id}_entry` }) > 0 ||
        (!node.inside && story.on({ id: `${node.id}_active` }) > 0),
    ),
  ]);
  return [...nodes].flatMap((node) => {
    const found = story.firstTrue(waitsOf(story, node));
    return found ? [{ node, ...found }] : [];
  });
}

interface Wait {
  readonly words: string;
  readonly claims: readonly StoryClaim[];
  /** The flows on which what is waited for would come, and the nodes that would send it. */
  readonly lacks?: readonly Flow[];
  readonly senders?: readonly Node[];
}

interface Waiting extends Wait {
  readonly node: Node;
}

/** Those that wait for none of the others; such as wait for each other in turn are one. */
function rootsOf(told: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const above = new Map(
    told.map((wait) => [wait, new Set(told.filter((other) => isAbove(other, wait)))]),
  );
  for (const others of above.values())
    for (const other of others) for (const further of above.get(other) ?? []) others.add(further);
  const waitsFor = (wait: Waiting, other: Waiting): boolean => above.get(wait)?.has(other) === true;
  const roots = told.filter((wait) =>
    [...(above.get(wait) ?? [])].every((other) => waitsFor(other, wait)),
  );
  return roots
    .map((root) => roots.filter((other) => other === root || waitsFor(root, other)))
    .filter(([first], index) => first === roots[index]);
}

/** Whether what this one waits for would come from behind the other. */
function isAbove({ node }: Waiting, { lacks = [], senders = [], node: other }: Waiting): boolean {
  return (
    node !== other &&
    (senders.includes(node) ||
      leaving(node).some((way) => {
        const found = flowsAfter(way);
        return (
          lacks.some((flow) => found.has(flow)) ||
          senders.some((sender) => sender.incoming.some((into) => found.has(into)))
        );
      }))
  );
}

function* waitsOf(story: Story, node: Node): Iterable<Wait> {
  const claims: StoryClaim[] = [
    { is: 'idle', element: node.elementId },
    {
      is: 'kept',
      of: [...story.before(node), ...story.variablesOf([{ id: `${node.id}_active` }])],
    },
  ];
  if (node.kind === 'parallel') yield* joinWaits(story, node, claims);
  else if (node.kind === 'inclusive' && node.incoming.length > 1)
    yield { words: 'for tokens that could still come to it, and never do', claims };
  else if (node.outgoing.length > 0 && node.outgoing.every(({ condition }) => condition))
    yield { words: 'until a condition on one of its ways out holds, and none does', claims };
  else yield* eventWaits(story, node, claims);
}

function* joinWaits(story: Story, node: Node, claims: readonly StoryClaim[]): Iterable<Wait> {
  const missing = node.incoming.filter(
    (flow) =>
      story.on(flow) === 0 && story.areTrue([{ is: 'empty', of: story.variablesOf([flow]) }]),
  );
  if (missing.length === 0) return;
  const words = `for a token from ${list(
    missing.map((flow) => called(flow.source)),
    'and',
  )}, which never comes`;
  for (const wait of withLoss(story, words, missing, [
    ...claims,
    { is: 'empty', of: story.variablesOf(missing) },
  ]))
    yield { ...wait, lacks: missing };
}

function* eventWaits(story: Story, node: Node, claims: readonly StoryClaim[]): Iterable<Wait> {
  const events = node.kind === 'eventBased' ? node.outgoing.map((flow) => flow.target) : [node];
  const idle: StoryClaim[] = [
    ...claims,
    ...events.map(({ elementId }): StoryClaim => ({ is: 'idle', element: elementId })),
  ];
  const receives = events.flatMap((event) => (event.trigger === 'message' ? event.receives : []));
  const arrived = receives.filter((flow) => story.on(flow) > 0);
  if (arrived.length > 0 && story.reading.document.channels !== undefined)
    yield {
      words: 'for a message that others stand before in their queue',
      claims: [...idle, { is: 'kept', of: story.variablesOf(arrived) }],
    };
  else if (receives.length > 0) {
    const words = `for a message from ${list(
      receives.map((flow) => called(flow.source)),
      'or',
    )}, which is not sent any more`;
    const empty: StoryClaim = { is: 'empty', of: story.variablesOf(receives) };
    const senders = receives.map((flow) => flow.source);
    for (const wait of withLoss(
      story,
      words,
      receives,
      [...idle, empty],
      senders.flatMap((sender) => sender.incoming),
    ))
      yield { ...wait, senders };
  } else if (events.every((event) => event.thrown))
    yield {
      words: 'for a signal that is not thrown any more: it is lost where nobody waits for it yet',
      claims: idle,
    };
}

/** What is waited for, and the step that took its last chance away; else without that step. */
function* withLoss(
  story: Story,
  words: string,
  missing: readonly { readonly id: string }[],
  claims: readonly StoryClaim[],
  leads: readonly Flow[] = missing as readonly Flow[],
): Iterable<Wait> {
  const of = story.variablesOf(missing);
  const at = story.stepThatLost(of);
  const loss = at === undefined ? undefined : lossBy(story, at, leads);
  if (at !== undefined && loss)
    yield { words: `${words}: ${loss}`, claims: [...claims, { is: 'lost', step: at, of }] };
  yield { words, claims };
}

/** The choice in a step that led away from the flows that are waited for; else what it was. */
function lossBy(story: Story, at: number, wanted: readonly Flow[]): string | undefined {
  const step = story.steps[at];
  const node = step && story.nodeOf(step);
  if (!step || !node) return undefined;
  const gateway = node.incoming
    .map((flow) => flow.source)
    .find((source) => source.kind === 'eventBased');
  const choice = gateway ?? node;
  const taken = gateway
    ? gateway.outgoing.filter((flow) => flow.target === node)
    : node.outgoing.filter((flow) =>
        story.variablesOf([flow]).some((name) => grew(step.changed[name])),
      );
  const others = choice.outgoing.filter(
    (flow) => !taken.includes(flow) && wanted.some((found) => flowsAfter(flow).has(found)),
  );
  const names = (flows: readonly Flow[]): string =>
    list(
      flows.map((flow) => called(flow.target)),
      'or',
    );
  return taken.length > 0 && others.length > 0
    ? `${called(choice)} took the way to ${names(taken)} instead of the one to ${names(others)}`
    : undefined;
}

/** Messages that nobody takes any more. */
export function* leftOver(story: Story): Iterable<Sentence> {
  const left = story.reading.diagram.messageFlows.filter(
    (flow) => story.on(flow) > 0 && story.areTrue([{ is: 'kept', of: story.variablesOf([flow]) }]),
  );
  if (left.length === 0) return;
  yield {
    rule: 'messageLeft',
    root: left.map((flow) => flow.id),
    words: firstFew(
      left.map(
        ({ name, source, target }) =>
          `${name === '' ? 'the message' : `the message “${name}”`} from ${called(source)} to ${called(target)} is left over: it is never taken any more`,
      ),
      '; ',
      'more are left over',
    ),
    claims: left.map((flow) => ({ is: 'kept', of: story.variablesOf([flow]) })),
    blamed: left.flatMap((flow) => [flow.id, flow.target.elementId]),
  };
}

/** No end of everything, though something can always happen. */
export function* goesOnForEver(story: Story): Iterable<Sentence> {
  const nodes = [
    ...new Set(
      flowsOf(story.reading.diagram)
        .filter((flow) => story.on(flow) > 0)
        .map((flow) => flow.target),
    ),
  ];
  if (nodes.length === 0) return;
  yield {
    rule: 'noWayOut',
    root: nodes.map((node) => node.elementId).toSorted(),
    words: `from here on ${firstFew(nodes.map(called), ', ', 'others')} and what follows can go on for ever, but no way leads to an end of everything`,
    claims: [{ is: 'unfinished' }, { is: 'goesOn' }],
    blamed: nodes.map((node) => node.elementId),
  };
}

/** A run that repeats itself, fair to everything, and is never completed meanwhile. */
export function* goesRound(story: Story): Iterable<Sentence> {
  const nodes = [...new Set(story.loop.flatMap((step) => story.nodeOf(step) ?? []))];
  if (nodes.length === 0) return;
  const names = nodes.map(called);
  yield {
    rule: 'circle',
    root: nodes.map((node) => node.elementId).toSorted(),
    words: `${names.length > 3 ? firstFew(names, ', ', 'more') : list(names, 'and')} can happen again and again for ever, and meanwhile it is never completed`,
    claims: [{ is: 'circling' }],
    blamed: nodes.map((node) => node.elementId),
  };
}
