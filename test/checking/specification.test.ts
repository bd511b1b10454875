import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSpecification } from '../../src/frontends/tla/specification.ts';
import type { Report, ScriptReport } from '../../src/model/outcome.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkTla } from '../../src/checking/specifications/tla.ts';
import { checkSmt } from '../../src/checking/specifications/smt.ts';
import { CACHE_DIR, tlcAbsence } from '../conformance/checking.ts';
import { describeShared, sharedPath } from '../shared.ts';

const never = new AbortController().signal;

async function script(source: string, timeoutMs = 30_000): Promise<ScriptReport> {
  const report = await checkSmt(source, { timeoutMs, memoryMb: 2_048 }, never);
  if (!report.ok) throw new Error(JSON.stringify(report.problems));
  return report.value;
}

describe('an SMT-LIB script is answered by solvers', () => {
  it('a check at a time, models and cores where it asks for them', async () => {
    const { answers, results } =
      await script(`(set-option :produce-models true)(set-option :produce-unsat-cores true)(declare-const x Int)
      (assert (! (> x 2) :named big))(check-sat)(get-value (x))(push 1)(assert (! (< x 1) :named small))(check-sat)(get-unsat-core)(get-model)(pop 1)(check-sat-assuming ((< x 5)))(echo "done")`);
    expect(answers).toEqual(['sat', 'unsat', 'sat']);
    expect(results.map(({ command }) => command)).toEqual([
      'check-sat',
      'get-value',
      'check-sat',
      'get-unsat-core',
      'get-model',
      'check-sat-assuming',
      'echo',
    ]);
    expect(results[3]?.text).toMatch(/big.*small|small.*big/);
    expect(results[4]?.none).toMatch(/model is not available/);
    const schema = JSON.parse(
      readFileSync(
        fileURLToPath(new URL('../../schemas/answers.schema.json', import.meta.url)),
        'utf8',
      ),
    ) as object;
    expect(
      new Ajv2020().validate(
        schema,
        await script('(declare-const x Int)(assert (= x 1))(check-sat)(get-model)'),
      ),
    ).toBe(true);
  });

  it('with a place where it is wrong', async () => {
    const wrong = await checkSmt(
      '(declare-const x Int)\n(assert (= x y))\n(check-sat)',
      { timeoutMs: 20_000, memoryMb: 2_048 },
      never,
    );
    expect(wrong).toMatchObject({
      ok: false,
      problems: [{ code: 'SMT_SYNTAX', path: 'assert', line: 2, column: 1 }],
    });
  });

  it('unknown with its reason where time runs out, and what was known by then stays', async () => {
    const hard =
      '(declare-const a Int)(declare-const b Int)(declare-const c Int)(check-sat)(assert (and (> a 1) (> b 1) (> c 1) (= (+ (* a a a) (* b b b)) (* c c c))))(check-sat)';
    const { answers, results } = await script(hard, 2_500);
    expect(answers).toEqual(['sat', 'unknown']);
    expect(results[1]?.reason ?? 'the solver itself').toMatch(/timeout|the solver itself/);
  }, 30_000);

  it('a name that Z3 has taken means what the script says', async () => {
    expect(
      (
        await script(
          '(set-logic ALL)(declare-datatype List ((nil) (cons (head Int) (tail List))))(declare-const l List)(assert (not (= l nil)))(check-sat)',
        )
      ).answers,
    ).toEqual(['sat']);
  });
});

describeShared('published SMT-LIB scripts', () => {
  const { files } = JSON.parse(
    readFileSync(sharedPath('cases', 'smt', 'expected.json'), 'utf8'),
  ) as {
    readonly files: readonly { readonly file: string; readonly expected: readonly string[] }[];
  };
  it('are answered as published; without cvc5, what Z3 has no word for is unknown', async () => {
    for (const { file, expected } of files) {
      const { answers, engines } = await script(
        readFileSync(sharedPath('cases', 'smt', file), 'utf8'),
      );
      if (answers.includes('unknown') && !engines.some(({ name }) => name === 'cvc5'))
        expect(readFileSync(sharedPath('cases', 'smt', file), 'utf8')).toContain(
          'declare-codatatypes',
        );
      else expect([file, answers]).toEqual([file, expected]);
    }
  }, 600_000);
});

