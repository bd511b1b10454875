import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeSystem, type SmtSystem } from '../../src/encode/smt/system.ts';
import { readableInvariant } from '../../src/encode/smt/readable.ts';
import { smtNot } from '../../src/encode/smt/terms.ts';
import { establish } from '../../src/engines/z3/proof.ts';
import { proofCore } from '../../src/engines/z3/proofCore.ts';
import { reproveByTwo, reproveEverywhere } from '../../src/engines/z3/reprove.ts';
import { type Solver, solversHere } from '../../src/engines/z3/solvers.ts';
import { obligations, spacer } from '../../src/engines/z3/spacer.ts';
import type { Property } from '../../src/model/model.ts';
import type { PropertyReport, Report } from '../../src/model/outcome.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { everyPriceModel } from '../../bench/models.ts';
import { reportText } from '../../src/cli/reportText.ts';
import { reportOn } from '../conformance/checking.ts';

/** Not inductive by itself; `idle` matters to nothing that is proved. */
const JOURNEY = `
probity: 1
name: Journey
variables: { step: { type: int, init: 1 }, far: { type: int, init: 0 }, late: { type: bool, init: false }, idle: { type: int, init: 0 }, mood: { type: "enum [calm, tired, asleep]", init: calm } }
actors: { walker: {} }
actions:
  walk: { actor: walker, when: "step > 0", controls: { awake: mood != asleep }, then: { far: far + 1, step: step + 1 } }
  back: { actor: walker, when: "far > 3", then: { far: far - 2 } }
  wait: { actor: walker, when: "idle < 5", then: { idle: idle + 1 } }
  miss: { actor: walker, when: "far < 0 or step < 1", then: { late: true } }
properties: { punctual: { always: not(late) } }
`;

/** The design's example, for every price there is. */
const EVERY_PRICE = everyPriceModel();

const limits = {
  deadline: Date.now() + 3_600_000,
  memoryMb: 2_048,
  signal: new AbortController().signal,
};

async function systemOf(
  source: string,
): Promise<{ readonly system: SmtSystem; readonly property: (name: string) => Property }> {
  const read = await inspect({ source, format: 'native', name: 'test' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics } = read.value;
  return {
    system: encodeSystem(semantics),
    property: (name) => semantics.model.properties.find((p) => p.name === name) as Property,
  };
}

let system: SmtSystem;
let bad: string;
let invariant: string;
let solvers: readonly Solver[];

/**
 * The one that starts soonest: the packaged Z3 takes a second for each obligation. Where one solver
 * says all there is to say, this one does.
 */
let quick: Solver;

beforeAll(async () => {
  const journey = await systemOf(JOURNEY);
  system = journey.system;
  bad = system.bad(journey.property('punctual'));
  const answer = await spacer(system, bad, 'true', limits);
  if (answer.kind !== 'safe') throw new Error(JSON.stringify(answer));
  invariant = answer.invariant;
  solvers = await solversHere();
  quick = solvers.at(-1) as Solver;
}, 120_000);

describe('an invariant is proved again', () => {
  it('by every solver that is here, each named with its version and the hash of what ran', async () => {
    const { provedBy, open, refuted } = await reproveEverywhere(
      obligations(system, bad, 'true', invariant),
      limits,
    );
    expect([open, refuted]).toEqual([[], []]);
    expect(provedBy).toEqual(solvers.map(({ name }) => name));
    for (const name of provedBy)
      expect(name).toMatch(/^(Z3 [\d.]+ (packaged|native)|cvc5 \S+), sha256:[0-9a-f]{64}$/u);
    if ((process.env['PROBITY_REQUIRE'] ?? '').split(',').includes('solvers'))
      expect(solvers.map(({ kind }) => kind)).toEqual(['packaged', 'native', 'cvc5']);
  }, 60_000);

  it('and by each of them refused, where it was changed', async () => {
    const header = /^\(define-fun Inv \((?:\([^()]*\) ?)*\) Bool /u.exec(invariant)?.[0] ?? '';
    const mutants = [
      `${header}true)`,
      `${header}false)`,
      `${header}(and (not late) (<= 0 far)))`,
      invariant.replace(/\bstep\b(?! Int)/gu, 'idle'),
    ];
    for (const solver of solvers) {
      for (const mutant of solver === quick ? mutants : mutants.slice(-1)) {
        const { provedBy, refuted } = await reproveEverywhere(
          obligations(system, bad, 'true', mutant),
          limits,
          [solver],
        );
        expect([solver.kind, mutant, provedBy]).toEqual([solver.kind, mutant, []]);
        expect(refuted.map((found) => found.solver)).toContain(solver.name);
      }
    }
  }, 120_000);

  it('and by each of them refused, where the model was changed', async () => {
    const changed = await systemOf(JOURNEY.replace('far > 3', 'far > 0'));
    for (const solver of solvers) {
      const { provedBy, refuted } = await reproveEverywhere(
        obligations(
          changed.system,
          changed.system.bad(changed.property('punctual')),
          'true',
          invariant,
        ),
        limits,
        [solver],
      );
      expect([solver.kind, provedBy, refuted.map(({ name }) => name)]).toEqual([
        solver.kind,
        [],
        ['consecution'],
      ]);
    }
  }, 60_000);

  it('and is no proof where one solver refutes it, whatever the others say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probity-solver-'));
    const liar = (answer: string): Solver => {
      const binary = join(folder, answer);
      writeFileSync(binary, `#!/bin/sh\ncat >/dev/null\necho ${answer}\n`, { mode: 0o755 });
      return { kind: 'cvc5', name: `liar ${answer}`, binary };
    };
    const list = obligations(system, bad, 'true', invariant);
    expect(
      (await reproveEverywhere(list, limits, [quick, liar('sat')])).refuted.map(
        ({ solver }) => solver,
      ),
    ).toEqual(['liar sat', 'liar sat', 'liar sat']);
    expect(await reproveEverywhere(list, limits, [quick, liar('unknown')])).toMatchObject({
      open: [],
      refuted: [],
      provedBy: [quick.name],
    });
    const wrong = obligations(system, bad, 'true', invariant.replace(/\bstep\b(?! Int)/gu, 'idle'));
    expect(
      (await reproveEverywhere(wrong, limits, [quick, liar('unsat')])).refuted.length,
    ).toBeGreaterThan(0);
    expect((await reproveEverywhere(list, limits, [])).ended?.message).toContain('no solver');
  }, 60_000);
});

