import { parentPort } from 'node:worker_threads';
import { answer, type ExplainQuestion } from './question.ts';

/** The other side of `thread.ts`. */
parentPort?.once('message', (question: ExplainQuestion) => {
  void answer(question).then((found) => parentPort?.postMessage(found));
});
