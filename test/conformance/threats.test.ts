import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analyseThreats, exitOfThreats } from '../../src/checking/attackSets/analysis.ts';
import type { ThreatReport } from '../../src/checking/attackSets/types.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { timeOf } from '../../src/time/time.ts';
import { threatsCommand } from '../cli/run.ts';
import { describeShared, sharedPath } from '../shared.ts';

const folder = sharedPath('cases', 'threats');

interface ExpectedSet {
  readonly threats: readonly string[];
  readonly traceLength: number | null;
}

interface Expected {
  readonly exit: number;
  readonly options: {
    readonly threats: 'all' | readonly string[];
    readonly budget: number | null;
    readonly controls: boolean;
  };
  readonly problems?: readonly { readonly code: string; readonly message: string }[];
  readonly ids: readonly unknown[];
  readonly properties: readonly {
    readonly name: string;
    readonly kind: string;
    readonly withoutThreats: string;
    readonly minimalAttackSets: readonly ExpectedSet[];
    readonly complete: true | { readonly upTo: number };
    readonly resilience: number | 'all' | null;
    readonly assuming: readonly string[];
  }[];
  readonly controls: readonly Record<string, unknown>[];
  readonly sufficientControls: readonly {
    readonly property: string;
    readonly sets: readonly (readonly string[])[];
  }[];
  readonly states: Readonly<Record<string, number>>;
}

async function analyse(file: string, options: Expected['options']) {
  const source = readFileSync(join(folder, file), 'utf8');
  const inspected = await inspect({ source, format: 'native', name: file });
  if (!inspected.ok) return inspected;
  return analyseThreats(
    inspected.value,
    'native',
    {
      threats: options.threats,
      budget: options.budget ?? undefined,
      controls: options.controls,
      timeoutMs: 20_000,
      maxStates: 200_000,
      memoryMb: 1024,
    },
    timeOf(20_000),
  );
}

const setsText = (sets: readonly (readonly string[])[]): string[] =>
  sets.map((set) => [...set].sort().join(' + ')).sort();

const byKey = (items: readonly Record<string, unknown>[]): string[] =>
  items
    .map(({ id, property, loadBearing, redundant, insufficient }) =>
      JSON.stringify([id, property, loadBearing, redundant, insufficient]),
    )
    .sort();

function compare(report: ThreatReport, expected: Expected): void {
  expect(report.ids.map(({ id, operator, proper }) => ({ id, operator, proper }))).toEqual(
    expected.ids,
  );
  for (const wanted of expected.properties) {
    const got = report.properties.find(({ name }) => name === wanted.name);
    expect({ ...got, minimalAttackSets: undefined }, wanted.name).toMatchObject({
      kind: wanted.kind,
      withoutThreats: wanted.withoutThreats,
      complete: wanted.complete,
      resilience: wanted.resilience,
      assuming: wanted.assuming,
    });
    const told = (sets: readonly ExpectedSet[]): string[] =>
      sets.map((s) => `${[...s.threats].sort().join(' + ')} in ${s.traceLength}`).sort();
    expect(told(got?.minimalAttackSets ?? []), wanted.name).toEqual(told(wanted.minimalAttackSets));
  }
  expect(report.properties).toHaveLength(expected.properties.length);
  expect(report.states.withoutThreats).toBe(expected.states['']);
  // With controls every bypass is looked at too, and the graph is larger.
  if (!expected.options.controls) expect(report.states.all).toBe(expected.states['all']);
  if (!expected.options.controls) return;
  const isAsked = ({ property }: { property?: unknown }): boolean =>
    expected.controls.some((control) => control['property'] === property);
  expect(byKey(report.controls.filter(isAsked) as never)).toEqual(byKey(expected.controls));
  for (const { property, sets } of report.sufficientControls) {
    const wanted = expected.sufficientControls.find((each) => each.property === property);
    expect(setsText(sets), property).toEqual(setsText(wanted?.sets ?? [[]]));
  }
}

describeShared('published threat models', () => {
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
    string,
    Expected
  >;
  it('has an expected answer for each model', () => {
    expect(readdirSync(folder).filter((file) => file.endsWith('.yaml'))).toEqual(
      Object.keys(expected),
    );
  });

  const refused = JSON.parse(readFileSync(join(folder, 'bad', 'index.json'), 'utf8')) as Record<
    string,
    { threats: 'all' | readonly string[]; budget: string | null; why: string }
  >;
  for (const [file, { threats, budget, why }] of Object.entries(refused))
    it(`bad/${file}: ${why}`, async () => {
      let printed = '';
      const exit = await threatsCommand(
        [
          join(folder, 'bad', file),
          '--json',
          ...(threats === 'all' ? [] : ['--threats', threats.join(',')]),
          ...(budget === null ? [] : ['--budget', budget]),
        ],
        { stdout: (text) => void (printed += text), stderr: () => undefined },
      );
      expect(exit).toBe(2);
      const { problems } = JSON.parse(printed) as { problems: { code: string }[] };
      expect(problems.every(({ code }) => code.length > 0)).toBe(true);
      expect(problems.length).toBeGreaterThan(0);
    });

  for (const [file, wanted] of Object.entries(expected))
    it(file, async () => {
      const answer = await analyse(file, wanted.options);
      if (!answer.ok) {
        expect(wanted.exit).toBe(2);
        expect(answer.problems.map(({ code }) => code)).toEqual(
          wanted.problems?.map(({ code }) => code),
        );
        const named = wanted.problems?.[0]?.message.split(': ').at(-1);
        expect(answer.problems[0]?.path).toBe(named);
        return;
      }
      expect(exitOfThreats(answer.value)).toBe(wanted.exit);
      compare(answer.value, wanted);
    });
});
