import { gzipSync } from 'node:zlib';
import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import { readEventLog, readEventLogFile } from '../../src/eventLog/eventLog.ts';
import { formatOf } from '../../src/eventLog/formats.ts';
import type { EventLog } from '../../src/eventLog/log.ts';
import type { Result } from '../../src/errors/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(result: Result<EventLog>): EventLog {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '));
  return result.value;
}

const refused = (result: Result<EventLog>): string[] =>
  result.ok ? [] : result.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);

/** What a log says, without where in its file it says so. */
const told = (log: EventLog): unknown =>
  log.cases.map(({ id, events }) => [
    id,
    events.map(({ activity, binding, timeMs }) => [
      activity,
      binding,
      timeMs === undefined ? undefined : new Date(timeMs).toISOString(),
    ]),
  ]);

const XES = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="2.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="__INVALID__"/></global>
  <string key="source" value="a shop &amp; its carrier"/>
  <trace>
    <string key="concept:name" value="1"/>
    <string key="customer" value="ann"/>
    <event>
      <string key="concept:name" value="pay"/>
      <date key="time:timestamp" value="2026-01-02T10:00:00.000+01:00"/>
      <string key="lifecycle:transition" value="complete"/>
      <int key="amount" value="20"><string key="currency" value="EUR"/></int>
    </event>
    <event>
      <string key="concept:name" value="ship"/>
      <date key="time:timestamp" value="2026-01-03T10:00:00Z"/>
      <list key="items"><values><string key="item" value="x"/></values></list>
    </event>
  </trace>
  <trace>
    <event>
      <string key="concept:name" value="pay"/>
      <date key="time:timestamp" value="2026-01-01T10:00:00Z"/>
    </event>
  </trace>
