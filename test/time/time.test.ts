import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ENDLESS,
  endedBy,
  isOver,
  leftOf,
  OutOfTime,
  partOf,
  ticking,
  timeOf,
  within,
} from '../../src/time/time.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('a budget of time', () => {
  it('is shared out of what is left, never out of what there was', () => {
    const time = timeOf(1_000);
    expect(leftOf(partOf(time, 1 / 2))).toBe(500);
    vi.advanceTimersByTime(800);
    expect(leftOf(partOf(time, 1 / 2))).toBe(100);
    expect(leftOf(partOf(time, 1, 50))).toBe(50);
    vi.advanceTimersByTime(800);
    expect(leftOf(time)).toBe(0);
    expect(isOver(partOf(time, 1))).toBe(true);
    expect(isOver(ENDLESS)).toBe(false);
  });

  it('is over when either of its signals says so', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const time = endedBy(timeOf(1_000, first.signal), second.signal);
    expect(isOver(time)).toBe(false);
    second.abort();
    expect(isOver(time)).toBe(true);
    expect(isOver(timeOf(1_000, first.signal))).toBe(false);
  });

  it('is over when a word of shared memory says so, in every part of it', () => {
    let stop = false;
    const time = timeOf(1_000, undefined, () => stop);
    const part = endedBy(partOf(time, 1 / 2), new AbortController().signal);
    expect(isOver(part)).toBe(false);
    stop = true;
    expect(isOver(part)).toBe(true);
  });

  it('ends a loop that computes in one piece', () => {
    const tick = ticking(timeOf(1_000), 4);
    for (let i = 0; i < 100; i += 1) tick();
    vi.setSystemTime(1_002_000);
    const rounds = (): void => {
      for (let i = 0; i < 4; i += 1) tick();
    };
    expect(rounds).toThrow(OutOfTime);
  });

  it('does not wait for what cannot be interrupted', async () => {
    const never = new Promise<never>(() => undefined);
    const late = expect(within(timeOf(1_000), never)).rejects.toThrow(OutOfTime);
    await vi.advanceTimersByTimeAsync(1_000);
    await late;
    const stop = new AbortController();
    const stopped = expect(within(timeOf(1_000, stop.signal), never)).rejects.toThrow(OutOfTime);
    stop.abort();
    await stopped;
    expect(await within(timeOf(1_000), Promise.resolve(7))).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });
});
