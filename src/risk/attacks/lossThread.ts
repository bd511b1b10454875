import { bad, problem, type Result } from '../../errors/index.ts';
import { KeptThread } from '../../processes/keptThread.ts';
import type { LossAnswer, LossTexts } from './lossAnswer.ts';

export type FromLoss = Result<LossAnswer>;

const MEMORY_LIMIT_MB = 768;
const TIME_LIMIT_MS = 30_000;

/** Losses are worked out in a thread of its own, so that a server goes on answering others. */
export class LossThread {
  readonly #thread = new KeptThread<LossTexts, FromLoss>(
    new URL('lossInside', import.meta.url),
    'the thread of losses',
    MEMORY_LIMIT_MB,
  );

  /** What `answerLoss` says, or `INPUT_TOO_COMPLEX` where it takes more than it may. */
  async ask(texts: LossTexts, timeLimitMs = TIME_LIMIT_MS): Promise<FromLoss> {
    const answer = await this.#thread.ask(texts, timeLimitMs);
    if (!('over' in answer)) return answer.said;
    const limit =
      answer.over === 'time' ? `${timeLimitMs / 1_000} s` : `${MEMORY_LIMIT_MB} MB of memory`;
    return bad(
      problem(
        'INPUT_TOO_COMPLEX',
        'input.question',
        `these losses take more than ${limit}: ask for fewer \`cases\`, or \`probity loss\` at your own machine`,
      ),
    );
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