</log>
`;

describe('XES', () => {
  it('has the cases, times and attributes of its traces', () => {
    const log = read(readEventLog(XES));
    expect(told(log)).toEqual([
      ['#2', [['pay', {}, '2026-01-01T10:00:00.000Z']]],
      [
        '1',
        [
          ['pay', { 'case:customer': 'ann', amount: '20' }, '2026-01-02T09:00:00.000Z'],
          ['ship', { 'case:customer': 'ann' }, '2026-01-03T10:00:00.000Z'],
        ],
      ],
    ]);
    expect(log.bindingColumns).toEqual(['amount', 'case:customer']);
    expect(log.cases[1]?.events.map(({ row }) => row)).toEqual([1, 2]);
  });

  it('has a case where a trace is empty', () => {
    const log = read(
      readEventLog('<log><trace><string key="concept:name" value="7"/></trace></log>'),
    );
    expect(log.cases).toEqual([{ id: '7', events: [] }]);
  });

  it.each([
    ['<log><trace></log>', 'EVENT_LOG_SYNTAX line 1: not well-formed XML: unexpected close tag'],
    ['<log><trace><event>', 'EVENT_LOG_SYNTAX line 1: not well-formed XML: unclosed tag: event'],
    [
      '<log><event><string key="concept:name" value="a"/></event></log>',
      'EVENT_LOG_ROW row 1: an event outside of a trace has no case',
    ],
    [
      '<log><trace><event><string key="concept:name"/></event></trace></log>',
      'EVENT_LOG_ROW row 1: a <string> needs a `key` and a `value`',
    ],
    ['<log></log>', 'EVENT_LOG_EMPTY : the event log has no events'],
  ])('refuses %j', (text, problem) => {
    expect(refused(readEventLog(text))).toContain(problem);
  });

  it('opens no file and expands no entity', () => {
    const entity = (declared: string): string =>
      `<!DOCTYPE log [${declared}]><log><trace><string key="concept:name" value="&x;"/></trace></log>`;
    for (const text of [
      entity('<!ENTITY x SYSTEM "file:///etc/passwd">'),
      entity(`<!ENTITY y "${'z'.repeat(1_000)}"><!ENTITY x "${'&y;'.repeat(1_000)}">`),
    ])
      expect(refused(readEventLog(text))).toEqual([
        'EVENT_LOG_SYNTAX line 1: not well-formed XML: undefined entity',
      ]);
  });
});

const OCEL = {
  objectTypes: [{ name: 'order', attributes: [] }, { name: 'parcel' }],
  eventTypes: [{ name: 'pay', attributes: [{ name: 'amount', type: 'string' }] }],
  objects: [
    { id: 'o-1', type: 'order' },
    { id: 'o-2', type: 'order' },
    { id: 'p-1', type: 'parcel' },
    { id: 'p-2', type: 'parcel' },
  ],
  events: [
    {
      id: 'e1',
      type: 'pay',
      time: '2026-01-01T10:00:00Z',
      attributes: [{ name: 'amount', value: '20' }],
      relationships: [{ objectId: 'o-1', qualifier: 'of' }],
    },
    {
      id: 'e2',
      type: 'ship',
      time: '2026-01-02T10:00:00Z',
      relationships: [
        { objectId: 'o-1', qualifier: 'of' },
        { objectId: 'o-2', qualifier: 'of' },
        { objectId: 'p-1', qualifier: 'in' },
      ],
    },
    {
      id: 'e3',
      type: 'split',
      time: '2026-01-03T10:00:00Z',
      relationships: [
        { objectId: 'o-2', qualifier: 'of' },
        { objectId: 'p-1', qualifier: 'in' },
        { objectId: 'p-2', qualifier: 'in' },
      ],
    },
    {
      id: 'e4',
      type: 'count',
      time: '2026-01-03T10:00:00Z',
      relationships: [{ objectId: 'p-2', qualifier: 'of' }],
    },
  ],
};

const OCEL_XML = `<?xml version="1.0"?>
<log>
  <object-types><object-type name="order"><attributes/></object-type><object-type name="parcel"/></object-types>
  <event-types><event-type name="pay"><attributes><attribute name="amount" type="string"/></attributes></event-type></event-types>
  <objects>
    <object id="o-1" type="order">
      <attributes><attribute name="note" time="1970-01-01T00:00:00Z">x</attribute></attributes>
      <objects><relationship object-id="p-1" qualifier="in"/></objects>
    </object>
    <object id="o-2" type="order"/>
    <object id="p-1" type="parcel"/>
    <object id="p-2" type="parcel"/>
  </objects>
  <events>
    <event id="e1" type="pay" time="2026-01-01T10:00:00Z">
      <objects><relationship object-id="o-1" qualifier="of"/></objects>
      <attributes><attribute name="amount">20</attribute></attributes>
    </event>
    <event id="e2" type="ship" time="2026-01-02T10:00:00Z">
      <objects><relationship object-id="o-1"/><relationship object-id="o-2"/><relationship object-id="p-1"/></objects>
    </event>
    <event id="e3" type="split" time="2026-01-03T10:00:00Z">
      <objects><relationship object-id="o-2"/><relationship object-id="p-1"/><relationship object-id="p-2"/></objects>
    </event>
    <event id="e4" type="count" time="2026-01-03T10:00:00Z"><objects><relationship object-id="p-2"/></objects></event>
  </events>
