import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCommand } from '../cli/run.ts';
import { writeBundle } from '../../src/evidence/bundle/write.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import type { Sealable } from '../../src/evidence/bundle/contents.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { Artifact, Evidence, PropertyReport } from '../../src/model/outcome.ts';
import {
  recheck,
  RECHECK_LIMITS,
  type Recheck,
  type RecheckLimits,
} from '../../src/checking/recheck.ts';
import type { EngineName } from '../../src/model/engine.ts';
import type { FormatName } from '../../src/model/formats.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { installation, type Installation } from '../evidence/fixture.ts';
import { repository } from '../golden.ts';

/**
 * Names on purpose not in the order of the alphabet: the bundle has them sorted, and must mean the
 * same.
 */
const SHOP = `
probity: 1
name: Shop
sets: { Order: [o2, o1] }
variables:
  status: { type: "map Order to enum [open, paid, sent]", init: open }
  stock: { type: "int 0..3", init: 2 }
actors: { shop: {}, bank: { trust: untrusted } }
channels:
  redirect: { from: bank, to: shop, carries: { order: Order, amount: "int 0..1" }, capacity: 2 }
  notice: { from: bank, to: shop, carries: { order: Order }, capacity: 2, order: fifo }
actions:
  pay: { actor: bank, for: { o: Order }, when: "status[o] = open and count(redirect) = 0 and count(notice) = 0", send: [{ redirect: { order: o, amount: 1 } }, { notice: { order: o } }] }
  book: { actor: shop, receive: { redirect: r, notice: n }, when: "r.order = n.order and status[r.order] = open", then: { "status[r.order]": paid } }
  ship: { actor: shop, for: { o: Order }, when: "status[o] = paid and stock > 0", then: { "status[o]": sent, stock: stock - 1 } }
properties:
  neverBoth: { never: "status[o1] = sent and status[o2] = sent" }
  stocked: { always: stock >= 0 }
  canSend: { reachable: "status[o1] = sent" }
  both: { all: [stocked, neverBoth] }
final: every o in Order satisfies status[o] = sent
`;

/** Unbounded: only an invariant says that it holds, and the property is not inductive by itself. */
const LEDGER = `
probity: 1
name: Ledger
variables: { wallet: { type: int, init: 0 }, debt: { type: int, init: 0 } }
actors: { bank: {} }
actions:
  lend: { actor: bank, then: { wallet: wallet + 2, debt: debt + 2 } }
  repay: { actor: bank, when: wallet > 0, then: { wallet: wallet - 1, debt: debt - 1 } }
properties: { even: { always: wallet = debt }, solvent: { always: "wallet >= 0" } }
`;

/**
 * A bag that is counted by message value: what a counter's name means must not hang on the order of
 * the fields.
 */
const POST = `
probity: 1
name: Post
variables: { sent: { type: "int 0..2", init: 0 }, lost: { type: bool, init: false } }
actors: { post: {} }
channels: { mail: { from: post, to: post, carries: { urgent: bool, size: "int 0..2" }, capacity: 2 } }
actions:
  send: { actor: post, when: sent < 2, then: { sent: sent + 1 }, send: { mail: { urgent: sent = 0, size: 2 - sent } } }
  take: { actor: post, receive: { mail: m }, then: { lost: m.urgent and m.size < 2 } }
properties: { kept: { always: not(lost) } }
`;

/**
 * Not inductive by itself, nor with what guards and examples say: Spacer finds that `far` stays
 * behind `step`, and calls its parameters as it likes.
 */
const JOURNEY = `
probity: 1
name: Journey
variables: { step: { type: int, init: 1 }, far: { type: int, init: 0 }, rest: { type: int, init: 0 }, late: { type: bool, init: false } }
actors: { walker: {} }
actions:
  walk: { actor: walker, then: { far: far + 1, step: step + 1 } }
  stroll: { actor: walker, then: { far: far + 1, step: step + 2 } }
  pause: { actor: walker, then: { rest: rest + 1 } }
  miss: { actor: walker, when: "far >= step + rest", then: { late: true } }
properties: { punctual: { always: not(late) } }
`;

