import type { Drawing, Figure, FigureShape, Line } from '../../drawing/drawing.ts';
import { layOut, type Link, type Placeable } from '../../drawing/layout.ts';
import type { Interchange } from './interchange.ts';
import type { BpmnElement } from './moddle.ts';
import { text } from './reading.ts';
import { localName } from './scanner.ts';

/** The drawing of a file: its own (§12), or, where it has none, one that is made for it. */
export function drawingOf(definitions: BpmnElement, interchange: Interchange): Drawing {
  const drawn = placed(everything(definitions), interchange);
  return drawn.figures.length > 0 ? drawn : laidOut(definitions);
}

/** All that can be drawn, what is around before what is inside. */
function everything(element: BpmnElement): readonly BpmnElement[] {
  const {
    rootElements,
    participants,
    laneSets,
    lanes,
    childLaneSet,
    flowElements,
    messageFlows,
    artifacts,
  } = element;
  const inside = [
    ...(participants ?? []),
    ...[...(rootElements ?? [])].filter((root) => root.$type === 'bpmn:Collaboration'),
    ...[...(rootElements ?? [])].filter((root) => root.$type !== 'bpmn:Collaboration'),
    ...(laneSets ?? []),
    ...(lanes ?? []),
    ...(childLaneSet ? [childLaneSet] : []),
    ...(flowElements ?? []),
    ...(messageFlows ?? []),
    ...(artifacts ?? []),
  ];
  return inside.flatMap((found) => [found, ...everything(found)]);
}

function placed(elements: readonly BpmnElement[], { shapes, edges, labels }: Interchange): Drawing {
  const figures: Figure[] = [];
  const lines: Line[] = [];
  for (const element of elements) {
    const id = element.id ?? '';
    const [shape, points] = [shapes.get(id), edges.get(id)];
    const figure = shape && figureOf(element, shape.expanded);
    const label = labels.get(id);
    if (shape && figure) {
      const { x, y, width, height } = shape;
      figures.push({ ...figure, x, y, width, height, ...(label && { label }) });
    }
    if (points && points.length > 1)
      lines.push({
        id,
        kind: kindOf(element),
        name: text(element.name),
        points,
        ...(label && { label }),
      });
  }
  return { figures, lines };
}

const LINE_KINDS: Readonly<Record<string, Line['kind']>> = {
  'bpmn:SequenceFlow': 'sequence',
  'bpmn:MessageFlow': 'message',
};

function kindOf(element: BpmnElement): Line['kind'] {
  return LINE_KINDS[element.$type] ?? 'association';
}

/** How an element is drawn; nothing for what is no figure. */
function figureOf(
  element: BpmnElement,
  expanded: boolean,
): Omit<Figure, 'x' | 'y' | 'width' | 'height'> | undefined {
  const shape = shapeOf(element, expanded);
  return (
    shape && {
      id: element.id ?? '',
      shape,
      name: text(element.name) || text(element.text),
      symbols: symbolsOf(element, shape),
      border: borderOf(element),
    }
  );
}

const SHAPES: readonly (readonly [RegExp, FigureShape])[] = [
  [/^Participant$/, 'pool'],
  [/^Lane$/, 'lane'],
  [/Gateway$/, 'gateway'],
  [/Event$/, 'event'],
  [/(Task|SubProcess|Transaction|CallActivity)$/, 'activity'],
  [/^Data/, 'data'],
  [/^TextAnnotation$/, 'note'],
  [/^Group$/, 'frame'],
];

function shapeOf(element: BpmnElement, expanded: boolean): FigureShape | undefined {
  const shape = SHAPES.find(([pattern]) => pattern.test(localName(element.$type)))?.[1];
  return shape === 'activity' && expanded && (element.flowElements ?? []).length > 0
    ? 'frame'
    : shape;
}

function borderOf(element: BpmnElement): Figure['border'] {
  const type = localName(element.$type);
  if (type === 'EndEvent' || type === 'CallActivity') return 'thick';
  if (type === 'StartEvent') return element.isInterrupting === false ? 'dashed' : 'plain';
  if (type === 'BoundaryEvent') return element.cancelActivity === false ? 'doubleDashed' : 'double';
  if (type.startsWith('Intermediate') || type === 'Transaction') return 'double';
  return element.triggeredByEvent === true ? 'dashed' : 'plain';
}

