import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import pg from 'pg';
import {
  FIRST_ORGANISATION,
  newId,
  openStore,
  type RunRecord,
  type Store,
  type TenantStore,
} from '../../src/store/index.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';

/** The states of a run, each change guarded: what a lost worker or a late wish cannot do. */

let postgres: TestServer;
let opened: Store;
let store: TenantStore;
let pool: pg.Pool;
let modelId: string;
const LEASE_MS = 60_000;
const REPORT = { properties: [{ name: 'p', outcome: 'holds' }] } as never;
const RESULT = { report: REPORT, artifacts: [], cacheable: true } as const;
const FAILURE = { code: 'X', message: 'x' } as const;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await createDatabase(postgres);
  opened = await openStore(url);
  store = opened.of(FIRST_ORGANISATION);
  pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on('error', () => undefined);
  const model = {
    owner: 'o',
    digest: 'd',
    sourceDigest: 's',
    name: 'm',
    format: 'native',
  } as const;
  modelId = (await store.models.put({ ...model, source: '', document: {} as never })).id;
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await opened?.close();
  await postgres?.stop();
}, 60_000);
beforeEach(() => pool.query('TRUNCATE "runs" CASCADE'));

function created(
  extra: { owner?: string; cacheKey?: string; id?: string } = {},
): Promise<RunRecord> {
  const { owner = 'o', cacheKey = 'key', id = newId('run') } = extra;
  return store.runs.create({ id, owner, modelId, options: { a: 1 }, cacheKey });
}

const row = async (id: string): Promise<RunRecord> => {
  const found = await store.runs.get(id);
  if (!found) throw new Error(`no run ${id}`);
  return found;
};

/** As if its worker had not been heard of for an hour. */
const silence = (id: string): Promise<unknown> =>
  pool.query(`UPDATE "runs" SET "lease_until" = now() - interval '1 hour' WHERE "id" = $1`, [id]);

const age = (id: string): Promise<unknown> =>
  // The trigger would set it to now.
  pool.query(
    `ALTER TABLE "runs" DISABLE TRIGGER "runs_changed"; UPDATE "runs" SET "updated_at" = now() - interval '1 hour' WHERE "id" = '${id}'; ALTER TABLE "runs" ENABLE TRIGGER "runs_changed"`,
  );