/** Three states in a row say what one does not. */
const ROTATION = `
probity: 1
name: Rotation
parameters: { side: int }
variables: { a: { type: int, init: side * side }, b: { type: int, init: side * side + 1 }, c: { type: int, init: side * side + 2 } }
actors: { clerk: {} }
actions: { turn: { actor: clerk, then: { a: b, b: c, c: a } } }
properties: { near: { always: "a - side * side in [0..2]" } }
`;

/** A run for every price: one way for those who owe, one for those who do not. */
const EVERY = `
probity: 1
name: Every
parameters: { price: int }
variables: { mode: { type: "enum [open, sent, done]", init: open } }
actors: { shop: {}, bank: {} }
channels:
  note: { from: shop, to: bank, carries: { urgent: bool }, capacity: 2 }
  bill: { from: shop, to: bank, carries: { amount: int }, capacity: 1 }
actions:
  charge: { actor: shop, when: "mode = open and price > 0", then: { mode: sent }, send: [{ note: { urgent: true } }, { bill: { amount: price } }] }
  pay: { actor: bank, receive: { note: n, bill: b }, when: "b.amount = price", then: { mode: done } }
  forgive: { actor: shop, when: "mode = open and price <= 0", then: { mode: done } }
properties: { closes: { reachable: mode = done } }
`;

let home: Installation;
let folder: string;
let shop: Sealable;
let ledger: Sealable;

