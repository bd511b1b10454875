import { problem, type Problem } from '../../errors/index.ts';
import { didYouMean } from '../../errors/nearest.ts';
import type {
  ActorDocument,
  Medium,
  PropertyDocument,
  Scalar,
  VariableDocument,
} from '../../model/document.ts';
import type { BpmnElement } from './moddle.ts';
import { elementsIn } from './reading.ts';

/** Data and properties that stand beside a diagram instead of in it. */
export interface Annotations {
  readonly variables?: Readonly<Record<string, VariableDocument>>;
  /** By the id of an activity or event: what variables become when it happens. */
  readonly sets?: Readonly<Record<string, Readonly<Record<string, Scalar>>>>;
  /** By the id of a sequence flow: FEEL. */
  readonly conditions?: Readonly<Record<string, Scalar>>;
  readonly properties?: Readonly<Record<string, PropertyDocument>>;
  /** By the id of a lane, pool or process: how far it can be relied on. */
  readonly actors?: Readonly<Record<string, Pick<ActorDocument, 'trust' | 'recovers'>>>;
  /** By the id of a message flow: what an attacker on the way can do. */
  readonly messages?: Readonly<Record<string, { readonly medium?: Medium }>>;
  readonly channels?: string;
  /** `silent`: the outside may never answer; else it does in the end. */
  readonly outside?: string;
  /** Whether what the standard does not allow is refused, also where it has a meaning. */
  readonly strict?: boolean;
}

type Writable = { -readonly [K in keyof BpmnElement]: BpmnElement[K] };

/**
 * Writes what stands beside a diagram into it, as if it had been drawn with it: before copies are
 * made, so that all of them have it. Whatever names no element, or one that can do no such thing,
 * is a problem at its place in the side file.
 */
export function annotate(
  definitions: BpmnElement,
  { sets = {}, conditions = {}, actors = {}, messages = {} }: Annotations,
): Problem[] {
  const pen = new Annotator(definitions);
  for (const [id, values] of Object.entries(sets)) pen.sets(id, values);
  for (const [id, condition] of Object.entries(conditions)) pen.condition(id, condition);
  for (const [id, given] of Object.entries(actors)) pen.actor(id, given);
  for (const [id, given] of Object.entries(messages)) pen.message(id, given);
  return pen.problems;
}

class Annotator {
  readonly problems: Problem[] = [];
  readonly #known: ReadonlyMap<string | undefined, Writable>;

  constructor(definitions: BpmnElement) {
    this.#known = new Map(
      [...elementsIn(definitions), ...lanesAndFlows(definitions)].map((element) => [
        element.id,
        element as Writable,
      ]),
    );
  }

  sets(id: string, values: Readonly<Record<string, Scalar>>): void {
    const can = /(Task|Event|Activity|Process|Transaction)$/;
    const element = this.#find('sets', id, can, 'an activity or event');
    if (!element) return;
    const given = Object.entries(values).map(([variable, value]) => ({
      $type: 'probity:set',
      variable,
      value: String(value),
    }));
    element.extensionElements = {
      values: [
        ...(element.extensionElements?.values ?? []),
        ...given,
      ] as readonly unknown[] as readonly BpmnElement[],
    };
  }

  condition(id: string, condition: Scalar): void {
    const flow = this.#find('conditions', id, /^bpmn:SequenceFlow$/, 'a sequence flow');
    if (flow)
      flow.conditionExpression = { $type: 'bpmn:FormalExpression', body: String(condition) };
  }

  actor(id: string, given: object): void {
    const can = /^bpmn:(Lane|Participant|Process)$/;
    this.#say(this.#find('actors', id, can, 'a lane, pool or process'), given);
  }

  message(id: string, given: object): void {
    this.#say(this.#find('messages', id, /^bpmn:MessageFlow$/, 'a message flow'), given);
  }

  /** The parser's elements have attributes of their own: there is only a getter. */
  #say(element: Writable | undefined, given: object): void {
    const attributes = Object.entries(given).map(([key, value]) => [
      `probity:${key}`,
      String(value),
    ]);
    Object.assign(element?.$attrs ?? {}, Object.fromEntries(attributes));
  }

  #find(kind: string, id: string, fits: RegExp, what: string): Writable | undefined {
    const element = this.#known.get(id);
    if (element && fits.test(element.$type)) return element;
    const ids = [...this.#known.keys()].filter((other) => other !== undefined);
    const message = element
      ? `${id} is a <${element.$type.replace('bpmn:', '')}>, not ${what}`
      : `the diagram has no element ${id}${didYouMean(id, ids)}`;
    this.problems.push(problem('BPMN_REFERENCE', `${kind}.${id}`, message));
    return undefined;
  }
}

/** Lanes and message flows, which are no flow elements of anything. */
function lanesAndFlows(definitions: BpmnElement): readonly BpmnElement[] {
  const lanesOf = (lane: BpmnElement): readonly BpmnElement[] => [
    lane,
    ...(lane.childLaneSet?.lanes ?? []).flatMap(lanesOf),
  ];
  return elementsIn(definitions).flatMap((element) => [
    ...(element.messageFlows ?? []),
    ...(element.laneSets ?? []).flatMap(({ lanes = [] }) => lanes.flatMap(lanesOf)),
  ]);
}
