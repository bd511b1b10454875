import type { Expr } from '../../../src/model/expression.ts';
import { predicatesOf, type Formula, type Model } from '../../../src/model/model.ts';
import { evaluate } from './evaluate.ts';
import { keyOf, startsOf, stepsOf, valuationsOf, type Step } from './steps.ts';
import { Undefined, type State } from './values.ts';
import { IMPLICIT_KINDS } from '../../../src/model/propertyKinds.ts';

/**
 * What the rules say of a property, a length where there is a shortest trace. `bounded`: an error
 * cuts what would have to be looked at (SEMANTICS 4).
 */
export interface Answer {
  readonly outcome: 'holds' | 'violated' | 'bounded';
  readonly length?: number;
}

interface Node {
  readonly state: State;
  readonly depth: number;
  readonly steps: readonly Step[];
  /** Where steps lead, by number. */
  readonly targets: ReadonlySet<number>;
}

/** The states of one valuation, each with all its steps. */
interface Graph {
  readonly nodes: readonly Node[];
  readonly starts: readonly number[];
  /** An error step, or a start that is one, stands where there might be more states. */
  readonly isCut: boolean;
}

function errs({ steps }: Node): boolean {
  return steps.some(({ errors }) => errors.size > 0);
}

/** All that the rules say of a small model. */
export interface Answers {
  readonly states: number;
  readonly properties: ReadonlyMap<string, Answer>;
  /** Some implicit property is broken. */
  readonly isCut: boolean;
}

/** More states than this, and a model is too large for an interpreter that prepares nothing. */
const MOST = 500;

export function answersOf(model: Model): Answers | undefined {
  const graphs: Graph[] = [];
  /** The least number of steps to what breaks each implicit property. */
  const broken = new Map<string, number>();
  const breaks = (kind: string, length: number): void => {
    broken.set(kind, Math.min(broken.get(kind) ?? Infinity, length));
  };
  let states = 0;
  for (const parameters of valuationsOf(model)) {
    const begins = startsOf(model, parameters);
    for (const { errors } of begins) for (const kind of errors) breaks(kind, 0);
    const sound = begins.filter(({ errors }) => errors.size === 0).map(({ state }) => state);
    const graph = explore(model, sound);
    if (!graph) return undefined;
    graphs.push({ ...graph, isCut: graph.isCut || sound.length < begins.length });
    states += graph.nodes.length;
    if (states > MOST) return undefined;
    for (const { depth, steps } of graph.nodes)
      for (const { errors } of steps) for (const kind of errors) breaks(kind, depth + 1);
  }
  const judged = [
    ...model.properties.flatMap(({ formula }) => predicatesOf(formula)),
    ...(model.final ? [model.final] : []),
  ];
  const truth = truths(model);
  for (const { nodes } of graphs)
    for (const { state, depth } of nodes)
      if (judged.some((e) => truth(e, state) === undefined)) breaks('defined', depth);
  const properties = new Map<string, Answer>();
  for (const kind of IMPLICIT_KINDS) {
    const length = broken.get(kind);
    properties.set(kind, length === undefined ? { outcome: 'holds' } : violated(length));
  }
  for (const { name, formula } of model.properties) {
    if (formula.kind === 'implicit') continue;
    const answer = judge(model, formula, graphs, truth);
    // What rests on there being no other run is no more than bounded where one is cut.
    const isBound = broken.size > 0 && answer.outcome === 'holds' && formula.kind !== 'reachable';
    properties.set(name, isBound ? { outcome: 'bounded' } : answer);
  }
  return { states, properties, isCut: broken.size > 0 };
}

type Truth = (e: Expr, state: State) => boolean | undefined;

function truths(model: Model): Truth {
  return (e, state) => {
    try {
      return evaluate(e, model, state) === true;
    } catch (error) {
      if (error instanceof Undefined) return undefined;
      throw error;
    }
  };
}

function violated(length: number): Answer {
  return { outcome: 'violated', length };
}

