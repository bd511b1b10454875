import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { mergeConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** The tests in the order in which they were asked for: those first that notice most per second. */
class AsAsked extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files);
  }
}

const { test, ...rest } = shared;
const { globalSetup: _compiled, ...own } = test ?? {};

/**
 * The tests as they always run, but one after the other, to the first that fails, and without the
 * program being compiled before: no area names a test that starts it.
 */
export default mergeConfig(
  { ...rest, test: own },
  {
    test: {
      maxWorkers: 1,
      bail: 1,
      isolate: false,
      sequence: { sequencer: AsAsked },
      // A test that passes under one fault may wait for ever under another.
      teardownTimeout: 1_000,
    },
  },
);
