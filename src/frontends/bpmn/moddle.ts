import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import type { Scan } from './scanner.ts';

/**
 * The part of bpmn-moddle's output that this frontend reads. Every property may be missing: the XML
 * is somebody's drawing. A reference (`sourceRef`, …) that names nothing is `undefined` here and
 * stands in `Parsed.dangling`.
 */
export interface BpmnElement {
  readonly $type: string;
  /** Attributes of other namespaces. */
  readonly $attrs?: Readonly<Record<string, string>>;
  readonly $parent?: BpmnElement;
  readonly targetNamespace?: string;
  readonly id?: string;
  /**
   * Made by `expand.ts`, not in the file: the id of what is drawn for this copy; a frame around
   * several runs of an activity.
   */
  readonly drawn?: string;
  readonly frame?: boolean;
  readonly name?: string;
  readonly rootElements?: readonly BpmnElement[];
  // collaboration
  readonly participants?: readonly BpmnElement[];
  readonly messageFlows?: readonly BpmnElement[];
  readonly processRef?: BpmnElement;
  readonly participantMultiplicity?: BpmnElement;
  readonly maximum?: number;
  // process
  readonly flowElements?: readonly BpmnElement[];
  readonly laneSets?: readonly BpmnElement[];
  readonly lanes?: readonly BpmnElement[];
  readonly childLaneSet?: BpmnElement;
  readonly flowNodeRef?: readonly BpmnElement[];
  readonly artifacts?: readonly BpmnElement[];
  // flow elements
  readonly sourceRef?: BpmnElement;
  readonly targetRef?: BpmnElement;
  readonly conditionExpression?: BpmnElement;
  readonly default?: BpmnElement;
  readonly eventDefinitions?: readonly BpmnElement[];
  readonly eventDefinitionRef?: readonly BpmnElement[];
  readonly loopCharacteristics?: BpmnElement;
  readonly isSequential?: boolean;
  readonly testBefore?: boolean;
  readonly loopCardinality?: BpmnElement;
  readonly isForCompensation?: boolean;
  readonly instantiate?: boolean;
  readonly eventGatewayType?: string;
  readonly parallelMultiple?: boolean;
  readonly attachedToRef?: BpmnElement;
  readonly cancelActivity?: boolean;
  readonly calledElement?: string;
  readonly triggeredByEvent?: boolean;
  readonly isInterrupting?: boolean;
  readonly activationCondition?: BpmnElement;
  readonly activityRef?: BpmnElement;
  readonly timeCycle?: BpmnElement;
  readonly timeDuration?: BpmnElement;
  readonly timeDate?: BpmnElement;
  readonly signalRef?: BpmnElement;
  readonly escalationRef?: BpmnElement;
  readonly errorRef?: BpmnElement;
  readonly errorCode?: string;
  readonly escalationCode?: string;
  readonly extensionElements?: { readonly values?: readonly BpmnElement[] };
  readonly body?: string;
  readonly text?: string;
}

/** A reference that names no element: of which element, by which property, to what. */
export interface Dangling {
  readonly element: BpmnElement;
  readonly property: string;
  readonly value: string;
}

export interface Parsed {
  readonly definitions: BpmnElement;
  readonly dangling: readonly Dangling[];
  /** References by a prefix that nothing declares, taken for names of this file. */
  readonly undeclared: readonly Dangling[];
  /** Elements of other vendors that stand where BPMN has no place for them, left out; in words. */
  readonly ignored: readonly string[];
}

interface Warning {
  readonly message: string;
  readonly element?: BpmnElement;
  readonly property?: string;
  readonly value?: string;
}

interface Context {
  addWarning(warning: Warning): void;
}

/** What `fromXML` takes and gives, as far as it is used; the package has no types of its own. */
interface Moddle {
  fromXML(
    xml: string,
    options: object,
  ): Promise<{
    readonly rootElement: BpmnElement;
    readonly elementsById: Readonly<Record<string, BpmnElement & { id: string }>>;
  }>;
}

/**
 * Content that cannot be parsed costs the parser a count of all lines before it, so that a file
 * full of it would hang us.
 */
const MAX_UNPARSABLE = 100;

/**
 * Loaded when the first diagram comes: a check of a native model does without it. What it builds of
 * the BPMN schema serves all.
 */
let moddle: Moddle | undefined;

async function load(): Promise<Moddle> {
  const { default: BpmnModdle } = (await import('bpmn-moddle')) as unknown as {
    default: new () => Moddle;
  };
  return new BpmnModdle();
}

/**
 * Parses the text as BPMN 2.0 XML; every warning of the parser becomes a problem, a dangling
 * reference, or a note.
 */
export async function parse(scanned: Scan): Promise<Result<Parsed>> {
  const seen: Warning[] = [];
  moddle ??= await load();
  try {
    const { rootElement, elementsById } = await moddle.fromXML(scanned.text, {
      handler: limitedHandler(seen),
    });
    for (const [name, id] of scanned.renamed) {
      const element = elementsById[name];
      if (element) element.id = id;
    }
    const names = new Map([...scanned.renamed].map(([name, id]) => [id, name]));
    const find = (id: string): BpmnElement | undefined => elementsById[names.get(id) ?? id];
    const read = sorted(rootElement, seen, scanned.renamed, find);
    return read.ok
      ? ok({
          ...read.value,
          ignored: [
            ...scanned.leftOut,
            ...scanned.repeated.map(({ sentence }) => sentence),
            ...read.value.ignored,
          ],
        })
      : read;
  } catch (cause) {
    const problems = seen.map(asProblem).filter((found) => found !== undefined);
    if (problems.length > 0) return bad(...problems);
    return bad(fromMessage('XML_SYNTAX', cause instanceof Error ? cause.message : String(cause)));
  }
}

