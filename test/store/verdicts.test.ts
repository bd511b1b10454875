import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  FIRST_ORGANISATION,
  newId,
  openStore,
  verdictIdOf,
  type Store,
  type TenantStore,
} from '../../src/store/index.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';

/** Verdicts are found by when they were issued, what they say, and what was said of them since. */

let postgres: TestServer;
let opened: Store;
let store: TenantStore;
let modelId: string;
beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openStore(await createDatabase(postgres));
  store = opened.of(FIRST_ORGANISATION);
  const model = { owner: 'o', digest: 'd', sourceDigest: 's', name: 'Shop', format: 'native' };
  modelId = (await store.models.put({ ...model, source: 'x', document: {} as never })).id;
}, 60_000);
afterAll(async () => {
  await opened?.close();
  await postgres?.stop();
}, 60_000);

let leaves = 0;

/** A sealed verdict that says so of `paidInFull`. */
async function sealed(issuedAt: string, outcome: string, owner = 'o'): Promise<string> {
  const runId = newId('run');
  await store.runs.create({ id: runId, owner, modelId, options: {}, cacheKey: runId });
  const claim = await store.runs.claim(runId, 'w', 60_000);
  const report = { properties: [{ name: 'paidInFull', outcome }] } as never;
  await store.runs.check(claim!, { report, artifacts: [], cacheable: true });
  const id = verdictIdOf(runId);
  await store.verdicts.keep({
    id,
    runId,
    owner,
    statementDigest: '',
    issuedAt,
    envelope: '{}',
    salt: '',
    leaf: '',
    information: {},
  });
  await store.verdicts.seal(id, { index: (leaves += 1), receipt: '' });
  return id;
}

async function said(verdict: string, state: 'revoked' | 'superseded', logged = true) {
  const { id } = await store.statements.keep({
    id: newId('sta'),
    kind: 'revocation',
    subject: verdict,
    state,
    actor: 'k',
    statementDigest: '',
    envelope: '',
    salt: '',
    leaf: '',
  });
  if (logged) await store.statements.log(id, { index: (leaves += 1), receipt: '' });
}

it('all that break a property in a quarter, those that stand, and how many', async () => {
  const [june, july, held, september, october] = [
    await sealed('2026-06-30T23:59:59.999Z', 'violated'),
    await sealed('2026-07-01T00:00:00.000Z', 'violated'),
    await sealed('2026-08-01T00:00:00.000Z', 'holds'),
    await sealed('2026-09-30T23:59:59.999Z', 'violated', 'p'),
    await sealed('2026-10-01T00:00:00.000Z', 'violated'),
  ] as const;
  const page = { limit: 9, oldestFirst: true } as const;
  const ids = async (filter: Parameters<TenantStore['verdicts']['list']>[1], owner?: string) =>
    (await store.verdicts.list({ ...page, ...(owner && { owner }) }, filter)).rows
      .map(({ id }) => id)
      .sort();
  const sorted = (...wanted: string[]): string[] => wanted.sort();
  const quarter = { from: new Date('2026-07-01Z'), until: new Date('2026-10-01Z') };
  const broken = { ...quarter, property: 'paidInFull', outcome: 'violated' } as const;
  expect(await ids(broken)).toEqual(sorted(july, september));
  expect(await ids(broken, 'o')).toEqual([july]);
  expect(await store.verdicts.countListed(page, broken)).toBe(2);
  expect(await ids({ ...broken, modelName: 'shop', text: 'paid' })).toEqual(
    sorted(july, september),
  );
  expect(await ids({ ...broken, modelName: 'other' })).toEqual([]);

  await said(july, 'revoked');
  await said(july, 'superseded');
  await said(september, 'superseded');
  await said(october, 'revoked', false);
  expect(await ids({ state: 'revoked' })).toEqual([july]);
  expect(await ids({ state: 'superseded' })).toEqual([september]);
  // What is not in the log yet was not said.
  expect(await ids({ state: 'valid' })).toEqual(sorted(june, held, october));
});
