import { EFFECT_SHAPES } from '../frontends/native/modelShape.ts';
import {
  expressionShape,
  listShape,
  mapping,
  oneOf,
  optionalField,
  record,
  requiredField,
  textShape,
  type JsonShape,
} from '../yaml/shape.ts';

/** Our extension of CACAO 2.0, under which a playbook says what its steps do to a model. */
export const PROBITY_EXTENSION = 'extension-definition--5b7f1c1e-7a52-4d5e-9d0c-2f1f7a1c6e30';

/** The alerts that a playbook can be bound to: of the others nobody knows where a case stands. */
export const BOUND_ALERTS = ['deviation', 'broken', 'possiblyBroken', 'doomed', 'late'] as const;

const any = (about: string): JsonShape => ({ kind: 'any', about });
const identifiers = (about: string): JsonShape => listShape(about, textShape('an id'));

const STEP_EXTENSION = record('what a step does to the model', {
  action: optionalField(textShape('an action of the model, taken as it is, with its controls')),
  actor: optionalField(textShape('who takes the step; without one, whoever responds')),
  for: EFFECT_SHAPES.for,
  receive: EFFECT_SHAPES.receive,
  when: optionalField(expressionShape('what must be so for the step; it is waited for')),
  then: EFFECT_SHAPES.then,
  send: EFFECT_SHAPES.send,
  unless: optionalField(
    expressionShape('where this is so there is nothing to do, and the playbook goes on'),
  ),
  blocks: optionalField(identifiers('the threats whose steps are over after it')),
  acts: optionalField({
    kind: 'boolean',
    about: 'whether it changes something outside, and waits for an approval',
  }),
  approval: optionalField(textShape('the role of whoever approves a step that acts')),
  condition: optionalField(expressionShape('of if-condition and while-condition: over the state')),
});

const BINDING = record('an alert that the playbook answers', {
  alert: requiredField(oneOf('the kind of the alert', ...BOUND_ALERTS)),
  property: optionalField(
    textShape('the property of the alert: of broken, possiblyBroken, doomed (or final), late'),
  ),
  threats: optionalField(identifiers('the threats that are at work')),
});

const STEP = record('a step of the workflow', {
  type: requiredField(
    oneOf(
      'the kind of the step',
      'start',
      'end',
      'action',
      'if-condition',
      'while-condition',
      // Named to be refused with a reason.
      'parallel',
      'switch-condition',
      'playbook-action',
    ),
  ),
  name: optionalField(textShape('what people call it')),
  description: optionalField(textShape('what it is about')),
  external_references: optionalField(any('where more is said')),
  delay: optionalField({ kind: 'integer', min: 0, about: 'milliseconds; a model has no time' }),
  timeout: optionalField({ kind: 'integer', min: 0, about: 'milliseconds until it has failed' }),
  step_variables: optionalField(any('variables of commands')),
  owner: optionalField(textShape('who is responsible')),
  on_completion: optionalField(textShape('the step that follows')),
  on_success: optionalField(textShape('the step that follows where it succeeds')),
  on_failure: optionalField(textShape('the step that follows where it fails')),
  on_true: optionalField(textShape('where the branch starts')),
  on_false: optionalField(textShape('where the other branch starts')),
  condition: optionalField(textShape('for people and other tools; ours is in the extension')),
  commands: optionalField(listShape('what is carried out', any('a command'))),
  agent: optionalField(textShape('who carries it out')),
  targets: optionalField(identifiers('on what')),
  in_args: optionalField(identifiers('variables that are read')),
  out_args: optionalField(identifiers('variables that are written')),
  next_steps: optionalField(identifiers('of parallel')),
  cases: optionalField(any('of switch-condition')),
  switch: optionalField(any('of switch-condition')),
  playbook_id: optionalField(any('of playbook-action')),
  playbook_version: optionalField(any('of playbook-action')),
  step_extensions: optionalField(
    record('extensions of the step', { [PROBITY_EXTENSION]: optionalField(STEP_EXTENSION) }),
  ),
});

/** The part of CACAO 2.0 that is read, with our extension: what is not listed is a problem. */
export const PLAYBOOK_SHAPE = record('A CACAO 2.0 playbook that can be verified', {
  type: requiredField(oneOf('what it is', 'playbook')),
  spec_version: requiredField(oneOf('the version of CACAO', 'cacao-2.0')),
  id: requiredField(textShape('playbook--UUID')),
  name: requiredField(textShape('what people call it')),
  description: optionalField(textShape('what it is about')),
  playbook_types: optionalField(identifiers('what it is for')),
  playbook_activities: optionalField(identifiers('what it does')),
  playbook_processing_summary: optionalField(any('what it uses of CACAO')),
  created_by: requiredField(textShape('identity--UUID')),
  created: requiredField(textShape('when it was made')),
  modified: requiredField(textShape('when it was changed')),
  revoked: optionalField({ kind: 'boolean', about: 'whether it must not be used any more' }),
  valid_from: optionalField(textShape('from when on it may be used')),
  valid_until: optionalField(textShape('until when it may be used')),
  derived_from: optionalField(identifiers('playbooks that it comes from')),
  related_to: optionalField(identifiers('what it has to do with')),
  priority: optionalField({ kind: 'integer', min: 0, about: '1 is the highest' }),
  severity: optionalField({ kind: 'integer', min: 0, about: '100 is the highest' }),
  impact: optionalField({ kind: 'integer', min: 0, about: '100 is the highest' }),
  industry_sectors: optionalField(identifiers('for whom')),
  labels: optionalField(identifiers('words to find it by')),
  external_references: optionalField(any('where more is said')),
  markings: optionalField(identifiers('who may see it')),
  playbook_variables: optionalField(any('variables of commands')),
  workflow_start: requiredField(textShape('the step that it starts with')),
  workflow_exception: optionalField(textShape('the step that follows a failure')),
  workflow: requiredField(mapping('step id: step', STEP)),
  playbook_extensions: requiredField(
    record('extensions of the playbook', {
      [PROBITY_EXTENSION]: requiredField(
        record('what the playbook answers and promises', {
          model: requiredField(textShape('the name of the model that it is for')),
          on: requiredField(listShape('the alerts that it answers', BINDING)),
          promises: requiredField(
            identifiers('properties of the model that hold from completion on'),
          ),
        }),
      ),
    }),
  ),
  authentication_info_definitions: optionalField(any('credentials are not read')),
  agent_definitions: optionalField(any('who carries steps out')),
  target_definitions: optionalField(any('on what')),
  extension_definitions: optionalField(any('what the extensions are')),
  data_marking_definitions: optionalField(any('markings')),
  signatures: optionalField(any('signatures; they are not verified')),
});
