import { describe, expect, it } from 'vitest';
import { Z3Session, type SessionLimits } from '../../src/engines/z3/session.ts';
import { WarmProcesses } from '../../src/engines/z3/warm.ts';
import type { Z3Process } from '../../src/engines/z3/process.ts';

const limits = (warm: WarmProcesses, ms = 60_000): SessionLimits => ({
  deadline: Date.now() + ms,
  memoryMb: 2_048,
  signal: new AbortController().signal,
  warm,
});

/** Z3 does not find out about this in a millisecond. */
const HARD =
  '(declare-const a Int)(declare-const b Int)(declare-const c Int)\n(assert (and (> a 1) (> b 1) (> c 1) (= (+ (* a a a) (* b b b)) (* c c c))))\n(check-sat)';

class Counted extends WarmProcesses {
  readonly taken: Z3Process[] = [];
  override take(): ReturnType<WarmProcesses['take']> {
    const taken = super.take();
    this.taken.push(taken.process);
    return taken;
  }
}

describe('a packaged Z3 that serves one question after the other', () => {
  it('is the same process, and remembers neither names nor options', async () => {
    const warm = new Counted();
    try {
      const { session: first } = await Z3Session.open(limits(warm), 'packaged');
      expect(
        (
          await first.send(
            '(set-option :timeout 1)\n(declare-const x Int)\n(assert (< x x))\n(check-sat)',
          )
        ).trim(),
      ).toBe('unsat');
      expect((await first.send(`(reset)\n${HARD}`)).trim()).toBe('unknown');
      first.close();
      const { session: second } = await Z3Session.open(limits(warm), 'packaged');
      expect(await second.send('(assert (< x x))')).toContain('unknown constant x');
      // Were the limit of a millisecond still set, this would be `unknown`.
      expect(
        (
          await second.send(
            '(declare-const y Int)(assert (and (= (mod y 1009) 3) (= (mod y 1013) 5) (= (mod y 997) 7) (> y 0)))\n(check-sat)',
          )
        ).trim(),
      ).toBe('sat');
      second.close();
      expect(new Set(warm.taken.map(({ pid }) => pid)).size).toBe(1);
    } finally {
      warm.end();
    }
  }, 60_000);

  it('is not handed on after it was killed, or while it still thinks', async () => {
    const warm = new Counted();
    try {
      const { session: late } = await Z3Session.open(limits(warm, 3_000), 'packaged');
      await expect(late.send(HARD)).rejects.toMatchObject({ end: 'timeout' });
      late.close();
      const { session: left } = await Z3Session.open(limits(warm), 'packaged');
      const unheard = left.send(HARD).catch((error: unknown) => error);
      left.close();
      expect(await unheard).toMatchObject({ end: 'cancelled' });
      const { session: last } = await Z3Session.open(limits(warm), 'packaged');
      expect((await last.send('(check-sat)')).trim()).toBe('sat');
      last.close();
      expect(new Set(warm.taken.map(({ pid }) => pid)).size).toBe(3);
    } finally {
      warm.end();
    }
  }, 60_000);

  it('ends with its check', async () => {
    const warm = new Counted();
    const { session } = await Z3Session.open(limits(warm), 'packaged');
    await session.send('(check-sat)');
    session.close();
    const [z3] = warm.taken;
    const gone = new Promise<void>((resolve) => z3?.whenGone(resolve));
    warm.end();
    await gone;
    expect(z3?.idle).toBe(false);
  }, 60_000);
});
