import { problem, type Locate, type Problem } from '../../errors/index.ts';
import { listed } from '../../errors/nearest.ts';

/**
 * The shape of a native document, as data: the checker below walks it, and
 * `schemas/model.schema.json` is printed from it, so that an editor and `probity check` cannot
 * disagree.
 */
export type Shape =
  | {
      readonly kind: 'text' | 'expression' | 'type' | 'boolean' | 'name' | 'true';
      readonly about: string;
    }
  | { readonly kind: 'integer'; readonly min: number; readonly about: string }
  | { readonly kind: 'number'; readonly min: number; readonly about: string }
  | {
      readonly kind: 'oneOf';
      readonly values: readonly (string | number)[];
      readonly about: string;
    }
  | { readonly kind: 'list'; readonly of: Shape; readonly about: string }
  | { readonly kind: 'either'; readonly options: readonly Shape[]; readonly about: string }
  | { readonly kind: 'mapping'; readonly of: Shape; readonly about: string }
  | {
      readonly kind: 'record';
      readonly fields: Readonly<Record<string, Field>>;
      readonly about: string;
    };

interface Field {
  readonly shape: Shape;
  readonly required?: true;
}

export const textShape = (about: string): Shape => ({ kind: 'text', about });
const expression = (about: string): Shape => ({ kind: 'expression', about });
const type = (about: string): Shape => ({ kind: 'type', about });
export const mapping = (about: string, of: Shape): Shape => ({ kind: 'mapping', about, of });
export const listShape = (about: string, of: Shape): Shape => ({ kind: 'list', about, of });
export const record = (about: string, fields: Readonly<Record<string, Field>>): Shape => ({
  kind: 'record',
  about,
  fields,
});
export const oneOf = (about: string, ...values: (string | number)[]): Shape => ({
  kind: 'oneOf',
  about,
  values,
});
export const requiredField = (shape: Shape): Field => ({ shape, required: true });
export const optionalField = (shape: Shape): Field => ({ shape });
const names = (about: string): Shape => listShape(about, { kind: 'name', about: 'a name' });
const INIT: Shape = {
  kind: 'either',
  about:
    'the initial value: an expression over parameters, `any`, `in [lo..hi]`, `in (a, b)`, or one per key of a map',
  options: [
    expression('an expression over parameters'),
    mapping('one initial value per key', expression('an initial value')),
  ],
};
const SEND: Shape = mapping(
  'channel: message',
  mapping('field: value', expression('the value of the field')),
);
const CONTROLS: Shape = mapping('name: condition', {
  kind: 'either',
  about: 'the check that a threat may take away',
  options: [
    expression('the check'),
    record('a check with what it is for', {
      check: requiredField(expression('the check')),
      sequence: optionalField({ kind: 'boolean', about: 'it keeps the order of steps' }),
    }),
  ],
});

const MEDIUM = (otherwise: string): Shape =>
  oneOf(
    `what an attacker on the network can do (SEMANTICS 18); ${otherwise}`,
    'private',
    'public',
    'authenticated',
    'signed',
  );

