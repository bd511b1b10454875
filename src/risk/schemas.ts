/**
 * The published schemas (`schemas/*.schema.json` are these, written out). Closed: an unknown field
 * is refused.
 */

const text = { type: 'string', maxLength: 65_536 } as const;
const texts = { type: 'array', items: text } as const;
const digestText = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const probability = { type: 'number', minimum: 0, maximum: 1 } as const;
const amount = { type: 'number', minimum: 0 } as const;
const flag = { type: 'boolean' } as const;
const instant = {
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$',
} as const;

interface Shape {
  readonly [key: string]: object;
}

const object = (required: Shape, optional: Shape = {}): object => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

const positive = { type: 'integer', minimum: 1 } as const;
const half = object({ cases: count, lost: count });

const reasons = {
  type: 'array',
  items: { enum: ['fewLosses', 'priorDominated', 'outsideModel', 'stillOpen'] },
} as const;

const answer = {
  headline: {
    oneOf: [
      object({ kind: { enum: ['mean', 'upperBound'] }, value: probability, because: reasons }),
      object({ kind: { const: 'none' }, because: reasons }),
    ],
  },
  probability: object({
    mean: probability,
    lower: probability,
    upper: probability,
    level: probability,
    interval: { const: 'posterior' },
    atMeanRates: probability,
    meanBy: { enum: ['exact', 'draws'] },
    monteCarloError: object({ mean: amount, lower: amount, upper: amount }),
  }),
  direct: object(
    {
      lost: count,
      cases: count,
      lower: probability,
      upper: probability,
      level: probability,
      interval: { const: 'Clopper-Pearson' },
      disagrees: flag,
    },
    { estimate: probability },
  ),
  identification: object({ outside: probability, lower: probability, upper: probability }),
  perCases: object(
    {
      n: positive,
      expected: amount,
      predictive: object({
        lower: count,
        upper: count,
        level: probability,
        interval: { const: 'predictive' },
      }),
      atLeastOne: probability,
    },
    { expectedLossEur: amount, predictiveLossEur: object({ lower: amount, upper: amount }) },
  ),
};

const card = object({
  v: { const: 2 },
  method: { const: 'operational-risk' },
  versions: object({ method: text, semantics: text }),
  model: object({ name: text }, { digest: digestText }),
  loss: object({ of: text, formula: text }, { severityEur: amount }),
  answer: object(answer),
  data: object(
    {
      digest: digestText,
      cases: count,
      events: count,
      eventsCounted: count,
      idleEvents: count,
      lifecycleRows: count,
      repeatedRows: count,
      caseNotion: text,
      nonConformantCases: count,
      openCases: count,
      ambiguousCases: count,
      lossCases: count,
      equalTimes: text,
      equalTimeCases: count,
      reorderedCases: count,
      immatureCases: count,
      unusedColumns: texts,
      silentActions: texts,
    },
    {
      window: object({ from: instant, to: instant }),
      until: instant,
      mapping: object({
        digest: digestText,
        unmappedEvents: count,
        unreadableEvents: count,
        beyondModelEvents: count,
        blind: texts,
        blindLosses: texts,
      }),
    },
  ),
  nonConformance: {
    type: 'array',
    maxItems: 20,
    items: object({
      case: text,
      row: positive,
      activity: text,
      reason: {
        enum: ['unknownActivity', 'unknownBinding', 'notEnabled', 'beyondModel', 'unreadable'],
      },
    }),
  },
  outsiders: {
    type: 'array',
    maxItems: 5,
    items: object({ trait: text, outside: probability, inside: probability }),
  },
  prior: object({ rule: text, share: probability }),
  branches: object({
    rows: {
      type: 'array',
      items: object({
        state: text,
        branch: text,
        leadsTo: text,
        count: amount,
        prior: amount,
        alpha: amount,
        mean: probability,
        lower: probability,
        upper: probability,
        censored: flag,
      }),
    },
    left: count,
  }),
  branchings: object({
    relevant: count,
    unseen: count,
    unseenExamples: texts,
    throughUnseen: probability,
  }),
  censoring: object({
    rule: text,
    states: count,
    waiting: amount,
    undecided: probability,
    bias: text,
  }),
  drift: object(
    { test: text, earlier: half, later: half, found: flag },
    { ratio: amount, p: probability, detectableRatio: amount },
  ),
  markov: object({ test: text, statistic: amount, degreesOfFreedom: count }, { p: probability }),
  sampling: object({ draws: positive, seed: count, generator: text }),
  solution: object({
    value: probability,
    lower: probability,
    upper: probability,
    solver: { enum: ['graph', 'elimination'] },
  }),
  parameters: object({ valuations: positive, worst: { type: 'object' } }),
  calibration: object({ digest: digestText, claims: texts }),
  notRepresented: texts,
});

const nullable = { type: ['number', 'null'], minimum: 0 } as const;
const spread = {
  atMeanRates: nullable,
  lower: nullable,
  upper: nullable,
  level: probability,
} as const;
const bounds = object({ lower: probability, upper: probability, met: flag });

const process = object(
  {},
  {
    within: object({ steps: count, ...spread }),
    expected: object({ steps: object(spread) }, { cost: object(spread), days: object(spread) }),
    robust: object({ lower: probability, upper: probability, level: probability, branches: count }),
    attackers: object({
      threats: texts,
      states: count,
      unknownStates: count,
      errs: flag,
      worst: bounds,
      best: bounds,
    }),
  },
);

const schema = (name: string, title: string, shape: object, v = 1): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: `urn:probity:schema:${name}:v${v}`,
  title,
  ...shape,
});

export const MODEL_CARD_SCHEMA = schema('model-card', 'The model card of a learned score', card, 2);

export const RISK_SCHEMA = schema(
  'risk',
  'The operational risk of one property, learned from an event log',
  object(
    {
      v: { const: 2 },
      property: text,
      ...answer,
      states: positive,
      calibration: digestText,
      card,
    },
    { process },
  ),
  2,
);

export const EVENT_LOG_SCHEMA = schema(
  'event-log',
  'An event log as JSON: events in the order in which they happened, or with times',
  {
    type: 'array',
    items: object(
      { case: { type: ['string', 'number'] } },
      {
        activity: {
          type: 'string',
          description:
            "an action's name, element id or label; left out where a case began and nothing happened",
        },
        timestamp: {
          type: 'string',
          description: 'ISO 8601; without an offset UTC; all with an offset, or none',
        },
        transition: {
          type: 'string',
          description:
            'what happened to the activity (XES `lifecycle:transition`): start, complete, …',
        },
        id: { type: 'string', description: 'of the event: a second one with it is a repetition' },
        binding: {
          type: 'object',
          additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
          description: "values of the action's `for` names",
        },
      },
    ),
  },
);
