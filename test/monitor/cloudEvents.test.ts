import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudEventProblems, readCloudEvents } from '../../src/monitor/cloudEvents.ts';
import { repository } from '../golden.ts';

const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  strictRequired: false,
});
const accepts = ajv.compile(
  JSON.parse(readFileSync(repository('schemas/cloudevent.schema.json'), 'utf8')) as object,
);

const GOOD = {
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'paid',
  time: '2026-03-01T09:00:00Z',
  subject: 'A',
  data: { cents: 100 },
};
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('our own check of an event', () => {
  it('says what the schema says, of events with anything in any place', () => {
    const names = [
      ...Object.keys(GOOD),
      'sequence',
      'datacontenttype',
      'dataschema',
      'data_base64',
    ];
    const name = fc.constantFrom(...names, 'ours', 'Ours', 'a_b', 'x1');
    const value = fc.oneof(
      fc.constantFrom(
        '',
        '1.0',
        'text',
        '7',
        '2026-03-01T09:00:00+01:00',
        '2026-03-01',
        7,
        0.5,
        -1,
      ),
      fc.constantFrom(true, null, {}, [], { a: 1 }),
    );
    const change = fc.tuple(name, fc.option(value, { nil: undefined }));
    let refused = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        const event: Record<string, unknown> = { ...GOOD };
        for (const [key, to] of changes)
          if (to === undefined) delete event[key];
          else event[key] = to;
        const isGood = cloudEventProblems(event).length === 0;
        if (!isGood) refused += 1;
        expect(isGood, JSON.stringify([event, cloudEventProblems(event), accepts.errors])).toBe(
          accepts(event),
        );
      }),
      { numRuns: 1_000, seed: 17 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('knows days that there are not, which a form cannot', () => {
    expect(cloudEventProblems({ ...GOOD, time: '2026-02-30T09:00:00Z' })[0]?.path).toBe('time');
    for (const none of [null, 7, 'x', []])
      expect(cloudEventProblems(none)[0]?.message).toContain('an event is an object');
  });
});

describe('the three forms of a request', () => {
  const binary = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/shop',
    'ce-type': 'paid',
    'ce-subject': 'caf%C3%A9 %zz',
  };

  it('structured and batch', () => {
    const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
    expect(readCloudEvents(structured, bytes(GOOD))).toEqual({ ok: true, value: [GOOD] });
    const batch = { 'content-type': 'application/cloudevents-batch+json' };
    expect(readCloudEvents(batch, bytes([GOOD, GOOD]))).toMatchObject({ ok: true });
    expect(readCloudEvents(batch, bytes(GOOD))).toMatchObject({
      problems: [{ code: 'EVENTS_SHAPE' }],
    });
    expect(readCloudEvents(batch, bytes([GOOD, { ...GOOD, id: 7 }]))).toMatchObject({
      problems: [{ code: 'EVENTS_SHAPE', path: '1.id' }],
    });
  });

  it('binary: attributes as headers, percent-encoded, data by its type', () => {
    const read = (type: string, body: Uint8Array) =>
      readCloudEvents({ ...binary, 'content-type': type }, body);
    expect(read('application/json', bytes({ a: 1 }))).toMatchObject({
      value: [
        { id: '1', subject: 'café %zz', data: { a: 1 }, datacontenttype: 'application/json' },
      ],
    });
    expect(read('text/plain', Buffer.from('hello'))).toMatchObject({ value: [{ data: 'hello' }] });
    expect(read('application/octet-stream', Buffer.from([1, 2]))).toMatchObject({
      value: [{ data_base64: 'AQI=' }],
    });
    expect(readCloudEvents(binary, new Uint8Array())).toMatchObject({ ok: true });
    expect(read('application/json', Buffer.from('{'))).toMatchObject({ ok: false });
    expect(readCloudEvents({}, new Uint8Array())).toMatchObject({
      problems: [{ code: 'EVENTS_SHAPE', path: 'content-type' }],
    });
  });
});