const VARIABLE = record('a variable', {
  type: requiredField(
    type('bool, int, int lo..hi, enum […], a set, a set or null, set of T, map S to T'),
  ),
  init: requiredField(INIT),
  label: optionalField(textShape('what people call it')),
  elementId: optionalField(textShape('the id of the diagram element behind it')),
  sensor: optionalField({ kind: 'boolean', about: 'a reading that a sensor fault can falsify' }),
  keptBy: optionalField(textShape('the actor who keeps it: one who is not trusted can change it')),
  messages: optionalField(
    record('it counts messages without content that are under way on a channel of its name', {
      from: requiredField(textShape('the sending actor')),
      to: requiredField(textShape('the receiving actor')),
      medium: optionalField(MEDIUM('public when absent')),
    }),
  ),
});
const SKIP = record('how an activity is passed over by an actor who should do it', {
  actor: requiredField(textShape('who should do it')),
  from: requiredField(names('counters of tokens, from one of which a token goes')),
  to: requiredField(names('counters of tokens, to one of which it goes')),
  label: optionalField(textShape('what people call it')),
});
const ACTOR = record('an actor', {
  trust: optionalField(oneOf('how far it can be relied on', 'trusted', 'insider', 'untrusted')),
  recovers: optionalField({ kind: 'boolean', about: 'an outage of this actor ends' }),
  label: optionalField(textShape('what people call it')),
});
const CHANNEL = record('a channel', {
  from: requiredField(textShape('the sending actor')),
  to: requiredField(textShape('the receiving actor')),
  carries: requiredField(mapping('field: type', type('the type of the field'))),
  medium: optionalField(MEDIUM('private when absent')),
  order: optionalField(oneOf('bag (any order; when absent) or fifo', 'bag', 'fifo')),
  capacity: optionalField({
    kind: 'integer',
    min: 1,
    about: 'how many messages it holds; 1 when absent',
  }),
  unbounded: optionalField({
    kind: 'boolean',
    about:
      'the capacity only says how far the channel is looked at: a message too many is a bound, no error',
  }),
  signed: optionalField(names('the fields that the signature covers')),
  fresh: optionalField(names('the fields that the receiver accepts once')),
  unguessable: optionalField(names('the fields that an attacker cannot make up')),
});
const ACTION = record('an action', {
  actor: requiredField(textShape('who does it')),
  for: optionalField(mapping('name: set or finite type', type('a set or a finite type'))),
  receive: optionalField(
    mapping('channel: name of the message', { kind: 'name', about: 'a name' }),
  ),
  when: optionalField(expression('the guard')),
  controls: optionalField({
    kind: 'either',
    about: 'named checks, all of which must pass',
    options: [CONTROLS, listShape('in order', CONTROLS)],
  }),
  then: optionalField(mapping('cell: new value', expression('read in the state before the step'))),
  send: optionalField({
    kind: 'either',
    about: 'messages sent',
    options: [SEND, listShape('in order', SEND)],
  }),
  fair: optionalField(
    oneOf(
      'it does not wait for ever: weak when continuously enabled, strong when enabled again and again',
      'weak',
      'strong',
    ),
  ),
  perMessage: optionalField({ kind: 'boolean', about: 'one fairness condition per message value' }),
  label: optionalField(textShape('what people call it')),
  elementId: optionalField(textShape('the id of the diagram element behind it')),
});
const PROPERTY = record('a property: exactly one kind, and what it means to the business', {
  always: optionalField(expression('true in every reachable state')),
  never: optionalField(expression('false in every reachable state')),
  eventually: optionalField(expression('true at some time of every fair run')),
  eventuallyAlways: optionalField(
    expression('true from some time on, for ever, in every fair run'),
  ),
  leadsTo: optionalField(
    record('whenever one holds, the other holds then or later', {
      from: requiredField(expression('the cause')),
      to: requiredField(expression('the effect')),
    }),
  ),
  reachable: optionalField(
    expression('true in some reachable state, for every value of the parameters'),
  ),
  recoverable: optionalField(expression('reachable from every reachable state')),
  deadlockFree: optionalField({ kind: 'true', about: 'every stuck state is final' }),
  reachableEach: optionalField(mapping('name: goal', expression('each goal is reachable'))),
  all: optionalField(names('all of these properties hold')),
  ltl: optionalField(textShape('linear temporal logic without next')),
  kind: optionalField(textShape('the name of the kind to show')),
  label: optionalField(textShape('what people call it')),
  severity: optionalField(
    record('what a violation costs', {
      eur: requiredField({ kind: 'number', min: 0, about: 'euros' }),
    }),
  ),
  lossGroup: optionalField(
    textShape('properties of one group lose at most once together (SEMANTICS 24)'),
  ),
  references: optionalField(
    listShape('controls, threats, clauses of standards', textShape('an identifier')),
  ),
});