function explore(model: Model, begins: readonly State[]): Graph | undefined {
  const numbers = new Map<string, number>();
  const found: { readonly state: State; readonly depth: number }[] = [];
  const number = (state: State, depth: number): number => {
    const key = keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, found.length);
    return found.push({ state, depth }) - 1;
  };
  const starts = begins.map((state) => number(state, 0));
  const nodes: Node[] = [];
  for (let i = 0; i < found.length; i += 1) {
    if (i > MOST) return undefined;
    const { state, depth } = found[i] as { state: State; depth: number };
    const steps = stepsOf(model, state);
    const targets = steps.flatMap(({ next }) => (next ? [number(next, depth + 1)] : []));
    nodes.push({ state, depth, steps, targets: new Set(targets) });
  }
  return { nodes, starts, isCut: nodes.some(errs) };
}

function judge(model: Model, formula: Formula, graphs: readonly Graph[], truth: Truth): Answer {
  const nearest = (isBad: (node: Node, graph: Graph, index: number) => boolean): Answer => {
    const depths = graphs.flatMap((graph) =>
      graph.nodes.filter((node, i) => isBad(node, graph, i)).map(({ depth }) => depth),
    );
    return depths.length === 0 ? { outcome: 'holds' } : violated(Math.min(...depths));
  };
  const someRun = (breaks: (graph: Graph) => boolean): Answer => ({
    outcome: graphs.some(breaks) ? 'violated' : 'holds',
  });
  switch (formula.kind) {
    case 'always':
      return nearest(({ state }) => truth(formula.expr, state) === false);
    case 'never':
      return nearest(({ state }) => truth(formula.expr, state) === true);
    case 'deadlockFree':
      return nearest(
        ({ state, steps }) =>
          steps.length === 0 && (!model.final || truth(model.final, state) === false),
      );
    case 'reachable': {
      const missing = graphs.filter(
        ({ nodes }) => !nodes.some(({ state }) => truth(formula.expr, state) === true),
      );
      if (missing.length === 0) return { outcome: 'holds' };
      return { outcome: missing.some(({ isCut }) => !isCut) ? 'violated' : 'bounded' };
    }
    case 'recoverable': {
      const isGoal = ({ state }: Node): boolean => truth(formula.expr, state) === true;
      const reached = ({ nodes }: Graph, from: Set<number>): Node[] =>
        [...from].map((i) => nodes[i] as Node);
      const isTrap = (_: Node, graph: Graph, index: number): boolean =>
        reached(graph, reach(graph, [index])).every((node) => !isGoal(node) && !errs(node));
      const trap = nearest(isTrap);
      if (trap.outcome === 'violated') return trap;
      return nearest((_, graph, i) => !reached(graph, reach(graph, [i])).some(isGoal)).outcome ===
        'violated'
        ? { outcome: 'bounded' }
        : trap;
    }
    case 'eventually':
      return someRun((graph) => {
        const misses = ({ state }: Node): boolean => truth(formula.expr, state) === false;
        return fairlyStays(model, graph, reach(graph, graph.starts, misses), () => true);
      });
    case 'eventuallyAlways':
      return someRun((graph) =>
        fairlyStays(
          model,
          graph,
          reach(graph, graph.starts),
          ({ state }) => truth(formula.expr, state) === false,
        ),
      );
    case 'leadsTo':
      return someRun((graph) => {
        const isOwed = ({ state }: Node): boolean => truth(formula.to, state) === false;
        const owing = graph.nodes.flatMap((node, i) =>
          isOwed(node) && truth(formula.from, node.state) === true ? [i] : [],
        );
        return fairlyStays(model, graph, reach(graph, owing, isOwed), () => true);
      });
    default:
      throw new Error(`${formula.kind} is not drawn`);
  }
}

/** The states that some of these lead to, through states that satisfy the test alone. */
function reach(
  { nodes }: Graph,
  from: readonly number[],
  among: (node: Node) => boolean = () => true,
): Set<number> {
  const reached = new Set(from.filter((i) => among(nodes[i] as Node)));
  for (const i of reached)
    for (const target of (nodes[i] as Node).targets)
      if (among(nodes[target] as Node)) reached.add(target);
  return reached;
}

