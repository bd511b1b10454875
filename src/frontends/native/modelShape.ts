import {
  expressionShape,
  listShape,
  mapping,
  namesShape,
  oneOf,
  optionalField,
  record,
  requiredField,
  schemaFrom,
  textShape,
  typeShape,
  type JsonShape,
} from '../../yaml/shape.ts';
import { CASE_PACKS } from './packs/casePack.ts';
import { PACKS } from './packs/index.ts';
import type { Pack } from './packs/pack.ts';

/** The parts of a model, and of a side file of a diagram, with what each is for. */

const INIT: JsonShape = {
  kind: 'either',
  about:
    'the initial value: an expression over parameters, `any`, `in [lo..hi]`, `in (a, b)`, or one per key of a map',
  options: [
    expressionShape('an expression over parameters'),
    mapping('one initial value per key', expressionShape('an initial value')),
  ],
};
const SEND: JsonShape = mapping(
  'channel: message',
  mapping('field: value', expressionShape('the value of the field')),
);
const CONTROLS: JsonShape = mapping('name: condition', {
  kind: 'either',
  about: 'the check that a threat may take away',
  options: [
    expressionShape('the check'),
    record('a check with what it is for', {
      check: requiredField(expressionShape('the check')),
      sequence: optionalField({ kind: 'boolean', about: 'it keeps the order of steps' }),
    }),
  ],
});

const MEDIUM = (otherwise: string): JsonShape =>
  oneOf(
    `what an attacker on the network can do (SEMANTICS 18); ${otherwise}`,
    'private',
    'public',
    'authenticated',
    'signed',
  );

const VARIABLE = record('a variable', {
  type: requiredField(
    typeShape('bool, int, int lo..hi, enum […], a set, a set or null, set of T, map S to T'),
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
  from: requiredField(namesShape('counters of tokens, from one of which a token goes')),
  to: requiredField(namesShape('counters of tokens, to one of which it goes')),
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
  carries: requiredField(mapping('field: type', typeShape('the type of the field'))),
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
  signed: optionalField(namesShape('the fields that the signature covers')),
  fresh: optionalField(namesShape('the fields that the receiver accepts once')),
  unguessable: optionalField(namesShape('the fields that an attacker cannot make up')),
});
/** What a step does, besides its guard and its controls: of an action, and of what answers one. */
export const EFFECT_SHAPES = {
  for: optionalField(mapping('name: set or finite type', typeShape('a set or a finite type'))),
  receive: optionalField(
    mapping('channel: name of the message', { kind: 'name', about: 'a name' }),
  ),
  then: optionalField(
    mapping('cell: new value', expressionShape('read in the state before the step')),
  ),
  send: optionalField({
    kind: 'either',
    about: 'messages sent',
    options: [SEND, listShape('in order', SEND)],
  }),
} as const;
const ACTION = record('an action', {
  actor: requiredField(textShape('who does it')),
  for: EFFECT_SHAPES.for,
  receive: EFFECT_SHAPES.receive,
  when: optionalField(expressionShape('the guard')),
  controls: optionalField({
    kind: 'either',
    about: 'named checks, all of which must pass',
    options: [CONTROLS, listShape('in order', CONTROLS)],
  }),
  then: EFFECT_SHAPES.then,
  send: EFFECT_SHAPES.send,
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
  always: optionalField(expressionShape('true in every reachable state')),
  never: optionalField(expressionShape('false in every reachable state')),
  eventually: optionalField(expressionShape('true at some time of every fair run')),
  eventuallyAlways: optionalField(
    expressionShape('true from some time on, for ever, in every fair run'),
  ),
  leadsTo: optionalField(
    record('whenever one holds, the other holds then or later', {
      from: requiredField(expressionShape('the cause')),
      to: requiredField(expressionShape('the effect')),
    }),
  ),
  reachable: optionalField(
    expressionShape('true in some reachable state, for every value of the parameters'),
  ),
  recoverable: optionalField(expressionShape('reachable from every reachable state')),
  deadlockFree: optionalField({ kind: 'true', about: 'every stuck state is final' }),
  reachableEach: optionalField(mapping('name: goal', expressionShape('each goal is reachable'))),
  all: optionalField(namesShape('all of these properties hold')),
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

const useOf = (packs: readonly Pack[]) =>
  record(
    'packs of properties, each in the terms of this model',
    Object.fromEntries(
      packs.map(({ name, about, terms }) => [
        name,
        optionalField(
          record(
            about,
            Object.fromEntries(
              Object.entries(terms).map(([term, said]) => [
                term,
                optionalField(expressionShape(said.about)),
              ]),
            ),
          ),
        ),
      ]),
    ),
  );

export const MODEL_SHAPE = record('A workflow model for Probity', {
  probity: requiredField(oneOf('the version of this format', 1)),
  name: requiredField(textShape('what people call the model')),
  description: optionalField(textShape('what it is about')),
  sets: optionalField(
    mapping('finite index sets: a list of elements, or a number', {
      kind: 'either',
      about: 'elements, or how many',
      options: [namesShape('the elements'), { kind: 'integer', min: 1, about: 'how many' }],
    }),
  ),
  parameters: optionalField(
    mapping('unknown, never changing; every value is checked', typeShape('a type')),
  ),
  variables: requiredField(mapping('the state', VARIABLE)),
  actors: requiredField(mapping('who acts', ACTOR)),
  channels: optionalField(mapping('how messages travel', CHANNEL)),
  actions: requiredField(mapping('the guarded steps', ACTION)),
  properties: optionalField(mapping('what must be true', PROPERTY)),
  use: optionalField(useOf(PACKS)),
  final: optionalField(expressionShape('the states in which the workflow may end')),
  fairness: optionalField(
    listShape(
      'fairness of several actions together: exactly one of weak and strong',
      record('one condition for the steps of all these actions', {
        weak: optionalField(
          namesShape('some of these does not wait for ever when one of them is always enabled'),
        ),
        strong: optionalField(
          namesShape(
            'some of these does not wait for ever when one of them is enabled again and again',
          ),
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
      mapping('variable: new value', expressionShape('read before the element happens')),
    ),
  ),
  conditions: optionalField(
    mapping('the condition of a sequence flow, by its id', expressionShape('over the data')),
  ),
  properties: optionalField(mapping('what must be true', PROPERTY)),
  use: optionalField(useOf(CASE_PACKS)),
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

/** The JSON Schema (2020-12) of the native format, from the same table. */
export const modelSchema = (): Record<string, unknown> =>
  schemaFrom('model', 'Probity model', MODEL_SHAPE);
