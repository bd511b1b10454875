import type {
  ActionDocument,
  FairnessDocument,
  ModelDocument,
  PropertyDocument,
  SkipDocument,
  VariableDocument,
} from '../../model/document.ts';
import { channelWords } from './channels.ts';
import { Notes } from './notes.ts';
import {
  nodesOf,
  type DiagramActor,
  type ChannelSemantics,
  type Diagram,
  type Node,
  type Outside,
} from './diagram.ts';
import { DiagramNames } from './names.ts';
import type { Net, SkipWay } from './net.ts';
import type { Cell, Firing } from './places.ts';
import { Post } from './post.ts';
import { DIAGRAM_KINDS } from '../../model/propertyKinds.ts';
import { properties } from './properties.ts';
import { allOf, enabled } from './terms.ts';

/** A diagram as a model, and what its names stand for. */
export interface Printed {
  readonly document: ModelDocument;
  /** What each variable counts. */
  readonly cells: ReadonlyMap<string, Cell>;
  /** The activities, each with the name of its goal in `noDeadActivities`: copies share one. */
  readonly activities: ReadonlyMap<Node, string>;
}

/**
 * Prints the token game of a diagram as a native model: a counter per place, an action per way of
 * firing.
 */
export function documentOf(
  diagram: Diagram,
  net: Net,
  semantics: ChannelSemantics,
  outside: Outside = 'answers',
): Printed {
  const names = new DiagramNames();
  for (const property of DIAGRAM_KINDS) names.take(property);
  const { variables: data, properties: asked } = diagram.data;
  for (const name of [...data.keys(), ...[...data.values()].flatMap(membersOf), ...asked.keys()])
    names.reserve(name);
  const actors = new Map<string, { readonly name: string; readonly of: DiagramActor }>();
  const cells = new Map<Cell, string>();
  for (const cell of net.cells) cells.set(cell, names.take(cell.id));
  for (const { actor } of nodesOf(diagram)) {
    if (!actors.has(actor.id)) actors.set(actor.id, { name: names.take(actor.id), of: actor });
  }
  const tasks = taskNames(diagram);
  const post = new Post(diagram, net, semantics, names);
  const print = new Print(cells, actors, post);
  const actions = net.firings.map(
    (firing) => [names.take(firing.node.id + firing.way), firing] as const,
  );
  const completed = print.empty(
    net.cells.filter((cell) => !['message', 'end', 'done', 'seen'].includes(cell.kind)),
  );
  const noMessages = print.empty(net.cells.filter((cell) => cell.kind === 'message'));
  const document: ModelDocument = {
    probity: 1,
    name: diagram.name,
    variables: Object.fromEntries([
      ...[...cells].map(
        ([cell, name]) => [name, { ...variable(cell), ...print.messages(cell, diagram) }] as const,
      ),
      ...post.variables(),
      ...data,
    ]),
    actors: Object.fromEntries(
      [...actors.values()].map(({ name, of: { id, name: label, trust, recovers } }) => [
        name,
        { trust, ...(recovers && { recovers }), label: label || id },
      ]),
    ),
    ...(post.queues.length > 0 && {
      channels: Object.fromEntries(
        post.queues.map((queue) => [
          queue.name,
          post.channel(queue, (flow) => [print.actor(flow.source), print.actor(flow.target)]),
        ]),
      ),
    }),
    actions: Object.fromEntries(actions.map(([name, firing]) => [name, print.action(firing)])),
    properties: Object.fromEntries(
      Object.entries(
        properties(net, cells, tasks, {
          completed,
          noMessages,
          ends: outerEnds(diagram, cells),
          happened: (node) => post.happened.get(node),
        }),
      ).concat([...asked]) satisfies readonly (readonly [string, PropertyDocument])[],
    ),
    final: completed,
    fairness: fairness(actions, outside),
    ...(net.skips.length > 0 && { skips: print.skips(net.skips) }),
    abstractions: [...abstractions(diagram, net, semantics), ...outsideWords(net, outside)],
    ...(diagram.bounds.length > 0 && { bounds: diagram.bounds }),
  };
  return {
    document,
    cells: new Map([...cells].map(([cell, name]) => [name, cell])),
    activities: tasks,
  };
}

