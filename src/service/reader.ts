import { bad, problem, type Result } from '../errors/index.ts';
import type { CheckedDocument } from '../model/specification.ts';
import type { Submission } from '../checking/types.ts';
import { KeptThread } from '../processes/keptThread.ts';

type Inspected = Result<{ readonly document: CheckedDocument; readonly digest: string }>;
type Answer = Inspected | { readonly failed: string };

const TIME_LIMIT_MS = 15_000;
const MEMORY_LIMIT_MB = 768;

/**
 * Reads large submissions in a thread with a limit on time and memory: text that is made to be
 * expensive must not keep the API from answering others.
 */
export class ThreadReader {
  private readonly thread = new KeptThread<Submission, Answer>(
    new URL('inspectThread', import.meta.url),
    'the reading thread',
    MEMORY_LIMIT_MB,
  );
  private readonly timeLimitMs: number;

  constructor(timeLimitMs: number = TIME_LIMIT_MS) {
    this.timeLimitMs = timeLimitMs;
  }

  /** What `inspect` says, or `INPUT_TOO_COMPLEX`. */
  async inspect(submission: Submission): Promise<Inspected> {
    const answer = await this.thread.ask(submission, this.timeLimitMs);
    if ('over' in answer)
      return tooComplex(
        answer.over === 'memory'
          ? `more than ${MEMORY_LIMIT_MB} MB`
          : `more than ${this.timeLimitMs / 1_000} s`,
      );
    const { said } = answer;
    if (!('failed' in said)) return said;
    if (said.failed === 'complex') return tooComplex('more depth than there is');
    throw new Error(said.failed);
  }

  close(): Promise<void> {
    return this.thread.close();
  }
}

const tooComplex = (what: string): Inspected =>
  bad(problem('INPUT_TOO_COMPLEX', 'input.source', `reading the source takes ${what}`));
