import {
  list,
  mapping,
  oneOf,
  optional,
  record,
  required,
  text,
  type Shape,
} from '../frontends/native/shape.ts';

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

const OUTCOMES: Shape = mapping(
  'the outcome of each property that is declared, and of deadlockFree',
  oneOf('an outcome', 'holds', 'violated'),
);
const SETS: Shape = mapping(
  'of a property: its minimal attack sets, the empty one where it breaks without any',
  list('sets', list('a set', text('the id of a threat'))),
);
const EXPECTED: Shape = record('what the verifier says of a model', {
  outcomes: required(OUTCOMES),
  attacks: required(SETS),
});

/** `scenario.yaml`: the facts. */
export const SCENARIO_SHAPE: Shape = record('a scenario', {
  sector: required(oneOf('where it happens', ...SECTORS)),
  level: required(oneOf('how much a learner should know', ...LEVELS)),
  topics: required(list('what it is about', text('a word'))),
  references: required(
    list('OWASP, CWE, CVE, papers, standards', text('the id first, or the authors')),
  ),
  threats: required(list('what the attacks are looked for among', text('the id of a threat'))),
  expected: required(
    record('what the verifier says', {
      vulnerable: required(EXPECTED),
      fixed: required(EXPECTED),
    }),
  ),
});

/** `text.LANGUAGE.yaml`: everything that a person reads. A language more is a file more. */
export const TEXT_SHAPE: Shape = record('the texts of a scenario in one language', {
  title: required(text('what it is called')),
  asset: required(text('what is worth protecting')),
  goals: required(list('what a learner can do afterwards', text('a goal'))),
  story: required(text('what happens and why it works, in paragraphs')),
  attack: required(text('the attack in a sentence')),
  exercise: required(text('what a learner is asked to do with the vulnerable model')),
  solution: required(text('what the fixed model does, and why it holds')),
  modelledAfter: optional(text('what it is modelled after, where details are ours')),
});
