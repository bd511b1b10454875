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
  const known = new Map(
    [...elementsIn(definitions), ...lanesAndFlows(definitions)].map((element) => [
      element.id,
      element as Writable,
    ]),
  );
  const problems: Problem[] = [];
  const find = (
    kind: string,
    id: string,
    fits: (element: BpmnElement) => boolean,
    what: string,
  ): Writable | undefined => {
    const element = known.get(id);
    if (element && fits(element)) return element;
    problems.push(
      problem(
        'BPMN_REFERENCE',
        `${kind}.${id}`,
        element
          ? `${id} is a <${element.$type.replace('bpmn:', '')}>, not ${what}`
          : `the diagram has no element ${id}${didYouMean(
              id,
              [...known.keys()].filter((other) => other !== undefined),
            )}`,
      ),
    );
    return undefined;
  };
  for (const [id, values] of Object.entries(sets)) {
    const element = find(
      'sets',
      id,
      (found) => /(Task|Event|Activity|Process|Transaction)$/.test(found.$type),
      'an activity or event',
    );
    if (!element) continue;
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
  for (const [id, condition] of Object.entries(conditions)) {
    const flow = find(
      'conditions',
      id,
      (found) => found.$type === 'bpmn:SequenceFlow',
      'a sequence flow',
    );
    if (flow)
      flow.conditionExpression = { $type: 'bpmn:FormalExpression', body: String(condition) };
  }
  const said = (element: Writable | undefined, given: object): void => {
    const attributes = Object.entries(given).map(([key, value]) => [
      `probity:${key}`,
      String(value),
    ]);
    // The parser's elements have attributes of their own: there is only a getter.
    Object.assign(element?.$attrs ?? {}, Object.fromEntries(attributes));
  };
  for (const [id, given] of Object.entries(actors))
    said(
      find(
        'actors',
        id,
        ({ $type }) => /^bpmn:(Lane|Participant|Process)$/.test($type),
        'a lane, pool or process',
      ),
      given,
    );
  for (const [id, given] of Object.entries(messages))
    said(
      find('messages', id, ({ $type }) => $type === 'bpmn:MessageFlow', 'a message flow'),
      given,
    );
  return problems;
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