/**
 * Whether some fair run stays among these states for ever and meets the test again and again
 * (SEMANTICS 7): one that stops where no fair action is enabled, or one that goes round.
 */
function fairlyStays(
  model: Model,
  graph: Graph,
  among: ReadonlySet<number>,
  meets: (node: Node) => boolean,
): boolean {
  const { nodes } = graph;
  const conditions = new Map([...among].map((i) => [i, conditionsOf(model, nodes[i] as Node)]));
  const stops = [...among].some((i) => conditions.get(i)?.size === 0 && meets(nodes[i] as Node));
  if (stops) return true;
  const goesRound = (part: ReadonlySet<number>): boolean =>
    components(graph, part).some((component) => {
      const isRound = component.size > 1;
      if (!isRound || ![...component].some((i) => meets(nodes[i] as Node))) return false;
      const starved = starvedBy(graph, component, conditions);
      if (starved.length === 0) return true;
      if (starved.some(({ strength }) => strength === 'weak')) return false;
      const rest = [...component].filter((i) =>
        starved.every(({ key }) => !conditions.get(i)?.has(key)),
      );
      return goesRound(new Set(rest));
    });
  return goesRound(among);
}

interface Condition {
  readonly strength: 'weak' | 'strong';
  readonly nexts: readonly string[];
}

/** The fair conditions that are enabled in a state, an error step counted, and where they lead. */
function conditionsOf(model: Model, { steps }: Node): Map<string, Condition> {
  const enabled = new Map<string, Condition>();
  const add = (key: string, strength: 'weak' | 'strong', next: State | undefined): void => {
    const nexts = enabled.get(key)?.nexts ?? [];
    enabled.set(key, { strength, nexts: next ? [...nexts, keyOf(next)] : nexts });
  };
  for (const { action, binding, received, next } of steps) {
    const message = action.perMessage ? JSON.stringify(received) : '';
    if (action.fair !== 'none')
      add(`${action.name} ${JSON.stringify(binding)} ${message}`, action.fair, next);
    model.fairness.forEach(({ strength, actions }, i) => {
      if (actions.includes(action.name)) add(`together ${i}`, strength, next);
    });
  }
  return enabled;
}

/** The conditions that a run which goes through all of a component for ever cannot serve. */
function starvedBy(
  { nodes }: Graph,
  component: ReadonlySet<number>,
  conditions: ReadonlyMap<number, ReadonlyMap<string, Condition>>,
): { readonly key: string; readonly strength: 'weak' | 'strong' }[] {
  const inside = new Set([...component].map((i) => keyOf((nodes[i] as Node).state)));
  const keys = new Map<string, 'weak' | 'strong'>();
  for (const i of component)
    for (const [key, { strength }] of conditions.get(i) ?? []) keys.set(key, strength);
  return [...keys].flatMap(([key, strength]) => {
    const here = [...component].map((i) => conditions.get(i)?.get(key));
    const isTaken = here.some((condition) => condition?.nexts.some((next) => inside.has(next)));
    const isOwed = strength === 'strong' || here.every((condition) => condition !== undefined);
    return isOwed && !isTaken ? [{ key, strength }] : [];
  });
}

/** Strongly connected parts, by looking from every state both ways. */
function components(graph: Graph, among: ReadonlySet<number>): Set<number>[] {
  const isIn = new Set([...among].map((i) => graph.nodes[i]));
  const reached = new Map(
    [...among].map((i) => [i, reach(graph, [i], (node) => isIn.has(node))] as const),
  );
  const left = new Set(among);
  const found: Set<number>[] = [];
  for (const i of left) {
    const component = new Set(
      [...(reached.get(i) ?? [])].filter((j) => reached.get(j)?.has(i) === true),
    );
    for (const j of component) left.delete(j);
    found.push(component);
  }
  return found;
}
