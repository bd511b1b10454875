import { qualifiedName, type BpmnElement } from './moddle.ts';
import { elementName, text, type DiagramReading } from './reading.ts';

/**
 * Elements that stand for several runs of something are drawn out before the graph is built, so
 * that everything after this knows only plain activities: a call of a process in the same file
 * becomes a sub-process with a copy of it, an activity with a marker a frame around its runs
 * (§10.3.7, §13.3.6, §13.3.7), a pool with several instances as many processes. A copy remembers
 * what is drawn for it (`drawn`), and message flows to the original reach all copies.
 */
export class Expansion {
  private readonly reading: DiagramReading;
  private readonly bodies: ReadonlyMap<string, BpmnElement>;
  private readonly talking: ReadonlySet<BpmnElement | undefined>;
  private made = 0;

  constructor(
    roots: readonly BpmnElement[],
    collaborations: readonly BpmnElement[],
    reading: DiagramReading,
  ) {
    this.reading = reading;
    this.bodies = new Map(roots.filter(isDrawn).map((root) => [root.id ?? '', root]));
    this.talking = new Set(
      collaborations
        .flatMap((found) => found.messageFlows ?? [])
        .flatMap((flow) => [flow.sourceRef, flow.targetRef]),
    );
  }

  /** The processes that run by themselves: one that is only called does not. */
  topLevel(
    roots: readonly BpmnElement[],
    pools: ReadonlyMap<BpmnElement, BpmnElement>,
  ): readonly BpmnElement[] {
    const called = new Set(roots.flatMap((root) => callsIn(root.flowElements ?? [])));
    const free = roots.filter((root) => pools.has(root) || !called.has(root.id ?? ''));
    return free.some(isDrawn) ? free : roots;
  }

  /**
   * Draws out everything in a process; then the instances of its pool, the process itself first.
   */
  instancesOf(root: BpmnElement, pool: BpmnElement | undefined): readonly BpmnElement[] {
    this.expand(root.flowElements ?? [], [root]);
    if (!pool?.participantMultiplicity || !isDrawn(root)) return [root];
    const wanted = Number(pool.participantMultiplicity.maximum ?? MANY);
    const count = Math.min(Math.max(wanted, 1), MAX_POOLS);
    this.reading.bounds.add(
      `A pool with several instances is looked at with ${count} of them`,
      about(pool),
    );
    return [
      root,
      ...Array.from({ length: count - 1 }, (_, index) => this.copy(root, `_${index + 2}`)),
    ];
  }

  private expand(elements: readonly BpmnElement[], around: readonly BpmnElement[]): void {
    for (const element of elements) {
      if (this.made > MAX_COPIES) return;
      const called =
        element.$type === 'bpmn:CallActivity' ? this.bodies.get(calledBy(element)) : undefined;
      if (called && around.includes(called)) {
        this.reading.refuse(
          'BPMN_STRUCTURE',
          element,
          `the call of ${called.id ?? ''} leads back to itself: it would never end`,
        );
        continue;
      }
      if (called) this.call(element, called);
      if (element.flowElements)
        this.expand(element.flowElements, called ? [...around, called] : around);
      if (element.loopCharacteristics) this.repeat(element, element.loopCharacteristics);
    }
  }

  private call(element: BpmnElement, called: BpmnElement): void {
    const { flowElements, laneSets, artifacts } = this.copy(called, `_in_${element.id ?? ''}`);
    Object.assign(element, { flowElements, laneSets, artifacts, calledElement: undefined });
  }

  /** An activity with a marker becomes a frame around its runs, where anybody could tell. */
  private repeat(element: BpmnElement, marker: BpmnElement): void {
    if (!element.flowElements && !this.talking.has(element)) {
      return this.reading.notes.add(
        'An activity with a marker that exchanges no messages is one step, however often it runs',
        about(element),
      );
    }
    const loops = marker.$type === 'bpmn:StandardLoopCharacteristics';
    const instances = loops ? undefined : this.instances(element, marker);
    const sequential = loops || marker.isSequential === true;
    const frame =
      sequential && instances === undefined
        ? this.loop(element, loops && marker.testBefore === true)
        : sequential
          ? this.chain(element, instances ?? MANY)
          : this.side(element, instances);
    Object.assign(element, {
      flowElements: frame,
      laneSets: undefined,
      artifacts: undefined,
      loopCharacteristics: undefined,
      frame: true,
    });
  }

