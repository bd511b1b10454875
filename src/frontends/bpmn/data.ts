import { parseFeel } from '../../model/feel.ts';
import { FeelError } from '../../model/feelTokens.ts';
import {
  PREDICATE_KINDS,
  type PropertyDocument,
  type Scalar,
  type VariableDocument,
} from '../../model/document.ts';
import type { Annotations } from './annotations.ts';
import type { Data, DataAssignment } from './diagram.ts';
import { feelOfJuel, isJuel } from './juel.ts';
import type { BpmnElement } from './moddle.ts';
import type { DiagramReading } from './reading.ts';
import { elementsIn, text } from './reading.ts';

/**
 * Data and properties that a diagram is annotated with (docs/bpmn.md, *Data*): `probity:` elements,
 * `probity:type` on data objects, and a side file, which has the last word.
 */
export function readData(
  definitions: BpmnElement,
  beside: Annotations,
  reading: DiagramReading,
): Data {
  const variables = new Map<string, VariableDocument>();
  const properties = new Map<string, PropertyDocument>();
  const declare = (element: BpmnElement, name: string, variable: VariableDocument): void => {
    if (!/^[A-Za-z_]\w*$/.test(name))
      reading.report(
        'NAME_INVALID',
        element,
        `\`${name.slice(0, 40)}\` is no name for a variable: letters, digits and _ only`,
      );
    else if (variables.has(name))
      reading.report('NAME_TAKEN', element, `the variable ${name} is declared twice`);
    else variables.set(name, variable);
  };
  for (const element of elementsIn(definitions)) {
    const type = element.$attrs?.['probity:type'];
    if (type !== undefined && /^bpmn:Data(Object|Store)/.test(element.$type)) {
      declare(element, text(element.name) || (element.id ?? ''), {
        type,
        init: initOf(element.$attrs?.['probity:init']),
        ...(element.id !== undefined && { elementId: element.id }),
      });
    }
    for (const given of annotations(element)) {
      const { name = '', type: declared, init } = given;
      if (given.$type === 'probity:variable') {
        if (declared === undefined)
          reading.report('MISSING_KEY', element, `the variable ${name} has no type`);
        else
          declare(element, name, {
            type: declared,
            init: initOf(init),
            ...(given.label === undefined ? {} : { label: given.label }),
          });
      }
      if (given.$type === 'probity:property' && !properties.has(name))
        properties.set(name, propertyOf(given));
    }
  }
  for (const [name, variable] of Object.entries(beside.variables ?? {}))
    variables.set(name, variable);
  for (const [name, property] of Object.entries(beside.properties ?? {}))
    properties.set(name, property);
  return { variables, properties };
}

/** What an element sets when it happens. */
export function assignmentsOf(element: BpmnElement): readonly DataAssignment[] {
  return annotations(element).flatMap((given) =>
    given.$type === 'probity:set' && given.variable !== undefined
      ? [{ variable: given.variable, value: given.value ?? '' }]
      : [],
  );
}

/**
 * The condition of a flow as FEEL, where it can be evaluated: it reads in the subset, and knows
 * only declared variables and their values. `= amount > 3` (Zeebe) and `${amount gt 3}` (Camunda)
 * are read as they are meant.
 */
export function conditionOf(element: BpmnElement, data: Data): string | undefined {
  const body = text(element.conditionExpression?.body);
  const feel = isJuel(body)
    ? feelOfJuel(body, (name) => emptinessOf(name, data))
    : body.replace(/^=\s*/, '');
  if (feel === undefined || feel === '' || data.variables.size === 0) return undefined;
  const known = new Set(
    [...data.variables].flatMap(([name, { type }]) => [name, ...membersOf(type)]),
  );
  try {
    return names(parseFeel(feel)).every((name) => known.has(name)) ? feel : undefined;
  } catch (error) {
    if (error instanceof FeelError) return undefined;
    throw error;
  }
}

function membersOf(type: string): readonly string[] {
  const members = /enum\s*\[([^\]]*)\]/.exec(type)?.[1];
  return members?.split(',').map((member) => member.trim()) ?? [];
}

/** What an empty variable is: an empty set, or the member of an enum that stands for it. */
function emptinessOf(name: string, { variables }: Data): string | undefined {
  const type = variables.get(name)?.type;
  if (type === undefined) return undefined;
  if (/^set\b/.test(type)) return `count(${name}) = 0`;
  const member = membersOf(type).find((each) => /^(empty|none|null|unset)$/.test(each));
  return member === undefined ? undefined : `${name} = ${member}`;
}

/** Every name that an expression reads. */
function names(syntax: unknown): readonly string[] {
  if (Array.isArray(syntax)) return syntax.flatMap(names);
  if (typeof syntax !== 'object' || syntax === null) return [];
  const node = syntax as { readonly kind?: string; readonly name?: string };
  return [
    ...(node.kind === 'name' && node.name !== undefined ? [node.name] : []),
    ...Object.values(syntax).flatMap(names),
  ];
}

interface Annotation extends Readonly<
  Partial<
    Record<
      | 'name'
      | 'type'
      | 'init'
      | 'label'
      | 'variable'
      | 'value'
      | 'from'
      | 'to'
      | 'severity'
      | 'references'
      | (typeof PREDICATE_KINDS)[number],
      string
    >
  >
> {
  readonly $type: string;
}

function annotations(element: BpmnElement): readonly Annotation[] {
  return (element.extensionElements?.values ?? []) as readonly unknown[] as readonly Annotation[];
}

function propertyOf(given: Annotation): PropertyDocument {
  const kind = PREDICATE_KINDS.find((found) => given[found] !== undefined);
  return {
    ...(kind && { [kind]: given[kind] }),
    ...(given.from !== undefined &&
      given.to !== undefined && { leadsTo: { from: given.from, to: given.to } }),
    ...(given.label !== undefined && { label: given.label }),
    ...(given.severity !== undefined && { severity: { eur: Number(given.severity) } }),
    ...(given.references !== undefined && {
      references: given.references.split(/[\s,]+/).filter((reference) => reference !== ''),
    }),
  };
}

function initOf(given: string | undefined): Scalar {
  if (given === undefined) return 'any';
  if (given === 'true' || given === 'false') return given === 'true';
  return /^-?\d+$/.test(given) ? Number(given) : given;
}
