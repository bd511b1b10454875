/** The inside of the reading thread (`reader.ts`): one submission at a time, one answer each. */
import { parentPort } from 'node:worker_threads';
import { inspect } from '../verification/verify.ts';
import type { Submission } from '../verification/types.ts';

parentPort?.on('message', (submission: Submission) => {
  inspect(submission).then(
    (read) => parentPort?.postMessage(read.ok ? { ok: true, value: { document: read.value.document, digest: read.value.digest } } : read),
    (error: unknown) => parentPort?.postMessage({ failed: error instanceof RangeError ? 'complex' : error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
