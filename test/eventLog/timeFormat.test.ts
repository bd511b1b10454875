import { describe, expect, it } from 'vitest';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import type { EventLog } from '../../src/eventLog/log.ts';
import { timeFormat } from '../../src/eventLog/timeFormat.ts';
import type { Result } from '../../src/errors/index.ts';

const said = (format: string, text: string): string | undefined => {
  const read = timeFormat(format);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  const instant = read.value(text);
  return instant && `${new Date(instant.ms).toISOString()} ${String(instant.zoned)}`;
};

const problems = (result: Result<unknown>): string[] =>
  result.ok ? [] : result.problems.map(({ code, path, message }) => `${code} ${path} ${message}`);

describe('times that are not ISO 8601', () => {
  it('are read as their format says, and by no other', () => {
    expect(said('dd.MM.yyyy HH:mm', '03.02.2026 14:05')).toBe('2026-02-03T14:05:00.000Z false');
    expect(said('M/d/yyyy H:mm:ss.SSS', '2/3/2026 4:05:06.789')).toBe(
      '2026-02-03T04:05:06.789Z false',
    );
    expect(said('yyyyMMdd', '20260203')).toBe('2026-02-03T00:00:00.000Z undefined');
    expect(said('dd/MM/yyyy HH:mm XXX', '03/02/2026 01:00 +02:00')).toBe(
      '2026-02-02T23:00:00.000Z true',
    );
    expect(said('epochMillis', '1767225600000')).toBe('2026-01-01T00:00:00.000Z true');
    expect(said('epochSeconds', '1767225600.5')).toBe('2026-01-01T00:00:00.500Z true');
    for (const none of ['30.02.2026 14:05', '3.2.2026 14:05', '03.02.2026 24:05', '2026-02-03'])
      expect(said('dd.MM.yyyy HH:mm', none)).toBeUndefined();
    // What stands between the parts stands for itself.
    expect(said('dd.MM.yyyy', '03x02x2026')).toBeUndefined();
  });

  it('are refused where the format is none', () => {
    expect(problems(timeFormat('dd.MM')).join()).toMatch(/names no year/);
    expect(problems(timeFormat('yy-MM-dd')).join()).toMatch(/`yy` stands for nothing/);
    expect(problems(timeFormat('dd.MM.yyyy dd')).join()).toMatch(/names something twice/);
    expect(
      problems(readEventLog('case,activity,timestamp\n1,a,x\n', { timeFormat: '%d' })),
    ).toEqual([expect.stringMatching(/^OPTION_INVALID timeFormat `%d` is no format/u)]);
  });

  it('order a log in any format, and are never guessed', () => {
    const csv = 'case,activity,timestamp\n1,b,02.01.2026\n1,a,01.02.2025\n';
    const log = (result: Result<EventLog>): EventLog => {
      if (!result.ok) throw new Error(problems(result).join());
      return result.value;
    };
    const read = log(readEventLog(csv, { timeFormat: 'dd.MM.yyyy' }));
    expect(read.cases[0]?.events.map(({ activity }) => activity)).toEqual(['a', 'b']);
    expect(read.window).toEqual({
      from: '2025-02-01T00:00:00.000Z',
      to: '2026-01-02T00:00:00.000Z',
    });
    expect(problems(readEventLog(csv))[0]).toBe(
      'EVENT_LOG_ROW row 2 `02.01.2026` is no ISO 8601 time of the calendar; where times are written otherwise, say how (`timeFormat`, --time-format): dd.MM.yyyy HH:mm',
    );
    expect(problems(readEventLog(csv, { timeFormat: 'MM/dd/yyyy' }))[0]).toBe(
      'EVENT_LOG_ROW row 2 `02.01.2026` is no time of the form `MM/dd/yyyy`',
    );
    const xes = `<log><trace><event><string key="concept:name" value="a"/><date key="time:timestamp" value="1767225600"/></event></trace></log>`;
    expect(log(readEventLog(xes, { timeFormat: 'epochSeconds' })).window?.from).toBe(
      '2026-01-01T00:00:00.000Z',
    );
  });

  it('are told how far their log is read', () => {
    const rows: number[] = [];
    const csv = `case,activity\n${'1,a\n'.repeat(45_000)}`;
    readEventLog(csv, { onRows: (count) => rows.push(count) });
    expect(rows).toEqual([20_000, 40_000]);
  });
});
