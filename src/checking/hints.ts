import { statesOf } from '../graph/replay.ts';
import { Codec } from '../model/codec.ts';
import type { State } from '../model/layout.ts';
import { fairActions, type Action } from '../model/model.ts';
import type { PropertyReport } from '../model/outcome.ts';
import { errorKinds, Semantics } from '../model/semantics.ts';
import type { Step, Trace } from '../model/trace.ts';
import { typeText } from '../model/types.ts';

/**
 * What the author of a model may have missed about a violated property: which channel is full,
 * which cell leaves its range, which action nothing compels. It explains; the trace is the proof.
 */
export function hintOf(semantics: Semantics, report: PropertyReport): string | undefined {
  const { outcome, kind, witness, trace } = report;
  if (outcome !== 'violated' || !trace) return undefined;
  if (Object.hasOwn(BREAKS, kind)) return brokenBy(semantics, kind as Implicit, trace);
  return witness === 'lasso' ? uncompelled(semantics, trace) : undefined;
}

type Implicit = 'withinRange' | 'withinCapacity' | 'singleWrite';

/** What is told of the channels and variables that a step alone breaks a rule by. */
const BREAKS: Readonly<Record<Implicit, (semantics: Semantics, name: string) => string>> = {
  withinCapacity: (semantics, name) =>
    `${name} is full: its capacity is ${semantics.layout.channel(name).channel.capacity}`,
  withinRange: (semantics, name) => {
    const variable = semantics.model.variables.find((found) => found.name === name);
    return variable
      ? `${name} would leave ${typeText(variable.type)}`
      : `a message of ${name} would leave the types of its fields`;
  },
  singleWrite: (_semantics, name) => `${name} is written twice in one step`,
};

/** Each effect of the last step tried without the others: those are named that break the rule. */
function brokenBy(semantics: Semantics, kind: Implicit, trace: Trace): string | undefined {
  const step = trace.steps.at(-1);
  const before = statesOf(semantics, trace)?.at(-1);
  const action = semantics.model.actions.find(({ name }) => name === step?.action);
  if (!step?.error || !before || !action) return undefined;
  const found = partsOf(action, kind)
    .filter(({ part }) => breaks(semantics, part, before, step, kind))
    .map(({ name }) => BREAKS[kind](semantics, name));
  return found.length === 0 ? undefined : [...new Set(found)].join('; ');
}

interface Part {
  /** A variable or a channel. */
  readonly name: string;
  /** The action with nothing but this effect. */
  readonly part: Action;
}

function partsOf(action: Action, kind: Implicit): readonly Part[] {
  const bare = { ...action, assignments: [], sends: [] };
  const { assignments, sends } = action;
  const targets = [...new Set(assignments.map(({ variable }) => variable))];
  const channels = [...new Set(sends.map(({ channel }) => channel))];
  return [
    ...(kind === 'withinCapacity'
      ? []
      : targets.map((name) => ({
          name,
          part: { ...bare, assignments: assignments.filter(({ variable }) => variable === name) },
        }))),
    ...(kind === 'singleWrite'
      ? []
      : channels.map((name) => ({
          name,
          part: { ...bare, sends: sends.filter(({ channel }) => channel === name) },
        }))),
  ];
}

function breaks(
  semantics: Semantics,
  part: Action,
  before: State,
  step: Step,
  kind: Implicit,
): boolean {
  const alone = new Semantics({ ...semantics.model, actions: [part] });
  const codec = new Codec(alone.layout);
  const binding = JSON.stringify(step.binding);
  let broken = false;
  alone.successors(before, (instance, _next, errors) => {
    if (JSON.stringify(codec.binding(instance)) === binding)
      broken ||= errorKinds(errors).includes(kind);
  });
  return broken;
}

/** The actions that the run could always take and never takes, since nothing is fair to them. */
function uncompelled(semantics: Semantics, trace: Trace): string | undefined {
  const states = statesOf(semantics, trace);
  if (!states || trace.loopStart === undefined) return undefined;
  const loop = states.slice(trace.loopStart);
  const taken = new Set(trace.steps.slice(trace.loopStart).map(({ action }) => action));
  const fair = fairActions(semantics.model);
  const enabled = loop.map((state) => enabledIn(semantics, state));
  const [first] = enabled;
  const idle = [...(first ?? [])].filter(
    (name) => !fair.has(name) && !taken.has(name) && enabled.every((names) => names.has(name)),
  );
  if (idle.length === 0) return undefined;
  const names = idle.slice(0, 3).join(', ');
  const more = idle.length > 3 ? ` and ${idle.length - 3} more` : '';
  return `${names}${more} could happen all the while, and nothing makes ${idle.length === 1 ? 'it' : 'them'}: no \`fair\``;
}

function enabledIn(semantics: Semantics, state: State): ReadonlySet<string> {
  const found = new Set<string>();
  semantics.successors(state, ({ action }) => found.add(action.name));
  return found;
}
