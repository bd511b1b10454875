/** The inside of the thread of losses (`lossThread.ts`): one question, one answer. */
import { parentPort } from 'node:worker_threads';
import { answerLoss, type LossTexts } from './lossAnswer.ts';
import type { FromLoss } from './lossThread.ts';

parentPort?.on('message', (texts: LossTexts) => {
  parentPort?.postMessage(answerLoss(texts) satisfies FromLoss);
});
