import type {
  ActionDocument,
  ModelDocument,
  PropertyDocument,
  VariableDocument,
} from '../../model/document.ts';
import type { FlowPlace, PlaybookFlow } from './flow.ts';

/** What stands where in a model that a playbook was written into. */
export interface WithPlaybook {
  readonly document: ModelDocument;
  /** The variable that says how far the playbook is: 0 before any alert. */
  readonly at: string;
  /** Where it starts, and where it is completed. */
  readonly start: number;
  readonly done: number;
  /** By threat: the variable that is true once a step has blocked it. */
  readonly blocked: ReadonlyMap<string, string>;
  /** By the name of an action that was added: the step that it is of. */
  readonly steps: ReadonlyMap<string, string>;
}

/**
 * The rewriting of a playbook (SEMANTICS 30): its steps and approvals become steps of the model,
 * each at its place of the flow and weakly fair; nothing of the model itself is changed, but that
 * `final` is asked for from completion on only. It lies at 0 until something outside of the
 * document, the alert, puts it at its start.
 */
export const withPlaybook = (given: ModelDocument, flow: PlaybookFlow): WithPlaybook =>
  new Rewriting(given, flow).result();

class Rewriting {
  readonly #given: ModelDocument;
  readonly #flow: PlaybookFlow;
  readonly #names: FreeNames;
  /** The number of each place, from 1 on; last, that of completion. */
  readonly #numbers: readonly number[];
  readonly #at: string;
  readonly #responder: string;
  readonly #blocked: ReadonlyMap<string, string>;
  readonly #steps = new Map<string, string>();
  readonly #actions: Record<string, ActionDocument> = {};
  readonly #fairness: { weak: readonly string[] }[] = [];

  constructor(given: ModelDocument, flow: PlaybookFlow) {
    this.#given = given;
    this.#flow = flow;
    this.#names = new FreeNames(given);
    this.#numbers = positions(flow);
    this.#at = this.#names.free('playbook');
    this.#responder = this.#names.free('responder');
    const threats = flow.places.flatMap((place) => (place.kind === 'act' ? place.blocks : []));
    this.#blocked = new Map([...new Set(threats)].map((id) => [id, this.#names.free('blocked')]));
  }

