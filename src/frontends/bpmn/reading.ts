import { problem, type Problem, type ProblemCode } from '../../errors/index.ts';
import { didYouMean } from '../../errors/nearest.ts';
import type { Node } from './diagram.ts';
import type { BpmnElement, Dangling } from './moddle.ts';
import { Notes } from './notes.ts';
import { localName, type Place } from './scanner.ts';

/**
 * Names are compared with all others only for the first problems of a file: it may have thousands.
 */
const MISSPELT = 20;

/**
 * What reading shares: the nodes found so far, everything wrong so far, everything left out so far.
 */
export class DiagramReading {
  readonly problems: Problem[] = [];
  readonly notes = new Notes();
  /** What was looked at only up to a number. */
  readonly bounds = new Notes();
  /** What `expand.ts` made of an element of the file. */
  readonly copies = new Map<BpmnElement, BpmnElement[]>();
  readonly nodes = new Map<BpmnElement, Node>();
  /** Elements that have a problem already: what refers to them is not reported again. */
  readonly refused = new Set<BpmnElement>();
  readonly places: ReadonlyMap<string, Place>;
  /** Whether what the standard does not allow is a problem whatever it means. */
  readonly strict: boolean;
  /** Whether some pool's process is not in the file: what refers into it cannot be found. */
  readonly poolsElsewhere: boolean;
  private readonly dangling = new Map<BpmnElement, Dangling[]>();

  constructor(places: ReadonlyMap<string, Place>, dangling: readonly Dangling[], strict: boolean) {
    this.places = places;
    this.strict = strict;
    this.poolsElsewhere = dangling.some(({ property }) => localName(property) === 'processRef');
    for (const found of dangling) {
      const known = this.dangling.get(found.element);
      if (known) known.push(found);
      else this.dangling.set(found.element, [found]);
    }
  }

  report(code: ProblemCode, element: BpmnElement, message: string): void {
    const id = element.id;
    this.problems.push(
      problem(
        code,
        id ?? localName(element.$type),
        message,
        id === undefined ? {} : { ...this.places.get(id), elementId: id },
      ),
    );
  }

  /**
   * What the standard does not allow and has a meaning all the same: it is taken, and said, unless
   * the file is to be read strictly.
   */
  mend(code: ProblemCode, element: BpmnElement, message: string, about?: BpmnElement): void {
    if (this.strict) return this.report(code, element, message);
    const owner = about ?? element;
    this.notes.add(message, { id: owner.id ?? elementName(owner), name: text(owner.name) });
  }

  refuse(code: ProblemCode, element: BpmnElement, message: string): void {
    this.refused.add(element);
    this.report(code, element, message);
  }

  /** The nodes of an element: its own, or those of all its copies. */
  nodesOf(element: BpmnElement): readonly Node[] {
    const own = element.frame ? undefined : this.nodes.get(element);
    return [
      ...(own ? [own] : []),
      ...(this.copies.get(element) ?? []).flatMap((copy) => this.nodesOf(copy)),
    ];
  }

  /** What somebody most likely meant who wrote an id that is not there: the end of a message. */
  nearestId(id: string): string {
    return this.problems.length < MISSPELT ? didYouMean(id, this.places.keys()) : '';
  }

  /** The value of a reference of this element that names nothing. */
  unresolved(element: BpmnElement, property: string): string | undefined {
    return this.dangling.get(element)?.find((found) => found.property === `bpmn:${property}`)
      ?.value;
  }
}

/** An element and all that stand inside of it, however deep. */
export function elementsIn(element: BpmnElement): readonly BpmnElement[] {
  const inner = [
    ...(element.rootElements ?? []),
    ...(element.participants ?? []),
    ...(element.flowElements ?? []),
  ];
  return [element, ...inner.flatMap(elementsIn)];
}

/** `startEvent` of the type `bpmn:StartEvent`. */
export function elementName(element: BpmnElement): string {
  const name = localName(element.$type);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** A name as one line. */
export function text(name: string | undefined): string {
  return (name ?? '').replace(/\s+/g, ' ').trim();
}
