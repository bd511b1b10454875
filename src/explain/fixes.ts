import { isAwaited, type Diagram, type Node, type NodeKind } from '../frontends/bpmn/diagram.ts';
import type { Report, SuggestedFix } from '../model/outcome.ts';
import { DEFAULT_OPTIONS, type Submission } from '../checking/types.ts';
import { checkSubmission } from '../checking/check.ts';
import { connect, giveUp, joinBefore, retype } from './edits.ts';
import { readAgain, tell, type Said } from './explain.ts';
import { violated } from './why.ts';

/**
 * A small change to a diagram, and what became of its properties when the changed diagram was
 * verified.
 */
export interface Fix extends SuggestedFix {
  /** The changed diagram. What is new in it has no place in the drawing. */
  readonly source: string;
}

interface Candidate {
  readonly sentence: string;
  readonly elements: readonly string[];
  readonly edit: (source: string) => string | undefined;
}

/** The search stops after this long; what it has found by then is shown. */
export interface FixBudget {
  readonly timeoutMs: number;
  readonly maxStates: number;
  readonly cacheDir: string;
}

const SHOWN = 3;
const MAX_CANDIDATES = 400;

/**
 * Known patterns of mistakes, tried out: a split and a join that do not match, tokens that meet
 * without being joined, a way that leads nowhere, waiting for what nobody sends. A change is a fix
 * only if the changed diagram has been verified, if it mends something, and if it breaks nothing
 * that held. One change at a time, then two gateways together.
 */
export async function findFixes(
  source: string,
  report: Report,
  budget: FixBudget,
  signal: AbortSignal,
  said: Said = {},
): Promise<readonly Fix[]> {
  const broken = violated(report).map((property) => property.name);
  const reading = await readAgain(source, said);
  if (broken.length === 0 || !reading.ok) return [];
  const { explanations: told } = await tell(source, report, said);
  const blamed = told.flatMap((found) => found.elements);
  const happened = new Set(
    report.properties
      .flatMap((property) => property.trace?.steps ?? [])
      .map((step) => step.elementId),
  );
  const near = (candidate: Candidate): number =>
    Math.min(
      ...candidate.elements.map((id) =>
        blamed.includes(id) ? blamed.indexOf(id) : happened.has(id) ? 100 : 200,
      ),
    );
  const singles = candidatesOf(reading.value.diagram)
    .map((candidate, index) => ({ candidate, index, at: near(candidate) }))
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .map(({ candidate }) => candidate);
  const fixes: Fix[] = [];
  const until = performance.now() + budget.timeoutMs;
  const whole = (): number => fixes.filter((fix) => fix.leaves.length === 0).length;
  const fewest = (): number => Math.min(broken.length, ...fixes.map((fix) => fix.leaves.length));
  for (const candidates of [singles, pairsOf(reading.value.diagram, blamed)]) {
    // Two changes are worth more than one only if they leave less.
    const most = candidates === singles ? broken.length : fewest();
    for (const candidate of candidates.slice(0, MAX_CANDIDATES)) {
      if (performance.now() > until || signal.aborted || whole() === SHOWN) break;
      const fix = await tried(
        candidate,
        { source, format: 'bpmn', name: 'changed', ...said },
        report,
        broken,
        { ...budget, timeoutMs: until - performance.now() },
        signal,
      );
      if (fix && fix.leaves.length < most) fixes.push(fix);
    }
    if (whole() > 0) break;
  }
  return fixes
    .sort((a, b) => a.leaves.length - b.leaves.length || b.mends.length - a.mends.length)
    .slice(0, SHOWN);
}

async function tried(
  candidate: Candidate,
  submission: Submission,
  report: Report,
  broken: readonly string[],
  budget: FixBudget,
  signal: AbortSignal,
): Promise<Fix | undefined> {
  const changed = candidate.edit(submission.source);
  if (changed === undefined) return undefined;
  const options = {
    ...DEFAULT_OPTIONS,
    engines: ['explore' as const],
    timeoutMs: Math.max(50, budget.timeoutMs),
    maxStates: budget.maxStates,
  };
  const verified = await checkSubmission({ ...submission, source: changed }, options, {
    signal,
    cacheDir: budget.cacheDir,
    onProgress: () => undefined,
  });
  if (!verified.ok) return undefined;
  const after = new Map(
    verified.value.report.properties.map((property) => [property.name, property.outcome]),
  );
  const kept = report.properties.every(
    (property) => property.outcome !== 'holds' || after.get(property.name) === 'holds',
  );
  const mends = broken.filter((name) => after.get(name) === 'holds');
  const leaves = broken.filter((name) => after.get(name) !== 'holds');
  return kept && mends.length > 0
    ? { sentence: candidate.sentence, elements: candidate.elements, mends, leaves, source: changed }
    : undefined;
}

