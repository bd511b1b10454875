import { INCIDENT_TYPE } from './incident.ts';
import { LEAF_KINDS } from './leaf.ts';
import { KEY_TYPE, REVOCATION_TYPE, STATUS_TYPE } from './revocation.ts';
import { MODEL_FILE, PREDICATE_TYPE, STATEMENT_TYPE } from './statement.ts';

/**
 * The published schemas (`schemas/*.schema.json` are these, written out). Closed: an unknown field
 * is refused.
 */

const text = { type: 'string', maxLength: 65_536 } as const;
const texts = { type: 'array', items: text } as const;
const count = { type: 'integer', minimum: 0 } as const;
const digestText = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;
const identifier = { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,128}$' } as const;
const time = {
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$',
} as const;
const vkey = {
  type: 'string',
  pattern: '^[^\\s+]{1,256}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}$',
} as const;
const openObject = { type: 'object' } as const;
/** A relative path of plain segments: nothing that could lead out of the bundle. */
const path = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,4}$',
  maxLength: 200,
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

const digestSet = object({ sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' } });
const outcome = { enum: ['holds', 'bounded', 'violated', 'unknown'] } as const;
const reason = {
  enum: [
    'timeout',
    'memory',
    'crash',
    'cancelled',
    'unavailable',
    'unsupported',
    'unreplayable',
    'disagreement',
  ],
} as const;

const engine = object(
  { name: text, version: text, outcome },
  { reason, states: { type: 'integer', minimum: 0 } },
);

const agreement = object({
  engines: texts,
  lacks: {
    type: 'array',
    items: object({ engine: text, reason: { enum: ['notAsked', 'bounded', ...reason.enum] } }),
  },
});

const property = object(
  {
    name: text,
    kind: text,
    outcome,
    assurance: {
      type: 'array',
      items: { enum: ['replayed', 'obligationsReproved', 'crossChecked', 'translationValidated'] },
    },
    threats: texts,
    engines: { type: 'array', items: engine },
  },
  {
    method: { enum: ['exhaustive', 'inductive', 'witness'] },
    witness: { enum: ['trace', 'lasso', 'trap', 'exhaustion'] },
    reason,
    bound: text,
    message: text,
    severityEur: { type: 'number' },
    references: texts,
    agreement,
    trace: path,
    facts: {
      type: 'object',
      additionalProperties: { anyOf: [text, { type: 'number' }, { type: 'boolean' }, texts] },
    },
  },
);

const predicate = object(
  {
    id: identifier,
    issuer: object(
      { name: text, key: text, software: object({ name: text, version: text }) },
      { also: { type: 'array', items: text, minItems: 1, maxItems: 15 } },
    ),
    issuedAt: time,
    semantics: text,
    model: object({ name: text, format: text }),
    properties: { type: 'array', items: property },
    assumptions: object({ fairness: texts, bounds: texts, channels: texts, abstractions: texts }),
    options: openObject,
    evidence: { type: 'array', items: object({ path, mediaType: text, digest: digestSet }) },
  },
  {
    validUntil: time,
    script: object({
      answers: { type: 'array', items: { enum: ['sat', 'unsat', 'unknown'] } },
      engines: { type: 'array', items: object({ name: text, version: text }) },
      results: path,
    }),
    vacuity: object(
      {
        neverFires: texts,
        guardNeverTrue: texts,
        premiseNeverTrue: texts,
        survivesEveryMutant: texts,
      },
      {
        mutants: object(
          { of: count, tried: count, unbroken: texts },
          { open: { enum: ['size', 'sampled', 'time'] } },
        ),
        neverRead: texts,
      },
    ),
    risk: object({ scores: openObject, card: path }),
  },
);

const subject = (name: object): object => object({ name, digest: digestSet });

export const STATEMENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:statement:v1',
  title:
    'The payload of a verdict: an in-toto Statement v1 with the predicate urn:probity:formal-verdict:v1',
  ...object({
    _type: { const: STATEMENT_TYPE },
    subject: {
      type: 'array',
      items: [
        subject({ type: 'string', pattern: '^source\\.[a-z0-9]{1,8}$' }),
        subject({ const: MODEL_FILE }),
      ],
      minItems: 2,
      maxItems: 2,
    },
    predicateType: { const: PREDICATE_TYPE },
    predicate,
  }),
};

export const LEAF_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:leaf:v1',
  title: 'A leaf of the transparency log',
  ...object(
    { v: { const: 1 }, kind: { enum: [...LEAF_KINDS] }, id: identifier, digest: digestText },
    { prev: digestText },
  ),
};

const base64 = { type: 'string', pattern: '^[A-Za-z0-9+/]+={0,2}$' } as const;
const address = { type: 'string', pattern: '^0x[0-9a-f]{64}$' } as const;