  /** How many instances a marker asks for, where it says so in figures. */
  private instances(element: BpmnElement, marker: BpmnElement): number | undefined {
    const said = element.$attrs?.['probity:instances'] ?? text(marker.loopCardinality?.body);
    if (!/^[1-9]\d*$/.test(said)) return undefined;
    if (Number(said) > MAX_INSTANCES)
      this.reading.bounds.add(
        `An activity with more instances is looked at with ${MAX_INSTANCES} of them`,
        about(element),
      );
    return Math.min(Number(said), MAX_INSTANCES);
  }

  /** Again and again, for as long as a condition asks for it that is not evaluated. */
  private loop(element: BpmnElement, testsFirst: boolean): BpmnElement[] {
    this.reading.notes.add(
      `A loop runs ${testsFirst ? 'any number of times, perhaps never' : 'once or more'}; how often is not looked at`,
      about(element),
    );
    const [start, first, again, run] = [
      part(element, 'StartEvent', 'begin'),
      part(element, 'ExclusiveGateway', 'first'),
      part(element, 'ExclusiveGateway', 'again'),
      this.run(element, 1),
    ];
    return testsFirst
      ? [
          start,
          again,
          run,
          flow(start, again),
          flow(again, run),
          flow(run, again),
          ...leave(element, again),
        ]
      : [
          start,
          first,
          run,
          again,
          flow(start, first),
          flow(first, run),
          flow(run, again),
          flow(again, first),
          ...leave(element, again),
        ];
  }

  private chain(element: BpmnElement, count: number): BpmnElement[] {
    const runs = Array.from({ length: count }, (_, index) => this.run(element, index + 1));
    return [...runs, ...runs.slice(1).map((run, index) => flow(runs[index] as BpmnElement, run))];
  }

  /** All at the same time. Of an unknown number one and two are looked at. */
  private side(element: BpmnElement, count: number | undefined): BpmnElement[] {
    if (count !== undefined)
      return Array.from({ length: count }, (_, index) => this.run(element, index + 1));
    this.reading.bounds.add(
      'An activity with an unknown number of instances is looked at with one and with two of them',
      about(element),
    );
    const [start, many, both] = [
      part(element, 'StartEvent', 'begin'),
      part(element, 'ExclusiveGateway', 'many'),
      part(element, 'ParallelGateway', 'both'),
    ];
    const [one, two] = [this.run(element, 1), this.run(element, 2)];
    return [
      start,
      many,
      both,
      one,
      two,
      flow(start, many),
      flow(many, one),
      flow(many, both),
      flow(both, one),
      flow(both, two),
    ];
  }

  /** One run of an activity: a copy without its marker and its place in the process. */
  private run(element: BpmnElement, index: number): BpmnElement {
    const {
      default: _default,
      loopCharacteristics: _marker,
      ...run
    } = this.copy(element, `_run${index}`);
    const plain: BpmnElement = { ...run, isForCompensation: false };
    const copies = this.reading.copies.get(element) ?? [];
    copies[copies.length - 1] = plain;
    return plain;
  }

  /** An element with all that it holds, references inside of it led to the copies. */
  private copy(element: BpmnElement, suffix: string): BpmnElement {
    const copies = new Map<BpmnElement, BpmnElement>();
    const whole = this.clone(element, suffix, copies);
    const there = <T extends BpmnElement | undefined>(found: T): T =>
      ((found && copies.get(found)) as T | undefined) ?? found;
    for (const [original, copy] of copies) {
      // moddle's references are not enumerable: none of them has come along.
      const {
        sourceRef,
        targetRef,
        attachedToRef,
        default: otherwise,
        flowNodeRef,
        eventDefinitionRef,
      } = original;
      Object.assign(copy, {
        sourceRef: there(sourceRef),
        targetRef: there(targetRef),
        attachedToRef: there(attachedToRef),
        default: there(otherwise),
        flowNodeRef: flowNodeRef?.map(there),
        eventDefinitionRef,
      });
    }
    return whole;
  }