export const MODEL_SHAPE = record('A workflow model for Probity', {
  probity: requiredField(oneOf('the version of this format', 1)),
  name: requiredField(textShape('what people call the model')),
  description: optionalField(textShape('what it is about')),
  sets: optionalField(
    mapping('finite index sets: a list of elements, or a number', {
      kind: 'either',
      about: 'elements, or how many',
      options: [names('the elements'), { kind: 'integer', min: 1, about: 'how many' }],
    }),
  ),
  parameters: optionalField(
    mapping('unknown, never changing; every value is checked', type('a type')),
  ),
  variables: requiredField(mapping('the state', VARIABLE)),
  actors: requiredField(mapping('who acts', ACTOR)),
  channels: optionalField(mapping('how messages travel', CHANNEL)),
  actions: requiredField(mapping('the guarded steps', ACTION)),
  properties: optionalField(mapping('what must be true', PROPERTY)),
  final: optionalField(expression('the states in which the workflow may end')),
  fairness: optionalField(
    listShape(
      'fairness of several actions together: exactly one of weak and strong',
      record('one condition for the steps of all these actions', {
        weak: optionalField(
          names('some of these does not wait for ever when one of them is always enabled'),
        ),
        strong: optionalField(
          names('some of these does not wait for ever when one of them is enabled again and again'),
        ),
      }),
    ),
  ),
  skips: optionalField(mapping('activities that may be passed over', SKIP)),
  abstractions: optionalField(
    listShape('what a frontend widened, in words', textShape('a sentence')),
  ),
  bounds: optionalField(
    listShape(
      'what was looked at only up to a number, in words: nothing that holds of every run is then more than bounded',
      textShape('a sentence'),
    ),
  ),
});

/** A side file to a diagram: what it could also be annotated with (docs/bpmn.md, *Data*). */
export const ANNOTATION_SHAPE = record('Data and properties of a BPMN diagram', {
  variables: optionalField(mapping('the data', VARIABLE)),
  sets: optionalField(
    mapping(
      'what becomes of the data when an element happens, by its id',
      mapping('variable: new value', expression('read before the element happens')),
    ),
  ),
  conditions: optionalField(
    mapping('the condition of a sequence flow, by its id', expression('over the data')),
  ),
  properties: optionalField(mapping('what must be true', PROPERTY)),
  channels: optionalField(textShape('how messages travel')),
  actors: optionalField(
    mapping(
      'who acts, by the id of a lane, pool or process',
      record('how far this actor can be relied on', {
        trust: optionalField(oneOf('trusted when absent', 'trusted', 'insider', 'untrusted')),
        recovers: optionalField({ kind: 'boolean', about: 'an outage of this actor ends' }),
      }),
    ),
  ),
  messages: optionalField(
    mapping(
      'message flows, by their ids',
      record('how its messages travel', { medium: optionalField(MEDIUM('public when absent')) }),
    ),
  ),
  outside: optionalField(textShape('`silent` if what comes from outside may never come')),
  strict: optionalField({
    kind: 'boolean',
    about: 'whether what the standard does not allow is refused',
  }),
});

/** More than this nobody reads, and each costs a search for its place. */
const MAX_PROBLEMS = 200;

/** All places where a value does not have the shape of a model, or another one. */
export function checkShape(value: unknown, locate: Locate, shape: Shape = MODEL_SHAPE): Problem[] {
  const problems: Problem[] = [];
  let left = 0;
  walk(value, shape, [], (code, path, message) => {
    if (problems.length < MAX_PROBLEMS)
      problems.push(problem(code, path.join('.'), message, locate(path)));
    else left += 1;
  });
  return left === 0
    ? problems
    : [...problems, problem('MODEL_SHAPE', '', `and ${left} more problems of this kind`)];
}

type Report = (
  code: 'MODEL_SHAPE' | 'UNKNOWN_KEY' | 'MISSING_KEY',
  path: readonly string[],
  message: string,
) => void;

function walk(value: unknown, shape: Shape, path: readonly string[], report: Report): void {
  const expected = (what: string): void =>
    report('MODEL_SHAPE', path, `${path.at(-1) ?? 'the document'} must be ${what}: ${shape.about}`);
  switch (shape.kind) {
    case 'text':
    case 'name':
    case 'type':
      if (typeof value !== 'string') expected('text');
      return;
    case 'expression':
      if (!isScalarOrList(value)) expected('an expression');
      return;
    case 'boolean':
      if (typeof value !== 'boolean') expected('true or false');
      return;
    case 'true':
      if (
        value !== true &&
        value !== null &&
        !(isMapping(value) && Object.keys(value).length === 0)
      )
        expected('true');
      return;
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < shape.min)
        expected(`an integer from ${shape.min}`);
      return;
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value) || value < shape.min)
        expected(`a number from ${shape.min}`);
      return;
    case 'oneOf':
      if (!shape.values.includes(value as string | number))
        expected(`one of ${shape.values.join(', ')}`);
      return;
    case 'list':
      if (!Array.isArray(value)) expected('a list');
      else value.forEach((item, i) => walk(item, shape.of, [...path, String(i)], report));
      return;
    case 'either': {
      const option = shape.options.find((o) => sameForm(value, o));
      if (option) walk(value, option, path, report);
      else expected(shape.options.map((o) => FORM[o.kind]).join(' or '));
      return;
    }
    case 'mapping':
      if (!isMapping(value)) expected('a mapping');
      else
        for (const [key, item] of Object.entries(value))
          walk(item, shape.of, [...path, key], report);
      return;
    case 'record':
      walkRecord(value, shape, path, report, expected);
  }
}

