import type { Flow, Node } from '../frontends/bpmn/diagram.ts';
import type { Sentence } from './sentence.ts';
import { grew, type Claim, type Story } from './story.ts';
import { called, firstFew, flowsOf, list, nodesOf, reach } from './words.ts';

/** Who waits at the end of a run, and for what that never comes. */
export function* waiting(story: Story): Iterable<Sentence> {
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
  const told = [...nodes].flatMap((node) => {
    const found = [...waitsOf(story, node)].find(({ claims }) => story.areTrue(claims));
    return found ? [{ node, ...found }] : [];
  });
  if (told.length === 0) return;
  yield {
    words: firstFew(
      told.map(({ node, words }) => `${called(node)} waits ${words}`),
      '; ',
      'more wait',
    ),
    claims: told.flatMap(({ claims }) => claims),
    blamed: told.map(({ node }) => node.elementId),
  };
}

interface Wait {
  readonly words: string;
  readonly claims: readonly Claim[];
}

function* waitsOf(story: Story, node: Node): Iterable<Wait> {
  const claims: Claim[] = [
    { is: 'idle', element: node.elementId },
    {
      is: 'kept',
      of: [...story.before(node), ...story.variablesOf([{ id: `${node.id}_active` }])],
    },
  ];
  if (node.kind === 'parallel') yield* joinWaits(story, node, claims);
  else if (node.kind === 'inclusive' && node.incoming.length > 1)
    yield { words: 'for tokens that could still come to it, and never do', claims };
  else yield* eventWaits(story, node, claims);
}

function* joinWaits(story: Story, node: Node, claims: readonly Claim[]): Iterable<Wait> {
  const missing = node.incoming.filter(
    (flow) =>
      story.on(flow) === 0 && story.areTrue([{ is: 'empty', of: story.variablesOf([flow]) }]),
  );
  if (missing.length === 0) return;
  const words = `for a token from ${list(
    missing.map((flow) => called(flow.source)),
    'and',
  )}, which never comes`;
  yield* withLoss(story, words, missing, [
    ...claims,
    { is: 'empty', of: story.variablesOf(missing) },
  ]);
}

function* eventWaits(story: Story, node: Node, claims: readonly Claim[]): Iterable<Wait> {
  const events = node.kind === 'eventBased' ? node.outgoing.map((flow) => flow.target) : [node];
  const idle: Claim[] = [
    ...claims,
    ...events.map(({ elementId }): Claim => ({ is: 'idle', element: elementId })),
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
    const empty: Claim = { is: 'empty', of: story.variablesOf(receives) };
    const [sender] = receives.map((flow) => flow.source);
    yield* withLoss(story, words, receives, [...idle, empty], sender?.incoming);
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
  claims: readonly Claim[],
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
    (flow) => !taken.includes(flow) && wanted.some((found) => reach(flow).has(found)),
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
    words: `${names.length > 3 ? firstFew(names, ', ', 'more') : list(names, 'and')} can happen again and again for ever, and meanwhile it is never completed`,
    claims: [{ is: 'circling' }],
    blamed: nodes.map((node) => node.elementId),
  };
}