async function checked(
  id: string,
  source: string,
  engines: readonly EngineName[] | 'auto' = 'auto',
  format: FormatName = 'native',
): Promise<Sealable> {
  const context = {
    signal: new AbortController().signal,
    cacheDir: join(tmpdir(), 'probity-test'),
    onProgress: () => {},
  };
  const result = await checkSubmission(
    { source, format, name: id },
    { ...DEFAULT_OPTIONS, engines },
    context,
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { id, source: { text: source, format }, ...result.value, options: {} };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-recheck-'));
  home = await installation('honest');
  shop = await checked('shop', SHOP, ['explore']);
  ledger = await checked('ledger', LEDGER, ['z3']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * Signed by the trusted key, logged and accepted by every layer: what is left to find is in the
 * answers.
 */
async function rechecked(
  parts: Sealable,
  limits: RecheckLimits = RECHECK_LIMITS,
): Promise<Recheck[]> {
  const { files } = await home.issue(parts);
  const report = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
  if (!report.statement) throw new Error(JSON.stringify(report.layers));
  return recheck(files, report.statement, limits);
}

const withProperty = (
  parts: Sealable,
  name: string,
  change: (property: PropertyReport) => Partial<PropertyReport>,
): Sealable => ({
  ...parts,
  report: {
    ...parts.report,
    properties: parts.report.properties.map((p) => (p.name === name ? { ...p, ...change(p) } : p)),
  },
});
const withArtifacts = (parts: Sealable, change: (artifact: Artifact) => Artifact): Sealable => ({
  ...parts,
  artifacts: parts.artifacts.map(change),
});
const withInvariant = (change: (text: string) => string): Sealable =>
  withArtifacts(ledger, (a) =>
    a.name.endsWith('/invariant.smt2') ? { ...a, text: change(a.text) } : a,
  );
const statuses = (found: readonly Recheck[]): Record<string, string> =>
  Object.fromEntries(
    found.map((each) => [each.property, each.status === 'failed' ? each.code : each.status]),
  );
const of = (found: readonly Recheck[], name: string): Recheck | undefined =>
  found.find(({ property }) => property === name);

describe('recheck of an honest bundle', () => {
  it('replays traces and counts the states again, whatever order the source had its names in', async () => {
    expect(statuses(await rechecked(shop))).toEqual({
      neverBoth: 'replayed',
      stocked: 'recounted',
      canSend: 'replayed',
      both: 'replayed',
      deadlockFree: expect.stringMatching(/^(recounted|replayed)$/u) as string,
      withinRange: 'recounted',
      withinCapacity: 'recounted',
      singleWrite: 'recounted',
      defined: 'recounted',
    });
  });

  it('proves the obligations again for each property that an invariant stands for', async () => {
    expect(ledger.report.properties.map(({ method }) => method)).toContain('inductive');
    const found = await rechecked(ledger);
    expect(statuses(found)).toMatchObject({
      even: 'reproved',
      solvent: 'reproved',
      withinRange: 'reproved',
      defined: 'reproved',
    });
  });

  it('proves again what Z3 proved of a model with messages', async () => {
    const found = await rechecked(await checked('post', POST, ['z3']));
    expect(statuses(found)).toMatchObject({
      kept: 'reproved',
      withinCapacity: 'reproved',
      withinRange: 'reproved',
    });
  });

  it("proves Spacer's invariants again, whose parameters have names and an order of their own", async () => {
    const journey = await checked('journey', JOURNEY, ['z3']);
    expect(journey.report.properties.find(({ name }) => name === 'punctual')).toMatchObject({
      outcome: 'holds',
      method: 'inductive',
    });
    expect(journey.artifacts.some(({ name }) => name.endsWith('/horn.smt2'))).toBe(true);
    expect(of(await rechecked(journey), 'punctual')).toMatchObject({ status: 'reproved' });
  });

  for (const name of ['trace', 'lasso', 'trap', 'exhaustion', 'unknown']) {
    it(`finds nothing wrong with ${name}`, async () => {
      const found = await rechecked(
        await checked(name, readFileSync(repository(`test/golden/check/${name}.yaml`), 'utf8')),
      );
      expect(found.filter(({ status }) => status === 'failed')).toEqual([]);
      expect(
        found.some(
          ({ status }) => status === 'replayed' || status === 'recounted' || status === 'reproved',
        ),
      ).toBe(true);
    });
  }

  for (const name of ['order', 'order-broken']) {
    it(`finds nothing wrong with the diagram ${name}`, async () => {
      const found = await rechecked(
        await checked(
          name,
          readFileSync(repository(`specs/demo/${name}.bpmn`), 'utf8'),
          'auto',
          'bpmn',
        ),
      );
      expect(found.filter(({ status }) => status === 'failed' || status === 'skipped')).toEqual([]);
    });
  }

  it('skips, with the reason, what its limits do not allow', async () => {
    const found = await rechecked(shop, { ...RECHECK_LIMITS, maxStates: 3 });
    expect(of(found, 'stocked')).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('3 states') as string,
    });
    expect(of(found, 'neverBoth')).toMatchObject({ status: 'replayed' });
    expect(statuses(await rechecked(ledger, { ...RECHECK_LIMITS, timeoutMs: 1 }))).toMatchObject({
      even: 'skipped',
    });
  });
});

describe('recheck of what a trusted key signed wrongly', () => {
  const neverBoth = (
    change: (property: PropertyReport) => Partial<PropertyReport>,
  ): Promise<Recheck[]> => rechecked(withProperty(shop, 'neverBoth', change));

  it('a trace that does not replay', async () => {
    const found = await neverBoth(({ trace }) =>
      trace ? { trace: { ...trace, steps: trace.steps.slice(1) } } : {},
    );
    expect(of(found, 'neverBoth')).toMatchObject({ status: 'failed', code: 'RECHECK_REPLAY' });
  });

  it('a trace that replays, and shows nothing', async () => {
    const found = await neverBoth(({ trace }) =>
      trace ? { trace: { ...trace, steps: trace.steps.slice(0, 2) } } : {},
    );
    expect(of(found, 'neverBoth')).toMatchObject({
      status: 'failed',
      code: 'RECHECK_REPLAY',
      detail: 'the last state does not break the property',
    });
    expect(
      statuses(
        await rechecked(
          withProperty(shop, 'canSend', ({ trace }) =>
            trace ? { trace: { ...trace, steps: [] } } : {},
          ),
        ),
      ),
    ).toMatchObject({ canSend: 'RECHECK_REPLAY' });
  });

  it('a trace of another shape', async () => {
    for (const steps of [
      'none',
      [{ action: 'pay' }],
      [{ action: 'pay', binding: {}, changed: {}, error: 'all' }],
      [null],
    ]) {
      const found = await neverBoth(() => ({
        trace: JSON.parse(JSON.stringify({ params: {}, initial: {}, steps })) as never,
      }));
      expect(of(found, 'neverBoth')).toMatchObject({ status: 'failed', code: 'RECHECK_TRACE' });
    }
  });

  it('a violation without a trace, and a proof without a method', async () => {
    expect(statuses(await neverBoth(() => ({ trace: undefined })))).toMatchObject({
      neverBoth: 'RECHECK_ANSWER',
    });
    expect(
      statuses(await rechecked(withProperty(shop, 'stocked', () => ({ method: undefined })))),
    ).toMatchObject({ stocked: 'RECHECK_ANSWER' });
  });

  it('an exhaustive answer that is not true, with the right counts', async () => {
    const found = await neverBoth(() => ({
      outcome: 'holds',
      method: 'exhaustive',
      witness: undefined,
      trace: undefined,
    }));
    expect(of(found, 'neverBoth')).toMatchObject({
      status: 'failed',
      code: 'RECHECK_OUTCOME',
      detail: 'violated',
    });
  });

  it('another count, another digest, a digest where there is none', async () => {
    const changes: Evidence[] = [
      { states: 4 },
      { transitions: 1 },
      { depth: 1 },
      { depth: 99 },
      { valuations: 2 },
      { stateSetDigest: `adhash-sha256:${'0'.repeat(64)}` },
    ];
    for (const change of changes) {
      for (const name of ['stocked', 'neverBoth']) {
        const found = await rechecked(
          withProperty(shop, name, (p) => ({ evidence: { ...p.evidence, ...change } })),
        );
        expect(of(found, name)).toMatchObject({ status: 'failed', code: 'RECHECK_COUNT' });
      }
    }
    const found = await rechecked(
      withProperty(ledger, 'even', (p) => ({
        evidence: { ...p.evidence, stateSetDigest: 'adhash-sha256:00' },
      })),
      { ...RECHECK_LIMITS, maxStates: 200_000 },
    );
    expect(of(found, 'even')).toMatchObject({ status: 'failed', code: 'RECHECK_COUNT' });
  });

  it('an invariant that is true, false, or not the one that was found', async () => {
    const header = (text: string): string =>
      /^\(define-fun Inv \((?:\([^()]*\) ?)*\) Bool /u.exec(text)?.[0] ?? '';
    const term =
      (t: string) =>
      (text: string): string =>
        `${header(text)}${t})\n`;
    expect(statuses(await rechecked(withInvariant(term('true'))))).toMatchObject({
      even: 'RECHECK_OBLIGATION',
    });
    expect(statuses(await rechecked(withInvariant(term('false'))))).toMatchObject({
      even: 'RECHECK_OBLIGATION',
      solvent: 'RECHECK_OBLIGATION',
    });
    expect(statuses(await rechecked(withInvariant(term('(= wallet (+ debt 1))'))))).toMatchObject({
      even: 'RECHECK_OBLIGATION',
    });
  });

  it('an invariant file with anything but one definition over the variables', async () => {
    const hostile: ((text: string) => string)[] = [
      (text) => `${text}(assert false)\n`,
      (text) => `(assert false)\n${text}`,
      (text) => text.replace(/\)\s*$/u, ') (assert false'),
      (text) => text.replace('define-fun Inv', 'define-fun-rec Inv'),
      (text) => text.replace('(wallet Int)', '(wallet Bool)'),
      (text) => text.replace('(wallet Int)', ''),
      (text) => text.replace('(wallet Int)', '(wallet Int) (more Int)'),
      (text) => text.replace(/\)\s*$/u, ' true)'),
      (text) => text.replace(/Bool \(/u, 'Bool (! ('),
      (text) => text.replace(/wallet(?= |\))(?! Int)/gu, '|wallet|'),
      (text) => `${text})`,
      () => '(echo "unsat")',
      () => '',
    ];
    for (const change of hostile) {
      const found = await rechecked(withInvariant(change));
      expect(of(found, 'even'), change.toString()).toMatchObject({
        status: 'failed',
        code: 'RECHECK_INVARIANT',
      });
    }
    expect(of(await rechecked({ ...ledger, artifacts: [] }), 'even')).toMatchObject({
      code: 'RECHECK_INVARIANT',
      detail: 'no such file',
    });
  });

  it('a proof over another number of steps than it takes', async () => {
    // Whoever was first to prove it: the property itself, which three steps keep and two do not.
    const itself = (text: string): string =>
      `${/^\(define-fun Inv \((?:\([^()]*\) ?)*\) Bool /u.exec(text)?.[0] ?? ''}(<= 0 (- a (* side side)) 2))\n`;
    const rotation = withArtifacts(await checked('rotation', ROTATION, ['z3']), (a) =>
      a.name.endsWith('near/invariant.smt2') ? { ...a, text: itself(a.text) } : a,
    );
    const steps = (inductionSteps: unknown): Promise<Recheck[]> =>
      rechecked(
        withProperty(rotation, 'near', (p) => ({
          evidence: { ...p.evidence, inductionSteps } as Evidence,
        })),
      );
    expect(of(await steps(3), 'near')).toMatchObject({ status: 'reproved' });
    expect(of(await steps(2), 'near')).toMatchObject({ code: 'RECHECK_OBLIGATION' });
    for (const none of [0, 1_000_000])
      expect(of(await steps(none), 'near')).toMatchObject({ code: 'RECHECK_INVARIANT' });
  });

  it('ways that do not lead there from everywhere, or that there are not', async () => {
    const every = await checked('every', EVERY, ['z3']);
    const closes = every.report.properties.find(({ name }) => name === 'closes');
    const ways = closes?.evidence?.['ways'] as string[];
    expect(ways.toSorted()).toEqual([
      expect.stringMatching(/^charge, pay \[bill 0; note \d+\]$/u),
      'forgive',
    ]);
    const claimed = (these: unknown): Promise<Recheck[]> =>
      rechecked(
        withProperty(every, 'closes', (p) => ({
          evidence: { ...p.evidence, ways: these } as Evidence,
        })),
      );
    expect(of(await claimed(ways), 'closes')).toMatchObject({ status: 'reproved' });
    expect(of(await claimed(ways.slice(1)), 'closes')).toMatchObject({
      code: 'RECHECK_OBLIGATION',
    });
    expect(of(await claimed(['forgive, home']), 'closes')).toMatchObject({
      code: 'RECHECK_INVARIANT',
    });
    const untold = withProperty(every, 'closes', (p) => ({
      trace: undefined,
      evidence: { ...p.evidence, ways: ['forgive'] } as Evidence,
    }));
    expect(of(await rechecked(untold), 'closes')).toMatchObject({ code: 'RECHECK_OBLIGATION' });
  });

  it('trusts no obligation file', async () => {
    const empty = withArtifacts(ledger, (a) =>
      /(initiation|consecution|safety)\.smt2$/u.test(a.name)
        ? { ...a, text: '(assert false)(check-sat)' }
        : a,
    );
    expect(statuses(await rechecked(empty))).toMatchObject({ even: 'reproved' });
  });

  it('a proof beside an implicit property that does not hold', async () => {
    const found = await rechecked(
      withProperty(ledger, 'defined', () => ({
        outcome: 'unknown',
        reason: 'timeout',
        method: undefined,
        evidence: undefined,
      })),
    );
    expect(of(found, 'even')).toMatchObject({ status: 'failed', code: 'RECHECK_IMPLICIT' });
  });

  it.each(['withinRange', 'withinCapacity', 'singleWrite', 'defined'])(
    'a proof that rests on %s, whose own proof fails',
    async (implicit) => {
      const found = await rechecked(
        withProperty(ledger, implicit, (p) => ({
          evidence: { ...p.evidence, invariant: 'no/such/invariant.smt2' },
        })),
      );
      expect(of(found, implicit)).toMatchObject({ status: 'failed', code: 'RECHECK_INVARIANT' });
      for (const name of ['even', 'solvent'])
        expect(of(found, name), name).toMatchObject({
          status: 'failed',
          code: 'RECHECK_IMPLICIT',
          detail: implicit,
        });
    },
  );

  it('a conjunction that is not what its parts are', async () => {
    expect(
      statuses(
        await rechecked(
          withProperty(shop, 'both', () => ({
            outcome: 'holds',
            method: 'exhaustive',
            witness: undefined,
            trace: undefined,
          })),
        ),
      ),
    ).toMatchObject({ both: 'RECHECK_PARTS' });
  });

  it('a property of another kind or name, twice, or of a model of another name', async () => {
    expect(
      statuses(await rechecked(withProperty(shop, 'stocked', () => ({ kind: 'never' })))),
    ).toMatchObject({ stocked: 'RECHECK_PROPERTY' });
    expect(
      statuses(await rechecked(withProperty(shop, 'stocked', () => ({ name: 'secure' })))),
    ).toMatchObject({ secure: 'RECHECK_PROPERTY' });
    expect(
      statuses(await rechecked(withProperty(shop, 'stocked', () => ({ name: 'neverBoth' })))),
    ).toMatchObject({ neverBoth: 'RECHECK_PROPERTY' });
    const renamed = {
      ...shop,
      report: { ...shop.report, model: { ...shop.report.model, name: 'Bank' } },
    };
    expect(new Set(Object.values(statuses(await rechecked(renamed))))).toEqual(
      new Set(['RECHECK_MODEL']),
    );
  });
});