describe('a TLA+ specification is checked by TLC as it was submitted', () => {
  let absent: string | undefined;
  beforeAll(async () => {
    absent = await tlcAbsence();
  }, 240_000);
  const module = (body: string, name = 'M'): string =>
    `---- MODULE ${name} ----\nEXTENDS Naturals, TLC\nVARIABLE x\nInit == x = 0\n${body}\n====\n`;
  const count = (to: number): string => `Next == x < ${to} /\\ x' = x + 1`;

  async function check(
    source: string,
    configuration: string,
    beside: Readonly<Record<string, string>> = {},
    timeoutMs = 60_000,
  ): Promise<Report | string[]> {
    const read = await readSpecification(
      source,
      `INIT Init\nNEXT Next\n${configuration}`,
      async (name) => beside[name],
    );
    if (!read.ok) return read.problems.map(({ code }) => code);
    const report = await checkTla(
      read.value,
      `sha256:${'0'.repeat(64)}`,
      { ...DEFAULT_OPTIONS, timeoutMs },
      { signal: never, cacheDir: CACHE_DIR },
    );
    return report.ok
      ? report.value
      : report.problems.map(({ code, path, line }) => `${code} ${path} ${line ?? ''}`);
  }
  const outcomes = (report: Report | string[]): unknown =>
    Array.isArray(report)
      ? report
      : Object.fromEntries(report.properties.map((property) => [property.name, property.outcome]));

  it('one property for each invariant, each temporal property, deadlock and the assumptions', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const report = await check(
      module(`${count(3)}\nSmall == x < 2\nFine == x < 9\nNever == [](x < 3)\nASSUME 1 < 2`),
      'INVARIANTS Small Fine\nPROPERTY Never',
    );
    expect(outcomes(report)).toEqual({
      Small: 'violated',
      Fine: 'holds',
      Never: 'violated',
      deadlockFree: 'violated',
      assumptions: 'holds',
    });
    if (Array.isArray(report)) throw new Error(report.join());
    expect(report.properties[0]?.trace).toEqual({
      params: {},
      initial: { x: '0' },
      steps: [
        { action: 'Next', binding: {}, changed: { x: ['0', '1'] } },
        { action: 'Next', binding: {}, changed: { x: ['1', '2'] } },
      ],
    });
    expect(report.properties.every((property) => property.assurance.length === 0)).toBe(true);
    const schemas = new Ajv2020({ allowUnionTypes: true });
    for (const name of ['trace', 'report'])
      schemas.addSchema(
        JSON.parse(
          readFileSync(
            fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url)),
            'utf8',
          ),
        ) as object,
        name,
      );
    expect([
      schemas.validate('report', JSON.parse(JSON.stringify(report))),
      schemas.errors,
    ]).toEqual([true, null]);
    expect(report.assumptions.abstractions[0]).toContain('nothing else has checked them');
  }, 120_000);

  it('a constraint makes it bounded, a false assumption is a violation', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    expect(
      outcomes(
        await check(
          module(`Next == x' = x + 1\nSmall == x < 5\nPos == x >= 0`),
          'CONSTRAINT Small\nINVARIANT Pos',
        ),
      ),
    ).toMatchObject({ Pos: 'bounded' });
    expect(
      outcomes(await check(module(`${count(1)}\nASSUME 2 < 1`), 'CHECK_DEADLOCK FALSE')),
    ).toMatchObject({ assumptions: 'violated' });
  }, 120_000);

  it('a temporal property under SYMMETRY is unknown; invariants and assumptions keep their answers', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const body = module(
      `Next == x = 0 /\\ x' \\in S\nSym == Permutations(S)\nFew == TRUE\nSoon == <>(x \\in S)\nASSUME 1 < 2\nSmall == TRUE`,
    ).replace('VARIABLE', 'CONSTANT S\nVARIABLE');
    const constants = 'CONSTANT S = {a, b}\nSYMMETRY Sym\nCHECK_DEADLOCK FALSE';
    const report = await check(body, `${constants}\nINVARIANT Few\nPROPERTY Soon`);
    expect(outcomes(report)).toEqual({ Few: 'holds', Soon: 'unknown', assumptions: 'holds' });
    if (Array.isArray(report)) throw new Error(report.join());
    expect(report.properties[1]).toMatchObject({
      reason: 'unsupported',
      message: expect.stringMatching(/SYMMETRY.*take SYMMETRY out/) as unknown,
    });
    expect(outcomes(await check(body, `${constants}\nCONSTRAINT Small\nINVARIANT Few`))).toEqual({
      Few: 'bounded',
      assumptions: 'holds',
    });
  }, 120_000);

  it('what cannot be read is a problem with its place', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    expect(await check(module("Next == x' = y"), '')).toEqual(['TLA_SYNTAX M 5']);
    expect(await check(module(count(1)), 'INVARIANT Gone')).toEqual(['TLA_SYNTAX configuration ']);
  }, 120_000);

  it('what TLC cannot evaluate is unknown, and the rest is answered', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const odd = await check(
      module(`${count(3)}\nOdd == x < 2 \\/ x = "a"\nFine == x < 9`),
      'INVARIANTS Odd Fine\nCHECK_DEADLOCK TRUE',
    );
    expect(outcomes(odd)).toEqual({
      Odd: 'unknown',
      Fine: 'holds',
      deadlockFree: 'violated',
      assumptions: 'holds',
    });
    expect(Array.isArray(odd) ? odd : odd.properties[0]).toMatchObject({
      reason: 'crash',
      message: expect.stringContaining('equality of integer 2 with non-integer') as unknown,
    });
    expect(
      outcomes(
        await check(
          module(`${count(3)}\nFine == x < 9`).replace('x = 0', 'x = 0 /\\ x[1] = 2'),
          'INVARIANT Fine',
        ),
      ),
    ).toEqual({ Fine: 'unknown', deadlockFree: 'unknown', assumptions: 'unknown' });
  }, 120_000);

  it('an assertion that fails, and a property that the first state breaks', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const report = await check(
      module(`Next == x < 3 /\\ Assert(x < 2, "at most 2") /\\ x' = x + 1\nFine == x < 9`),
      'INVARIANT Fine',
    );
    expect(outcomes(report)).toEqual({
      Fine: 'unknown',
      deadlockFree: 'unknown',
      assertions: 'violated',
      assumptions: 'unknown',
    });
    expect(Array.isArray(report) ? report : report.properties[2]?.trace?.steps).toHaveLength(2);
    expect(
      outcomes(
        await check(
          module(`${count(2)}\nLate == x = 1\nNever == [](x < 9)`),
          'PROPERTIES Late Never\nCHECK_DEADLOCK FALSE',
        ),
      ),
    ).toEqual({ Late: 'violated', Never: 'holds', assumptions: 'holds' });
  }, 120_000);

  it('without a first state, nothing holds', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    expect(
      await check(
        module(`${count(1)}\nFine == x < 9`).replace('x = 0', 'x = 0 /\\ x = 1'),
        'INVARIANT Fine',
      ),
    ).toEqual(['INIT_EMPTY M ']);
  }, 120_000);

  it('a postcondition is not answered by a TLC that knows none; a wrong configuration is a problem', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    expect(
      outcomes(
        await check(
          module(`${count(1)}\nDone == TRUE`),
          'POSTCONDITION Done\nCHECK_DEADLOCK FALSE',
        ),
      ),
    ).toEqual({ assumptions: 'holds', Done: 'unknown' });
    expect(await check(module(`${count(1)}\nStep == x' = x`), 'INVARIANT Step')).toEqual([
      'TLA_SYNTAX configuration ',
    ]);
    expect(await check(module(count(1)), 'CONSTANT x <-')).toEqual(['TLA_SYNTAX configuration ']);
  }, 120_000);

  it('hostile text: no time without end, no output without end, no file of the machine, no class beside the module', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    expect(
      outcomes(
        await check(
          module("Next == x' = Cardinality(SUBSET (SUBSET (1..40)))").replace(
            'TLC',
            'TLC, FiniteSets',
          ),
          '',
          {},
          3_000,
        ),
      ),
    ).toMatchObject({ deadlockFree: 'unknown' });
    expect(
      outcomes(
        await check(
          module(
            `Next == /\\ \\A i \\in 1..20000000 : PrintT("${'x'.repeat(400)}")\n        /\\ x' = 1`,
          ),
          '',
          {},
          20_000,
        ),
      ),
    ).toMatchObject({ deadlockFree: 'unknown' });
    expect(
      await check(module(count(1)).replace('TLC', 'TLC, IOExec'), '', {
        IOExec: module('', 'IOExec'),
      }),
    ).toEqual(['TLA_MODULE']);
    // A class beside the module would be loaded as the definition of an operator: only texts are
    // written, under names of their own.
    const folder = mkdtempSync(join(tmpdir(), 'probity-hostile-'));
    writeFileSync(join(folder, 'M.class'), 'no class');
    expect(existsSync(join(folder, 'M.class'))).toBe(true);
    expect(
      outcomes(await check(module(`${count(1)}\nFine == x < 9`), 'INVARIANT Fine')),
    ).toMatchObject({ Fine: 'holds' });
  }, 120_000);
});

