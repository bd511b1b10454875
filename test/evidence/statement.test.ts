import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { parseEnvelope } from '../../src/evidence/formats/dsse.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import {
  ANCHOR_SCHEMA,
  KEY_SCHEMA,
  LEAF_SCHEMA,
  REVOCATION_SCHEMA,
  STATEMENT_SCHEMA,
  STATUS_FILE_SCHEMA,
  STATUS_SCHEMA,
} from '../../src/evidence/statements/schemas.ts';
import { stage, type Sealer } from '../../src/evidence/signing/stage.ts';
import { VERIFY_SCHEMA } from '../../src/evidence/verify/reportSchema.ts';
import { isLeaf, isStatement } from '../../src/evidence/statements/validate.ts';
import { sampleCheck, testKeys } from './fixture.ts';

const GOLDEN = process.env['PROBITY_GOLDEN'] === '1';
const repository = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Compares with a file of the repository, or writes it (`PROBITY_GOLDEN=1`), so that the diff is
 * read.
 */
async function golden(path: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (GOLDEN) await writeFile(repository(path), text);
  expect(text, path).toBe(await readFile(repository(path), 'utf8'));
}

async function sealer(): Promise<Sealer> {
  const keys = await testKeys('golden');
  return {
    signer: keys.verdict,
    logVkey: keys.log.vkey,
    issuer: 'golden.example',
    software: { name: 'probity', version: '0.1.0' },
    now: () => new Date('2026-01-02T03:04:05.678Z'),
  };
}

async function statementOf(): Promise<Record<string, unknown>> {
  const { envelope } = await stage(sampleCheck('verdict-1'), await sealer());
  const parsed = parseEnvelope(utf8(envelope));
  if (!parsed.ok) throw new Error(parsed.reason);
  return JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as Record<string, unknown>;
}

describe('public shapes', () => {
  it('the schemas are published as they are used', async () => {
    await golden('schemas/statement.schema.json', STATEMENT_SCHEMA);
    await golden('schemas/leaf.schema.json', LEAF_SCHEMA);
    await golden('schemas/anchor.schema.json', ANCHOR_SCHEMA);
    await golden('schemas/revocation.schema.json', REVOCATION_SCHEMA);
    await golden('schemas/key.schema.json', KEY_SCHEMA);
    await golden('schemas/status.schema.json', STATUS_SCHEMA);
    await golden('schemas/status-file.schema.json', STATUS_FILE_SCHEMA);
    await golden('schemas/verify.schema.json', VERIFY_SCHEMA);
  });

  it('a statement of everything, byte for byte', async () => {
    await golden('test/evidence/golden/statement.json', await statementOf());
  });

  it('a statement says nothing of how long it took', async () => {
    expect(canonicalJson(await statementOf())).not.toContain('durationMs');
  });

  it('the same check staged twice differs in the salt and the leaf only', async () => {
    const [first, second] = [
      await stage(sampleCheck('v'), await sealer()),
      await stage(sampleCheck('v'), await sealer()),
    ];
    expect(first.envelope).toBe(second.envelope);
    expect(first.information).toEqual(second.information);
    expect(first.salt).not.toBe(second.salt);
    expect(first.leaf).not.toBe(second.leaf);
  });

  it('a leaf shows neither the model nor the issuer', async () => {
    const { leaf } = await stage(sampleCheck('v', 'Secret model'), await sealer());
    expect(isLeaf(JSON.parse(leaf))).toBe(true);
    expect(Object.keys(JSON.parse(leaf) as object)).toEqual(['digest', 'id', 'kind', 'v']);
  });

  it('names from a model become plain paths, and stay apart', async () => {
    const parts = sampleCheck('v');
    const [property] = parts.report.properties;
    if (property === undefined) throw new Error('a property');
    const report = {
      ...parts.report,
      properties: [
        { ...property, name: '../a b' },
        { ...property, name: '../a:b' },
      ],
    };
    const artifacts = ['../../x', 'x/y', 'x/y'].map((name) => ({
      name,
      mediaType: 'text/plain',
      text: name,
    }));
    const { envelope } = await stage({ ...parts, report, artifacts }, await sealer());
    const parsed = parseEnvelope(utf8(envelope));
    const statement = parsed.ok
      ? (JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as unknown)
      : undefined;
    if (!isStatement(statement)) throw new Error('a statement');
    expect(statement.predicate.evidence.map(({ path }) => path).slice(0, 5)).toEqual([
      'evidence/traces/001-.._a_b.json',
      'evidence/traces/002-.._a_b.json',
      'evidence/artifacts/001-.._.._x',
      'evidence/artifacts/002-x_y',
      'evidence/artifacts/003-x_y',
    ]);
  });

  it('a report about another model is never signed', async () => {
    const parts = sampleCheck('v');
    await expect(
      stage({ ...parts, document: { ...parts.document, name: 'Other' } }, await sealer()),
    ).rejects.toThrow('invariant');
  });

  it.each([
    ['an unknown outcome', (p: Record<string, unknown>) => ({ ...p, outcome: 'fine' })],
    ['an unknown field', (p: Record<string, unknown>) => ({ ...p, note: 'x' })],
    ['a missing field', (p: Record<string, unknown>) => ({ ...p, kind: undefined })],
    ['a number for a name', (p: Record<string, unknown>) => ({ ...p, name: 1 })],
  ])('the schema refuses a property with %s', async (_, change) => {
    const statement = (await statementOf()) as {
      predicate: { properties: Record<string, unknown>[] };
    };
    expect(isStatement(statement)).toBe(true);
    statement.predicate.properties[0] = change(statement.predicate.properties[0] ?? {});
    expect(isStatement(statement)).toBe(false);
  });
});