function sorted(
  definitions: BpmnElement,
  warnings: readonly Warning[],
  renamed: Scan['renamed'],
  find: (id: string) => BpmnElement | undefined,
): Result<Parsed> {
  const problems: Problem[] = [];
  const dangling: Dangling[] = [];
  const undeclared: Dangling[] = [];
  const ignored: string[] = [];
  for (const warning of warnings) {
    const found = asProblem(warning);
    if (found) problems.push(found);
    else if (
      warning.element &&
      warning.property !== undefined &&
      warning.message.startsWith('unresolved reference')
    ) {
      const value = (warning.value ?? '').trim();
      const { element, property } = warning;
      const unresolved = { element, property, value: renamed.get(value) ?? value };
      const named = qualifiedName(value, element);
      const found = find(value) ?? (named.elsewhere ? undefined : find(named.local));
      if (found) tie(element, property, found);
      else dangling.push(unresolved);
      if (found && named.undeclared) undeclared.push(unresolved);
    } else if (/unrecognized element/.test(warning.message)) {
      ignored.push(
        `${nested(warning.message).replace('unrecognized element ', '')} is no BPMN element and was left out.`,
      );
    }
  }
  return problems.length > 0
    ? bad(...problems)
    : ok({ definitions, dangling, undeclared, ignored });
}

/**
 * A name as `xsd:QName` (BPMN 2.0.2 §8.2.1): with a prefix it is of this file if the prefix stands
 * for the target namespace of the file. One that nothing declares is taken for this file's.
 */
export function qualifiedName(
  value: string,
  at: BpmnElement,
): { readonly local: string; readonly elsewhere: boolean; readonly undeclared: boolean } {
  const colon = value.indexOf(':');
  if (colon === -1) return { local: value, elsewhere: false, undeclared: false };
  let namespace: string | undefined;
  let root = at;
  for (let here: BpmnElement | undefined = at; here; here = here.$parent) {
    namespace ??= here.$attrs?.[`xmlns:${value.slice(0, colon)}`];
    root = here;
  }
  const undeclared = namespace === undefined;
  return {
    local: value.slice(colon + 1),
    elsewhere: !undeclared && namespace !== root.targetNamespace,
    undeclared,
  };
}

/** As the parser ties what it resolves itself. */
function tie(element: BpmnElement, property: string, found: BpmnElement): void {
  const held = element as unknown as {
    get(name: string): unknown;
    set(name: string, value: unknown): void;
  };
  const known = held.get(property);
  if (Array.isArray(known)) known.push(found);
  else held.set(property, found);
}

/**
 * What a pattern in a warning means. The first that matches decides; a warning that matches none is
 * harmless.
 */
const MEANINGS: readonly (readonly [RegExp, Problem['code'] | 'harmless'])[] = [
  [/^(unresolved reference|unknown attribute|unsupported document encoding)/, 'harmless'],
  [/unrecognized element <(?!bpmn:)[^>]*:[^>]*>/, 'harmless'],
  [/unrecognized element/, 'BPMN_STRUCTURE'],
  [/unexpected element|failed to parse document/, 'BPMN_SHAPE'],
  [/already defined|outside of root|attribute|quotes|closing|unclosed|mismatch/, 'XML_SYNTAX'],
  [/unparsable content/, 'BPMN_SHAPE'],
];

function asProblem(warning: Warning): Problem | undefined {
  const code = MEANINGS.find(([pattern]) => pattern.test(warning.message))?.[1];
  return code === undefined || code === 'harmless' ? undefined : fromMessage(code, warning.message);
}

/** The parser's message carries its position (from 0) in the text. */
function fromMessage(code: Problem['code'], message: string): Problem {
  const position = /line: (\d+)\s+column: (\d+)/.exec(message);
  const place = position ? { line: Number(position[1]) + 1, column: Number(position[2]) + 1 } : {};
  const notBpmn = /unexpected element|failed to parse document/.test(message);
  return problem(
    notBpmn ? 'BPMN_SHAPE' : code,
    '',
    notBpmn ? `the root is not BPMN 2.0 <definitions>: ${nested(message)}` : nested(message),
    place,
  );
}

function nested(message: string): string {
  return /nested error: (.*)/.exec(message)?.[1] ?? message.split('\n')[0] ?? message;
}

/**
 * The parser's own root handler, with a limit on how many warnings it may collect before it gives
 * up.
 */
function limitedHandler(seen: Warning[]): (this: unknown, typeName: string) => object {
  return function handler(this: unknown, typeName: string): object {
    const reader = Object.getPrototypeOf(this) as { handler(name: string): object };
    const root = reader.handler.call(this, typeName);
    let current: Context | undefined;
    let unparsable = 0;
    Object.defineProperty(root, 'context', {
      get: () => current,
      set: (context: Context) => {
        const add = context.addWarning.bind(context);
        context.addWarning = (warning) => {
          seen.push(warning);
          if (warning.message.startsWith('unparsable')) unparsable += 1;
          if (unparsable > MAX_UNPARSABLE)
            throw new Error(`more than ${MAX_UNPARSABLE} things in this file cannot be read`);
          add(warning);
        };
        current = context;
      },
    });
    return root;
  };
}