describeShared('published TLA+ specifications', () => {
  interface Case {
    readonly spec: string;
    readonly cfg: string;
    readonly expected: string;
    readonly distinctStates: number | null;
  }
  const { models } = JSON.parse(
    readFileSync(sharedPath('cases', 'tla', 'expected.json'), 'utf8'),
  ) as { readonly models: readonly Case[] };
  /**
   * All 38 take a minute and a half: `PROBITY_TLA=all`. In the gate, those with fewer than 150
   * states, and one of each failure.
   */
  const chosen =
    process.env['PROBITY_TLA'] === 'all'
      ? models
      : models.filter(
          (found) =>
            (found.distinctStates ?? 1_000) < 70 ||
            found.spec.includes('MC_spanning') ||
            found.spec.includes('MCRealTime'),
        );
  it(`${chosen.length} of ${models.length} come out as published, with as many distinct states`, async ({
    skip,
  }) => {
    const absent = await tlcAbsence();
    if (absent !== undefined) skip(absent);
    for (const found of chosen) {
      const path = sharedPath('cases', 'tla', found.spec);
      const beside = (name: string): string => join(dirname(path), `${name}.tla`);
      const read = await readSpecification(
        readFileSync(path, 'utf8'),
        readFileSync(sharedPath('cases', 'tla', found.cfg), 'utf8'),
        async (name) => (existsSync(beside(name)) ? readFileSync(beside(name), 'utf8') : undefined),
      );
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      const report = await checkTla(
        read.value,
        `sha256:${'0'.repeat(64)}`,
        { ...DEFAULT_OPTIONS, timeoutMs: 120_000 },
        { signal: never, cacheDir: CACHE_DIR },
      );
      if (!report.ok) throw new Error(JSON.stringify(report.problems));
      const { properties } = report.value;
      const broken = properties
        .filter((property) => property.outcome === 'violated')
        .map((property) => property.kind);
      expect([found.spec, properties.filter((property) => property.outcome === 'unknown')]).toEqual(
        [found.spec, []],
      );
      expect([found.spec, broken]).toEqual([
        found.spec,
        found.expected === 'success'
          ? []
          : [found.expected === 'liveness failure' ? 'temporal' : 'invariant'],
      ]);
      if (found.distinctStates !== null)
        expect([found.spec, properties[0]?.engines[0]?.states ?? 0]).toEqual([
          found.spec,
          found.distinctStates,
        ]);
    }
  }, 600_000);
});