const GATEWAYS: readonly (readonly [NodeKind, string, string])[] = [
  ['exclusive', 'exclusiveGateway', 'exclusive'],
  ['parallel', 'parallelGateway', 'parallel'],
  ['inclusive', 'inclusiveGateway', 'inclusive'],
];

function candidatesOf(diagram: Diagram): readonly Candidate[] {
  const nodes = diagram.processes
    .flatMap((process) => process.nodes)
    .filter((node) => node.id === node.elementId);
  return nodes.flatMap((node) => [
    ...retyped(node),
    ...joined(node),
    ...connected(node),
    ...givingUp(node),
  ]);
}

/** The gateway should have been of another kind. */
function retyped(node: Node): Candidate[] {
  if (
    !GATEWAYS.some(([kind]) => kind === node.kind) ||
    node.incoming.length + node.outgoing.length < 3
  )
    return [];
  return GATEWAYS.filter(([kind]) => kind !== node.kind).map(([, element, word]) => ({
    sentence: `Make ${named(node)} ${word === 'exclusive' || word === 'inclusive' ? 'an' : 'a'} ${word} gateway.`,
    elements: [node.id],
    edit: (source) => retype(source, node.id, element),
  }));
}

/** Several ways lead into something that takes each token by itself. */
function joined(node: Node): Candidate[] {
  if (
    node.incoming.length < 2 ||
    ['parallel', 'inclusive', 'exclusive', 'complex', 'eventBased'].includes(node.kind)
  )
    return [];
  const flows = node.incoming.map((flow) => flow.elementId);
  return [
    ['parallelGateway', 'a parallel'],
    ['inclusiveGateway', 'an inclusive'],
  ].map(([element = '', words = '']) => ({
    sentence: `Join the ${flows.length} ways into ${named(node)} by ${words} gateway before it.`,
    elements: [node.id, ...flows],
    edit: (source) => joinBefore(source, node.id, flows, element),
  }));
}

/** Nothing leads to it; whatever ends without an end event beside it might. */
function connected(node: Node): Candidate[] {
  const reached =
    node.incoming.length > 0 ||
    node.kind === 'start' ||
    node.kind === 'boundary' ||
    node.forCompensation ||
    node.kind === 'eventSubProcess';
  if (reached || !node.process.nodes.some((other) => other.kind === 'start')) return [];
  const loose = node.process.nodes.filter(
    (other) =>
      other !== node &&
      other.outgoing.length === 0 &&
      ['task', 'catch', 'throw', 'boundary', 'start'].includes(other.kind) &&
      other.trigger !== 'link',
  );
  return loose.slice(0, 5).map((from) => ({
    sentence: `Draw a sequence flow from ${named(from)} to ${named(node)}.`,
    elements: [node.id, from.id],
    edit: (source) => connect(source, from.id, node.id),
  }));
}

/** A task that waits for a message gives up after a time. */
function givingUp(node: Node): Candidate[] {
  if (
    node.element !== 'receiveTask' ||
    node.kind !== 'task' ||
    node.boundary.length > 0 ||
    node.incoming.some(isAwaited)
  )
    return [];
  return [
    {
      sentence: `Let ${named(node)} give up after a time: a timer on its border that leads to an end event.`,
      elements: [node.id],
      edit: (source) => giveUp(source, node.id),
    },
  ];
}

/** A split and the join behind it, changed together. */
function pairsOf(diagram: Diagram, blamed: readonly string[]): readonly Candidate[] {
  const gateways = diagram.processes
    .flatMap((process) => process.nodes)
    .filter((node) => node.id === node.elementId && GATEWAYS.some(([kind]) => kind === node.kind));
  const splits = gateways.filter((node) => node.outgoing.length > 1);
  const joins = gateways.filter((node) => node.incoming.length > 1);
  const pairs = splits.flatMap((split) =>
    joins
      .filter((join) => join !== split && join.process === split.process)
      .map((join) => [split, join] as const),
  );
  const near = ([split, join]: readonly [Node, Node]): number =>
    Number(!blamed.includes(split.id)) + Number(!blamed.includes(join.id));
  return pairs
    .map((pair, index) => ({ pair, index }))
    .sort((a, b) => near(a.pair) - near(b.pair) || a.index - b.index)
    .flatMap(({ pair: [split, join] }) =>
      GATEWAYS.filter(([kind]) => kind !== split.kind || kind !== join.kind).map(
        ([, element, word]): Candidate => ({
          sentence: `Make both ${named(split)} and ${named(join)} ${word} gateways.`,
          elements: [split.id, join.id],
          edit: (source) => {
            const once = retype(source, split.id, element);
            return once === undefined ? undefined : retype(once, join.id, element);
          },
        }),
      ),
    );
}

function named(node: Node): string {
  return node.name === '' ? node.id : `“${node.name}” (${node.id})`;
}
