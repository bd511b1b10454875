import { LAYER_CODES, LAYERS } from './report.ts';

/**
 * What `probity verify --json` prints (`schemas/verify.schema.json`). Codes are only ever added.
 */
export const VERIFY_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:probity:schema:verify:v1',
  title: 'What probity verify --json prints',
  type: 'object',
  properties: {
    status: { enum: ['verified', 'untrusted', 'failed', 'malformed'] },
    layers: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          layer: { enum: [...LAYERS] },
          status: { enum: ['proved', 'signed', 'skipped', 'untrusted', 'failed'] },
          code: { enum: Object.keys(LAYER_CODES) },
          detail: { type: 'string' },
        },
        required: ['layer', 'status', 'code'],
        additionalProperties: false,
      },
    },
    statement: { type: 'object' },
    recheck: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          property: { type: 'string' },
          status: { enum: ['replayed', 'reproved', 'recounted', 'rerun', 'skipped', 'failed'] },
          code: { type: 'string' },
          detail: { type: 'string' },
        },
        required: ['property', 'status'],
        additionalProperties: false,
      },
    },
    policy: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    exit: { enum: [0, 1, 2, 3] },
  },
  required: ['status', 'layers', 'policy', 'exit'],
  additionalProperties: false,
} as const;