describe('a claim', () => {
  it('takes a run that waits, once', async () => {
    const { id } = await created();
    expect(await store.runs.claim(id, 'w1', LEASE_MS)).toEqual({
      organisationId: FIRST_ORGANISATION,
      runId: id,
      attempt: 1,
    });
    expect(await store.runs.claim(id, 'w2', LEASE_MS)).toBeUndefined();
    expect(await row(id)).toMatchObject({ state: 'running', worker: 'w1', attempt: 1 });
  });

  it('of ten workers at once is had by one', async () => {
    const { id } = await created();
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) => store.runs.claim(id, `w${i}`, LEASE_MS)),
    );
    expect(claims.filter((claim) => claim !== undefined)).toEqual([
      { organisationId: FIRST_ORGANISATION, runId: id, attempt: 1 },
    ]);
  });

  it('is not had while the worker lives, and is had once its lease is over', async () => {
    const { id } = await created();
    const first = await store.runs.claim(id, 'w1', LEASE_MS);
    const { startedAt } = await row(id);
    expect(await store.runs.claim(id, 'w1', LEASE_MS)).toBeUndefined();
    await silence(id);
    expect(await store.runs.claim(id, 'w2', LEASE_MS)).toEqual({
      organisationId: FIRST_ORGANISATION,
      runId: id,
      attempt: 2,
    });
    expect(await store.runs.holds(first!)).toBe(false);
    expect(
      await store.runs.holds({ organisationId: FIRST_ORGANISATION, runId: id, attempt: 2 }),
    ).toBe(true);
    // When it was taken up first stays.
    expect((await row(id)).startedAt).toEqual(startedAt);
  });

  it.each(['checked', 'sealed', 'failed', 'cancelled'])('is not had of a %s run', async (state) => {
    const { id } = await created();
    await pool.query(`UPDATE "runs" SET "state" = $2 WHERE "id" = $1`, [id, state]);
    await silence(id);
    expect(await store.runs.claim(id, 'w', LEASE_MS)).toBeUndefined();
    expect(
      await store.runs.holds({ organisationId: FIRST_ORGANISATION, runId: id, attempt: 0 }),
    ).toBe(false);
    expect((await row(id)).state).toBe(state);
  });

  it('of a first answer is kept, given back, ended, and had by another once its worker is silent', async () => {
    const { id } = await created();
    const first = (await store.runs.claim(id, 'w1', LEASE_MS))!;
    await store.runs.answerFirst(first, REPORT);
    expect(await row(id)).toMatchObject({ state: 'checked', provisional: true, report: REPORT });
    expect(await store.runs.holds(first)).toBe(true);
    expect(await opened.all.runs.heldBy('w1')).toMatchObject([{ id }]);
    expect(await store.runs.claim(id, 'w2', LEASE_MS)).toBeUndefined();
    await age(id);
    expect((await opened.all.runs.stalled(60_000)).map((run) => run.id)).toEqual([]);
    await silence(id);
    expect((await opened.all.runs.stalled(60_000)).map((run) => run.id)).toEqual([id]);
    const second = (await store.runs.claim(id, 'w2', LEASE_MS))!;
    // Who lost it says nothing any more.
    await store.runs.answerFirst(first, REPORT);
    expect(await row(id)).toMatchObject({ state: 'running', provisional: true, attempt: 2 });
    await store.runs.answerFirst(second, REPORT);
    expect(await store.runs.check(first, RESULT)).toBe(false);
    expect(await store.runs.check(second, { ...RESULT, seal: false })).toBe(true);
    const last = await row(id);
    expect(last).toMatchObject({ state: 'unsigned', provisional: false });
    expect(last.finishedAt).toBeInstanceOf(Date);
    for (const end of [
      (other: string) => store.runs.release(other, 'w'),
      (other: string) => store.runs.fail(other, FAILURE),
      (other: string) => store.runs.cancel(other),
    ]) {
      const { id: other } = await created();
      await store.runs.answerFirst((await store.runs.claim(other, 'w', LEASE_MS))!, REPORT);
      expect(await end(other)).toBe(true);
    }
  });

  it('that was lost writes neither progress nor a report', async () => {
    const { id } = await created();
    const lost = (await store.runs.claim(id, 'w1', LEASE_MS))!;
    await silence(id);
    const kept = (await store.runs.claim(id, 'w2', LEASE_MS))!;
    await store.runs.progress(lost, { states: 1 });
    expect((await row(id)).progress).toBeNull();
    expect(await store.runs.check(lost, RESULT)).toBe(false);
    expect(await row(id)).toMatchObject({ state: 'running', report: null });
    await store.runs.progress(kept, { states: 2 });
    expect((await row(id)).progress).toEqual({ states: 2 });
    expect(await store.runs.check(kept, RESULT)).toBe(true);
    // Twice is once.
    expect(await store.runs.check(kept, RESULT)).toBe(false);
  });

  it('starts without the progress of the one before', async () => {
    const { id } = await created();
    await store.runs.progress((await store.runs.claim(id, 'w1', LEASE_MS))!, { states: 1 });
    await silence(id);
    await store.runs.claim(id, 'w2', LEASE_MS);
    expect((await row(id)).progress).toBeNull();
  });
});

