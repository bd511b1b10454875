import { bad, ok, problem, type Locate, type Problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import { readShaped } from '../yaml/shaped.ts';
import type { FlowPlace, PlaybookFlow, StepEffect } from '../threats/playbooks/flow.ts';
import { PLAYBOOK_SHAPE, PROBITY_EXTENSION, type BOUND_ALERTS } from './playbookShape.ts';

export type BoundAlert = (typeof BOUND_ALERTS)[number];

/** An alert that a playbook answers, and the threats that are at work then. */
export interface PlaybookBinding {
  readonly alert: BoundAlert;
  readonly property?: string;
  readonly threats: readonly string[];
}

/** A playbook that was read: CACAO 2.0 with what its steps do to a model. */
export interface Playbook {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** CACAO's version of a playbook. */
  readonly modified: string;
  /** The name of the model that it is for. */
  readonly model: string;
  readonly on: readonly PlaybookBinding[];
  readonly promises: readonly string[];
  readonly flow: PlaybookFlow;
  /** The steps as they stand in the file, by id. */
  readonly steps: Readonly<Record<string, object>>;
  readonly locate: Locate;
}

/** The path of our extension in a step. */
export const extensionPath = (step: string): readonly string[] => [
  'workflow',
  step,
  'step_extensions',
  PROBITY_EXTENSION,
];

interface StepExtension extends StepEffect {
  readonly action?: string;
  readonly blocks?: readonly string[];
  readonly acts?: boolean;
  readonly approval?: string;
  readonly unless?: string | boolean;
  readonly condition?: string | number | boolean;
}

interface StepDocument {
  readonly type: string;
  readonly name?: string;
  readonly timeout?: number;
  readonly on_completion?: string;
  readonly on_success?: string;
  readonly on_failure?: string;
  readonly on_true?: string;
  readonly on_false?: string;
  readonly step_extensions?: { readonly [PROBITY_EXTENSION]?: StepExtension };
}

interface PlaybookDocument {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly modified: string;
  readonly revoked?: boolean;
  readonly workflow_start: string;
  readonly workflow_exception?: string;
  readonly workflow: Readonly<Record<string, StepDocument>>;
  readonly playbook_extensions: {
    readonly [PROBITY_EXTENSION]: {
      readonly model: string;
      readonly on: readonly (Omit<PlaybookBinding, 'threats'> & {
        readonly threats?: readonly string[];
      })[];
      readonly promises: readonly string[];
    };
  };
}

/** Reads a playbook: everything in it that is wrong, or that is not understood, with its place. */
export function readPlaybook(source: string): Result<Playbook> {
  const read = readShaped<PlaybookDocument>(source, PLAYBOOK_SHAPE);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  const flow = new FlowReader(value, locate);
  const extension = value.playbook_extensions[PROBITY_EXTENSION];
  const places = flow.read();
  if (flow.problems.length > 0) return bad(...flow.problems);
  return ok({
    id: value.id,
    name: value.name,
    ...(value.description !== undefined && { description: value.description }),
    modified: value.modified,
    model: extension.model,
    on: extension.on.map((binding) => ({ ...binding, threats: binding.threats ?? [] })),
    promises: extension.promises,
    flow: places,
    steps: value.workflow,
    locate,
  });
}

/** A branch ends at its `end`, and what comes after the condition goes on: a place for each. */
const MAX_PLACES = 500;

const OUTSIDE: Readonly<Record<string, string>> = {
  parallel: 'steps side by side are not read; put them in some order',
  'switch-condition': 'write an if-condition for each case',
  'playbook-action': 'a playbook inside another is not read; write its steps here',
};

/** Follows the steps of a workflow from its start, each with what follows it. */
class FlowReader {
  readonly problems: Problem[] = [];
  readonly #document: PlaybookDocument;
  readonly #locate: Locate;
  readonly #places: FlowPlace[] = [];
  /** By step and what follows its `end`: the number of the place. */
  readonly #numbers = new Map<string, number>();
  /** In place of the number of completion, which is known at the end. */
  static readonly #COMPLETED = -1;

  constructor(document: PlaybookDocument, locate: Locate) {
    this.#document = document;
    this.#locate = locate;
  }

  read(): PlaybookFlow {
    const { workflow, workflow_start, workflow_exception, revoked } = this.#document;
    if (revoked) this.#report('PLAYBOOK_UNSUPPORTED', ['revoked'], 'the playbook was revoked');
    if (workflow_exception !== undefined)
      this.#report(
        'PLAYBOOK_UNSUPPORTED',
        ['workflow_exception'],
        'that any step fails is not read: give the step that may fail its own on_failure',
      );
    this.#checkSteps();
    if (workflow[workflow_start] && workflow[workflow_start].type !== 'start')
      this.#report('PLAYBOOK_SHAPE', ['workflow_start'], 'a workflow starts with a start step');
    const start = this.#place(['workflow_start'], workflow_start, FlowReader.#COMPLETED);
    const done = this.#places.length;
    if (done === 0 && this.problems.length === 0)
      this.#report('PLAYBOOK_SHAPE', ['workflow'], 'the playbook does nothing');
    const number = (next: number): number => (next === FlowReader.#COMPLETED ? done : next);
    return {
      start: number(start),
      places: this.#places.map((place) =>
        place.kind === 'act'
          ? {
              ...place,
              next: number(place.next),
              ...(place.failed !== undefined && { failed: number(place.failed) }),
            }
          : { ...place, yes: number(place.yes), no: number(place.no) },
      ),
    };
  }

  #checkSteps(): void {
    for (const [id, step] of Object.entries(this.#document.workflow)) {
      const path = ['workflow', id];
      const outside = OUTSIDE[step.type];
      if (outside !== undefined)
        this.#report('PLAYBOOK_UNSUPPORTED', [...path, 'type'], `${step.type}: ${outside}`);
      this.#checkFailure(path, step);
      const said = step.step_extensions?.[PROBITY_EXTENSION];
      if (step.type === 'action') this.#checkAction(id, said);
      const isCondition = step.type.endsWith('-condition') && outside === undefined;
      if (isCondition && said?.condition === undefined)
        this.#report(
          'PLAYBOOK_SHAPE',
          path,
          'a condition stands in the extension of the step, as `condition`, in the language of models',
        );
      if (isCondition && step.on_true === undefined)
        this.#report('PLAYBOOK_SHAPE', path, `${step.type} lacks \`on_true\`: where it goes on`);
    }
  }

  /** A step that may fail says where it goes on then; only what is carried out can fail. */
  #checkFailure(path: readonly string[], step: StepDocument): void {
    for (const key of ['timeout', 'on_failure'] as const)
      if (step[key] !== undefined && step.type !== 'action')
        this.#report('PLAYBOOK_UNSUPPORTED', [...path, key], `that ${step.type} fails is not read`);
    if (step.type !== 'action') return;
    if (step.timeout !== undefined && step.on_failure === undefined)
      this.#report(
        'PLAYBOOK_UNSUPPORTED',
        [...path, 'timeout'],
        'a step that may run out of time says where it goes on then, as `on_failure`',
      );
    if (step.on_completion !== undefined && step.on_failure !== undefined)
      this.#report(
        'PLAYBOOK_SHAPE',
        [...path, 'on_completion'],
        'a step has on_completion, or on_success and on_failure',
      );
  }

  #checkAction(id: string, said: StepExtension | undefined): void {
    const path = extensionPath(id);
    if (!said) {
      this.#report(
        'PLAYBOOK_SHAPE',
        ['workflow', id],
        `the step lacks \`step_extensions\` with ${PROBITY_EXTENSION}: what it does to the model, \`{}\` where nothing`,
      );
      return;
    }
    const beside = ['actor', 'for', 'receive', 'when', 'then', 'send'].filter((key) =>
      Object.hasOwn(said, key),
    );
    if (said.action !== undefined && beside.length > 0)
      this.#report(
        'PLAYBOOK_SHAPE',
        [...path, beside[0] ?? ''],
        'a step that is an action of the model is taken as it is: leave this out, or `action`',
      );
    if (said.acts === true && said.approval === undefined)
      this.#report(
        'PLAYBOOK_SHAPE',
        [...path, 'acts'],
        'a step that acts waits for an approval: say by which role, as `approval`',
      );
    if (said.condition !== undefined)
      this.#report('PLAYBOOK_SHAPE', [...path, 'condition'], 'an action has `when`, no condition');
  }

  /** The number of the place of a step, where its branch goes on at `after`. */
  #place(from: readonly string[], id: string, after: number): number {
    const step = this.#document.workflow[id];
    if (!step) {
      this.#report(
        'PLAYBOOK_SHAPE',
        from,
        `there is no step \`${id}\`${didYouMean(id, Object.keys(this.#document.workflow))}`,
      );
      return after;
    }
    if (step.type === 'end') return after;
    const key = `${id} ${after}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#places.length >= MAX_PLACES) {
      this.#report('PLAYBOOK_UNSUPPORTED', ['workflow'], `more than ${MAX_PLACES} places`);
      return after;
    }
    if (step.type === 'start') {
      if (from[0] === 'workflow_start') return this.#next(id, step, after);
      this.#report('PLAYBOOK_SHAPE', from, 'nothing leads to the start of a workflow');
      return after;
    }
    const number = this.#places.length;
    this.#numbers.set(key, number);
    if (step.type === 'action') this.#act(number, id, step, after);
    else this.#decide(number, id, step, after);
    return number;
  }

  #act(number: number, id: string, step: StepDocument, after: number): void {
    const said = step.step_extensions?.[PROBITY_EXTENSION] ?? {};
    const { action, blocks = [], acts, approval, unless, condition: _c, ...effect } = said;
    const { on_failure: onFailure, timeout } = step;
    const draft = {
      kind: 'act',
      id,
      name: step.name ?? id,
      effect: action === undefined ? effect : { action },
      ...(unless !== undefined && { unless: String(unless) }),
      ...(acts === true && approval !== undefined && { approval }),
      ...(timeout !== undefined && { timeoutMs: timeout }),
      blocks,
    } as const;
    this.#places.push({ ...draft, next: after });
    this.#places[number] = {
      ...draft,
      next: this.#next(id, step, after),
      ...(onFailure !== undefined && {
        failed: this.#place(['workflow', id, 'on_failure'], onFailure, after),
      }),
    };
  }

  #decide(number: number, id: string, step: StepDocument, after: number): void {
    const condition = String(step.step_extensions?.[PROBITY_EXTENSION]?.condition);
    const draft = { kind: 'decide', id, name: step.name ?? id, condition } as const;
    this.#places.push({ ...draft, yes: after, no: after });
    const onward = this.#next(id, step, after);
    const back = step.type === 'while-condition' ? number : onward;
    const branch = (field: 'on_true' | 'on_false'): number =>
      step[field] === undefined ? onward : this.#place(['workflow', id, field], step[field], back);
    const [yes, no] = [
      branch('on_true'),
      step.type === 'if-condition' ? branch('on_false') : onward,
    ];
    this.#places[number] = { ...draft, yes, no };
  }

  #next(id: string, step: StepDocument, after: number): number {
    const field = step.on_completion === undefined ? 'on_success' : 'on_completion';
    const next = step[field];
    return next === undefined ? after : this.#place(['workflow', id, field], next, after);
  }

  #report(
    code: 'PLAYBOOK_SHAPE' | 'PLAYBOOK_UNSUPPORTED',
    path: readonly string[],
    message: string,
  ): void {
    this.problems.push(problem(code, path.join('.'), message, this.#locate(path)));
  }
}
