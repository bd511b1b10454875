/** The inside of the thread of lessons (`lessonThread.ts`): one question, one answer. */
import { parentPort } from 'node:worker_threads';
import { OutOfTime } from '../time/time.ts';
import type { FromLesson } from './lessonThread.ts';
import { lessonAnswer, type LessonQuestion } from './question.ts';

const say = (message: FromLesson): void => parentPort?.postMessage(message);

parentPort?.on('message', (question: LessonQuestion) => {
  lessonAnswer(question).then(
    (answer) => say({ answer }),
    (error: unknown) =>
      say(
        error instanceof OutOfTime
          ? { late: true }
          : { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      ),
  );
});
