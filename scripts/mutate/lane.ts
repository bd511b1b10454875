import { join } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';

/** What the runner asks a lane for. */
export interface Asked {
  /** The files that have changed since the last time. */
  readonly changed: readonly string[];
  readonly tests: readonly string[];
}

/** What a lane answers. */
export interface Answer {
  /** The first test that failed, with its file; none where all pass. */
  readonly failed?: { readonly test: string; readonly file: string };
  /** How long each file of tests took, in ms, as far as they ran. */
  readonly took: Readonly<Record<string, number>>;
}

/**
 * A process that keeps vitest warm: what has been transformed once stays, so that a fault costs the
 * tests alone. It is told to run tests over its channel, in a folder that is a copy of the tree,
 * and killed from outside where a fault makes it run for ever.
 */
const root = process.cwd();
/**
 * What has ended in this run. Vitest's own list keeps files of earlier runs, with how they ended
 * then: a fault would be noticed by tests that did not run.
 */
let ended: TestModule[] = [];
const vitest = await createVitest('test', {
  root,
  config: join(root, 'scripts/mutate/vitest.config.ts'),
  watch: false,
  reporters: [{ onTestModuleEnd: (module) => void ended.push(module) }],
});
await vitest.standalone();

function failureOf(module: TestModule): string | undefined {
  if (module.ok()) return undefined;
  for (const test of module.children.allTests('failed')) return test.fullName;
  return 'the file itself';
}

async function answer({ changed, tests }: Asked): Promise<Answer> {
  for (const file of changed) vitest.invalidateFile(join(root, file));
  const project = vitest.getRootProject();
  const specifications = tests.map((test) => project.createSpecification(join(root, test)));
  ended = [];
  const { unhandledErrors } = await vitest.rerunTestSpecifications(specifications);
  const took: Record<string, number> = {};
  let failed: Answer['failed'];
  for (const module of ended) {
    const { duration, importDuration } = moduleTimes(module);
    const file = module.moduleId.slice(root.length + 1);
    took[file] = duration + importDuration;
    const test = module.state() === 'skipped' ? undefined : failureOf(module);
    if (test !== undefined) failed ??= { test, file };
  }
  if (failed === undefined && unhandledErrors.length > 0) {
    failed = { test: 'an error outside of the tests', file: '' };
  }
  return { failed, took };
}

function moduleTimes(module: TestModule): { duration: number; importDuration: number } {
  const { duration, collectDuration, prepareDuration } = module.diagnostic();
  return { duration, importDuration: collectDuration + prepareDuration };
}

process.on('message', (asked: Asked) => {
  void answer(asked).then((said) => process.send?.(said));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ took: {} } satisfies Answer);
