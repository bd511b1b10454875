import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { typecheck } from '../../../src/model/typecheck.ts';

const order = readFileSync(
  new URL('../../../specs/demo/order.bpmn', import.meta.url),
  'utf8',
).split('\n');
const line = fc.nat(order.length - 1);
const OTHER = [
  'task',
  'startEvent',
  'endEvent',
  'exclusiveGateway',
  'sequenceFlow',
  'subProcess',
  'lane',
  'participant',
  'robot',
];

/** One thing that an editor, a merge or a hurried hand does to a file. */
const damage: fc.Arbitrary<(lines: string[]) => void> = fc.oneof(
  line.map((at) => (lines: string[]) => void lines.splice(at, 1)),
  fc.tuple(line, line).map(
    ([at, from]) =>
      (lines: string[]) =>
        void lines.splice(at, 0, lines[from] ?? ''),
  ),
  fc.tuple(line, line).map(([at, from]) => (lines: string[]) => {
    lines[at] = (lines[at] ?? '').replace(
      /"[^"]*"/,
      /"[^"]*"/.exec(lines[from] ?? '')?.[0] ?? '""',
    );
  }),
  fc.tuple(line, fc.constantFrom(...OTHER)).map(([at, element]) => (lines: string[]) => {
    lines[at] = (lines[at] ?? '').replace(/<(\/?)(\w+:)?\w+/, `<$1$2${element}`);
  }),
  fc
    .tuple(line, fc.nat(80), fc.constantFrom(...'<>"&\'/= \0é'))
    .map(([at, column, character]) => (lines: string[]) => {
      const text = lines[at] ?? '';
      lines[at] = text.slice(0, column) + character + text.slice(column + 1);
    }),
);

it('a damaged file is read, or refused with problems; a model that comes out of it passes the type check', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      const lines = [...order];
      for (const change of damages) change(lines);
      const read = await readBpmn(lines.join('\n'));
      if (read.ok) expect(typecheck(read.value).ok).toBe(true);
      else expect(read.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 500, seed: 11 },
  );
}, 60_000);
