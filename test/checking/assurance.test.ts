import { describe, expect, it } from 'vitest';
import type { PropertyReport } from '../../src/model/outcome.ts';
import { exitOf } from '../../src/cli/exit.ts';
import { reportText } from '../../src/cli/reportText.ts';
import { lackOf } from '../../src/checking/assurance.ts';
import { readOptions } from '../../src/service/options.ts';
import { reportOn, tlcAbsence } from '../conformance/checking.ts';

const TOGGLE =
  'probity: 1\nname: Toggle\nvariables:\n  on: { type: bool, init: false }\nactors: { shop: {} }\nactions:\n  flip: { actor: shop, then: { on: not(on) }, fair: weak }\nproperties:\n  fine: { always: "on or not(on)" }\n  off: { never: on }\n  turns: { reachable: on }\n  again: { eventually: on }\n  stays: { eventuallyAlways: "on or not(on)" }\n  back: { recoverable: "not(on)" }\n';

describe('assurance that is demanded', () => {
  it('brings in engines until each answer has it, and says which has not', async () => {
    const absent = await tlcAbsence();
    const plain = await reportOn(TOGGLE, 'auto');
    expect(
      plain.properties
        .flatMap((p) => p.engines.map((e) => e.name))
        .filter((name) => name !== 'explore'),
    ).toEqual([]);
    const report = await reportOn(TOGGLE, 'auto', {
      assurance: ['crossChecked', 'obligationsReproved', 'replayed'],
    });
    const of = (name: string): PropertyReport =>
      report.properties.find((p) => p.name === name) as PropertyReport;
    const validated = 'translationValidated';
    expect([...of('fine').assurance].sort()).toEqual([
      'crossChecked',
      'obligationsReproved',
      validated,
    ]);
    expect([...of('off').assurance].sort()).toEqual(['crossChecked', 'replayed', validated]);
    expect([...of('turns').assurance].sort()).toEqual(['crossChecked', 'replayed', validated]);
    for (const name of ['fine', 'off', 'turns', 'withinRange'])
      expect([name, of(name).evidence?.['lacks']]).toEqual([name, undefined]);
    // That what is awaited comes, Z3 proves by a ranking; that it stays, only TLC gives a second
    // opinion on, and nobody an invariant; of recoverability explore is the only one that knows.
    expect([of('again').engines.map((e) => e.name), of('again').evidence?.['lacks']]).toEqual([
      ['explore', 'z3'],
      undefined,
    ]);
    expect([of('stays').engines.map((e) => e.name), of('stays').evidence?.['lacks']]).toEqual([
      ['explore', 'tlc'],
      absent === undefined ? ['obligationsReproved'] : ['crossChecked', 'obligationsReproved'],
    ]);
    expect([of('back').outcome, of('back').evidence?.['lacks']]).toEqual([
      'holds',
      ['crossChecked', 'obligationsReproved'],
    ]);
    expect(
      reportText(report, 1, exitOf(report), { stdout: () => undefined, stderr: () => undefined }),
    ).toContain('assurance missing: crossChecked, obligationsReproved');
  }, 120_000);

  it('changes the exit code of a report without violations, not the answer', async () => {
    const source = TOGGLE.replace('  off: { never: on }\n', '');
    expect(exitOf(await reportOn(source, 'auto'))).toBe(0);
    const report = await reportOn(source, 'auto', {
      assurance: ['crossChecked'],
      properties: ['back'],
    });
    expect(report.properties.map((p) => p.outcome)).toEqual(report.properties.map(() => 'holds'));
    expect(exitOf(report)).toBe(3);
  }, 60_000);

  it('knows that what explore generated was compared, and that what it interprets was not', async () => {
    const source = TOGGLE.replace(
      'actors:',
      '  n: { type: "set of int 1..40", init: "[]" }\nactors:',
    );
    const options = { assurance: ['translationValidated' as const] };
    const report = await reportOn(source, ['explore'], options);
    const wide = report.properties.find((p) => p.name === 'fine');
    expect(wide).toMatchObject({
      outcome: 'holds',
      assurance: [],
      evidence: {
        path: 'interpreted',
        interpretedFor: 'n is a set over 40 values',
        lacks: ['translationValidated'],
      },
    });
    const compiled = (await reportOn(TOGGLE, ['explore'], options)).properties;
    expect(compiled.map((p) => p.assurance.includes('translationValidated'))).toEqual(
      compiled.map(() => true),
    );
    expect(compiled[0]?.evidence).toMatchObject({ path: 'compiled', comparedStates: 2 });
  });

  it('asks no engine beyond those that were named', async () => {
    const report = await reportOn(TOGGLE, ['explore'], {
      assurance: ['crossChecked'],
      properties: ['fine'],
    });
    expect(report.properties[0]).toMatchObject({
      outcome: 'holds',
      engines: [{ name: 'explore' }],
      evidence: { lacks: ['crossChecked'] },
    });
  }, 60_000);

  it('is not lacked by what claims nothing', () => {
    const of = (outcome: PropertyReport['outcome']): PropertyReport => ({
      name: 'p',
      kind: 'always',
      outcome,
      assurance: [],
      threats: [],
      engines: [],
    });
    expect(lackOf(of('unknown'), ['crossChecked'])).toEqual([]);
    expect(lackOf(of('bounded'), ['crossChecked'])).toEqual([]);
    expect(lackOf(of('violated'), ['crossChecked', 'obligationsReproved', 'replayed'])).toEqual([
      'crossChecked',
      'replayed',
    ]);
  });

  it('can be asked of the service, by its names only', () => {
    expect(readOptions({ assurance: ['crossChecked'] }, new Set(), () => new Set())).toMatchObject({
      ok: true,
      value: { assurance: ['crossChecked'] },
    });
    expect(readOptions({ assurance: ['certainty'] }, new Set(), () => new Set())).toMatchObject({
      ok: false,
      problems: [{ code: 'OPTION_INVALID', path: 'input.assurance' }],
    });
  });
});
