import { describe, expect, it } from 'vitest';
import { readInstant } from '../../src/eventLog/instants.ts';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import { csvLine, csvRecords } from '../../src/eventLog/csv.ts';
import { codes, value } from '../risk/fixture.ts';

const messages = (text: string): string[] => {
  const read = readEventLog(text);
  return read.ok ? [] : read.problems.map((p) => `${p.code} ${p.path} ${p.message}`);
};

describe('CSV', () => {
  it('reads quotes, doubled quotes, line ends inside quotes, CRLF and a byte order mark', () => {
    const text = '\uFEFFa,b\r\n"x, ""y""","two\nlines"\r\n\r\nlast,\r\n';
    expect([...csvRecords(text)]).toEqual([
      { fields: ['a', 'b'], line: 1 },
      { fields: ['x, "y"', 'two\nlines'], line: 2 },
      { fields: ['last', ''], line: 5 },
    ]);
  });

  it('what is written is read again', () => {
    const fields = ['plain', 'with, comma', 'with "quotes"', 'with\nline', ''];
    expect(csvRecords(csvLine(fields)).next().value).toMatchObject({ fields });
  });

  it.each(['a,"open', '"a"b,c\n'])('refuses %j', (text) => {
    const records = csvRecords(text);
    let next = records.next();
    while (!next.done) next = records.next();
    expect(next.value).toMatchObject({ code: 'EVENT_LOG_SYNTAX' });
  });
});

