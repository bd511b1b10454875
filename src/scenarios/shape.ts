import {
  listShape,
  mapping,
  oneOf,
  optionalField,
  record,
  requiredField,
  textShape,
  type JsonShape,
} from '../yaml/shape.ts';
import { EXERCISE_TEXTS_SHAPE } from './exercises.ts';

/** Where a scenario happens, and how much a learner should know before. */
export const SECTORS = [
  'physical',
  'digital',
  'groceries',
  'pharma',
  'marketplace',
  'payment',
] as const;
export type Sector = (typeof SECTORS)[number];
export const LEVELS = ['beginner', 'intermediate', 'advanced'] as const;
export type Level = (typeof LEVELS)[number];

const OUTCOMES: JsonShape = mapping(
  'the outcome of each property that is declared, and of deadlockFree',
  oneOf('an outcome', 'holds', 'violated'),
);
const SETS: JsonShape = mapping(
  'of a property: its minimal attack sets, the empty one where it breaks without any',
  listShape('sets', listShape('a set', textShape('the id of a threat'))),
);
const EXPECTED: JsonShape = record('what the verifier says of a model', {
  outcomes: requiredField(OUTCOMES),
  attacks: requiredField(SETS),
});

/** `scenario.yaml`: the facts. */
export const SCENARIO_SHAPE: JsonShape = record('a scenario', {
  sector: requiredField(oneOf('where it happens', ...SECTORS)),
  level: requiredField(oneOf('how much a learner should know', ...LEVELS)),
  topics: requiredField(listShape('what it is about', textShape('a word'))),
  references: requiredField(
    listShape('OWASP, CWE, CVE, papers, standards', textShape('the id first, or the authors')),
  ),
  threats: requiredField(
    listShape('what the attacks are looked for among', textShape('the id of a threat')),
  ),
  expected: requiredField(
    record('what the verifier says', {
      vulnerable: requiredField(EXPECTED),
      fixed: requiredField(EXPECTED),
    }),
  ),
});

/** `text.LANGUAGE.yaml`: everything that a person reads. A language more is a file more. */
export const TEXT_SHAPE: JsonShape = record('the texts of a scenario in one language', {
  title: requiredField(textShape('what it is called')),
  asset: requiredField(textShape('what is worth protecting')),
  goals: requiredField(listShape('what a learner can do afterwards', textShape('a goal'))),
  story: requiredField(textShape('what happens and why it works, in paragraphs')),
  attack: requiredField(textShape('the attack in a sentence')),
  exercise: requiredField(textShape('what a learner is asked to do with the vulnerable model')),
  solution: requiredField(textShape('what the fixed model does, and why it holds')),
  modelledAfter: optionalField(textShape('what it is modelled after, where details are ours')),
  exercises: optionalField(EXERCISE_TEXTS_SHAPE),
});
