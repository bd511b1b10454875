import { describe, expect, it } from 'vitest';
import { align } from '../../src/risk/align.ts';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import { assessRisk } from '../../src/risk/index.ts';
import { hasEqualTimes, otherOrders } from '../../src/risk/orders.ts';
import { chainFor, codes, parcel, value } from './fixture.ts';

const log = (text: string): ReturnType<typeof readEventLog> =>
  readEventLog(`case,activity,timestamp\n${text}`);

describe('events of one time', () => {
  it('have all their orders, that of the rows left out', () => {
    const [one] = value(log('1,a,2026-01-01\n1,b,2026-01-01\n1,c,2026-01-02\n')).cases;
    expect(hasEqualTimes(one!)).toBe(true);
    expect([...otherOrders(one!)].map(({ events }) => events.map((e) => e.activity))).toEqual([
      ['b', 'a', 'c'],
    ]);
    const [two] = value(
      log('1,a,2026-01-01\n1,b,2026-01-01\n1,c,2026-01-02\n1,d,2026-01-02\n1,e,2026-01-02\n'),
    ).cases;
    const orders = [...otherOrders(two!)].map(({ events }) =>
      events.map((e) => e.activity).join(''),
    );
    expect(new Set(orders).size).toBe(11);
    expect(orders).not.toContain('abcde');
    const [three] = value(log('1,a,2026-01-01\n1,b,2026-01-02\n')).cases;
    expect(hasEqualTimes(three!)).toBe(false);
    expect([...otherOrders(three!)]).toEqual([]);
  });

  it('are tried in another order only where that of the rows does not fit, and counted', async () => {
    const { semantics } = await parcel();
    const chain = await chainFor(semantics);
    const result = align(
      chain,
      value(
        log(
          '1,handOver,2026-01-01\n1,load,2026-01-01\n2,load,2026-01-01\n2,handOver,2026-01-01\n3,handOver,2026-01-02\n3,load,2026-01-03\n',
        ),
      ),
    );
    expect(result).toMatchObject({ equalTimeCases: 2, reorderedCases: 1 });
    expect(result.deviations.map((each) => each.case)).toEqual(['3']);
  });

  it('a long case of many equal times ends', async () => {
    const { semantics } = await parcel();
    const rows = Array.from({ length: 20_000 }, () => '1,missed,2026-01-01\n').join('');
    const result = align(await chainFor(semantics), value(log(rows)));
    expect(result.deviations).toHaveLength(1);
  });
});

describe('--mature', () => {
  it('leaves out the cases that began too late, whole', async () => {
    const { semantics } = await parcel();
    const ask = (days: number): ReturnType<typeof assessRisk> =>
      assessRisk({
        semantics,
        loss: { property: 'notStolen' },
        log: value(
          log('1,load,2026-01-01\n1,handOver,2026-01-02\n2,load,2026-01-09\n3,load,2026-01-10\n'),
        ),
        options: { draws: 400, matureMs: days * 86_400_000 },
        signal: new AbortController().signal,
      });
    const { card, direct } = value(await ask(5));
    expect(card.data).toMatchObject({ cases: 1, immatureCases: 2 });
    expect(direct).toMatchObject({ lost: 0, cases: 1 });
    expect(codes(await ask(50))).toEqual(['EVENT_LOG_EMPTY']);
  });
});
