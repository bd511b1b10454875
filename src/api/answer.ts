import { problem } from '../errors/index.ts';
import { refusal } from './errors.ts';
import type { Turns } from './turns.ts';

/**
 * How much the large fields of one answer may have together. What is larger has an address of its
 * own, where it is fetched alone.
 */
export const ANSWER_BYTES = 24 * 1024 * 1024;

/**
 * The large fields of one operation. A query can name the same field thirty times by alias, for a
 * hundred rows: each value is loaded once, and each time that it is answered counts.
 */
export class AnswerSize {
  private readonly loaded = new Map<string, Promise<unknown>>();
  private left = ANSWER_BYTES;

  /** Of a subscription each event is an answer of its own. */
  begin(): void {
    this.loaded.clear();
    this.left = ANSWER_BYTES;
  }

  /** Loads what has this key, once in this operation. */
  once<T>(key: string, load: () => Promise<T>, turns?: Turns): Promise<T> {
    const known = this.loaded.get(key) as Promise<T> | undefined;
    if (known) return known;
    const checked = async (): Promise<T> => {
      this.take(0);
      return load();
    };
    const loading = turns ? turns.take(checked) : checked();
    this.loaded.set(key, loading);
    return loading;
  }

  /** Counts a text, or a value by its JSON, and gives it back. Throws `ANSWER_TOO_LARGE`. */
  text<T extends string | null | undefined>(text: T): T {
    this.take(text?.length ?? 0);
    return text;
  }

  json<T>(value: T): T {
    if (value !== null && value !== undefined) this.take(JSON.stringify(value).length);
    return value;
  }

  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0)
      throw refusal([
        problem(
          'ANSWER_TOO_LARGE',
          '',
          `the answer has more than ${ANSWER_BYTES / 1024 / 1024} MiB; ask for less at a time, or fetch traces and bundles from their addresses (docs/api.md)`,
        ),
      ]);
  }
}
