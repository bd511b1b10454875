/** The inside of the reading thread (`reader.ts`): one submission at a time, one answer each. */
import { parentPort } from 'node:worker_threads';
import { identify } from '../checking/check.ts';
import type { Submission } from '../checking/types.ts';

parentPort?.on('message', (submission: Submission) => {
  identify(submission).then(
    (read) => parentPort?.postMessage(read),
    (error: unknown) =>
      parentPort?.postMessage({
        failed:
          error instanceof RangeError
            ? 'complex'
            : error instanceof Error
              ? (error.stack ?? error.message)
              : String(error),
      }),
  );
});
