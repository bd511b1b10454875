import { comparable } from './compare.ts';
import { problem, type Problem } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import type { ActionDocument, ChannelDocument, ModelDocument } from '../model/document.ts';
import type { FixExercise, Opened } from '../scenarios/exercises.ts';
import type { ReadText } from './exercise.ts';
import { isRecord } from '../canonical/record.ts';

/** Reports what is locked and was touched: where it stands, and why it may not. */
type Locked = (path: readonly string[], message: string) => void;

/** What nobody but the name of a thing and its label is free of. */
const FREE_KEYS: ReadonlySet<string> = new Set(['label', 'elementId']);

/** Parts of the document that are one value, and locked whole. */
const WHOLE = ['final', 'fairness', 'skips', 'abstractions', 'bounds'] as const;

/** Mappings in which every entry is locked, and none may come. */
const SEALED: readonly {
  readonly section: 'sets' | 'parameters' | 'actors' | 'properties';
  readonly what: string;
}[] = [
  { section: 'sets', what: 'the sets' },
  { section: 'parameters', what: 'the parameters' },
  { section: 'actors', what: 'who acts, and how far each can be trusted' },
  { section: 'properties', what: 'what is asked' },
];

/**
 * What an attempt changed that its exercise does not open. Documents are compared in their
 * canonical
 * form: another spelling, another order and other labels are no change.
 */
export function lockProblems(
  { exercise, start }: { readonly exercise: FixExercise; readonly start: ReadText },
  attempt: ReadText,
): Problem[] {
  const problems: Problem[] = [];
  const locked: Locked = (path, message) =>
    problems.push(problem('ATTEMPT_LOCKED', path.join('.'), message, attempt.locate?.(path)));
  const [before, after] = [start.document, attempt.document];
  for (const { section, what } of SEALED)
    sealed(section, what, before[section] ?? {}, after[section] ?? {}, locked);
  for (const key of WHOLE)
    if (differ(before[key], after[key]))
      locked([key], `\`${key}\` is locked: it was ${shown(before[key])}`);
  variables(before, after, exercise.opens, locked);
  channels(before, after, exercise.opens, locked);
  actions(before, after, exercise.opens, locked);
  return problems;
}

type Entries = Readonly<Record<string, unknown>>;

function sealed(
  section: string,
  what: string,
  before: Entries,
  after: Entries,
  locked: Locked,
): void {
  kept(section, what, before, after, locked);
  for (const name of added(before, after))
    locked(
      [section, name],
      `\`${name}\` is new, and ${what} are locked${didYouMean(name, Object.keys(before))}`,
    );
}

/** Every entry of before is there, and is what it was. */
function kept(
  section: string,
  what: string,
  before: Entries,
  after: Entries,
  locked: Locked,
): void {
  for (const [name, entry] of Object.entries(before)) {
    if (!Object.hasOwn(after, name)) {
      locked([section], `\`${name}\` is gone, and ${what} are locked: put it back`);
      continue;
    }
    for (const key of changedKeys(entry, after[name])) {
      const was = key === undefined ? entry : (entry as Entries)[key];
      locked(
        key === undefined ? [section, name] : [section, name, key],
        `${key === undefined ? '' : `\`${key}\` of `}\`${name}\` is locked: it was ${shown(was)}`,
      );
    }
  }
}

/** The keys in which two entries differ; nothing for a name where an entry is no mapping. */
function changedKeys(before: unknown, after: unknown): (string | undefined)[] {
  if (!isRecord(before) || !isRecord(after)) return differ(before, after) ? [undefined] : [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !FREE_KEYS.has(key) && differ(before[key], after[key]),
  );
}

function variables(before: ModelDocument, after: ModelDocument, opens: Opened, locked: Locked) {
  kept('variables', 'the variables', before.variables, after.variables, locked);
  if (opens.newVariables !== true)
    for (const name of added(before.variables, after.variables))
      locked(['variables', name], `\`${name}\` is new, and this exercise opens no new variables`);
}

function channels(before: ModelDocument, after: ModelDocument, opens: Opened, locked: Locked) {
  const [had, has] = [before.channels ?? {}, after.channels ?? {}];
  kept('channels', 'the channels', had, has, locked);
  for (const name of added(had, has)) {
    const { from, to, medium } = has[name] as ChannelDocument;
    const fits = (opens.newChannels ?? []).some(
      (open) => open.from === from && open.to === to && open.medium === medium,
    );
    if (!fits)
      locked(
        ['channels', name],
        `\`${name}\` is new: this exercise opens ${openChannels(opens)}, and this one is ${medium}, from ${from} to ${to}`,
      );
  }
}

function openChannels({ newChannels = [] }: Opened): string {
  return newChannels.length === 0
    ? 'no new channels'
    : `new channels that are ${newChannels.map(({ from, to, medium }) => `${medium} from ${from} to ${to}`).join(', or ')}`;
}

function actions(before: ModelDocument, after: ModelDocument, opens: Opened, locked: Locked) {
  for (const [name, was] of Object.entries(before.actions)) {
    const is = Object.hasOwn(after.actions, name) ? after.actions[name] : undefined;
    if (!is) {
      locked(['actions'], `\`${name}\` is gone: no step may be taken out of this model`);
      continue;
    }
    const open = openParts(before, was, opens, name);
    for (const key of changedKeys(was, is))
      if (key !== undefined && !open.includes(key))
        locked(
          ['actions', name, ...(Object.hasOwn(is, key) ? [key] : [])],
          `\`${key}\` of \`${name}\` is locked${open.length > 0 ? ` (open: ${open.join(', ')})` : ''}: it was ${shown((was as unknown as Entries)[key])}`,
        );
  }
  for (const name of added(before.actions, after.actions))
    newAction(name, after.actions[name] as ActionDocument, opens, locked);
}

/** An attacker's step has no open parts, whatever an exercise says. */
function openParts(
  { actors }: ModelDocument,
  { actor }: ActionDocument,
  { change }: Opened,
  name: string,
): readonly string[] {
  const isTrusted = (actors[actor]?.trust ?? 'trusted') === 'trusted';
  return isTrusted && Object.hasOwn(change, name) ? (change[name] ?? []) : [];
}

function newAction(name: string, action: ActionDocument, opens: Opened, locked: Locked): void {
  const may = opens.newActionsOf ?? [];
  if (!may.includes(action.actor))
    locked(
      ['actions', name],
      `\`${name}\` is a new step of ${action.actor}: this exercise opens ${may.length === 0 ? 'no new steps' : `new steps of ${may.join(', ')} only`}`,
    );
  else if (action.fair === 'strong')
    locked(
      ['actions', name, 'fair'],
      `a new step is weakly fair at most: nobody promises that \`${name}\` wins in the end`,
    );
}

const added = (before: object, after: object): string[] =>
  Object.keys(after).filter((name) => !Object.hasOwn(before, name));

/** No controls, and a list of none, are one. */
const text = (value: unknown): string =>
  value === undefined || (Array.isArray(value) && value.length === 0)
    ? ''
    : isRecord(value) && Object.keys(value).length === 0
      ? ''
      : comparable(value);

const differ = (a: unknown, b: unknown): boolean => text(a) !== text(b);

const MOST_SHOWN = 120;

function shown(value: unknown): string {
  const is = text(value);
  if (is === '') return 'not there';
  return `\`${is.length > MOST_SHOWN ? `${is.slice(0, MOST_SHOWN)}…` : is}\``;
}
