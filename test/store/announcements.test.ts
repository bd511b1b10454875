import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce, FIRST_ORGANISATION, migrate, Store } from '../../src/store/index.ts';
import { connect, type Client } from '../../src/store/client.ts';
import { createDatabase, startPostgres, until, type TestServer } from '../servers.ts';

let postgres: TestServer;
let url: string;
let store: Store;
let client: Client;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await createDatabase(postgres);
  await migrate(url);
  store = new Store(url, 12);
  client = connect(url, 12);
}, 60_000);
afterAll(async () => {
  await client?.close();
  await store?.close();
  await postgres?.stop();
}, 60_000);

const alert = (subject: string, owner = 'alice') =>
  ({ kind: 'monitor.alert', owner, subject, data: { case: subject } }) as const;

describe('announcements', () => {
  it('are seen in the order of their positions, whoever commits when', async () => {
    const tenant = client.of(FIRST_ORGANISATION);
    const { announcements } = store.of(FIRST_ORGANISATION);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let began = (): void => undefined;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const slow = tenant.in(async (rows) => {
      await announce(rows, FIRST_ORGANISATION, alert('slow'));
      began();
      await held;
    });
    await begun;
    let isOver = false;
    const quick = announcements.add(alert('quick')).then(() => (isOver = true));
    // The quick one waits for the slow one's head: were it seen first, a reader would go past.
    await until(async () => {
      const { rows } = await client.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%announcement_heads%'`,
      );
      return rows.length > 0;
    });
    expect(isOver).toBe(false);
    expect(await announcements.after(0, {}, 10)).toEqual([]);
    letGo();
    await Promise.all([slow, quick]);
    const seen = await announcements.after(0, {}, 10);
    expect(seen.map(({ position, subject }) => [position, subject])).toEqual([
      [1, 'slow'],
      [2, 'quick'],
    ]);
  });

  it('leave no gap where a transaction is taken back, and none among forty at once', async () => {
    const { organisations } = store;
    const { id } = (await organisations.create({ name: 'forty', publishes: false }))!;
    const tenant = client.of(id);
    const writes = Array.from({ length: 40 }, (_, index) =>
      tenant
        .in(async (rows) => {
          await announce(rows, id, alert(`case ${index}`));
          if (index % 4 === 0) throw new Error('taken back');
        })
        .catch(() => undefined),
    );
    // A reader that goes on from the last one that it saw, while they are written.
    const seen: string[] = [];
    let position = 0;
    let done = false;
    const { announcements } = store.of(id);
    const reading = (async () => {
      for (let last = false; ; last = done) {
        for (const each of await announcements.after(position, {}, 3)) {
          expect(each.position).toBe(position + 1);
          ({ position } = each);
          seen.push(each.subject);
        }
        if (last && position === (await announcements.head())) return;
      }
    })();
    await Promise.all(writes);
    done = true;
    await reading;
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
  });

  it('are shown to their owner, of the kinds that are asked for, and deleted but for the last', async () => {
    const { id } = (await store.organisations.create({ name: 'aged', publishes: false }))!;
    const { announcements } = store.of(id);
    for (const owner of ['alice', 'bob', 'alice']) await announcements.add(alert('c', owner));
    expect(await announcements.after(0, { owner: 'alice' }, 10)).toHaveLength(2);
    expect(await announcements.after(0, { kinds: ['run.finished'] }, 10)).toEqual([]);
    expect(await store.of(FIRST_ORGANISATION).announcements.after(2, {}, 10)).toEqual([]);
    const [oldest] = await announcements.after(0, {}, 1);
    expect(await announcements.positionOf(oldest!.id, { owner: 'alice' })).toBe(1);
    expect(await announcements.positionOf(oldest!.id, { owner: 'bob' })).toBeUndefined();
    await store.all.announcements.deleteBefore(new Date(Date.now() + 60_000), 100);
    const left = await announcements.after(0, {}, 10);
    expect(left.map(({ position }) => position)).toEqual([3]);
    expect(await announcements.positionOf(oldest!.id, {})).toBeUndefined();
  });

  it('can be changed or deleted by nobody in the role of a tenant', async () => {
    const connection = new pg.Client({ connectionString: url });
    await connection.connect();
    await connection.query(`SET ROLE probity_tenant`);
    await connection.query(`SELECT set_config('probity.tenant', $1, false)`, [FIRST_ORGANISATION]);
    for (const statement of [
      'DELETE FROM "announcements"',
      `UPDATE "announcements" SET "data" = '{}'`,
    ])
      await expect(connection.query(statement)).rejects.toThrow(/permission denied/u);
    await connection.end();
  });
});