/** The members of an enumeration are names of the model too. */
function membersOf({ type }: VariableDocument): readonly string[] {
  return (
    /enum\s*\[([^\]]*)\]/
      .exec(type)?.[1]
      ?.split(',')
      .map((member) => member.trim()) ?? []
  );
}

function variable(cell: Cell): VariableDocument {
  return {
    type: TYPES[cell.kind] ?? 'int',
    init: cell.initial,
    label: cell.label,
    elementId: cell.elementId,
  };
}

const TYPES: Readonly<Partial<Record<Cell['kind'], string>>> = {
  end: 'int 0..2',
  done: 'int 0..1',
  seen: 'int 0..1',
};

/**
 * The goals of `noDeadActivities` have a scope of their own, so that a task is found there under
 * its id.
 */
function taskNames(diagram: Diagram): ReadonlyMap<Node, string> {
  const names = new DiagramNames();
  const activities = nodesOf(diagram).filter((node) => node.activity);
  const named = new Map<string, string>();
  for (const { elementId } of activities)
    if (!named.has(elementId)) named.set(elementId, names.take(elementId));
  return new Map(activities.map((node) => [node, named.get(node.elementId) ?? '']));
}

function outerEnds(diagram: Diagram, cells: ReadonlyMap<Cell, string>): readonly string[] {
  const outer = new Set(
    diagram.processes
      .filter((process) => !process.owner)
      .flatMap((process) => process.nodes)
      .map((node) => `${node.id}_count`),
  );
  return [...cells]
    .filter(([cell]) => cell.kind === 'end' && outer.has(cell.id))
    .map(([, name]) => name);
}

/**
 * What is fair in a diagram: some way of each node, if it stays possible; each choice of a gateway,
 * if it is possible again and again. A condition for a single action is nothing else than one for
 * several.
 */
function fairness(
  actions: readonly (readonly [string, Firing])[],
  outside: Outside,
): readonly FairnessDocument[] {
  const nodes = new Map<Node, string[]>();
  const choices = new Map<string, string[]>();
  for (const [name, { node, fair, answered, chosen }] of actions) {
    if (!fair && !(answered && outside === 'answers')) continue;
    nodes.set(node, [...(nodes.get(node) ?? []), name]);
    if (chosen !== undefined) choices.set(chosen, [...(choices.get(chosen) ?? []), name]);
  }
  return [
    ...[...nodes.values()].map((weak) => ({ weak })),
    ...[...choices.values()].map((strong) => ({ strong })),
  ];
}

/** What is promised of the outside, each by its element. */
function outsideWords(net: Net, outside: Outside): readonly string[] {
  const notes = new Notes();
  const said = new Set<string>();
  for (const { node, answered } of net.firings) {
    if (!answered || said.has(node.elementId)) continue;
    said.add(node.elementId);
    notes.add(
      outside === 'answers'
        ? 'Where something from outside is waited for, the outside answers in the end'
        : 'The outside may stay silent for ever, whoever waits for it',
      { id: node.elementId, name: node.name },
    );
  }
  return notes.sentences();
}

/** Prints firings, with the names that the cells and actors have. */
class Print {
  private readonly cells: ReadonlyMap<Cell, string>;
  private readonly actors: ReadonlyMap<DiagramActor['id'], { readonly name: string }>;

  private readonly post: Post;

  constructor(
    cells: ReadonlyMap<Cell, string>,
    actors: ReadonlyMap<DiagramActor['id'], { readonly name: string }>,
    post: Post,
  ) {
    this.cells = cells;
    this.actors = actors;
    this.post = post;
  }

  actor(node: Node): string {
    return this.actors.get(node.actor.id)?.name ?? '';
  }

  action(firing: Firing): ActionDocument {
    const { receive, send, when, then } = this.post.exchange(firing, (cell) => this.name(cell));
    return {
      actor: this.actor(firing.node),
      ...(receive && { receive }),
      when: allOf([...enabled(firing, this.cells), ...when]),
      then: {
        ...Object.fromEntries(this.effects(firing)),
        ...then,
        ...Object.fromEntries(
          (firing.sets ?? []).map(({ variable: name, value }) => [name, value]),
        ),
      },
      ...(send && { send }),
      label: firing.label,
      elementId: firing.node.elementId,
    };
  }