function walkRecord(
  value: unknown,
  shape: Extract<Shape, { kind: 'record' }>,
  path: readonly string[],
  report: Report,
  expected: (what: string) => void,
): void {
  if (!isMapping(value)) {
    expected('a mapping');
    return;
  }
  for (const [key, field] of Object.entries(shape.fields)) {
    if (Object.hasOwn(value, key)) walk(value[key], field.shape, [...path, key], report);
    else if (field.required)
      report(
        'MISSING_KEY',
        path,
        `${path.at(-1) ?? 'the document'} lacks \`${key}\`: ${field.shape.about}`,
      );
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(shape.fields, key))
      report(
        'UNKNOWN_KEY',
        [...path, key],
        `\`${key}\` is not a key of ${shape.about}; known: ${listed(Object.keys(shape.fields), key)}`,
      );
  }
}

const FORM: Readonly<Record<Shape['kind'], string>> = {
  text: 'text',
  name: 'a name',
  type: 'a type',
  expression: 'an expression',
  boolean: 'true or false',
  true: 'true',
  integer: 'an integer',
  number: 'a number',
  oneOf: 'a fixed word',
  list: 'a list',
  either: 'one of several',
  mapping: 'a mapping',
  record: 'a mapping',
};

function sameForm(value: unknown, shape: Shape): boolean {
  if (shape.kind === 'mapping' || shape.kind === 'record') return isMapping(value);
  if (shape.kind === 'list') return Array.isArray(value);
  if (shape.kind === 'integer') return typeof value === 'number';
  return isScalarOrList(value);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalarOrList(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return (
    Array.isArray(value) &&
    value.every((item) => item === null || ['string', 'number', 'boolean'].includes(typeof item))
  );
}

/** The JSON Schema (2020-12) of the native format, from the same table. */
export const modelSchema = (): Record<string, unknown> =>
  schemaFrom('model', 'Probity model', MODEL_SHAPE);

/** The JSON Schema of files of a shape. */
export function schemaFrom(name: string, title: string, shape: Shape): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:probity:schema:${name}:1`,
    title,
    ...schemaOf(shape),
  };
}

function schemaOf(shape: Shape): Record<string, unknown> {
  const description = shape.about;
  switch (shape.kind) {
    case 'text':
    case 'type':
      return { description, type: 'string' };
    case 'name':
      return { description, type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' };
    case 'expression':
      return {
        description,
        anyOf: [
          { type: ['string', 'number', 'boolean', 'null'] },
          { type: 'array', items: { type: ['string', 'number', 'boolean', 'null'] } },
        ],
      };
    case 'boolean':
      return { description, type: 'boolean' };
    case 'true':
      return { description, enum: [true, null, {}] };
    case 'integer':
    case 'number':
      return { description, type: shape.kind, minimum: shape.min };
    case 'oneOf':
      return { description, enum: shape.values };
    case 'list':
      return { description, type: 'array', items: schemaOf(shape.of) };
    case 'either':
      return { description, anyOf: shape.options.map(schemaOf) };
    case 'mapping':
      return { description, type: 'object', additionalProperties: schemaOf(shape.of) };
    case 'record':
      return {
        description,
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(shape.fields).map(([key, field]) => [key, schemaOf(field.shape)]),
        ),
        required: Object.entries(shape.fields)
          .filter(([, field]) => field.required)
          .map(([key]) => key),
      };
  }
}
