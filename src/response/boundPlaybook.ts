import { bad, ok, problem, type Locate, type Problem, type Result } from '../errors/index.ts';
import { didYouMean, listed } from '../errors/nearest.ts';
import type { Inspected } from '../checking/inspect.ts';
import type { ModelDocument, PropertyDocument } from '../model/document.ts';
import type { Model } from '../model/model.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';
import { typecheck } from '../model/typecheck.ts';
import { threatsOf } from '../threats/operators/index.ts';
import {
  completes,
  FreeNames,
  fromCompletion,
  NOT_NEEDED,
  withPlaybook,
  type WithPlaybook,
} from '../threats/playbooks/rewrite.ts';
import { PROBITY_EXTENSION } from './playbookShape.ts';
import { extensionPath, type Playbook, type PlaybookBinding } from './readPlaybook.ts';

/** What is asked of a model with a playbook in it: by the name of the property that asks it. */
export interface Question {
  /** `completes`, `final`, or the name of a promised property. */
  readonly asks: string;
  readonly property: string;
}

/** A model that a playbook was written into, and what is to be judged of it. */
export interface BoundPlaybook {
  readonly playbook: Playbook;
  readonly model: Model;
  readonly rewritten: WithPlaybook;
  readonly questions: readonly Question[];
}

const EXTENSION = ['playbook_extensions', PROBITY_EXTENSION];

/** The one name that is no property: that the case can be completed. */
export const CASE_COMPLETION = 'final';

/** Writes a playbook into its model: everything that does not fit, with its place. */
export function bindPlaybook(
  playbook: Playbook,
  { document, semantics: { model } }: Pick<Inspected, 'document' | 'semantics'>,
): Result<BoundPlaybook> {
  const problems: Problem[] = [
    ...misfits(playbook, model, document),
    ...unknownParts(playbook, document),
  ];
  if (problems.length > 0) return bad(...problems);
  const rewritten = withPlaybook(document, playbook.flow);
  const { questions, properties } = asked(playbook, document, rewritten);
  const whole: ModelDocument = { ...rewritten.document, properties };
  const places = stepPlaces(playbook, rewritten);
  const checked = typecheck(whole, (path) => playbook.locate(places(path)));
  if (!checked.ok)
    return bad(
      ...checked.problems.map((found) => ({
        ...found,
        path: places(found.path.split('.')).join('.'),
      })),
    );
  return ok({ playbook, model: checked.value, rewritten, questions });
}

/** What the model with the playbook is asked: that it completes, its promises, completion. */
function asked(
  playbook: Playbook,
  document: ModelDocument,
  rewritten: WithPlaybook,
): {
  readonly questions: readonly Question[];
  readonly properties: Record<string, PropertyDocument>;
} {
  const names = new FreeNames(rewritten.document);
  const properties: Record<string, PropertyDocument> = {};
  const questions: Question[] = [];
  const ask = (asks: string, property: PropertyDocument | undefined): void => {
    if (!property) return;
    const name = names.free(`asked${questions.length + 1}`);
    properties[name] = property;
    questions.push({ asks, property: name });
  };
  ask('completes', completes(rewritten));
  for (const name of promisedParts(playbook.promises, document)) {
    const own = document.properties?.[name];
    if (own) ask(name, fromCompletion(own, rewritten));
  }
  if (document.final !== undefined)
    ask(CASE_COMPLETION, fromCompletion({ recoverable: document.final }, rewritten));
  for (const name of promisedParts(playbook.promises, document))
    if (document.properties?.[name]?.deadlockFree !== undefined || name === 'deadlockFree')
      questions.push({ asks: name, property: 'deadlockFree' });
  for (const kind of IMPLICIT_KINDS) questions.push({ asks: kind, property: kind });
  return { questions, properties };
}

/** Promised properties; of one that is several, its parts. */
function promisedParts(names: readonly string[], { properties }: ModelDocument): readonly string[] {
  return [
    ...new Set(
      names.flatMap((name): readonly string[] => {
        const parts = properties?.[name]?.all;
        return parts ? promisedParts(parts, { properties } as ModelDocument) : [name];
      }),
    ),
  ];
}

