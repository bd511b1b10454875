import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkSubmission } from '../../src/checking/check.ts';
import { ENGINES } from '../../src/checking/plan.ts';
import {
  recheck,
  RECHECK_LIMITS,
  type Recheck,
  type RecheckLimits,
} from '../../src/checking/recheck.ts';
import { DEFAULT_OPTIONS, type CheckOptions } from '../../src/checking/types.ts';
import type { Sealable } from '../../src/evidence/bundle/contents.ts';
import { bundleReadme } from '../../src/evidence/bundle/readme.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { Assurance, PropertyReport, Report } from '../../src/model/outcome.ts';
import { CACHE_DIR, tlcAbsence } from '../conformance/checking.ts';
import { installation, type Installation } from '../evidence/fixture.ts';

const TOGGLE = `
probity: 1
name: Toggle
variables: { on: { type: bool, init: false } }
actors: { shop: {} }
actions: { flip: { actor: shop, then: { on: not(on) }, fair: weak } }
properties:
  fine: { always: "on or not(on)" }
  off: { never: on }
  again: { eventually: on }
  stays: { eventuallyAlways: "on or not(on)" }
  back: { recoverable: "not(on)" }
  both: { all: [fine, back] }
`;

interface Checked {
  readonly parts: Sealable;
  readonly first: Report | undefined;
}

async function checked(options: Partial<CheckOptions>): Promise<Checked> {
  let first: Report | undefined;
  const result = await checkSubmission(
    { source: TOGGLE, format: 'native', name: 'toggle' },
    { ...DEFAULT_OPTIONS, ...options },
    {
      signal: new AbortController().signal,
      cacheDir: CACHE_DIR,
      onProgress: () => {},
      onFirst: (report) => {
        first = report;
      },
    },
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const source = { text: TOGGLE, format: 'native' };
  return { first, parts: { id: 'toggle', source, ...result.value, options: {} } };
}

const of = ({ properties }: Report, name: string): PropertyReport =>
  properties.find((each) => each.name === name) as PropertyReport;

let home: Installation;
let crossed: Checked;
let withTlc: boolean;

beforeAll(async () => {
  home = await installation('honest');
  withTlc = (await tlcAbsence()) === undefined;
  crossed = await checked({ crossCheck: true });
}, 120_000);
afterEach(() => vi.restoreAllMocks());

describe('what is to be sealed', () => {
  it('is answered first by one engine, then by all that can', () => {
    const { first, parts } = crossed;
    expect(of(first!, 'fine').engines.map(({ name }) => name)).toEqual(['explore']);
    expect(of(first!, 'fine').agreement).toEqual({
      engines: ['explore'],
      lacks: [
        { engine: 'tlc', reason: 'notAsked' },
        { engine: 'z3', reason: 'notAsked' },
      ],
    });
    const { report } = parts;
    expect(report.properties.map(({ name, outcome }) => [name, outcome])).toEqual(
      first!.properties.map(({ name, outcome }) => [name, outcome]),
    );
    const tlc = withTlc ? [] : [{ engine: 'tlc', reason: 'unavailable' }];
    const three = withTlc ? ['explore', 'tlc', 'z3'] : ['explore', 'z3'];
    expect(of(report, 'fine').agreement).toEqual({ engines: three, lacks: tlc });
    expect(of(report, 'off').agreement).toEqual({ engines: three, lacks: tlc });
    expect(of(report, 'again').agreement).toEqual({ engines: three, lacks: tlc });
    const alone = {
      engines: ['explore'],
      lacks: [
        { engine: 'tlc', reason: 'unsupported' },
        { engine: 'z3', reason: 'unsupported' },
      ],
    };
    expect(of(report, 'back').agreement).toEqual(alone);
    expect(of(report, 'both').agreement).toEqual(alone);
    expect([...of(report, 'fine').assurance].sort()).toEqual([
      'crossChecked',
      'obligationsReproved',
      'translationValidated',
    ]);
    // Whoever says that it was proved again shows the invariant.
    expect(of(report, 'fine').evidence).toMatchObject({
      stateSetDigest: expect.any(String),
      invariant: expect.any(String),
    });
    const seal = { id: 'v', issuer: 'i', issuedAt: 't', key: 'k' };
    expect(bundleReadme(report, seal)).toContain('on the word of explore alone; not tlc (unsup');
  });

  it("may rest on one engine's word, which is said as that", async () => {
    const { first, parts } = await checked({ crossCheck: false });
    expect(first).toBeUndefined();
    expect(of(parts.report, 'fine').agreement?.engines).toEqual(['explore']);
    expect(of(parts.report, 'fine').agreement?.lacks.map(({ reason }) => reason)).toEqual([
      'notAsked',
      'notAsked',
    ]);
    expect(of((await checked({})).parts.report, 'fine')).not.toHaveProperty('agreement');
  });

  it('is nothing where a second engine contradicts the first', async () => {
    vi.spyOn(ENGINES.z3, 'run').mockImplementation(async ({ properties }) => ({
      artifacts: [],
      outcomes: new Map(
        properties.map(({ name }) => [
          name,
          { outcome: 'holds', method: 'inductive', evidence: {} } as const,
        ]),
      ),
    }));
    vi.spyOn(ENGINES.tlc, 'refuses').mockReturnValue('not today');
    const { first, parts } = await checked({ crossCheck: true });
    expect(of(first!, 'off').outcome).toBe('violated');
    const off = of(parts.report, 'off');
    expect(off).toMatchObject({ outcome: 'unknown', reason: 'disagreement', assurance: [] });
    expect(off).not.toHaveProperty('agreement');
    expect(off.engines.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['explore', 'violated'],
      ['z3', 'holds'],
    ]);
  });

  it('waits no longer for the others than their part of the time', async () => {
    vi.spyOn(ENGINES.z3, 'run').mockImplementation(
      (_task, _budget, time) =>
        new Promise((_resolve, reject) => {
          const left = time.deadline - Date.now();
          expect(left).toBeLessThanOrEqual(1_000);
          setTimeout(() => reject(new Error('the time was over')), left);
        }),
    );
    vi.spyOn(ENGINES.tlc, 'refuses').mockReturnValue('not today');
    const { parts } = await checked({ crossCheck: true, timeoutMs: 4_000 });
    expect(of(parts.report, 'fine')).toMatchObject({
      outcome: 'holds',
      agreement: { engines: ['explore'] },
    });
    expect(of(parts.report, 'fine').agreement?.lacks).toContainEqual({
      engine: 'z3',
      reason: 'crash',
    });
  });
});