</log>`;

async function sqlite(change: string[] = []): Promise<Uint8Array> {
  const sql = await initSqlJs();
  const database = new sql.Database();
  for (const statement of [
    'CREATE TABLE event (ocel_id TEXT, ocel_type TEXT)',
    'CREATE TABLE object (ocel_id TEXT, ocel_type TEXT)',
    'CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT)',
    'CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT)',
    'CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT)',
    "INSERT INTO object_map_type VALUES ('order', 'Order'), ('parcel', 'Parcel')",
    ...OCEL.objects.map(({ id, type }) => `INSERT INTO object VALUES ('${id}', '${type}')`),
    ...OCEL.events.flatMap(({ id, type, time, attributes, relationships }) => [
      `INSERT INTO event VALUES ('${id}', '${type}')`,
      `INSERT INTO event_map_type VALUES ('${type}', '${type} "it"')`,
      `CREATE TABLE "event_${type} ""it""" (ocel_id TEXT, ocel_time TEXT, amount TEXT)`,
      `INSERT INTO "event_${type} ""it""" VALUES ('${id}', '${time}', ${attributes ? "'20'" : 'NULL'})`,
      ...relationships.map(
        ({ objectId }) => `INSERT INTO event_object VALUES ('${id}', '${objectId}', '')`,
      ),
    ]),
    ...change,
  ])
    database.run(statement);
  const exported = database.export();
  database.close();
  return exported;
}

describe('OCEL 2.0', () => {
  const asOrders = [
    [
      'o-1',
      [
        ['pay', { amount: '20' }, '2026-01-01T10:00:00.000Z'],
        ['ship', { parcel: 'p-1' }, '2026-01-02T10:00:00.000Z'],
      ],
    ],
    [
      'o-2',
      [
        ['ship', { parcel: 'p-1' }, '2026-01-02T10:00:00.000Z'],
        ['split', {}, '2026-01-03T10:00:00.000Z'],
      ],
    ],
  ];

  it('says the same as JSON, XML and SQLite', async () => {
    const options = { caseType: 'order' };
    const logs = [
      read(readEventLog(JSON.stringify(OCEL), options)),
      read(readEventLog(OCEL_XML, options)),
      read(await readEventLogFile(await sqlite(), options)),
      read(await readEventLogFile(gzipSync(JSON.stringify(OCEL)), options)),
    ];
    for (const log of logs) {
      expect(told(log)).toEqual(asOrders);
      expect(log.unrelatedEvents).toBe(1);
      expect(log.repeatedRows).toBe(0);
    }
    expect(logs[3]?.digest).toBe(logs[0]?.digest);
  });

  it('can be seen from other objects', () => {
    const log = read(readEventLog(JSON.stringify(OCEL), { caseType: 'parcel' }));
    expect(log.cases.map(({ id }) => id)).toEqual(['p-1', 'p-2']);
    // Of two orders it cannot be said which one the parcel stands for.
    expect(log.cases[0]?.events.map(({ binding }) => binding)).toEqual([{}, { order: 'o-2' }]);
  });

  it('asks which objects are cases, and knows them by name', () => {
    const text = JSON.stringify(OCEL);
    expect(refused(readEventLog(text))).toEqual([
      'EVENT_LOG_CASE_TYPE caseType: an object-centric log has no cases by itself: say which objects are cases; its types are order, parcel',
    ]);
    expect(refused(readEventLog(text, { caseType: 'parcle' }))[0]).toContain(
      'no objects are of the type `parcle`; did you mean `parcel`?',
    );
  });

  it('refuses what would be half a log', () => {
    const changed = (change: (log: typeof OCEL) => void): string[] => {
      const log = structuredClone(OCEL);
      change(log);
      return refused(readEventLog(JSON.stringify(log), { caseType: 'order' }));
    };
    expect(changed((log) => log.objects.shift())[0]).toBe(
      'EVENT_LOG_ROW row 1: relates to the object `o-1`, which the log does not declare',
    );
    expect(changed((log) => log.objects.push({ id: 'o-1', type: 'parcel' }))).toEqual([
      'EVENT_LOG_ROW object o-1: the object `o-1` is of the type `order` and of the type `parcel`',
    ]);
    expect(
      changed((log) => {
        (log.events[0] as { time: string }).time = '2026-02-30';
      })[0],
    ).toContain('no ISO 8601 time of the calendar');
    expect(changed((log) => delete (log.events[2] as { id?: string }).id)).toEqual([
      'EVENT_LOG_ROW row 3: an event has an `id`, a `type` and a `time`, as texts',
    ]);
    expect(refused(readEventLog('{"ocel:events":{}}'))[0]).toContain('export the log as OCEL 2.0');
    expect(refused(readEventLog('{"a":1}'))[0]).toContain('else it is a JSON array of events');
    expect(refused(readEventLog('{"a":'))[0]).toContain('EVENT_LOG_SYNTAX : not JSON');
  });

  it('keeps one of two events with the same id', () => {
    const twice = { ...OCEL, events: [...OCEL.events, OCEL.events[1]] };
    const log = read(readEventLog(JSON.stringify(twice), { caseType: 'order' }));
    expect(told(log)).toEqual(asOrders);
    expect(log.repeatedRows).toBe(2);
  });

  it('refuses a database that is cut off, is another one, or has a view for a table', async () => {
    const whole = await sqlite();
    const options = { caseType: 'order' };
    expect(refused(await readEventLogFile(whole.slice(0, whole.length / 2), options))[0]).toMatch(
      /^EVENT_LOG_SYNTAX : the database/u,
    );
    expect(refused(await readEventLogFile(await sqlite(['DROP TABLE event']), options))).toEqual([
      'EVENT_LOG_SYNTAX : the database is no log in OCEL 2.0: it has no table `event`',
    ]);
    const endless =
      'CREATE VIEW event AS WITH RECURSIVE n(ocel_id) AS (SELECT 1 UNION ALL SELECT ocel_id + 1 FROM n) SELECT ocel_id, ocel_id AS ocel_type FROM n';
    expect(
      refused(await readEventLogFile(await sqlite(['DROP TABLE event', endless]), options)),
    ).toEqual(['EVENT_LOG_SYNTAX : the database is no log in OCEL 2.0: it has no table `event`']);
  });
});

describe('a table', () => {
  it('is told which column is what', () => {
    const text = 'Order id,Status,When,Item\n1,pay,2026-01-01,x\n1,ship,2026-01-02,\n';
    const columns = { case: 'Order id', activity: 'Status', timestamp: 'When', o: 'Item' };
    const log = read(readEventLog(text, { columns }));
    expect(told(log)).toEqual([
      [
        '1',
        [
          ['pay', { o: 'x' }, '2026-01-01T00:00:00.000Z'],
          ['ship', {}, '2026-01-02T00:00:00.000Z'],
        ],
      ],
    ]);
    expect(log.bindingColumns).toEqual(['o']);
  });

  it('keeps its own names where others are said', () => {
    const log = read(
      readEventLog('case,activity,step\n1,a,pay\n', { columns: { activity: 'step' } }),
    );
    expect(log.cases[0]?.events[0]).toMatchObject({ activity: 'pay', binding: { activity: 'a' } });
  });

  it('refuses a column that it does not have', () => {
    expect(refused(readEventLog('id,step\n1,a\n', { columns: { case: 'ids' } }))).toEqual([
      'EVENT_LOG_SYNTAX line 1: no column is called `ids`; did you mean `id`?; the columns are id, step',
    ]);
  });
});

describe('formats', () => {
  it('are told by how a text begins', () => {
    const names = [XES, OCEL_XML, JSON.stringify(OCEL), '[]', 'case,activity\n'].map(
      (text) => formatOf(text).name,
    );
    expect(names).toEqual(['xes', 'ocelXml', 'ocelJson', 'json', 'csv']);
  });

  it('take only the options that mean something', async () => {
    expect(refused(readEventLog('case,activity\n1,a\n', { caseType: 'order' }))).toEqual([
      'OPTION_INVALID caseType: a type of objects is named for an object-centric log (OCEL), and this log is a table (CSV)',
    ]);
    expect(refused(readEventLog(XES, { columns: { case: 'x' } }))[0]).toContain('this log is XES');
    expect(refused(await readEventLogFile(await sqlite(), { columns: {} }))[0]).toContain('SQLite');
  });

  it('refuse bytes that are no text, and what grows beyond all bounds', async () => {
    expect(refused(await readEventLogFile(new Uint8Array([0xff, 0xfe, 0x00])))[0]).toMatch(
      /^INPUT_NOT_UTF8/u,
    );
    const bomb = gzipSync(new Uint8Array(300 * 1024 * 1024), { level: 1 });
    expect(refused(await readEventLogFile(bomb))[0]).toMatch(/^INPUT_TOO_LARGE/u);
    expect(read(await readEventLogFile(bytes('case,activity\n1,a\n'))).cases).toHaveLength(1);
  });
});