  result(): WithPlaybook {
    for (const [i, place] of this.#flow.places.entries())
      if (place.kind === 'decide') this.#decide(place, i);
      else this.#act(place, i);
    const { final, variables, actors, actions, fairness } = this.#given;
    const done = this.#number(this.#flow.places.length);
    const flags = [...this.#blocked.values()].map((name): [string, VariableDocument] => [
      name,
      { type: 'bool', init: false },
    ]);
    const document: ModelDocument = {
      ...this.#given,
      variables: {
        ...variables,
        [this.#at]: { type: `int 0..${done}`, init: 0 },
        ...Object.fromEntries(flags),
      },
      actors: { ...actors, [this.#responder]: { label: 'Whoever responds' } },
      actions: { ...actions, ...this.#actions },
      fairness: [...(fairness ?? []), ...this.#fairness],
      ...(final === undefined ? {} : { final: `${this.#at} < ${done} or (${String(final)})` }),
    };
    return {
      document,
      at: this.#at,
      start: this.#number(this.#flow.start),
      done,
      blocked: this.#blocked,
      steps: this.#steps,
    };
  }

  #number(place: number): number {
    return this.#numbers[place] as number;
  }

  #decide(place: Extract<FlowPlace, { kind: 'decide' }>, i: number): void {
    const here = `${this.#at} = ${this.#number(i)}`;
    const name = this.#names.free(identifierOf(place.name));
    this.#add(place, [
      this.#pass(`${name}_yes`, place, `${here} and (${place.condition})`, place.yes),
      this.#pass(`${name}_no`, place, `${here} and not(${place.condition})`, place.no),
    ]);
  }

  #act(place: Extract<FlowPlace, { kind: 'act' }>, i: number): void {
    const waits = place.approval !== undefined;
    const ready = `${this.#at} = ${this.#number(i) + (waits ? 1 : 0)}`;
    const name = this.#names.free(identifierOf(place.name));
    if (waits)
      this.#add(place, [
        [
          this.#names.free(`approve_${name}`),
          {
            actor: this.#responder,
            label: `${place.approval} approves: ${place.name}`,
            when: `${this.#at} = ${this.#number(i)}`,
            then: { [this.#at]: this.#number(i) + 1 },
          },
        ],
      ]);
    const does = effectOf(this.#given, place, this.#responder);
    const blocks = place.blocks.map((id) => [this.#blocked.get(id), true]);
    const step: ActionDocument = {
      ...does,
      label: place.name,
      when: does.when === undefined ? ready : `${ready} and (${String(does.when)})`,
      then: {
        ...does.then,
        ...(Object.fromEntries(blocks) as Record<string, boolean>),
        [this.#at]: this.#number(place.next),
      },
    };
    const { unless } = place;
    const passing =
      unless === undefined
        ? []
        : [this.#pass(`${name}${NOT_NEEDED}`, place, `${ready} and (${unless})`, place.next)];
    this.#add(place, [[name, step], ...this.#failing(place, name, ready, step), ...passing]);
  }

  /** A step that fails may have done nothing, or all that it does. */
  #failing(
    place: Extract<FlowPlace, { kind: 'act' }>,
    name: string,
    ready: string,
    step: ActionDocument,
  ): readonly (readonly [string, ActionDocument])[] {
    if (place.failed === undefined) return [];
    const then = { ...step.then, [this.#at]: this.#number(place.failed) };
    return [
      this.#pass(`${name}${FAILED}`, place, ready, place.failed),
      [this.#names.free(`${name}${FAILED}AfterAll`), { ...step, then }],
    ];
  }

  /** A step that does nothing but go on. */
  #pass(
    name: string,
    place: FlowPlace,
    when: string,
    next: number,
  ): readonly [string, ActionDocument] {
    return [
      this.#names.free(name),
      {
        actor: this.#responder,
        label: place.name,
        when,
        then: { [this.#at]: this.#number(next) },
      },
    ];
  }

  /** The steps of one place are fair together: some of them is taken in the end. */
  #add(place: FlowPlace, added: readonly (readonly [string, ActionDocument])[]): void {
    for (const [name, action] of added) {
      this.#actions[name] = action;
      this.#steps.set(name, place.id);
    }
    this.#fairness.push({ weak: added.map(([name]) => name) });
  }
}

/** How the step is called that passes over another one, after the name of that. */
export const NOT_NEEDED = '_notNeeded';
/** How the step is called in which another one fails, after the name of that. */
const FAILED = '_failed';

/** What a step does, without its place: an action of the model with its controls, or its own. */
function effectOf(
  { actions }: ModelDocument,
  { effect }: Extract<FlowPlace, { kind: 'act' }>,
  responder: string,
): ActionDocument {
  if (!('action' in effect)) return { actor: responder, ...effect };
  const own = actions[effect.action] as ActionDocument;
  const { fair: _fair, perMessage: _perMessage, ...does } = own;
  return does;
}

/** The number of each place, from 1 on; two where an approval is waited for; last, completion. */
function positions({ places }: PlaybookFlow): readonly number[] {
  let next = 1;
  const numbers = places.map((place) => {
    const mine = next;
    next += place.kind === 'act' && place.approval !== undefined ? 2 : 1;
    return mine;
  });
  return [...numbers, next];
}

/**
 * A property from completion on (SEMANTICS 30), as one of the model with the playbook in it. What
 * was broken before is judged from there.
 */
export function fromCompletion(
  property: PropertyDocument,
  { at, done }: Pick<WithPlaybook, 'at' | 'done'>,
): PropertyDocument | undefined {
  const over = `${at} = ${done}`;
  const { always, never, eventually, eventuallyAlways, leadsTo, recoverable } = property;
  if (always !== undefined) return { always: `if ${over} then (${String(always)}) else true` };
  if (never !== undefined) return { never: `${over} and (${String(never)})` };
  if (eventually !== undefined) return { leadsTo: { from: over, to: eventually } };
  if (eventuallyAlways !== undefined)
    return { eventuallyAlways: `not(${over}) or (${String(eventuallyAlways)})` };
  if (leadsTo !== undefined)
    return { leadsTo: { from: `${over} and (${String(leadsTo.from)})`, to: leadsTo.to } };
  if (recoverable !== undefined) return { recoverable: comesTo(String(recoverable), at, over) };
  return undefined;
}

/** What the playbook itself is asked: that every fair run of it completes. */
export const completes = ({ at, done }: Pick<WithPlaybook, 'at' | 'done'>): PropertyDocument => ({
  leadsTo: { from: `${at} > 0`, to: `${at} = ${done}` },
});

/** From completion on the model's own steps can reach this: said of every state after an alert. */
const comesTo = (goal: string, at: string, over: string): string =>
  `${at} = 0 or (${over} and (${goal}))`;

/** Names that nothing of a model has. */
export class FreeNames {
  readonly #taken: Set<string>;

  constructor(document: ModelDocument) {
    const text = JSON.stringify(document);
    this.#taken = new Set(text.match(/[A-Za-z_][A-Za-z0-9_]*/gu));
  }

  free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i += 1) name = `${wanted}${i}`;
    this.#taken.add(name);
    return name;
  }
}

/** `Refund the money` is `refundTheMoney`. */
function identifierOf(name: string): string {
  const words = name.normalize('NFKD').match(/[A-Za-z0-9]+/gu) ?? [];
  const joined = words
    .map((word, i) =>
      i === 0
        ? word.charAt(0).toLowerCase() + word.slice(1)
        : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join('');
  return /^[A-Za-z]/u.test(joined) ? joined : `step${joined}`;
}
