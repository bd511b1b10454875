import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { signRevocation, signStatus } from '../../src/evidence/signing/revocation.ts';
import * as schemas from '../../src/evidence/statements/schemas.ts';
import { conforms } from '../../src/evidence/formats/jsonSchema.ts';
import { installation, sampleCheck } from './fixture.ts';

const ajv = new Ajv({ strict: true, strictTuples: false, validateSchema: false });

/** A value of each published schema: what we write. */
const samples = new Map<object, unknown>();
beforeAll(async () => {
  const home = await installation('honest');
  const { sealed } = await home.issue(sampleCheck('verdict-1'));
  const payload = (envelope: string): unknown =>
    JSON.parse(
      Buffer.from((JSON.parse(envelope) as { payload: string }).payload, 'base64').toString('utf8'),
    );
  const issuer = { signer: home.keys.verdict, issuer: 'honest.example' };
  const about = { verdict: 'verdict-1', statementDigest: sealed.statementDigest };
  const revocation = await signRevocation(
    {
      id: 'rev-1',
      ...about,
      state: 'superseded',
      by: 'verdict-2',
      reason: 'x',
      leafDigest: (JSON.parse(sealed.leaf) as { digest: string }).digest,
    },
    issuer,
  );
  const status = await signStatus(
    {
      id: 'sta-1',
      ...about,
      state: 'superseded',
      revocation: { id: 'rev-1', ...revocation, receipt: sealed.receipt },
    },
    { checkpoint: (await home.log.checkpoint()) ?? '', consistency: [new Uint8Array(32)] },
    issuer,
  );
  samples.set(schemas.STATEMENT_SCHEMA, payload(sealed.envelope));
  samples.set(schemas.LEAF_SCHEMA, {
    ...(JSON.parse(sealed.leaf) as object),
    prev: `sha256:${'0'.repeat(64)}`,
  });
  samples.set(schemas.REVOCATION_SCHEMA, payload(revocation.envelope));
  samples.set(schemas.STATUS_FILE_SCHEMA, JSON.parse(status));
  samples.set(
    schemas.STATUS_SCHEMA,
    payload((JSON.parse(status) as { envelope: string }).envelope),
  );
});

function* mutants(value: unknown): Generator<unknown> {
  for (const other of [
    null,
    true,
    0,
    -1,
    1.5,
    '',
    'x',
    'é'.repeat(70_000),
    [],
    ['x'],
    {},
    { x: 1 },
  ])
    yield other;
  if (Array.isArray(value)) {
    yield [...value, ...value];
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1);
      for (const mutant of mutants(item)) yield value.toSpliced(at, 1, mutant);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, constructor: 1 };
    yield JSON.parse(JSON.stringify({ ...value, x: 1 }).replace('"x":', '"__proto__":'));
    for (const [key, item] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      for (const mutant of mutants(item)) yield { ...value, [key]: mutant };
    }
  } else if (typeof value === 'string') {
    for (const text of [`${value} `, value.toUpperCase(), `../${value}`, `${value}\n`]) yield text;
  }
}

describe('the shapes of evidence', () => {
  it('are judged as Ajv judges them, on what we write and on every change of it', () => {
    let [accepted, refused] = [0, 0];
    expect(samples.size).toBe(5);
    for (const [schema, sample] of samples) {
      const judge = ajv.compile(schema);
      expect(judge(sample), JSON.stringify(judge.errors)).toBe(true);
      for (const value of [sample, ...mutants(sample)]) {
        const expected = judge(value);
        if (conforms(schema, value) !== expected)
          throw new Error(`Ajv says ${expected} of ${JSON.stringify(value).slice(0, 300)}`);
        if (expected) accepted += 1;
        else refused += 1;
      }
    }
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1_000);
  });

  it('use no keyword that nobody checks', () => {
    for (const schema of Object.values(schemas))
      expect(() => conforms(schema, samples.get(schema) ?? {})).not.toThrow();
    expect(() => conforms({ format: 'date' }, 'x')).toThrow('format');
  });
});
