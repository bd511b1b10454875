import { startThread } from '../processes/thread.ts';
import type { Answers, ExplainQuestion } from './question.ts';

const TIME_LIMIT_MS = 15_000;
const MEMORY_LIMIT_MB = 768;
const RESOURCES = { maxOldGenerationSizeMb: MEMORY_LIMIT_MB, stackSizeMb: 4 };

let last: Promise<unknown> = Promise.resolve();

/**
 * Answers a question in a thread of its own, one at a time, so that a server goes on answering
 * others. Nothing comes back where it takes too long or too much memory: explanations are a help,
 * and no answer hangs on them.
 */
export function answerInThread<Q extends ExplainQuestion>(
  question: Q,
  timeLimitMs: number = TIME_LIMIT_MS,
): Promise<Answers[Q['ask']] | undefined> {
  const turn = last.then(() => run(question, timeLimitMs));
  last = turn.catch(() => undefined);
  return turn;
}

function run<Q extends ExplainQuestion>(
  question: Q,
  timeLimitMs: number,
): Promise<Answers[Q['ask']] | undefined> {
  const thread = startThread(new URL('explainThread', import.meta.url), {
    resourceLimits: RESOURCES,
  });
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      thread.removeAllListeners().on('error', () => undefined);
      void thread.terminate();
      settle();
    };
    const timer = setTimeout(() => end(() => resolve(undefined)), timeLimitMs);
    thread.once('message', (found: Answers[Q['ask']]) => end(() => resolve(found)));
    thread.once('error', (error: NodeJS.ErrnoException) =>
      end(() => (error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve(undefined) : reject(error))),
    );
    thread.once('exit', () => end(() => resolve(undefined)));
    thread.postMessage(question);
  });
}