/** Signed by a key that is trusted, logged and accepted: what is left to find is in the answers. */
async function rechecked(
  parts: Sealable,
  limits: RecheckLimits = RECHECK_LIMITS,
): Promise<Map<string, Recheck>> {
  const { files } = await home.issue(parts);
  const { statement, layers } = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
  if (!statement) throw new Error(JSON.stringify(layers));
  const found = await recheck(files, statement, limits, CACHE_DIR);
  return new Map(found.map((each) => [each.property, each]));
}

type Change = (property: PropertyReport) => Partial<PropertyReport>;
const with_ = (parts: Sealable, name: string, change: Change): Sealable => ({
  ...parts,
  report: {
    ...parts.report,
    properties: parts.report.properties.map((p) => (p.name === name ? { ...p, ...change(p) } : p)),
  },
});

/** Forged by who may sign: what is claimed beside an answer that is true. */
describe('recheck of who is said to agree', () => {
  let alone: Sealable;
  beforeAll(async () => {
    alone = (await checked({ crossCheck: false })).parts;
  });
  const z3Says = ({ outcome, engines }: PropertyReport) => [
    ...engines,
    { name: 'z3', version: '5', outcome, durationMs: 1 },
  ];
  const claims = (assurance: Assurance, { assurance: had }: PropertyReport) => [...had, assurance];
  const two = { engines: ['explore', 'z3'], lacks: [] };

  it.each<readonly [string, string, Change, string]>([
    [
      'a second engine that nothing shows',
      'fine',
      (p) => ({ engines: z3Says(p), agreement: two, assurance: claims('crossChecked', p) }),
      'RECHECK_AGREEMENT',
    ],
    ['one who was not asked', 'fine', () => ({ agreement: two }), 'RECHECK_AGREEMENT'],
    [
      'crossChecked by one',
      'fine',
      (p) => ({ assurance: claims('crossChecked', p) }),
      'RECHECK_AGREEMENT',
    ],
    [
      'one who does not decide this kind',
      'back',
      (p) => ({ engines: z3Says(p), agreement: two }),
      'RECHECK_AGREEMENT',
    ],
    [
      'one who only shows violations',
      'stays',
      (p) => ({ engines: z3Says(p), agreement: two }),
      'RECHECK_AGREEMENT',
    ],
    [
      'an engine that there is not',
      'fine',
      (p) => ({
        engines: [
          ...p.engines,
          { name: 'oracle', version: '1', outcome: p.outcome, durationMs: 1 },
        ],
        agreement: { ...two, engines: ['explore', 'oracle'] },
      }),
      'RECHECK_AGREEMENT',
    ],
    [
      'one who said the opposite',
      'off',
      (p) => ({
        engines: [...p.engines, { name: 'z3', version: '5', outcome: 'holds', durationMs: 1 }],
      }),
      'RECHECK_AGREEMENT',
    ],
    [
      'a proof that is not there',
      'fine',
      (p) => ({ assurance: claims('obligationsReproved', p) }),
      'RECHECK_ASSURANCE',
    ],
    [
      'a run that is not there',
      'fine',
      (p) => ({ assurance: claims('replayed', p) }),
      'RECHECK_ASSURANCE',
    ],
    [
      'a comparison whose facts deny it',
      'fine',
      (p) => ({ evidence: { ...p.evidence, translationValidated: false } }),
      'RECHECK_ASSURANCE',
    ],
    [
      'a conjunction with more than its parts',
      'both',
      (p) => ({ assurance: claims('obligationsReproved', p) }),
      'RECHECK_ASSURANCE',
    ],
    [
      'a conjunction with others behind it',
      'both',
      () => ({ agreement: two }),
      'RECHECK_AGREEMENT',
    ],
  ])('finds %s', async (_what, name, change, code) => {
    const found = await rechecked(with_(alone, name, change));
    expect(found.get(name)).toMatchObject({ status: 'failed', code });
    // Beside the conjunction that it is a part of.
    const others = [...found.values()].filter(({ property }) => property !== 'both');
    expect(others.filter(({ status }) => status === 'failed')).toHaveLength(
      name === 'both' ? 0 : 1,
    );
  });

  it('finds an assurance of what claims nothing', async () => {
    const found = await rechecked(
      with_(alone, 'back', () => ({
        outcome: 'unknown',
        reason: 'timeout',
        method: undefined,
        assurance: ['crossChecked'],
        agreement: undefined,
      })),
    );
    expect(found.get('back')).toMatchObject({ status: 'failed', code: 'RECHECK_ASSURANCE' });
  });

  it('finds nothing in what all of them said, and proves and asks again', async () => {
    const found = await rechecked(crossed.parts);
    expect([...found.values()].filter(({ status }) => status === 'failed')).toEqual([]);
    expect(found.get('fine')).toMatchObject({ status: 'recounted' });
    expect(found.get('off')).toMatchObject({ status: 'replayed' });
  }, 120_000);

  it('finds an invariant that proves nothing behind an answer that was counted', async () => {
    const { parts } = crossed;
    const artifacts = parts.artifacts.map((each) =>
      each.name.endsWith('/invariant.smt2')
        ? { ...each, text: each.text.replace(/\n {2}[^\n]*\)\n*$/u, '\n  false)\n') }
        : each,
    );
    expect(artifacts).not.toEqual(parts.artifacts);
    const found = await rechecked({ ...parts, artifacts });
    expect(found.get('fine')).toMatchObject({ status: 'failed' });
  }, 120_000);

  it('asks here who left nothing, of statements of before; and says who cannot be asked', async () => {
    const before = with_(alone, 'fine', (p) => ({
      engines: z3Says(p),
      assurance: claims('crossChecked', p),
      agreement: undefined,
    }));
    expect((await rechecked(before)).get('fine')).toMatchObject({ status: 'recounted' });
    vi.spyOn(ENGINES.z3, 'run').mockRejectedValue(new Error('there is no Z3 here'));
    const found = (await rechecked(before)).get('fine');
    expect(found).toMatchObject({ status: 'recounted' });
    expect(found?.detail).toContain('z3 was not asked here: there is no Z3 here');
    vi.spyOn(ENGINES.z3, 'run').mockResolvedValue({
      artifacts: [],
      outcomes: new Map([
        ['fine', { outcome: 'violated', witness: 'trace', evidence: {} } as const],
      ]),
    });
    expect((await rechecked(before)).get('fine')).toMatchObject({
      status: 'failed',
      code: 'RECHECK_AGREEMENT',
    });
  }, 120_000);
});
