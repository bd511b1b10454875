import { parentPort } from 'node:worker_threads';
import { answer, type Question } from './question.ts';

/** The other side of `thread.ts`. */
parentPort?.once('message', (question: Question) => {
  void answer(question).then((found) => parentPort?.postMessage(found));
});