export const ANCHOR_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:anchor:v1',
  title: 'anchor.json: the transaction that put a checkpoint on a ledger',
  ...object({
    v: { const: 1 },
    network: text,
    chainId: text,
    packageId: address,
    transactionDigest: { type: 'string', pattern: '^[1-9A-HJ-NP-Za-km-z]{32,44}$' },
    transaction: base64,
    signature: base64,
    objectId: address,
    checkpoint: text,
    consistency: { type: 'array', items: base64, maxItems: 64 },
  }),
};

/**
 * What all later statements about verdicts and keys have in common: one subject by digest, who says
 * so, and when.
 */
const later = (predicateType: string, predicateFields: Shape, optional: Shape = {}): object =>
  object({
    _type: { const: STATEMENT_TYPE },
    subject: { type: 'array', items: [subject(text)], minItems: 1, maxItems: 1 },
    predicateType: { const: predicateType },
    predicate: object(
      {
        id: identifier,
        issuer: object({ name: text, key: text }),
        issuedAt: time,
        ...predicateFields,
      },
      optional,
    ),
  });

export const REVOCATION_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:revocation:v1',
  title:
    'The payload of a revocation: an in-toto Statement v1 with the predicate urn:probity:revocation:v1',
  ...later(
    REVOCATION_TYPE,
    { verdict: identifier, state: { enum: ['revoked', 'superseded'] }, reason: text },
    { by: identifier },
  ),
};

export const KEY_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:key:v1',
  title:
    'The payload of a change of keys: an in-toto Statement v1 with the predicate urn:probity:key:v1',
  ...later(KEY_TYPE, {
    role: { enum: ['verdict', 'log', 'ledger'] },
    retired: vkey,
    successor: vkey,
    reason: text,
  }),
};

export const STATUS_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:status:v1',
  title:
    'The payload of a status: an in-toto Statement v1 with the predicate urn:probity:status:v1',
  ...later(
    STATUS_TYPE,
    {
      verdict: identifier,
      state: { enum: ['valid', 'revoked', 'superseded'] },
      asOf: object({ origin: text, size: { type: 'integer', minimum: 1 }, root: base64 }),
    },
    { revocation: identifier },
  ),
};

const logged = object({ envelope: text, leaf: text, salt: base64, receipt: text });

export const STATUS_FILE_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:status-file:v1',
  title:
    'status.json: whether a verdict was revoked or superseded, as of a checkpoint, with the proof if it was',
  ...object(
    {
      v: { const: 1 },
      envelope: text,
      checkpoint: text,
      consistency: { type: 'array', items: base64, maxItems: 128 },
    },
    { revocation: logged },
  ),
};

const incidentAlert = object(
  {
    id: identifier,
    case: text,
    kind: {
      enum: ['deviation', 'beyondModel', 'lost', 'broken', 'possiblyBroken', 'doomed', 'late'],
    },
    source: text,
    event: text,
    raisedAt: time,
    standing: { enum: ['stands', 'resolved', 'withdrawn'] },
    state: { enum: ['open', 'acknowledged', 'closed'] },
    told: openObject,
    detail: openObject,
    history: {
      type: 'array',
      items: object({ at: time, actor: text, role: text, action: text, text }),
    },
  },
  { property: text, assignee: text },
);

const incidentResponse = object(
  {
    id: identifier,
    subject: identifier,
    playbook: object({ id: text, name: text, digest: digestText }),
    verified: { type: 'boolean' },
    state: { enum: ['running', 'completed', 'failed', 'cancelled'] },
    startedAt: time,
    history: {
      type: 'array',
      items: object({ at: time, actor: text, role: text, action: text, step: text, text }),
    },
  },
  { reason: text },
);

export const INCIDENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:incident:v1',
  title:
    'The payload of an incident statement: an in-toto Statement v1 with the predicate urn:probity:incident:v1',
  ...later(
    INCIDENT_TYPE,
    {
      about: { enum: ['alert', 'incident'] },
      monitor: object({
        id: identifier,
        name: text,
        version: { type: 'integer', minimum: 1 },
        mapping: digestText,
        settings: openObject,
      }),
      model: object({ name: text, digest: digestText }),
      extent: object({ alerts: count, cases: count }),
      alerts: { type: 'array', items: incidentAlert, minItems: 1 },
    },
    { responses: { type: 'array', items: incidentResponse } },
  ),
};

const largeText = { type: 'string', maxLength: 67_108_864 } as const;

export const INCIDENT_FILE_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:incident-file:v1',
  title: 'incident.json: an incident statement, with what proves its place in the log',
  ...object({
    v: { const: 1 },
    kind: { const: 'incident' },
    envelope: largeText,
    leaf: text,
    salt: base64,
    receipt: text,
  }),
};
