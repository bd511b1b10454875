import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { modelSchema } from '../src/frontends/native/modelShape.ts';
import { parse } from 'yaml';
import { identify } from '../src/checking/identify.ts';
import { check } from './cli/run.ts';
import { golden, repository } from './golden.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(repository(path), 'utf8'));
const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  strictRequired: false,
});
const trace = ajv.compile(read('schemas/trace.schema.json') as object);
const report = ajv.compile(read('schemas/report.schema.json') as object);
const problems = ajv.compile(read('schemas/problem.schema.json') as object);

/** Each a model under test/golden/check, what else to say to `check`, and how it ends. */
const CASES: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly exit: number;
}[] = [
  { name: 'trace', args: [], exit: 1 },
  { name: 'lasso', args: [], exit: 1 },
  { name: 'trap', args: [], exit: 1 },
  { name: 'exhaustion', args: [], exit: 1 },
  { name: 'bounded', args: ['--max-states', '50', '--engines', 'explore'], exit: 3 },
  { name: 'unknown', args: [], exit: 3 },
];

/** What differs from run to run and from machine to machine. */
function steady(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => (key === 'durationMs' ? 0 : item)),
  );
}

describe('schemas', () => {
  it('model.schema.json is printed from the table that the reader walks', () => {
    golden('schemas/model.schema.json', modelSchema());
  });

  it('specification.schema.json accepts what raw submissions are kept as, and nothing beside', async () => {
    const specification = ajv.compile(read('schemas/specification.schema.json') as object);
    const tla = await identify({
      source: '---- MODULE M ----\n====\n',
      format: 'tla',
      name: 'M.tla',
      files: [{ name: 'M.cfg', text: '' }],
    });
    const smt = await identify({ source: '(check-sat)', format: 'smt', name: 'a.smt2' });
    for (const each of [tla, smt]) {
      if (!each.ok) throw new Error(JSON.stringify(each.problems));
      expect(specification(each.value.document), ajv.errorsText(specification.errors)).toBe(true);
      expect(specification({ ...each.value.document, more: 1 })).toBe(false);
    }
  });

  it('model.schema.json accepts the models here', () => {
    const model = ajv.compile(modelSchema());
    for (const path of [
      'specs/demo/checkout.yaml',
      ...CASES.map(({ name }) => `test/golden/check/${name}.yaml`),
    ]) {
      expect(
        model(parse(readFileSync(repository(path), 'utf8'))),
        `${path} ${ajv.errorsText(model.errors)}`,
      ).toBe(true);
    }
    expect(
      model({ probity: 1, name: 'x', variables: {}, actors: {}, actions: {}, propertys: {} }),
    ).toBe(false);
  });

  for (const { name, args, exit } of CASES) {
    it(`report and trace of ${name}`, async () => {
      const ended = await check(repository(`test/golden/check/${name}.yaml`), '--json', ...args);
      expect(ended).toMatchObject({ exit, stderr: '' });
      const said = JSON.parse(ended.stdout) as { properties: { trace?: unknown }[] };
      expect(report(said), ajv.errorsText(report.errors)).toBe(true);
      for (const property of said.properties)
        if (property.trace) expect(trace(property.trace), ajv.errorsText(trace.errors)).toBe(true);
      golden(`test/golden/check/${name}.report.json`, steady(said));
    });
  }

  it('problems', async () => {
    const ended = await check(repository('test/golden/check/problems.yaml'), '--json');
    expect(ended).toMatchObject({ exit: 2, stderr: '' });
    const said: unknown = JSON.parse(ended.stdout);
    expect(problems(said), ajv.errorsText(problems.errors)).toBe(true);
    golden('test/golden/check/problems.report.json', said);
  });

  it('refuse an unknown field, and an answer that is two answers', () => {
    const said = read('test/golden/check/trace.report.json') as { properties: object[] };
    expect(report({ ...said, verdict: 'fine' })).toBe(false);
    expect(report({ ...said, properties: [{ ...said.properties[0], method: 'exhaustive' }] })).toBe(
      false,
    );
  });
});
