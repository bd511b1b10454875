import { describe, expect, it } from 'vitest';
import { encodeSystem, type SmtSystem } from '../../src/encode/smt/system.ts';
import { smtNot } from '../../src/encode/smt/terms.ts';
import { type Depth, depthFacts, kInduction, readDepth } from '../../src/engines/z3/kInduction.ts';
import { establish } from '../../src/engines/z3/proof.ts';
import { reproveEverywhere } from '../../src/engines/z3/reprove.ts';
import { obligations } from '../../src/engines/z3/spacer.ts';
import type { Property } from '../../src/model/model.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { reportOn } from '../conformance/checking.ts';

const limits = {
  deadline: Date.now() + 3_600_000,
  memoryMb: 2_048,
  signal: new AbortController().signal,
};

const model = (name: string, body: string): string =>
  `probity: 1\nname: ${name}\nactors: { clerk: {} }\n${body}\n`;

/**
 * What `a` will be stands two places further on: three states in a row say all, one says too
 * little.
 */
const ROTATION = model(
  'Rotation',
  `
parameters: { side: int }
variables: { a: { type: int, init: side * side }, b: { type: int, init: side * side + 1 }, c: { type: int, init: side * side + 2 } }
actions: { turn: { actor: clerk, then: { a: b, b: c, c: a } } }
properties: { near: { always: "a - side * side in [0..2]" } }`,
);

/**
 * Two states that nobody reaches follow each other for ever, or lead to what is bad: only a way
 * that meets no state twice must leave them.
 */
const CIRCLE = model(
  'Circle',
  `
variables: { at: { type: int, init: 0 } }
actions:
  there: { actor: clerk, when: at = 5, then: { at: 6 } }
  back:  { actor: clerk, when: at = 6, then: { at: 5 } }
  leave: { actor: clerk, when: at = 6, then: { at: 7 } }
properties: { never7: { never: at = 7 } }`,
);

/** A run of one step, that ends there and is bad: it has no run of two steps after it. */
const SHORT = model(
  'Short',
  `
variables: { at: { type: int, init: 0 } }
actions: { fall: { actor: clerk, when: at = 0, then: { at: 1 } } }
properties: { never1: { never: at = 1 } }`,
);

async function read(
  source: string,
  name: string,
): Promise<{ readonly system: SmtSystem; readonly bad: string; readonly invariant: string }> {
  const found = await inspect({ source, format: 'native', name: 'test' });
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  const system = encodeSystem(found.value.semantics);
  const bad = system.bad(
    found.value.semantics.model.properties.find((p) => p.name === name) as Property,
  );
  return {
    system,
    bad,
    invariant: `(define-fun Inv (${system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ')}) Bool ${smtNot(bad)})`,
  };
}

/** What is refuted of the obligations for this depth; nothing where they are proved. */
async function refuted(
  of: Awaited<ReturnType<typeof read>>,
  depth: Depth,
  system = of.system,
): Promise<string[]> {
  const found = await reproveEverywhere(
    obligations(system, of.bad, 'true', of.invariant, depth),
    limits,
  );
  if (found.refuted.length === 0) expect(found.open).toEqual([]);
  return [...new Set(found.refuted.map(({ name }) => name))];
}

describe('k-induction', () => {
  it('finds the least k, and others prove it again; a smaller k, and a changed model, they refute', async () => {
    const near = await read(ROTATION, 'near');
    expect(await kInduction(near.system, smtNot(near.bad), 'true', limits)).toEqual({
      steps: 3,
      distinct: false,
    });
    expect(await refuted(near, { steps: 3, distinct: false })).toEqual([]);
    for (const steps of [1, 2])
      expect(await refuted(near, { steps, distinct: true })).toEqual(['consecution']);
    const later = await read(ROTATION.replace('c: a }', 'c: a + 1 }'), 'near');
    expect(await refuted(near, { steps: 3, distinct: false }, later.system)).toContain(
      'consecution',
    );
    const elsewhere = await read(
      ROTATION.replace('init: side * side + 2', 'init: side * side + 3'),
      'near',
    );
    expect(await refuted(near, { steps: 3, distinct: false }, elsewhere.system)).toEqual([
      'initiation',
    ]);
  }, 120_000);

  it('asks for different states where nothing less will do', async () => {
    const never7 = await read(CIRCLE, 'never7');
    const depth = await kInduction(never7.system, smtNot(never7.bad), 'true', limits);
    expect(depth).toEqual({ steps: 3, distinct: true });
    expect(await refuted(never7, depth as Depth)).toEqual([]);
    expect(await refuted(never7, { steps: 3, distinct: false })).toEqual(['consecution']);
    expect(await refuted(never7, { steps: 2, distinct: true })).toEqual(['consecution']);
  }, 120_000);

  it('proves nothing of what a run breaks, also where the run has no further step', async () => {
    const never1 = await read(SHORT, 'never1');
    expect(await kInduction(never1.system, smtNot(never1.bad), 'true', limits)).toBeUndefined();
    expect(await refuted(never1, { steps: 3, distinct: false })).toEqual(['initiation']);
    expect(await refuted(never1, { steps: 3, distinct: true })).toEqual(['initiation']);
  }, 60_000);

  it('is a proof that says how many steps it took, once others have proved it', async () => {
    const near = await read(ROTATION, 'near');
    const claim = {
      name: 'near',
      bad: near.bad,
      constraint: 'true',
      invariant: near.invariant,
      goals: new Map([['near', smtNot(near.bad)]]),
    };
    const proved = await establish(
      near.system,
      { ...claim, depth: { steps: 3, distinct: false } },
      limits,
    );
    if (proved.kind !== 'proved') throw new Error(proved.message);
    expect(proved.outcome).toMatchObject({
      outcome: 'holds',
      method: 'inductive',
      evidence: {
        obligationsReproved: true,
        inductionSteps: 3,
        because: ['near, the property itself'],
      },
    });
    expect(proved.artifacts.find(({ name }) => name.endsWith('/why.txt'))?.text).toContain(
      'after 3 states in a row that do',
    );
    expect(
      await establish(near.system, { ...claim, depth: { steps: 2, distinct: true } }, limits),
    ).toMatchObject({ kind: 'open' });
    const report = await reportOn(ROTATION, ['z3']);
    expect(report.properties.map(({ outcome }) => outcome)).toEqual(
      report.properties.map(() => 'holds'),
    );
  }, 120_000);

  it('reads back from the evidence what it wrote there, and nothing else', () => {
    for (const depth of [
      { steps: 1, distinct: false },
      { steps: 3, distinct: false },
      { steps: 2, distinct: true },
    ])
      expect(readDepth(depthFacts(depth))).toEqual(depth);
    for (const inductionSteps of [0, -1, 1.5, 17, 1e9, '3', null, [3]])
      expect(readDepth({ inductionSteps }), String(inductionSteps)).toBeUndefined();
    expect(readDepth({ distinctStates: 'yes' })).toBeUndefined();
  });
});