const TRIGGERS: Readonly<Record<string, string>> = { Conditional: 'condition' };

function symbolsOf(element: BpmnElement, shape: FigureShape): string[] {
  const type = localName(element.$type);
  if (shape === 'gateway') return [lowered(type.replace('Gateway', ''))];
  if (shape === 'event') {
    const definitions = (element.eventDefinitions ?? []).map((found) =>
      localName(found.$type).replace('EventDefinition', ''),
    );
    const trigger = definitions.length > 1 ? 'multiple' : definitions[0];
    return [
      ...(trigger === undefined ? [] : [TRIGGERS[trigger] ?? lowered(trigger)]),
      ...(/^(EndEvent|IntermediateThrowEvent)$/.test(type) ? ['throw'] : []),
    ];
  }
  if (shape !== 'activity' && shape !== 'frame') return [];
  const kind = type === 'Task' || !type.endsWith('Task') ? [] : [lowered(type.replace('Task', ''))];
  const loop = element.loopCharacteristics;
  const marker = !loop
    ? []
    : [
        loop.$type === 'bpmn:StandardLoopCharacteristics'
          ? 'loop'
          : loop.isSequential
            ? 'sequentialInstances'
            : 'parallelInstances',
      ];
  const collapsed = shape === 'activity' && (element.flowElements ?? []).length > 0;
  return [
    ...kind,
    ...marker,
    ...(element.isForCompensation ? ['compensation'] : []),
    ...(type === 'AdHocSubProcess' ? ['adHoc'] : []),
    ...(collapsed ? ['collapsed'] : []),
  ];
}

function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

const SIZES: Readonly<Partial<Record<FigureShape, readonly [number, number]>>> = {
  activity: [100, 80],
  gateway: [50, 50],
  event: [36, 36],
  frame: [140, 100],
  data: [36, 50],
};

/** Every process as a pool, message flows between them. */
function laidOut(definitions: BpmnElement): Drawing {
  const roots = definitions.rootElements ?? [];
  const collaborations = roots.filter((root) => root.$type === 'bpmn:Collaboration');
  const participants = collaborations.flatMap((found) => found.participants ?? []);
  const owned = new Set(participants.map((participant) => participant.processRef));
  const pools = [
    ...participants.map((participant) => pool(participant, participant.processRef)),
    ...roots
      .filter(
        (root) =>
          root.$type === 'bpmn:Process' && !owned.has(root) && (root.flowElements ?? []).length > 0,
      )
      .map((root) => pool(root, root)),
  ];
  return layOut(pools, linksOf(collaborations.flatMap((found) => found.messageFlows ?? [])));
}

function pool(element: BpmnElement, process: BpmnElement | undefined): Placeable {
  return {
    id: element.id ?? '',
    shape: 'pool',
    name: text(element.name),
    symbols: [],
    border: 'plain',
    width: 0,
    height: 0,
    onBorder: [],
    ...contentOf(process?.flowElements ?? []),
  };
}

function contentOf(elements: readonly BpmnElement[]): Pick<Placeable, 'inside' | 'links'> {
  const items = elements
    .filter((element) => !element.attachedToRef)
    .flatMap((element) => item(element, elements) ?? []);
  return {
    inside: items,
    links: linksOf(elements.filter((element) => element.$type === 'bpmn:SequenceFlow')),
  };
}

function item(element: BpmnElement, beside: readonly BpmnElement[]): Placeable | undefined {
  const figure = figureOf(element, true);
  const size = figure && SIZES[figure.shape];
  if (!size || figure.shape === 'data') return undefined;
  const onBorder = beside
    .filter((event) => event.attachedToRef === element)
    .flatMap((event) => item(event, []) ?? []);
  return {
    ...figure,
    width: Math.max(size[0], onBorder.length * 44 + 20),
    height: size[1],
    onBorder,
    ...contentOf(element.flowElements ?? []),
  };
}

function linksOf(elements: readonly BpmnElement[]): Link[] {
  return elements.flatMap((element) => {
    const [from, to] = [element.sourceRef?.id, element.targetRef?.id];
    return from === undefined || to === undefined
      ? []
      : [{ id: element.id ?? '', kind: kindOf(element), name: text(element.name), from, to }];
  });
}