  /** Whose messages a place counts, and how they travel. */
  messages(cell: Cell, { messageFlows }: Diagram): Pick<VariableDocument, 'messages'> {
    const flow =
      cell.kind === 'message' ? messageFlows.find(({ id }) => id === cell.id) : undefined;
    if (!flow || this.post.isQueued(cell)) return {};
    const { source, target, medium } = flow;
    return {
      messages: {
        from: this.actor(source),
        to: this.actor(target),
        ...(medium !== undefined && { medium }),
      },
    };
  }

  /** Copies of one activity are skipped by one id. */
  skips(ways: readonly SkipWay[]): Readonly<Record<string, SkipDocument>> {
    const found = new Map<string, SkipDocument>();
    const named = new Map<string, string>();
    const names = new DiagramNames();
    for (const { node, from, to } of ways) {
      const name = named.get(node.elementId) ?? names.take(node.elementId);
      named.set(node.elementId, name);
      const [before, after] = [from, to].map((cells) => cells.map((cell) => this.name(cell)));
      const known = found.get(name);
      found.set(name, {
        actor: this.actor(node),
        from: [...(known?.from ?? []), ...(before ?? [])],
        to: [...(known?.to ?? []), ...(after ?? [])],
        label: node.name || node.id,
      });
    }
    return Object.fromEntries(found);
  }

  /** No token is in any of these places. */
  empty(cells: readonly Cell[]): string | boolean {
    return allOf(cells.map((cell) => `${this.name(cell)} = 0`));
  }

  private effects(firing: Firing): ReadonlyMap<string, string | number> {
    const effects = new Map<string, string | number>();
    const change = new Map<Cell, number>();
    for (const cell of firing.take) change.set(cell, (change.get(cell) ?? 0) - 1);
    for (const cell of firing.give) change.set(cell, (change.get(cell) ?? 0) + 1);
    for (const cell of firing.forgets ?? []) {
      effects.set(this.name(cell), `if ${this.name(cell)} = 2 then 2 else 0`);
    }
    for (const cell of firing.join?.inputs ?? []) {
      effects.set(this.name(cell), `${this.name(cell)} - min(${this.name(cell)}, 1)`);
    }
    for (const { input, seen } of firing.sees ?? []) {
      effects.set(this.name(input), `${this.name(input)} - min(${this.name(input)}, 1)`);
      effects.set(this.name(seen), `min(${this.name(input)}, 1)`);
    }
    for (const { input, seen } of firing.resets ?? []) {
      effects.set(
        this.name(input),
        `if ${this.name(seen)} = 1 then ${this.name(input)} else ${this.name(input)} - min(${this.name(input)}, 1)`,
      );
      effects.set(this.name(seen), 0);
    }
    for (const [cell, by] of change) {
      const name = this.name(cell);
      if (cell.kind === 'done' && by !== 0) effects.set(name, by > 0 ? 1 : 0);
      else if (firing.join?.inputs.includes(cell))
        effects.set(name, `${name} - min(${name}, 1) + ${by}`);
      else if (cell.kind === 'end') effects.set(name, `min(${name} + 1, 2)`);
      else if (by !== 0) effects.set(name, `${name} ${by > 0 ? '+' : '-'} ${Math.abs(by)}`);
    }
    for (const cell of firing.clears ?? []) effects.set(this.name(cell), 0);
    return effects;
  }

  private name(cell: Cell): string {
    return this.cells.get(cell) ?? '';
  }
}

function abstractions(diagram: Diagram, net: Net, semantics: ChannelSemantics): readonly string[] {
  const notes =
    diagram.messageFlows.length > 0 ? [...diagram.notes, channelWords(semantics)] : diagram.notes;
  const restarted = new Set(
    net.firings.map((firing) => firing.begins).filter((process) => process !== undefined),
  );
  const single = [...restarted].map((process) => process.name || process.id).join(', ');
  return single === ''
    ? notes
    : [
        ...notes,
        `One instance at a time runs of: ${single}; a message that would start another one waits until it has ended.`,
      ];
}