  private clone(
    element: BpmnElement,
    suffix: string,
    copies: Map<BpmnElement, BpmnElement>,
  ): BpmnElement {
    if (this.made > MAX_COPIES) return element;
    this.made += 1;
    if (this.made > MAX_COPIES)
      this.reading.refuse(
        'INPUT_TOO_LARGE',
        element,
        `calls and instances copy more than ${MAX_COPIES} elements`,
      );
    const inner = (found: readonly BpmnElement[] | undefined): readonly BpmnElement[] | undefined =>
      found?.map((child) => this.clone(child, suffix, copies));
    const { flowElements, laneSets, lanes, artifacts, childLaneSet } = element;
    const copy: BpmnElement = {
      ...element,
      $type: element.$type,
      ...(element.$attrs && { $attrs: element.$attrs }),
      ...(element.$parent && { $parent: element.$parent }),
      drawn: drawnFor(element),
      ...(element.id === undefined ? {} : { id: element.id + suffix }),
      ...(flowElements && { flowElements: inner(flowElements) }),
      ...(laneSets && { laneSets: inner(laneSets) }),
      ...(lanes && { lanes: inner(lanes) }),
      ...(artifacts && { artifacts: inner(artifacts) }),
      ...(childLaneSet && { childLaneSet: this.clone(childLaneSet, suffix, copies) }),
    };
    copies.set(element, copy);
    const known = this.reading.copies.get(element);
    if (known) known.push(copy);
    else this.reading.copies.set(element, [copy]);
    return copy;
  }
}

/** More instances at the same time than this have more states than anybody waits for. */
const MAX_INSTANCES = 8;
const MAX_POOLS = 4;
const MANY = 2;
const MAX_COPIES = 20_000;

/** The id of what is drawn for an element. */
export function drawnFor(element: BpmnElement): string {
  return element.drawn ?? element.id ?? '';
}

function isDrawn(root: BpmnElement): boolean {
  return root.$type === 'bpmn:Process' && (root.flowElements ?? []).length > 0;
}

function callsIn(elements: readonly BpmnElement[]): readonly string[] {
  return elements.flatMap((element) => [calledBy(element), ...callsIn(element.flowElements ?? [])]);
}

/** What a call names: by its attribute, or as Zeebe writes it. */
function calledBy(element: BpmnElement): string {
  const extensions = (element.extensionElements?.values ?? []) as readonly {
    readonly $type: string;
    readonly processId?: string;
  }[];
  const named =
    element.calledElement ??
    extensions.find((given) => given.$type === 'zeebe:calledElement')?.processId ??
    '';
  const { local, elsewhere } = qualifiedName(named.trim(), element);
  return elsewhere ? '' : local;
}

function about(element: BpmnElement): { readonly id: string; readonly name: string } {
  return { id: element.id ?? elementName(element), name: text(element.name) };
}

/** A gateway or event of a frame. */
function part(element: BpmnElement, type: string, what: string): BpmnElement {
  return {
    $type: `bpmn:${type}`,
    id: `${element.id ?? ''}_${what}`,
    name: `${text(element.name) || (element.id ?? '')}: ${what}`,
    drawn: drawnFor(element),
  };
}

function flow(source: BpmnElement, target: BpmnElement): BpmnElement {
  return {
    $type: 'bpmn:SequenceFlow',
    id: `${source.id ?? ''}__${target.id ?? ''}`,
    sourceRef: source,
    targetRef: target,
    drawn: drawnFor(source),
  };
}

/** The way out of a loop: the token ends, and with it the activity. */
function leave(element: BpmnElement, from: BpmnElement): readonly BpmnElement[] {
  const out = part(element, 'ExclusiveGateway', 'done');
  return [out, flow(from, out)];
}
