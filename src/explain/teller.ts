import { flowsOf, nodesOf, type Node } from '../frontends/bpmn/diagram.ts';
import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import type { Cell } from '../frontends/bpmn/places.ts';
import type { Step } from '../model/trace.ts';
import { called, list } from './words.ts';

/** Tells the steps of a run in the names of what is drawn. */
export interface Teller {
  /** What happens. */
  step(step: Step): string;
  /**
   * Where its tokens go, what it sends and takes, what begins and ends with it, and what becomes of
   * the data.
   */
  effects(step: Step): readonly string[];
  /** What an action, or the goal of an activity, is called. */
  name(id: string): string;
}

export function tellerOf(reading: ReadDiagram): Teller {
  return new DiagramTeller(reading);
}

type Change = readonly [unknown, unknown];

class DiagramTeller implements Teller {
  readonly #reading: ReadDiagram;
  readonly #nodes: ReadonlyMap<string, Node>;
  /** Where each counter of tokens on a flow leads. */
  readonly #targets: ReadonlyMap<string, Node>;
  /** The activity that each goal of `noDeadActivities` stands for. */
  readonly #goals: ReadonlyMap<string, Node>;
  readonly #messages: ReadonlyMap<string, { readonly from: Node; readonly to: Node }>;

  constructor(reading: ReadDiagram) {
    const { diagram } = reading;
    this.#reading = reading;
    this.#nodes = new Map(nodesOf(diagram).map((node) => [node.elementId, node]));
    this.#targets = new Map(flowsOf(diagram).map((flow) => [flow.id, flow.target]));
    this.#goals = new Map([...reading.activities].map(([node, goal]) => [goal, node]));
    this.#messages = new Map(
      diagram.messageFlows.map((flow) => [flow.id, { from: flow.source, to: flow.target }]),
    );
  }

  step(step: Step): string {
    return isAttackers(step) ? step.action : this.name(step.action);
  }

  name(id: string): string {
    const goal = this.#goals.get(id);
    if (goal) return plainly(goal);
    const { label = id, elementId } = this.#reading.document.actions[id] ?? {};
    const node = elementId === undefined ? undefined : this.#nodes.get(elementId);
    if (node?.name !== '' || !label.startsWith(node.id)) return label;
    // What has no name is known by what stands beside it; where it leads is told as an effect.
    const way = label.slice(node.id.length);
    const isTold = node.outgoing.some((flow) => way === ` → ${flow.target.name}`);
    return `${plainly(node)}${isTold ? '' : way}`;
  }

  effects(step: Step): readonly string[] {
    if (isAttackers(step)) return [this.#attack(step)];
    const back = /^(.*) recovers$/.exec(step.action)?.[1];
    if (back !== undefined) return [`${this.#actor(back)} is back`];
    const ways: string[] = [];
    const others: string[] = [];
    for (const [name, change] of Object.entries(step.changed)) {
      const cell = this.#reading.cells.get(name);
      if (cell?.kind === 'flow' && isMore(change)) ways.push(...this.#way(cell, change));
      else others.push(...this.#effect(step, name, cell, change));
    }
    return [...(ways.length > 0 ? [`→ ${list(ways, 'and')}`] : []), ...others];
  }

  /** What an attacker's own step does, or a fault. */
  #attack({ action, changed }: Step): string {
    const [operator = '', name = ''] = action.split('.');
    const flow = this.#reading.diagram.messageFlows.find(
      ({ id }) => id === this.#reading.cells.get(name)?.id,
    );
    const message = flow?.name ? `“${flow.name}”` : 'a message';
    const to = flow ? plainly(flow.target) : name;
    const isBack = Object.entries(changed).some(
      ([cell, change]) => cell === name && isMore(change),
    );
    switch (operator) {
      case 'forge':
        return `${message} comes to ${to}, and nobody sent it`;
      case 'replay':
        return `${message} comes to ${to} once more`;
      case 'drop':
        return `${message} to ${to} is lost`;
      case 'delay':
        return isBack ? `${message} comes to ${to} late` : `${message} to ${to} is held back`;
      case 'unavailable':
        return `${this.#actor(name)} does nothing from now on`;
      case 'skip':
        return `${this.#reading.document.skips?.[name]?.label ?? name} is passed over`;
      default:
        return action;
    }
  }

  #actor(name: string): string {
    return this.#reading.document.actors[name]?.label ?? name;
  }

  #way(cell: Cell, [before, after]: Change): readonly string[] {
    const target = this.#targets.get(cell.id);
    if (!target) return [];
    const count = Number(after);
    return [
      `${plainly(target)}${count > 1 && Number(before) > 0 ? ` (where ${count} tokens are now)` : ''}`,
    ];
  }

  #effect(step: Step, name: string, cell: Cell | undefined, change: Change): readonly string[] {
    if (!cell) {
      const label = this.#reading.document.variables?.[name]?.label ?? name;
      return [`${label}: ${String(change[0])} → ${String(change[1])}`];
    }
    switch (cell.kind) {
      case 'message':
        return this.#message(cell, isMore(change));
      case 'active':
        return step.elementId === cell.elementId
          ? []
          : [`${this.#name(cell)} ${isMore(change) ? 'begins' : 'is ended'}`];
      case 'flow': {
        const target = this.#targets.get(cell.id);
        return target === undefined ||
          target.elementId === step.elementId ||
          isTakenBy(step, target)
          ? []
          : [`the token before ${plainly(target)} is taken away`];
      }
      case 'end':
        return Number(change[1]) > 1 ? [`${this.#name(cell)} has happened again`] : [];
      default:
        return [];
    }
  }

  #message(cell: Cell, isSent: boolean): readonly string[] {
    const ends = this.#messages.get(cell.id);
    const message = this.#reading.diagram.messageFlows.find(({ id }) => id === cell.id);
    if (!ends || !message) return [];
    const what = message.name === '' ? 'a message' : `“${message.name}”`;
    return [
      isSent ? `sends ${what} to ${plainly(ends.to)}` : `takes ${what} from ${plainly(ends.from)}`,
    ];
  }

  #name(cell: Cell): string {
    const node = this.#nodes.get(cell.elementId);
    return node ? plainly(node) : cell.label;
  }
}

/** In a column of names neither quotes nor articles are needed. */
function plainly(node: Node): string {
  return node.name === '' ? called(node).replace(/^the /, '') : node.name;
}

/** Whether a step is a threat's own. */
function isAttackers({ action, threats }: Step): boolean {
  return threats?.includes(action) ?? false;
}

function isMore([before, after]: Change): boolean {
  return Number(after) > Number(before);
}

/** The token of an event-based gateway is taken by the event that happens. */
function isTakenBy(step: Step, gateway: Node): boolean {
  return (
    gateway.kind === 'eventBased' &&
    gateway.outgoing.some((flow) => flow.target.elementId === step.elementId)
  );
}