/** What the playbook names of the model, and the model lacks. */
function misfits(playbook: Playbook, model: Model, document: ModelDocument): readonly Problem[] {
  const problems: Problem[] = [];
  const report = reporter(problems, playbook.locate);
  if (playbook.model !== model.name)
    report(
      'PLAYBOOK_SHAPE',
      [...EXTENSION, 'model'],
      `the playbook is for the model \`${playbook.model}\`, and this is \`${model.name}\``,
    );
  const threats = threatsOf(model).map(({ id }) => id);
  const noThreat = (path: readonly string[], ids: readonly string[]): void => {
    for (const [i, id] of ids.entries())
      if (!threats.includes(id))
        report(
          'PLAYBOOK_SHAPE',
          [...path, String(i)],
          `the model has no threat \`${id}\`${didYouMean(id, threats)}`,
        );
  };
  playbook.on.forEach((binding, i) => {
    const path = [...EXTENSION, 'on', String(i)];
    noThreat([...path, 'threats'], binding.threats);
    unboundAlert(binding, path, model, report);
  });
  playbook.promises.forEach((name, i) => {
    unkeptPromise(name, [...EXTENSION, 'promises', String(i)], model, document, report);
  });
  playbook.flow.places.forEach((place) => {
    if (place.kind === 'act') noThreat([...extensionPath(place.id), 'blocks'], place.blocks);
  });
  return problems;
}

/** An alert that is about nothing of the model, or after which nobody knows where a case stands. */
function unboundAlert(
  { alert, property, threats }: PlaybookBinding,
  path: readonly string[],
  model: Model,
  report: Report,
): void {
  if (alert === 'late') return;
  if (alert === 'deviation') {
    if (threats.length === 0)
      report(
        'PLAYBOOK_UNSUPPORTED',
        path,
        'where a case stands after a deviation that nothing explains, nobody knows: name the threats',
      );
    return;
  }
  const kind = model.properties.find(({ name }) => name === property)?.formula.kind;
  const fits =
    alert === 'doomed'
      ? kind === 'recoverable' || (property === CASE_COMPLETION && model.final !== undefined)
      : kind === 'always' || kind === 'never';
  if (fits) return;
  const names = model.properties.map(({ name }) => name);
  report(
    'PLAYBOOK_SHAPE',
    [...path, 'property'],
    property === undefined
      ? `an alert of the kind ${alert} is about a property: name it`
      : `no alert of the kind ${alert} is about \`${property}\`${didYouMean(property, names)}`,
  );
}

/** A promise of what the model does not have, or of what cannot be asked from completion on. */
function unkeptPromise(
  name: string,
  path: readonly string[],
  model: Model,
  document: ModelDocument,
  report: Report,
): void {
  const names = model.properties.map((property) => property.name);
  if (!names.includes(name)) {
    report(
      'PLAYBOOK_SHAPE',
      path,
      `the model has no property \`${name}\`${didYouMean(name, names)}`,
    );
    return;
  }
  for (const part of promisedParts([name], document)) {
    const own = document.properties?.[part] ?? {};
    if (own.reachable ?? own.reachableEach ?? own.ltl)
      report(
        'PLAYBOOK_UNSUPPORTED',
        path,
        `from completion on is not asked of \`${part}\`: a playbook promises always, never, eventually, eventuallyAlways, leadsTo, recoverable, deadlockFree`,
      );
  }
}

function unknownParts(
  { flow, locate }: Playbook,
  { actions, actors }: ModelDocument,
): readonly Problem[] {
  const problems: Problem[] = [];
  const report = reporter(problems, locate);
  for (const place of flow.places) {
    if (place.kind !== 'act') continue;
    const { effect, id } = place;
    if ('action' in effect && !Object.hasOwn(actions, effect.action))
      report(
        'PLAYBOOK_SHAPE',
        [...extensionPath(id), 'action'],
        `the model has no action \`${effect.action}\`; there are ${listed(Object.keys(actions), effect.action)}`,
      );
    if ('actor' in effect && effect.actor !== undefined && !Object.hasOwn(actors, effect.actor))
      report(
        'PLAYBOOK_SHAPE',
        [...extensionPath(id), 'actor'],
        `the model has no actor \`${effect.actor}\`; there are ${listed(Object.keys(actors), effect.actor)}`,
      );
  }
  return problems;
}

type Report = (
  code: 'PLAYBOOK_SHAPE' | 'PLAYBOOK_UNSUPPORTED',
  path: readonly string[],
  message: string,
) => void;

const reporter =
  (problems: Problem[], locate: Locate): Report =>
  (code, path, message) =>
    void problems.push(problem(code, path.join('.'), message, locate(path)));

/** Where a part of the model that was made of a step stands in the playbook. */
function stepPlaces(
  { flow }: Playbook,
  { steps }: WithPlaybook,
): (path: readonly string[]) => readonly string[] {
  const decides = new Set(flow.places.flatMap((p) => (p.kind === 'decide' ? [p.id] : [])));
  return ([section = '', name = '', ...rest]) => {
    const step = section === 'actions' ? steps.get(name) : undefined;
    if (step === undefined) return [section, name, ...rest];
    if (decides.has(step)) return [...extensionPath(step), 'condition'];
    return [...extensionPath(step), ...(name.includes(NOT_NEEDED) ? ['unless'] : rest)];
  };
}