describe('event log', () => {
  it('groups by case, orders events and cases by time, keeps bindings', () => {
    const log = value(
      readEventLog(
        [
          'case,activity,timestamp,o',
          'late,ship,2026-01-02T00:00:00Z,o1',
          'early,pay,2026-01-01T10:00:00+01:00,',
          'late,pay,2026-01-01T23:00:00Z,o2',
          'early,order,2026-01-01T08:59:59Z,',
        ].join('\n'),
      ),
    );
    expect(log.cases.map((c) => [c.id, c.events.map((e) => e.activity)])).toEqual([
      ['early', ['order', 'pay']],
      ['late', ['pay', 'ship']],
    ]);
    expect(log.cases[1]?.events[0]).toMatchObject({ binding: { o: 'o2' }, row: 4 });
    expect(log.window).toEqual({
      from: '2026-01-01T08:59:59.000Z',
      to: '2026-01-02T00:00:00.000Z',
    });
    expect(log.eventCount).toBe(4);
    expect(log.bindingColumns).toEqual(['o']);
  });

  it('keeps the order of rows where there are no times, and a case in which nothing happened', () => {
    const log = value(readEventLog('case:concept:name,concept:name\n2,b\n1,\n2,a\n'));
    expect(log.cases).toEqual([
      {
        id: '2',
        events: [
          { activity: 'b', binding: {}, row: 2 },
          { activity: 'a', binding: {}, row: 4 },
        ],
      },
      { id: '1', events: [] },
    ]);
    expect(log.window).toBeUndefined();
  });

  it('reads the JSON form to the same cases', () => {
    const csv = value(
      readEventLog(
        'case,activity,timestamp,n\n1,go,2026-01-01,2\n1,,2026-01-02,\n'.replace(
          '1,,2026-01-02,\n',
          '',
        ),
      ),
    );
    const json = value(
      readEventLog('[{"case":1,"activity":"go","timestamp":"2026-01-01","binding":{"n":2}}]'),
    );
    expect(json.cases[0]?.events[0]).toEqual({ ...csv.cases[0]?.events[0], row: 1 });
    expect(json.digest).not.toBe(csv.digest);
  });

  it('start and complete of an activity are one step; a repeated id is none', () => {
    const log = value(
      readEventLog(
        'case,activity,timestamp,lifecycle:transition,event_id\n1,pay,2026-01-01,schedule,a\n1,pay,2026-01-01,start,b\n1,pay,2026-01-03,complete,c\n1,ship,2026-01-04,,d\n1,ship,2026-01-04,,d\n',
      ),
    );
    expect(log.cases[0]?.events.map(({ activity, row }) => [activity, row])).toEqual([
      ['pay', 4],
      ['ship', 5],
    ]);
    expect(log).toMatchObject({ lifecycleRows: 2, repeatedRows: 1, eventCount: 2 });
    expect(log.bindingColumns).toEqual([]);
    const starts = value(readEventLog('case,activity,lifecycle\n1,pay,start\n1,ship,START\n'));
    expect(starts.eventCount).toBe(2);
  });

  it('refuses dates of no calendar, mixed zones, and a text that ends within a row', () => {
    for (const time of ['2026-02-30', '2025-02-29', '2026-01-01T25:00', '2026-01-01T24:00:01'])
      expect(codes(readEventLog(`case,activity,timestamp\n1,a,${time}\n`))).toEqual([
        'EVENT_LOG_ROW',
      ]);
    expect(
      codes(readEventLog('case,activity,timestamp\n1,a,2026-01-01T10:00\n1,b,2026-01-01T10:00Z\n')),
    ).toEqual(['EVENT_LOG_ROW']);
    expect(codes(readEventLog('case,activity\n1,a\n2,'))).toEqual(['EVENT_LOG_ROW']);
    expect(codes(readEventLog('case,activity\n1,a\n2,\n'))).toEqual([]);
    expect(readInstant('2024-02-29T24:00:00-01:30')?.ms).toBe(Date.UTC(2024, 2, 1, 1, 30));
  });

  it('names every bad row', () => {
    expect(
      messages('case,activity,timestamp\n,pay,2026-01-01\nx,pay,yesterday\ny,pay,2026-13-45\n'),
    ).toEqual([
      'EVENT_LOG_ROW row 2 an event without a case',
      'EVENT_LOG_ROW row 3 `yesterday` is no ISO 8601 time of the calendar; where times are written otherwise, say how (`timeFormat`, --time-format): dd.MM.yyyy HH:mm',
      'EVENT_LOG_ROW row 4 `2026-13-45` is no ISO 8601 time of the calendar',
    ]);
    expect(messages('case,activity\n1,a,b\n')).toEqual([
      'EVENT_LOG_ROW row 2 3 fields where the first line names 2',
    ]);
    expect(messages('case,activity\n1,a\n1,\n')[0]).toMatch(/row 3 an event without an activity/);
    expect(messages('case,activity,timestamp\n1,a,2026-01-01\n1,b,\n')[0]).toMatch(
      /row 3 an event without a time/,
    );
    expect(messages('[{"case":true},{"case":"1","resource":"x"}]')).toEqual([
      'EVENT_LOG_ROW row 1 `case` is a text or a number',
      expect.stringMatching(/row 2 an event has no `resource`/),
    ]);
  });

  it('says how many more rows are bad, not all of them', () => {
    const read = readEventLog(`case,activity\n${',x\n'.repeat(1_000)}`);
    expect(read.ok ? [] : read.problems).toHaveLength(21);
    expect(messages(`case,activity\n${',x\n'.repeat(1_000)}`).at(-1)).toMatch(/980 more/);
  });

  it.each([
    ['', 'EVENT_LOG_EMPTY'],
    ['case,activity\n', 'EVENT_LOG_EMPTY'],
    ['[]', 'EVENT_LOG_EMPTY'],
    ['[1', 'EVENT_LOG_SYNTAX'],
    ['case;activity\n1;a\n', 'EVENT_LOG_SYNTAX'],
    ['id,activity\n1,a\n', 'EVENT_LOG_SYNTAX'],
    ['case,activity,x,x\n1,a,,\n', 'EVENT_LOG_SYNTAX'],
  ])('refuses %j', (text, code) => {
    expect(codes(readEventLog(text))).toEqual([code]);
  });

  it('a column named __proto__ is a column', () => {
    const log = value(readEventLog('case,activity,__proto__\n1,a,x\n'));
    expect(Object.entries(log.cases[0]?.events[0]?.binding ?? {})).toEqual([['__proto__', 'x']]);
  });
});
