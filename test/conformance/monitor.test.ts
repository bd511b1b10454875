import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inspect } from '../../src/checking/inspect.ts';
import { readEvents } from '../../src/monitor/events.ts';
import { readMapping } from '../../src/events/mapping.ts';
import { Monitor, type CaseAnswer } from '../../src/monitor/monitor.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import { describeShared, sharedPath } from '../shared.ts';

interface Expected {
  readonly exit: number;
  readonly options: { readonly budget?: number; readonly now?: string };
  readonly cases: readonly {
    readonly case: string;
    readonly status: string;
    readonly alerts: readonly ExpectedAlert[];
    readonly beliefSize: CaseAnswer['beliefSize'];
    readonly legalNext: CaseAnswer['legalNext'];
    readonly elements: CaseAnswer['elements'];
    readonly flagged: readonly { readonly id: string; readonly why: string }[];
    readonly hypotheses?: readonly (readonly string[])[];
  }[];
}

interface ExpectedAlert {
  readonly kind: string;
  readonly at: string;
  readonly property?: string;
  readonly explainedBy?: readonly (readonly string[])[];
  readonly unexplained?: boolean;
  readonly resynchronised?: boolean;
  readonly withdrawn?: string;
  readonly resolved?: string;
}

const shown = (alert: ExpectedAlert): object => ({
  kind: alert.kind,
  at: alert.at,
  property: alert.property,
  explainedBy: alert.explainedBy?.map((set) => [...set].sort().join(' ')).sort(),
  unexplained: alert.unexplained ?? false,
  resynchronised: alert.resynchronised ?? false,
  withdrawn: alert.withdrawn,
  resolved: alert.resolved,
});

describeShared('cases of the monitor', () => {
  const read = (...parts: string[]): string =>
    readFileSync(sharedPath('cases', 'monitor', ...parts), 'utf8');
  const expected = JSON.parse(read('expected.json')) as Record<string, Expected>;

  it.each(Object.entries(expected))('%s', async (name, { cases, options }) => {
    const inspected = await inspect({
      source: read(name, 'model.yaml'),
      format: 'native',
      name,
    });
    if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
    const { model } = inspected.value.semantics;
    const mapping = readMapping(read(name, 'mapping.yaml'), model);
    const events = readEvents(read(name, 'events.json'));
    if (!mapping.ok || !events.ok) throw new Error(JSON.stringify([mapping, events]));
    const monitor = new Monitor(model, mapping.value, {
      threats: threatsOf(model).filter(({ proper }) => proper),
      budget: options.budget ?? 2,
      ...(options.now !== undefined && { now: Date.parse(options.now) }),
    });
    for (const event of events.value) monitor.take(event);
    const answers = monitor.answers();
    expect(answers.map((found) => found.case)).toEqual(cases.map((found) => found.case));
    for (const [i, wanted] of cases.entries()) {
      const found = answers[i] as CaseAnswer;
      expect(found.alerts.map(shown)).toEqual(wanted.alerts.map(shown));
      expect(found.status).toBe(wanted.status);
      expect(found.beliefSize).toEqual(wanted.beliefSize);
      expect(found.legalNext).toEqual(wanted.legalNext);
      expect(found.elements).toEqual(wanted.elements);
      expect(found.flagged.map(({ id, why }) => ({ id, why }))).toEqual(wanted.flagged);
      expect(found.hypotheses).toEqual(wanted.hypotheses);
    }
  });
});
