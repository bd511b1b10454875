import { beforeAll, describe, expect, it, vi } from 'vitest';
import { digestOf } from '../../src/canonical/index.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import type { Sealable } from '../../src/evidence/bundle/contents.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { PropertyReport, ScriptReport } from '../../src/model/outcome.ts';
import {
  readSpecificationDocument,
  type SpecificationDocument,
} from '../../src/model/specification.ts';
import { recheck } from '../../src/checking/recheck.ts';
import { RECHECK_LIMITS, type Recheck } from '../../src/checking/rechecked.ts';
import { type Submission, DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { CACHE_DIR, tlcAbsence } from '../conformance/checking.ts';
import { installation, type Installation } from '../evidence/fixture.ts';

/**
 * Answers of a trusted signer who lies: every layer accepts the bundle, and only the tool, asked
 * again, can tell.
 */
let home: Installation;
let absent: string | undefined;
let spec: Sealable;
let script: Sealable;

const COUNTER =
  "---- MODULE Counter ----\nEXTENDS Naturals\nVARIABLE x\nInit == x = 0\nNext == x < 3 /\\ x' = x + 1\nSmall == x < 2\nFine == x < 9\n====\n";
const FILES = [
  {
    name: 'Counter.cfg',
    text: 'INIT Init\nNEXT Next\nINVARIANTS Small Fine\nCHECK_DEADLOCK FALSE\n',
  },
];
const SCRIPT =
  '(declare-const x Int)\n(assert (> x 2))\n(check-sat)\n(assert (< x 1))\n(check-sat)\n';

async function checked(id: string, submission: Submission): Promise<Sealable> {
  const result = await checkSubmission(submission, DEFAULT_OPTIONS, {
    signal: new AbortController().signal,
    cacheDir: CACHE_DIR,
    onProgress: () => undefined,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return {
    id,
    source: { text: submission.source, format: submission.format },
    ...result.value,
    options: {},
  };
}

beforeAll(async () => {
  absent = await tlcAbsence();
  home = await installation('honest');
  script = await checked('script', { source: SCRIPT, format: 'smt', name: 'a.smt2' });
  if (absent === undefined)
    spec = await checked('spec', {
      source: COUNTER,
      format: 'tla',
      name: 'Counter.tla',
      files: FILES,
    });
}, 240_000);

const layersOf = async (parts: Sealable) =>
  verifyBundle((await home.issue(parts)).files, home.policy, { crypto: nodeCrypto });

async function rechecked(parts: Sealable): Promise<Record<string, string>> {
  const { files } = await home.issue(parts);
  const report = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
  if (!report.statement) throw new Error(JSON.stringify(report.layers));
  const said = (each: Recheck): string => (each.status === 'failed' ? each.code : each.status);
  return Object.fromEntries(
    (await recheck(files, report.statement, RECHECK_LIMITS, CACHE_DIR)).map((each) => [
      each.property,
      said(each),
    ]),
  );
}

const withProperty = (name: string, change: Partial<PropertyReport>): Sealable => ({
  ...spec,
  report: {
    ...spec.report,
    properties: spec.report.properties.map((p) => (p.name === name ? { ...p, ...change } : p)),
  },
});
const withScript = (change: Partial<ScriptReport>): Sealable => ({
  ...script,
  report: { ...script.report, script: { ...(script.report.script as ScriptReport), ...change } },
});

describe('answers of TLC, asked again', () => {
  it('under SYMMETRY: a temporal property cannot have held; less, signed earlier, is skipped', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const symmetric = await checked('symmetric', {
      source:
        "---- MODULE Sym ----\nEXTENDS TLC\nCONSTANT S\nVARIABLE x\nInit == x \\in S\nNext == x' \\in S\nPerms == Permutations(S)\nSoon == <>(x \\in S)\nIn == x \\in S\n====\n",
      format: 'tla',
      name: 'Sym.tla',
      files: [
        {
          name: 'Sym.cfg',
          text: 'INIT Init\nNEXT Next\nCONSTANT S = {a, b}\nSYMMETRY Perms\nINVARIANT In\nPROPERTY Soon\n',
        },
      ],
    });
    expect(await rechecked(symmetric)).toMatchObject({ In: 'rerun', Soon: 'skipped' });
    const { report } = symmetric;
    const signed = async (answer: Partial<PropertyReport>): Promise<Record<string, string>> => {
      const properties = report.properties.map((p): PropertyReport => {
        const { reason: _reason, message: _message, ...rest } = p;
        return p.name === 'Soon' ? { ...rest, ...answer } : p;
      });
      return rechecked({ ...symmetric, report: { ...report, properties } });
    };
    expect(await signed({ outcome: 'holds', method: 'exhaustive' })).toMatchObject({
      In: 'rerun',
      Soon: 'RECHECK_ANSWER',
    });
    const bounded = { outcome: 'bounded', bound: 'an estimate of TLC' } as const;
    expect(await signed(bounded)).toMatchObject({ Soon: 'skipped' });
    const trace = { params: {}, initial: { x: 'a' }, steps: [], cycleStart: 0 };
    const violated = { outcome: 'violated', witness: 'trace', trace } as const;
    expect(await signed(violated)).toMatchObject({ Soon: 'skipped' });
  }, 120_000);

  it('may claim less than is known today: bundles of earlier versions verify for ever', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const bounded = (p: PropertyReport): PropertyReport => {
      const { method: _method, ...rest } = p;
      return { ...rest, outcome: 'bounded', bound: 'the constraint of the configuration' };
    };
    const { report } = spec;
    const older = { ...report, properties: report.properties.map(bounded) };
    expect(
      await rechecked({ ...spec, report: { ...report, properties: older.properties } }),
    ).toEqual({ Small: 'RECHECK_OUTCOME', Fine: 'rerun', assumptions: 'rerun' });
    const miscounted = older.properties.map((p) =>
      p.name === 'Fine' ? { ...p, evidence: { ...p.evidence, distinctStates: 5 } } : p,
    );
    expect(
      await rechecked({ ...spec, report: { ...report, properties: miscounted } }),
    ).toMatchObject({
      Fine: 'RECHECK_COUNT',
    });
  }, 120_000);

  it('are refuted where a trusted signer lied: the answer, the count, the run, the question', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const [small, fine, assumptions] = spec.report.properties as [
      PropertyReport,
      PropertyReport,
      PropertyReport,
    ];
    const other = {
      params: {},
      initial: { x: '0' },
      steps: [{ action: 'Next', binding: {}, changed: { x: ['0', '2'] as const } }],
    };
    const { method: _method, ...broken } = assumptions;
    const properties: PropertyReport[] = [
      { ...small, trace: other },
      { ...fine, evidence: { ...fine.evidence, distinctStates: 5 } },
      { ...fine, name: 'Tall' },
      { ...broken, outcome: 'violated', witness: 'trace' },
    ];
    expect(await rechecked({ ...spec, report: { ...spec.report, properties } })).toEqual({
      Small: 'RECHECK_REPLAY',
      Fine: 'RECHECK_COUNT',
      Tall: 'RECHECK_PROPERTY',
      assumptions: 'RECHECK_OUTCOME',
    });
  }, 120_000);

  it('are refuted where they are of another text, and of no document at all', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const document = { ...(spec.document as SpecificationDocument & { format: 'tla' }) };
    const under = (other: object): Sealable => ({
      ...spec,
      document: other as SpecificationDocument,
      report: { ...spec.report, model: { ...spec.report.model, digest: digestOf(other) } },
    });
    expect(
      await rechecked(
        under({ ...document, modules: { Counter: COUNTER.replace('x < 2', 'x < 7') } }),
      ),
    ).toMatchObject({ Small: 'RECHECK_OUTCOME', Fine: 'rerun' });
    for (const broken of [
      { ...document, more: 1 },
      { ...document, modules: { Counter: COUNTER, Spare: '' } },
      { specification: 1, format: 'smt', script: SCRIPT },
      { ...document, root: 'Other' },
    ]) {
      expect(Object.values(await rechecked(under(broken)))).toEqual([
        'RECHECK_MODEL',
        'RECHECK_MODEL',
        'RECHECK_MODEL',
      ]);
    }
  }, 120_000);

  it('are not said to be checked where there is no TLC', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    vi.stubEnv('TLA2TOOLS_JAR', '/nowhere/tla2tools.jar');
    try {
      expect(await rechecked(spec)).toEqual({
        Small: 'skipped',
        Fine: 'skipped',
        assumptions: 'skipped',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  }, 60_000);

  it('never carry an assurance of ours: an offline reader refuses the statement', async ({
    skip,
  }) => {
    if (absent !== undefined) skip(absent);
    const report = await layersOf(withProperty('Fine', { assurance: ['replayed'] }));
    expect(report.status).toBe('failed');
    expect(report.layers.find(({ layer }) => layer === 'statement')).toMatchObject({
      code: 'STATEMENT_OPAQUE',
      detail: 'Fine',
    });
  });
});

describe('answers of a solver, asked again', () => {
  it('are refuted where a trusted signer lied, and where the file of results says something else', async () => {
    const results = (script.report.script as ScriptReport).results;
    expect(
      await rechecked(
        withScript({
          answers: ['sat', 'sat'],
          results: results.map((each) => ({ ...each, answer: 'sat' as const })),
        }),
      ),
    ).toEqual({ 'check-sat 1': 'rerun', 'check-sat 2': 'RECHECK_OUTCOME' });
    expect(await rechecked(withScript({ answers: ['sat', 'sat'] }))).toEqual({
      'check-sat 1': 'RECHECK_ANSWER',
      'check-sat 2': 'RECHECK_ANSWER',
    });
    expect(await rechecked(withScript({ answers: ['sat'], results: results.slice(0, 1) }))).toEqual(
      { 'check-sat 1': 'RECHECK_PROPERTY' },
    );
    expect(
      await rechecked(
        withScript({
          answers: ['unknown', 'unsat'],
          results: [{ ...results[0], answer: 'unknown' }, results[1]] as never,
        }),
      ),
    ).toEqual({ 'check-sat 1': 'skipped', 'check-sat 2': 'rerun' });
  }, 120_000);

  it('are answers of a script and of nothing else', async () => {
    const asModel = await layersOf({
      ...script,
      report: { ...script.report, model: { ...script.report.model, format: 'native' } },
    });
    expect(asModel.layers.find(({ layer }) => layer === 'statement')).toMatchObject({
      code: 'STATEMENT_OPAQUE',
    });
  });
});

describe('the document of a specification', () => {
  it('has exactly its shape', () => {
    const fine = {
      specification: 1,
      format: 'tla',
      root: 'M',
      modules: { M: '' },
      configuration: '',
    };
    expect(readSpecificationDocument(fine)).toEqual(fine);
    expect(readSpecificationDocument({ specification: 1, format: 'smt', script: '' })).toEqual({
      specification: 1,
      format: 'smt',
      script: '',
    });
    const wrong: unknown[] = [
      null,
      [],
      { ...fine, specification: 2 },
      { ...fine, script: '' },
      { ...fine, modules: {} },
      { ...fine, modules: { M: '', '../N': '' } },
      { ...fine, modules: { M: 1 } },
      { ...fine, root: '__proto__' },
      { specification: 1, format: 'smt' },
      { specification: 1, format: 'smt', script: 1 },
      { specification: 1, format: 'native', script: '' },
    ];
    for (const value of wrong)
      expect([value, readSpecificationDocument(value)]).toEqual([value, undefined]);
  });
});
