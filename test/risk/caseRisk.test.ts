import { beforeAll, describe, expect, it } from 'vitest';
import { ORDER_MAPPING, ORDER_MODEL, orderLog } from '../../bench/orderLog.ts';
import { readLogMapping, readMappedLog } from '../../src/events/mappedLog.ts';
import type { EventLog, LogCase } from '../../src/eventLog/log.ts';
import { CaseRisk } from '../../src/risk/caseRisk.ts';
import { learn } from '../../src/risk/learned.ts';
import { readEventLog } from '../../src/risk/index.ts';
import { chainFor, parcel, semanticsOf, value } from './fixture.ts';

const NONE: ReadonlySet<string> = new Set();
/** The first events of a case. */
const first = ({ id, events }: LogCase, n: number): LogCase => ({ id, events: events.slice(0, n) });

describe('the risk of a running case', () => {
  let log: EventLog;
  let risk: CaseRisk;
  let atStart: number;
  beforeAll(async () => {
    const semantics = await semanticsOf(ORDER_MODEL);
    const { ocel } = orderLog({ orders: 2_000, seed: 9, loss: 0.05 });
    const mapping = value(readLogMapping(ORDER_MAPPING, semantics));
    log = value(readMappedLog(ocel, {}, mapping, semantics));
    const learned = learn(await chainFor(semantics, 'notLost'), log);
    atStart = learned.atMeanRates ?? Number.NaN;
    risk = new CaseRisk(learned, log, NONE);
  });

  it('is that of the state which its events lead to, and certain in the end', () => {
    const lost = log.cases.find(
      ({ events }) => events.at(-1)?.activity === 'report loss',
    ) as LogCase;
    const home = log.cases.find(
      ({ events }) => events.at(-1)?.activity !== 'report loss',
    ) as LogCase;
    const begun = risk.of(first(lost, 0));
    expect(begun.risk).toBeCloseTo(atStart, 12);
    expect(begun.lower).toBeLessThan(begun.risk);
    expect(begun.upper).toBeGreaterThan(begun.risk);
    // Every order is paid and sent: nothing is learned on the way until it ends.
    expect(risk.of(first(lost, 3)).risk).toBeCloseTo(atStart, 2);
    expect(risk.of(lost)).toMatchObject({ risk: 1, lower: 1, upper: 1, positions: 1 });
    expect(risk.of(home)).toMatchObject({ risk: 0, lower: 0, upper: 0 });
  });

  it('is what becomes of such cases, on cases that were not learned from', async () => {
    const { semantics } = await parcel();
    const row = (id: number, steps: readonly string[]): string =>
      steps.map((step) => `${id},${step}\n`).join('');
    // One in four is missed and left on the porch, of which one in four is stolen.
    const cases = Array.from({ length: 400 }, (_, i) =>
      i % 4 !== 0
        ? row(i, ['load', 'handOver'])
        : row(i, ['load', 'missed', 'leaveOnPorch', i % 16 === 0 ? 'steal' : 'collect']),
    ).join('');
    const seen = value(readEventLog(`case,activity\n${cases}`));
    const learned = learn(await chainFor(semantics, 'notStolen'), seen);
    const running = new CaseRisk(learned, seen, NONE);
    const after = (...steps: string[]) =>
      running.of(value(readEventLog(`case,activity\n${row(1, steps)}`)).cases[0] as LogCase);
    expect(after('load', 'missed', 'leaveOnPorch').risk).toBeCloseTo(0.25, 1);
    expect(after('load').risk).toBeCloseTo(1 / 16, 1);
    expect(after('load', 'missed', 'fly')).toMatchObject({
      left: { row: 4, reason: 'unknownActivity' },
      risk: after('load', 'missed').risk,
    });
  });
});
