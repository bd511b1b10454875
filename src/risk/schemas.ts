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

const card = object({
  v: { const: 1 },
  method: { const: 'operational-risk' },
  model: object({ name: text }, { digest: digestText }),
  data: object(
    {
      digest: digestText,
      cases: count,
      events: count,
      eventsCounted: count,
      caseNotion: text,
      nonConformantCases: count,
      openCases: count,
      ambiguousCases: count,
      lossCases: count,
      unusedColumns: texts,
    },
    { window: object({ from: instant, to: instant }) },
  ),
  nonConformance: {
    type: 'array',
    maxItems: 20,
    items: object({
      case: text,
      row: { type: 'integer', minimum: 1 },
      activity: text,
      reason: { enum: ['unknownActivity', 'unknownBinding', 'notEnabled'] },
    }),
  },
  prior: text,
  branchings: object({
    relevant: count,
    unseen: count,
    unseenExamples: texts,
    throughUnseen: probability,
  }),
  insufficientData: flag,
  drift: object(
    { test: text, statistic: amount, degreesOfFreedom: count, found: flag },
    { p: probability },
  ),
  sampling: object({
    draws: { type: 'integer', minimum: 1 },
    seed: count,
    generator: text,
    wideDraws: count,
  }),
  solution: object({
    value: probability,
    lower: probability,
    upper: probability,
    solver: { enum: ['graph', 'sparse LU', 'interval iteration'] },
  }),
  parameters: object({ valuations: { type: 'integer', minimum: 1 }, worst: { type: 'object' } }),
  notRepresented: texts,
});

const schema = (name: string, title: string, shape: object): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: `urn:probity:schema:${name}:v1`,
  title,
  ...shape,
});

export const MODEL_CARD_SCHEMA = schema('model-card', 'The model card of a learned score', card);

export const RISK_SCHEMA = schema(
  'risk',
  'The operational risk of one property, learned from an event log',
  object({
    v: { const: 1 },
    property: text,
    probability: object({
      mean: probability,
      lower: probability,
      upper: probability,
      level: probability,
      atMeanRates: probability,
    }),
    perCases: object(
      { n: { type: 'integer', minimum: 1 }, expected: amount, atLeastOne: probability },
      { expectedLossEur: amount },
    ),
    states: { type: 'integer', minimum: 1 },
    card,
  }),
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
        timestamp: { type: 'string', description: 'ISO 8601; without an offset, UTC' },
        binding: {
          type: 'object',
          additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
          description: "values of the action's `for` names",
        },
      },
    ),
  },
);