describe('a report', () => {
  it('comes with its artifacts in their order, and ends lease and progress', async () => {
    const { id } = await created();
    const claim = (await store.runs.claim(id, 'w', LEASE_MS))!;
    await store.runs.progress(claim, { states: 3 });
    const artifacts = ['b', 'a', 'c'].map((name) => ({
      name,
      mediaType: 'text/plain',
      text: name,
      digest: `sha256:${name}`,
    }));
    await store.runs.check(claim, { ...RESULT, artifacts, risk: { p: 1 } });
    expect((await store.runs.artifacts(id)).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    const checked = await row(id);
    expect(checked).toMatchObject({ state: 'checked', report: REPORT, risk: { p: 1 } });
    expect(checked.progress).toBeNull();
    expect(checked.checkedAt).toBeInstanceOf(Date);
    expect(await store.runs.risk(id)).toEqual({ p: 1 });
    const { rows } = await pool.query('SELECT "lease_until" FROM "runs" WHERE "id" = $1', [id]);
    expect(rows).toEqual([{ lease_until: null }]);
  });

  it('that names no risk leaves what was asked of it', async () => {
    const { id } = await store.runs.create({
      id: newId('run'),
      owner: 'o',
      modelId,
      options: {},
      cacheKey: 'k',
      risk: { asked: true },
    });
    await store.runs.check((await store.runs.claim(id, 'w', LEASE_MS))!, RESULT);
    expect(await store.runs.risk(id)).toEqual({ asked: true });
  });

  it('is not in a head, nor in a list', async () => {
    const { id } = await created();
    await store.runs.check((await store.runs.claim(id, 'w', LEASE_MS))!, RESULT);
    expect(Object.keys((await store.runs.head(id)) ?? {})).toEqual(
      expect.not.arrayContaining(['report', 'risk']),
    );
    for (const head of (await store.runs.list({ limit: 5, owner: 'o' })).rows)
      expect(Object.keys(head)).toEqual(expect.not.arrayContaining(['report', 'risk']));
  });
});

describe('given back', () => {
  it('by its own worker only', async () => {
    const { id } = await created();
    await store.runs.claim(id, 'w1', LEASE_MS);
    expect(await store.runs.release(id, 'w2')).toBe(false);
    expect(await opened.all.runs.heldBy('w1')).toMatchObject([{ id }]);
    expect(await opened.all.runs.heldBy('w2')).toEqual([]);
    expect(await store.runs.release(id, 'w1')).toBe(true);
    expect(await row(id)).toMatchObject({ state: 'queued', worker: null, attempt: 1 });
    expect(await store.runs.release(id, 'w1')).toBe(false);
    expect(await opened.all.runs.heldBy('w1')).toEqual([]);
  });
});

describe('an end', () => {
  it('by failure or by wish comes to what waits or runs, and to nothing else', async () => {
    for (const end of [
      (id: string) => store.runs.fail(id, FAILURE),
      (id: string) => store.runs.cancel(id),
    ]) {
      const waiting = await created();
      expect(await end(waiting.id)).toBe(true);
      expect(await end(waiting.id)).toBe(false);
      const running = await created();
      const claim = (await store.runs.claim(running.id, 'w', LEASE_MS))!;
      await store.runs.progress(claim, { states: 1 });
      expect(await end(running.id)).toBe(true);
      const ended = await row(running.id);
      expect(ended.progress).toBeNull();
      expect(ended.finishedAt).toBeInstanceOf(Date);
      expect(await store.runs.check(claim, RESULT)).toBe(false);
      const answered = await created();
      await store.runs.check((await store.runs.claim(answered.id, 'w', LEASE_MS))!, RESULT);
      expect(await end(answered.id)).toBe(false);
      expect((await row(answered.id)).state).toBe('checked');
    }
  });

  it('keeps what failed', async () => {
    const { id } = await created();
    await store.runs.fail(id, FAILURE);
    expect(await row(id)).toMatchObject({ state: 'failed', failure: FAILURE });
    const other = await created();
    await store.runs.cancel(other.id);
    expect(await row(other.id)).toMatchObject({ state: 'cancelled', failure: null });
  });
});

describe('what nobody works on', () => {
  it('is what waits for long, and what runs without a living worker', async () => {
    const [fresh, old, alive, dead, checked, sealed] = await Promise.all(
      Array.from({ length: 6 }, () => created()),
    );
    for (const { id } of [alive!, dead!]) await store.runs.claim(id, 'w', LEASE_MS);
    await silence(dead!.id);
    await pool.query(`UPDATE "runs" SET "state" = 'checked' WHERE "id" = $1`, [checked!.id]);
    await pool.query(`UPDATE "runs" SET "state" = 'sealed' WHERE "id" = $1`, [sealed!.id]);
    for (const { id } of [old!, alive!, checked!, sealed!]) await age(id);
    const found = (await opened.all.runs.stalled(60_000)).map(({ id }) => id);
    expect(found).toEqual([old!.id, dead!.id, checked!.id].toSorted());
    expect(found).not.toContain(fresh!.id);
    expect(await opened.all.runs.stalled(60_000, 2)).toHaveLength(2);
    expect(await opened.all.runs.stalled(7_200_000)).toHaveLength(1);
    expect(await opened.all.runs.counts()).toEqual(
      new Map([
        ['queued', 2],
        ['running', 2],
        ['checked', 1],
        ['sealed', 1],
      ]),
    );
  });
});

describe('an answer that is known', () => {
  const sealed = async (owner: string, cacheable = true): Promise<RunRecord> => {
    const { id } = await created({ owner });
    await store.runs.check((await store.runs.claim(id, 'w', LEASE_MS))!, {
      ...RESULT,
      cacheable,
      artifacts: [{ name: 'a', mediaType: 'text/plain', text: 't', digest: 'd' }],
    });
    await pool.query(`UPDATE "runs" SET "state" = 'sealed' WHERE "id" = $1`, [id]);
    return row(id);
  };

  it("is the owner's own before anybody else's, the latest first", async () => {
    expect(await store.runs.findCached('key', 'o')).toBeUndefined();
    const other = await sealed('p');
    expect((await store.runs.findCached('key', 'o'))?.id).toBe(other.id);
    const mine = await sealed('o');
    const later = await sealed('p');
    expect((await store.runs.findCached('key', 'o'))?.id).toBe(mine.id);
    expect((await store.runs.findCached('key', 'p'))?.id).toBe(later.id);
    expect(await store.runs.findCached('other key', 'o')).toBeUndefined();
  });

  it('is none that is not sealed, not to be shared, or forgotten', async () => {
    const { id } = await created();
    await store.runs.check((await store.runs.claim(id, 'w', LEASE_MS))!, RESULT);
    expect(await store.runs.findCached('key', 'o')).toBeUndefined();
    await sealed('o', false);
    expect(await store.runs.findCached('key', 'o')).toBeUndefined();
    const shared = await sealed('o');
    await store.runs.forget(shared.id);
    expect(await store.runs.findCached('key', 'o')).toBeUndefined();
  });

  it('is copied with its artifacts, as one that was checked just now', async () => {
    const known = await sealed('p');
    const id = newId('run');
    await store.runs.createChecked(
      { id, owner: 'o', modelId, options: {}, cacheKey: 'key' },
      known,
    );
    expect(await row(id)).toMatchObject({
      owner: 'o',
      state: 'checked',
      report: REPORT,
      attempt: 1,
      worker: null,
    });
    expect((await store.runs.artifacts(id)).map(({ text }) => text)).toEqual(['t']);
    expect((await row(id)).checkedAt!.getTime()).toBeGreaterThanOrEqual(known.checkedAt!.getTime());
    await pool.query(`UPDATE "runs" SET "state" = 'sealed' WHERE "id" = $1`, [id]);
    expect((await store.runs.findCached('key', 'o'))?.id).toBe(id);
  });
});

describe('a run that is made twice', () => {
  it('is the one that was first', async () => {
    const first = await created({ cacheKey: 'first' });
    const again = await created({ id: first.id, cacheKey: 'second' });
    expect(again).toEqual(await row(first.id));
    expect(again.cacheKey).toBe('first');
  });

  it('of no model is refused', async () => {
    const orphan = {
      id: newId('run'),
      owner: 'o',
      modelId: 'mdl_none',
      options: {},
      cacheKey: 'k',
    };
    await expect(store.runs.create(orphan)).rejects.toMatchObject({ code: 'P2003' });
    expect(await store.runs.get(orphan.id)).toBeUndefined();
    expect(await store.runs.head(orphan.id)).toBeUndefined();
  });
});

describe('lists', () => {
  const ids = async (...asked: Parameters<TenantStore['runs']['list']>): Promise<string[]> =>
    (await store.runs.list(...asked)).rows.map(({ id }) => id);

  it('are of one owner, page by page, in both orders and both ways', async () => {
    const mine: string[] = [];
    for (let i = 0; i < 5; i += 1) mine.push((await created()).id);
    const other = (await created({ owner: 'p' })).id;
    const newest = mine.toReversed();
    const page = { limit: 2, owner: 'o' } as const;
    expect(await store.runs.list(page)).toMatchObject({
      rows: [{ id: newest[0] }, { id: newest[1] }],
      hasMore: true,
    });
    expect(await ids({ ...page, cursor: newest[1]! })).toEqual(newest.slice(2, 4));
    expect(await store.runs.list({ ...page, limit: 3, cursor: newest[1]! })).toMatchObject({
      hasMore: false,
    });
    expect(await ids({ ...page, cursor: newest[3]!, backward: true })).toEqual(newest.slice(1, 3));
    expect(await ids({ ...page, backward: true })).toEqual(newest.slice(3));
    expect(await ids({ ...page, oldestFirst: true })).toEqual(mine.slice(0, 2));
    expect(await ids({ ...page, oldestFirst: true, cursor: mine[1]! })).toEqual(mine.slice(2, 4));
    expect(await ids({ ...page, oldestFirst: true, cursor: mine[3]!, backward: true })).toEqual(
      mine.slice(1, 3),
    );
    expect(await ids({ limit: 9 })).toEqual([other, ...newest]);
    expect(await store.runs.count({ limit: 1, owner: 'o' }, {})).toBe(5);
  });

  it('leave what a filter asks for, all of it', async () => {
    const [waiting, violated, held] = [await created(), await created(), await created()];
    const answer = async (id: string, outcomes: Record<string, string>): Promise<void> => {
      const properties = Object.entries(outcomes).map(([name, outcome]) => ({ name, outcome }));
      const claim = (await store.runs.claim(id, 'w', LEASE_MS))!;
      await store.runs.check(claim, { ...RESULT, report: { properties } as never });
    };
    await answer(violated.id, { paidInFull: 'violated', ships: 'holds' });
    await answer(held.id, { paidInFull: 'holds', ships: 'violated' });
    const found = (filter: Parameters<TenantStore['runs']['list']>[1]) => ids({ limit: 9 }, filter);
    expect(await found({ property: 'paidInFull', outcome: 'violated' })).toEqual([violated.id]);
    expect(await found({ property: 'ships' })).toEqual([held.id, violated.id]);
    expect(await found({ outcome: 'unknown' })).toEqual([]);
    expect(await found({ states: ['queued', 'failed'] })).toEqual([waiting.id]);
    expect(await found({ states: [] })).toEqual([]);
    expect(await found({ modelId: 'mdl_none' })).toEqual([]);
    expect(await found({ modelName: 'M', modelDigest: 'd', format: 'native' })).toHaveLength(3);
    expect(await found({ modelDigest: 'e' })).toEqual([]);
    expect(await found({ modelName: '%' })).toEqual([]);
    expect(await found({ modelName: '_' })).toEqual([]);
    expect(await found({ owner: 'p' })).toEqual([]);
    expect(await found({ text: 'PAIDIN' })).toEqual([held.id, violated.id]);
    expect(await found({ text: waiting.id.slice(4) })).toEqual([waiting.id]);
    expect(await found({ text: '\\' })).toEqual([]);
    const before = new Date(Date.now() - 3_600_000);
    expect(await found({ from: before })).toHaveLength(3);
    expect(await found({ until: before })).toEqual([]);
    expect(await found({ until: waiting.createdAt })).toEqual([]);
    expect(await found({ from: waiting.createdAt })).toHaveLength(3);
    expect(await store.runs.count({ limit: 1 }, { property: 'ships' })).toBe(2);
  });
});
