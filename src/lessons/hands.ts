import { comparable } from './compare.ts';
import { problem, type Problem } from '../errors/index.ts';
import { anyNode, type Expr } from '../model/expression.ts';
import type { Action, Model } from '../model/model.ts';
import type { FixExercise } from '../scenarios/exercises.ts';
import type { ReadText } from './exercise.ts';

interface Judged {
  readonly exercise: FixExercise;
  readonly before: ReadText;
  readonly after: ReadText;
  readonly action: Action;
  /** What it was; nothing of a new one. */
  readonly was: Action | undefined;
  readonly problems: Problem[];
}

/**
 * Opened and new steps that reach further than their actor's hands: they read what it cannot see,
 * write what is not its own, take messages for others or send in the name of others.
 */
export function handProblems(
  { exercise, start }: { readonly exercise: FixExercise; readonly start: ReadText },
  attempt: ReadText,
): Problem[] {
  const problems: Problem[] = [];
  const known = new Map(start.semantics.model.actions.map((action) => [action.name, action]));
  for (const action of attempt.semantics.model.actions) {
    const was = known.get(action.name);
    const judged = { exercise, before: start, after: attempt, action, was, problems };
    reads(judged);
    writes(judged);
    keeps(judged);
    messages(judged);
  }
  return problems;
}

function overreach(
  { after, action, problems }: Judged,
  part: readonly string[],
  message: string,
): void {
  const path = ['actions', action.name, ...part];
  problems.push(problem('ATTEMPT_OVERREACHES', path.join('.'), message, after.locate?.(path)));
}

/** The expressions of an action, with the part that they stand in. */
interface Part {
  readonly at: readonly string[];
  /** As they were checked, so that no spelling hides or moves one. */
  readonly checked: string;
  readonly exprs: readonly Expr[];
}

function partsOf(action: Action): Part[] {
  return [
    ...(action.when
      ? [{ at: ['when'], checked: comparable(action.when), exprs: [action.when] }]
      : []),
    ...action.controls.map(({ name, condition }) => ({
      at: ['controls', name],
      checked: comparable(condition),
      exprs: [condition],
    })),
    ...action.assignments.map((assignment) => ({
      at: ['then'],
      checked: comparable(assignment),
      exprs: [...assignment.keys, assignment.value],
    })),
    ...action.sends.map((send) => ({
      at: ['send'],
      checked: comparable(send),
      exprs: send.values,
    })),
  ];
}

/** What stands in the action now, and did not stand there before. */
function newParts({ action, was }: Judged): Part[] {
  const old = new Set(was ? partsOf(was).map(({ checked }) => checked) : []);
  return partsOf(action).filter(({ checked }) => !old.has(checked));
}

function reads(judged: Judged): void {
  const { exercise, action, after } = judged;
  const hidden = exercise.hidden?.[action.actor] ?? [];
  const { model } = after.semantics;
  for (const { at, exprs } of newParts(judged))
    for (const expr of exprs) {
      const seen = hidden.find((name) => anyNode(expr, (node) => nameOf(node) === name));
      if (seen !== undefined)
        overreach(judged, at, `${action.actor} cannot see \`${seen}\`: decide by what it is told`);
      const foreign = foreignChannel(expr, action, model);
      if (foreign !== undefined)
        overreach(
          judged,
          at,
          `${action.actor} cannot look into \`${foreign}\`, which is neither from nor to it`,
        );
    }
}

/** How `hidden` names what a node reads. */
function nameOf(node: Expr): string | undefined {
  if (node.kind === 'cell') return node.name;
  return node.kind === 'field' ? `${node.channel}.${node.field}` : undefined;
}

function foreignChannel(expr: Expr, { actor }: Action, { channels }: Model): string | undefined {
  return channels.find(
    ({ name, from, to }) =>
      from !== actor &&
      to !== actor &&
      anyNode(expr, (node) => node.kind === 'messages' && node.channel === name),
  )?.name;
}

function writes(judged: Judged): void {
  const { exercise, before, after, action, was } = judged;
  const allowed = exercise.opens.writes ?? {};
  // As it was written, one for one: canonical keys could fall together.
  const given = Object.entries(after.raw.actions[action.name]?.then ?? {});
  const old = new Set(was?.assignments.map((assignment) => comparable(assignment)));
  action.assignments.forEach((assignment, i) => {
    const { variable } = assignment;
    const [target = '', value] = given[i] ?? [];
    if (!Object.hasOwn(before.document.variables, variable)) return;
    if (old.has(comparable(assignment))) return;
    const may = Object.hasOwn(allowed, variable) ? allowed[variable] : undefined;
    if (may === 'any' || may?.includes(String(value).trim()) === true) return;
    overreach(
      judged,
      ['then', target],
      may === undefined
        ? `\`${variable}\` is not for \`${action.name}\` to write: what it says must stay true`
        : `\`${action.name}\` may give \`${variable}\` only ${may.join(' or ')}`,
    );
  });
}

/** What an opened step wrote it goes on writing, but for what it may write otherwise. */
function keeps(judged: Judged): void {
  const { exercise, action, was } = judged;
  const allowed = exercise.opens.writes ?? {};
  const now = new Set(action.assignments.map((assignment) => comparable(assignment)));
  for (const assignment of was?.assignments ?? []) {
    const { variable } = assignment;
    if (now.has(comparable(assignment)) || Object.hasOwn(allowed, variable)) continue;
    // Another value for the same cell has been told already.
    if (action.assignments.some((each) => each.variable === variable)) continue;
    overreach(
      judged,
      ['then'],
      `\`${action.name}\` must go on writing \`${variable}\`: what it says must stay true`,
    );
  }
}

function messages(judged: Judged): void {
  const { action, was, after } = judged;
  const channel = (name: string) =>
    after.semantics.model.channels.find((each) => each.name === name);
  for (const receive of action.receives) {
    if (was?.receives.some((each) => each.channel === receive.channel)) continue;
    const to = channel(receive.channel)?.to;
    if (to !== action.actor)
      overreach(
        judged,
        ['receive', receive.channel],
        `\`${receive.channel}\` goes to ${to}: ${action.actor} does not get its messages`,
      );
  }
  for (const sent of action.sends) {
    if (was?.sends.some((each) => each.channel === sent.channel)) continue;
    const from = channel(sent.channel)?.from;
    if (from !== action.actor)
      overreach(
        judged,
        ['send', sent.channel],
        `\`${sent.channel}\` comes from ${from}: ${action.actor} does not send on it`,
      );
  }
}