describe('two solvers of different builds are enough', () => {
  /** A solver that knows its version, and says the same to everything. */
  const dull = (name: string, answer: string): string => {
    const binary = join(mkdtempSync(join(tmpdir(), 'probity-dull-')), name);
    writeFileSync(
      binary,
      `#!/bin/sh\nif [ "$1" = "--version" ]; then echo "Z3 version 9.9.9 cvc5 version 9.9.9"; exit 0; fi\nif [ ${name} = cvc5 ]; then cat >/dev/null; echo ${answer}; fi\nwhile read -r line; do case "$line" in *answered*) echo "<<answered>>";; *version*) echo '(:version "9.9.9")';; *check-sat*) echo ${answer};; esac; done\n`,
      { mode: 0o755 },
    );
    return binary;
  };
  const proved = async (
    z3: string,
    cvc5: string,
  ): Promise<{ readonly by: readonly string[]; readonly against: readonly string[] }> => {
    const before = { Z3_BIN: process.env['Z3_BIN'], CVC5_BIN: process.env['CVC5_BIN'] };
    Object.assign(process.env, { Z3_BIN: dull('z3', z3), CVC5_BIN: dull('cvc5', cvc5) });
    try {
      const { provedBy, refuted } = await reproveByTwo(
        obligations(system, bad, 'true', invariant),
        limits,
      );
      const kind = (name: string): string => /packaged|native|cvc5/u.exec(name)?.[0] ?? name;
      return {
        by: provedBy.map(kind),
        against: [...new Set(refuted.map(({ solver }) => kind(solver)))],
      };
    } finally {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  };

  it('and the packaged one is asked where one of them gives up, not where one refutes', async () => {
    expect(await proved('unsat', 'unsat')).toEqual({ by: ['native', 'cvc5'], against: [] });
    expect(await proved('unsat', 'unknown')).toEqual({ by: ['packaged', 'native'], against: [] });
    expect(await proved('unknown', 'unknown')).toEqual({ by: ['packaged'], against: [] });
    expect(await proved('unsat', 'sat')).toEqual({ by: ['native'], against: ['cvc5'] });
  }, 60_000);
});

describe('what a proof rests on', () => {
  it('is told in the words of the model', async () => {
    const attempt = await establish(
      system,
      { name: 'punctual', bad, constraint: 'true', invariant },
      limits,
    );
    if (attempt.kind !== 'proved') throw new Error(attempt.message);
    const { because, needs } = attempt.outcome.evidence as { because: string[]; needs: string[] };
    expect(because.toSorted()).toEqual(
      ['far >= 0', 'not(late)', 'step > 0']
        .toSorted()
        .map(
          (text) =>
            expect.stringMatching(
              new RegExp(
                `^(${text.replace(/[()]/gu, '\\$&')}|${text.replace('>= 0', '> -1').replace('> 0', '>= 1').replace(/[()]/gu, '\\$&')})$`,
                'u',
              ),
            ) as unknown,
        ),
    );
    expect(needs).toEqual(['guard of back', 'guard of miss']);
    expect(attempt.artifacts.find(({ name }) => name === 'z3/punctual/why.txt')?.text).toContain(
      'guard of back',
    );
    // What the command prints of it: why, on which guards it rests, and who proved it.
    const punctual: PropertyReport = {
      name: 'punctual',
      kind: 'always',
      outcome: 'holds',
      method: 'inductive',
      assurance: ['obligationsReproved'],
      threats: [],
      evidence: attempt.outcome.evidence,
      engines: [{ name: 'z3', version: '', outcome: 'holds', durationMs: 1 }],
    };
    const report: Report = {
      model: { name: 'Journey', digest: '', format: 'native' },
      properties: [punctual],
      assumptions: { fairness: [], bounds: [], channels: [], abstractions: [] },
    };
    const text = reportText(report, 1, 0, { stdout: () => undefined, stderr: () => undefined });
    expect(text).toMatch(
      /✓ punctual +holds +z3 · invariant re-proved in 3 obligations\n +always {2}/u,
    );
    expect(text).toContain('needs   guard of back, guard of miss');
    expect(text).toMatch(/proved again by Z3 [\d.]+ (?:packaged|native)/u);
  }, 60_000);

  it('is enough: with every other guard and control dropped, the same invariant is proved', async () => {
    const core = await proofCore(system, bad, invariant, limits);
    if (!core) throw new Error('no core');
    const dropped = await systemOf(
      JOURNEY.replace('when: "step > 0", controls: { awake: mood != asleep }, ', '').replace(
        'when: "idle < 5", ',
        '',
      ),
    );
    const without = (also: string): Promise<{ readonly system: SmtSystem }> =>
      systemOf(JOURNEY.replace(also, ''));
    expect(
      (
        await reproveEverywhere(obligations(dropped.system, bad, 'true', core.invariant), limits, [
          quick,
        ])
      ).open,
    ).toEqual([]);
    for (const guard of ['when: "far > 3", ', 'when: "far < 0 or step < 1", ']) {
      expect(
        (
          await reproveEverywhere(
            obligations((await without(guard)).system, bad, 'true', core.invariant),
            limits,
            [quick],
          )
        ).refuted.length,
      ).toBeGreaterThan(0);
    }
  }, 60_000);

  it('reads members, elements, messages and sums as the model writes them', async () => {
    const { system: post } = await systemOf(EVERY_PRICE);
    const bound = post.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
    const read = (term: string): string[] =>
      readableInvariant(post, `(define-fun Inv (${bound}) Bool ${term})`);
    expect(read('(and (= status!o1 2) (not (= status!o2 0)) (<= status!o1 1))')).toEqual([
      'status[o1] = paid',
      'status[o2] != cart',
      'status[o1] in (cart, awaiting)',
    ]);
    expect(read('(or (not (= status!o1 3)) (= captured!o1 price))')).toEqual([
      'if status[o1] = shipped then captured[o1] = price else true',
    ]);
    expect(read('(<= (+ captured!o1 (* (- 1) price)) (- 1))')).toEqual([
      'captured[o1] + 1 <= price',
    ]);
    expect(read('(let ((a!1 (not (<= 3 captured!o1)))) (and a!1 (>= captured!o1 0)))')).toEqual([
      'captured[o1] < 3',
      'captured[o1] >= 0',
    ]);
    expect(
      read('(not (and (< 0 notice!count) (= notice!0!order 1) (= notice!0!amount (* 2 price))))'),
    ).toEqual(['not(count(notice) > 0 and notice[1].order = o2 and notice[1].amount = 2 * price)']);
    expect(read('(and (<= 0 price) (<= price 7))')).toEqual(['price in [0..7]']);
    expect(read(`(and ${smtNot('error_defined')} (not error_withinRange))`)).toEqual([
      'no step so far has broken defined, withinRange',
    ]);
  });
});

describe('integers and parameters without bounds', () => {
  it('the safety of the checkout, for every price there is', async () => {
    const report = await reportOn(EVERY_PRICE, ['z3'], { timeoutMs: 300_000 });
    expect(Object.fromEntries(report.properties.map((p) => [p.name, p.outcome]))).toEqual({
      paidInFull: 'holds',
      deadlockFree: 'holds',
      withinRange: 'holds',
      withinCapacity: 'holds',
      singleWrite: 'holds',
      defined: 'holds',
    });
    const proof = report.properties.find((p) => p.name === 'paidInFull');
    expect(proof?.assurance).toContain('obligationsReproved');
    expect(proof?.evidence?.['because']).toEqual(
      expect.arrayContaining(['if count(redirect) > 0 then price = redirect[1].amount else true']),
    );
  }, 330_000);
});
