import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A part of the source that is judged by itself, and the tests that may notice a fault in it. */
export interface Area {
  readonly name: string;
  /** Files and folders. */
  readonly source: readonly string[];
  /** Files and folders; of their tests, those count that reach the file with the fault. */
  readonly tests: readonly string[];
  /** Its tests take seconds: a minute is enough to judge some faults of it. */
  readonly isFast?: boolean;
  /** A whole measurement met the floor: from then on a sample in the gate may fail where it does not. */
  readonly isHeld?: boolean;
}

/** The share of the faults of each area that its tests must notice. */
export const FLOOR = 0.95;

/** The fast tests that any fault of the meaning of a model may break. */
const MEANING = [
  'test/model',
  'test/graph',
  'test/engines/explore/ltl.test.ts',
  'test/checking/specimens.test.ts',
  'test/conformance/reference.test.ts',
  'test/conformance/literal.test.ts',
] as const;

/** In the order of what a fault would cost: the trusted core first. */
export const AREAS: readonly Area[] = [
  {
    name: 'model',
    isFast: true,
    source: ['src/model'],
    tests: [...MEANING, 'test/encode/golden.test.ts'],
  },
  {
    name: 'graph',
    isFast: true,
    source: ['src/graph'],
    tests: [...MEANING, 'test/engines/explore/symmetry.test.ts'],
  },
  {
    name: 'explore',
    isFast: true,
    source: ['src/engines/explore'],
    tests: [...MEANING, 'test/engines/explore'],
  },
  {
    name: 'checking',
    source: ['src/checking'],
    tests: [
      'test/checking/assurance.test.ts',
      'test/checking/combine.test.ts',
      'test/checking/mutants.test.ts',
      'test/checking/recheck.test.ts',
      'test/checking/samples.test.ts',
      'test/checking/specimens.test.ts',
      'test/threats',
    ],
  },
  {
    name: 'encode',
    source: ['src/encode'],
    tests: ['test/encode', 'test/engines'],
  },
  { name: 'z3', source: ['src/engines/z3'], tests: ['test/engines'] },
  {
    name: 'tlc/output',
    source: ['src/engines/tlc/output.ts'],
    tests: ['test/engines/tlc'],
    isFast: true,
    isHeld: true,
  },
  { name: 'evidence/verify', source: ['src/evidence/verify'], tests: ['test/evidence'] },
  { name: 'evidence/log', source: ['src/evidence/log'], tests: ['test/evidence'] },
  { name: 'bpmn', isFast: true, source: ['src/frontends/bpmn'], tests: ['test/frontends/bpmn'] },
  { name: 'risk', isFast: true, source: ['src/risk'], tests: ['test/risk'] },
  {
    name: 'store',
    source: ['src/store/locks.ts', 'src/store/runs.ts'],
    tests: ['test/store'],
  },
  { name: 'api', source: ['src/api'], tests: ['test/api'] },
  {
    name: 'threats',
    isFast: true,
    source: ['src/threats'],
    tests: ['test/threats', 'test/conformance/threats.test.ts', 'test/response'],
  },
  { name: 'eventLog', isFast: true, source: ['src/eventLog'], tests: ['test/eventLog'] },
  {
    name: 'monitor',
    source: ['src/monitor', 'src/events'],
    tests: ['test/monitor', 'test/conformance/monitor.test.ts', 'test/risk/mapping.test.ts'],
  },
  { name: 'lessons', source: ['src/lessons'], tests: ['test/lessons'] },
];

/** The source files of an area. What is generated is not ours to hold. */
export function sourceOf(root: string, { source }: Area): string[] {
  return filesIn(root, source, (file) => file.endsWith('.ts') && !file.includes('/generated/'));
}

export function testsOf(root: string, { tests }: Area): string[] {
  return filesIn(root, tests, (file) => file.endsWith('.test.ts'));
}

function filesIn(root: string, paths: readonly string[], wanted: (file: string) => boolean) {
  const found = paths.flatMap((path) =>
    statSync(join(root, path)).isDirectory()
      ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
          .sort()
          .map((file) => join(path, file))
      : [path],
  );
  return [...new Set(found.filter(wanted))];
}
