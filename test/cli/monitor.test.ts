import { describe, expect, it } from 'vitest';
import { monitorCommand } from './run.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import { fileOf, type Ended } from './run.ts';

async function monitor(...args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const exit = await monitorCommand([...args], {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  });
  return { exit, stdout, stderr };
}

const MODEL = fileOf('parcel.yaml', SHOP);
const HOW = ['--mapping', fileOf('mapping.yaml', MAPPING)];
const eventsOf = (name: string, cents: number): string =>
  fileOf(name, JSON.stringify([event('weighed', 0, { kg: 3 }), event('paid', 10, { cents })]));

describe('probity monitor', () => {
  it('exits 0 where nothing is wrong, 1 where something is, and tells it in words', async () => {
    const fine = await monitor(MODEL, ...HOW, '--events', eventsOf('fine.json', 200));
    expect(fine.exit).toBe(0);
    expect(fine.stdout).toMatch(/✓ P {2}2 events · open/);
    const wrong = await monitor(MODEL, ...HOW, '--events', eventsOf('wrong.json', 100));
    expect(wrong.exit).toBe(1);
    expect(wrong.stdout).toContain(
      'no run of the model does this; it can only happen if tamper.bill.amount, or delay.bill and forge.bill, or',
    );
    const json = await monitor(
      MODEL,
      ...HOW,
      '--json',
      '--events',
      eventsOf('same.json', 100),
      '--threats',
      'tamper.bill.amount',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      model: 'Parcel',
      cases: [
        { case: 'P', alerts: [{ kind: 'deviation', explainedBy: [['tamper.bill.amount']] }] },
      ],
    });
  });

  it('refuses what it cannot follow, and names the threats that it leaves out', async () => {
    const events = eventsOf('some.json', 200);
    const free = fileOf('free.yaml', SHOP.replace('int 1..3, init: 1', 'int, init: any'));
    const refused = await monitor(free, ...HOW, '--events', events);
    expect(refused).toMatchObject({ exit: 2, stdout: '' });
    expect(refused.stderr).toContain('MONITOR_MODEL  weight  weight may start at more values');
    const wide = fileOf('wide.yaml', SHOP.replace('amount: int 1..3', 'amount: int 1..99999'));
    const left = await monitor(wide, ...HOW, '--json', '--events', eventsOf('other.json', 100));
    expect(left.stderr).toContain('left out of explanations');
    expect(JSON.parse(left.stdout)).toMatchObject({
      leftOut: expect.arrayContaining(['tamper.bill.amount']) as string[],
      cases: [{ alerts: [{ kind: 'deviation', unexplained: true }] }],
    });
  });

  it('exits 2 on bad input, with its place', async () => {
    const bad = fileOf('bad.yaml', MAPPING.replace('action: send', 'action: sned'));
    const events = eventsOf('e.json', 200);
    const mapping = await monitor(MODEL, '--mapping', bad, '--events', events);
    expect(mapping).toMatchObject({ exit: 2 });
    expect(mapping.stderr).toMatch(
      /MAPPING_SHAPE {2}events\.2\.action · line 7:\d+ [^\n]*\n +7 \| .*sned/,
    );
    expect((await monitor(MODEL, ...HOW, '--events', MODEL)).stderr).toContain('EVENTS_SHAPE');
    expect((await monitor(MODEL, ...HOW)).exit).toBe(2);
    expect(
      (await monitor(MODEL, ...HOW, '--events', events, '--threats', 'tamper.bil.amount')).stderr,
    ).toContain('did you mean `tamper.bill.amount`?');
  });

  it('replays a log by time: what a table or an XES file says is judged like a stream', async () => {
    const rows = [
      ['P', 'paid', '2026-03-02T09:10:00Z', '', '100'],
      ['P', 'weighed', '2026-03-02T09:00:00Z', '3', ''],
      ['Q', 'weighed', '2026-03-02T09:05:00Z', '3', ''],
    ];
    const head = ['case', 'activity', 'timestamp', 'kg', 'cents'];
    const csv = [head, ...rows].map((row) => row.join(',')).join('\n');
    const found = await monitor(MODEL, ...HOW, '--log', fileOf('log.csv', csv), '--json');
    expect(JSON.parse(found.stdout)).toMatchObject({
      cases: [
        { case: 'P', events: ['3', '2'], alerts: [{ kind: 'deviation' }] },
        { case: 'Q', alerts: [] },
      ],
    });
    const text = (key: string, value: string): string => `<string key="${key}" value="${value}"/>`;
    const xes = `<log xes.version="1.0"><trace>${text('concept:name', 'P')}${rows
      .filter(([key]) => key === 'P')
      .map(
        ([, activity = '', time = '', kg = '', cents = '']) =>
          `<event>${text('concept:name', activity)}<date key="time:timestamp" value="${time}"/>${text('kg', kg)}${text('cents', cents)}</event>`,
      )
      .join('')}</trace></log>`;
    const same = await monitor(MODEL, ...HOW, '--log', fileOf('log.xes', xes), '--json');
    expect(JSON.parse(same.stdout)).toMatchObject({
      cases: [{ case: 'P', alerts: [{ kind: 'deviation' }] }],
    });
    const timeless = fileOf('no.csv', 'case,activity\nP,weighed\n');
    expect((await monitor(MODEL, ...HOW, '--log', timeless)).stderr).toContain('EVENTS_SHAPE');
    const both = await monitor(MODEL, ...HOW, '--log', timeless, '--events', timeless);
    expect(both).toMatchObject({ exit: 2 });
  });
});