describe('probity verify --recheck', () => {
  async function run(
    parts: Sealable,
    name: string,
    ...args: string[]
  ): Promise<{ exit: number; out: string }> {
    const { files } = await home.issue(parts);
    await writeBundle(join(folder, name), files);
    await writeFile(join(folder, 'policy'), home.policyText);
    let out = '';
    const exit = await verifyCommand(
      [join(folder, name), '--policy', join(folder, 'policy'), ...args],
      { stdout: (text) => (out += text), stderr: () => {} },
    );
    return { exit, out };
  }

  it('exits 0 with a line for each property', async () => {
    const { exit, out } = await run(shop, 'fine', '--recheck');
    expect(exit).toBe(0);
    expect(out).toContain('checked again from the model\n  ✓ ');
    expect(out).toMatch(/✓ stocked +recounted \d+ states/u);
  });

  it('exits 1 for a bundle that is signed as it should be, and wrong', async () => {
    const wrong = withProperty(shop, 'stocked', (p) => ({
      evidence: { ...p.evidence, states: 4 },
    }));
    expect((await run(wrong, 'unasked')).exit).toBe(0);
    const { exit, out } = await run(wrong, 'asked', '--recheck', '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      status: 'verified',
      exit: 1,
      recheck: expect.arrayContaining([
        expect.objectContaining({ property: 'stocked', status: 'failed', code: 'RECHECK_COUNT' }),
      ]) as unknown,
    });
    expect((await run(wrong, 'text', '--recheck')).out).toContain(
      'RECHECK_COUNT · states: 4 was signed',
    );
  });

  it('checks nothing again in a bundle that does not verify', async () => {
    const forger = await installation('forger');
    const { files } = await forger.issue(shop);
    await writeBundle(join(folder, 'forged'), files);
    let out = '';
    const exit = await verifyCommand(
      [join(folder, 'forged'), '--policy', join(folder, 'policy'), '--recheck'],
      { stdout: (text) => (out += text), stderr: () => {} },
    );
    expect(exit).toBe(3);
    expect(out).not.toContain('checked again');
  });
});
