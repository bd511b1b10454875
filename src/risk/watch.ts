import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '../errors/index.ts';

/**
 * Lets others have their turn about forty times a second, and ends the work when it is cancelled or
 * takes too long: `Fault` CANCELLED or TIMEOUT.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #deadline: number;
  #lastTurn = Date.now();

  constructor(signal: AbortSignal, timeoutMs: number) {
    this.#signal = signal;
    this.#deadline = this.#lastTurn + timeoutMs;
  }

  async turn(reached: string): Promise<void> {
    if (Date.now() - this.#lastTurn < 25) return;
    await nextTurn();
    this.#lastTurn = Date.now();
    if (this.#signal.aborted) throw new Fault('CANCELLED', 'the assessment was cancelled');
    if (this.#lastTurn > this.#deadline)
      throw new Fault(
        'TIMEOUT',
        `the time limit was reached at ${reached}: allow more time, or fewer draws`,
      );
  }
}
