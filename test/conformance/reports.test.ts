import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { traceLines } from '../../src/cli/traceText.ts';
import { check } from '../cli/run.ts';
import { describeShared, sharedPath } from '../shared.ts';

interface Expected {
  readonly args: readonly string[];
  readonly outcomes?: Readonly<Record<string, string>>;
  readonly notOutcomes?: Readonly<Record<string, readonly string[]>>;
}

/** Reports of wrong answers that are mended, by file; the others of the folder are still open. */
const MENDED = [
  'window.json',
  'window-amount.bpmn',
  'long-trace.yaml',
  'Parcel.tla',
  'inclusive-join-and-border.bpmn',
  'qname-signal.bpmn',
  'waits-for-the-outside.bpmn',
  'property-id-like-process.bpmn',
  'association-to-nothing.bpmn',
  'markup-in-text.bpmn',
  'condition-on-only-way-exclusive.bpmn',
  'error-same-code-called.bpmn',
  'handler-shadowed-escalation.bpmn',
];

describeShared('what somebody met and reported', () => {
  const all = JSON.parse(
    readFileSync(sharedPath('cases', 'reports', 'expected.json'), 'utf8'),
  ) as Record<string, Expected>;
  it.each(MENDED)('%s', async (file) => {
    const { args = [], outcomes = {}, notOutcomes = {} } = all[file] ?? {};
    const path = sharedPath('cases', 'reports', file);
    const more = args.map((arg) => (arg.startsWith('--') ? arg : `${dirname(path)}/${arg}`));
    const { stdout } = await check(path, ...more, '--json');
    const { properties } = JSON.parse(stdout) as {
      properties: readonly { readonly name: string; readonly outcome: string }[];
    };
    const told = Object.fromEntries(properties.map(({ name, outcome }) => [name, outcome]));
    expect(Object.keys({ ...outcomes, ...notOutcomes }).length).toBeGreaterThan(0);
    expect(told).toMatchObject(outcomes);
    for (const [name, wrong] of Object.entries(notOutcomes)) {
      expect(told[name]).toBeDefined();
      expect(wrong).not.toContain(told[name]);
    }
  });
});

it('a long trace is told by its first and last steps, and says where the rest is', () => {
  const steps = Array.from({ length: 150_000 }, (_, i) => ({
    action: 'visit',
    binding: {},
    changed: { visits: [i, i + 1] as const },
  }));
  const lines = traceLines({ params: {}, initial: { visits: 0 }, steps, loopStart: 70_000 });
  expect(lines).toHaveLength(42);
  expect(lines[19]).toContain('visits 19 → 20');
  expect(lines[20]).toContain('149960 more steps: --json has all 150000');
  expect(lines[21]).toContain('from step 70001 on for ever');
  expect(lines[41]).toContain('visits 149999 → 150000');
});
