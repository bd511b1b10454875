import type { Json } from '../canonical/index.ts';
import { Fault } from '../errors/index.ts';
import {
  idOf,
  type Ledger,
  type LedgerRecord,
  type Settlement,
} from '../evidence/ledger/ledger.ts';
import type { AnchorRow } from '../store/index.ts';
import { describeError } from './observe.ts';
import type { SharedService } from './service.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;
const DAY_MS = 86_400_000;
/**
 * A transaction that the ledger refused all this time while its coin stayed unspent (the price of
 * gas rose) may be given up: an epoch of IOTA is a day, and with its end goes every promise of the
 * coin to that transaction.
 */
const GIVE_UP_AFTER_MS = 25 * 3_600_000;

/**
 * Notes that a checkpoint is to be anchored, and wakes who asks witnesses and ledger. Never fails a
 * verdict: what is noted is found again by the sweep.
 */
export async function requestAnchor(
  service: SharedService,
  { size, note }: { readonly size: number; readonly note: string },
): Promise<void> {
  const { ledgerNetwork, witnesses } = service.notary;
  if (!ledgerNetwork && !witnesses) return;
  try {
    if (ledgerNetwork) await service.store.anchors.request(size, note);
    await service.queues.sendAnchor(`${size}-0`);
  } catch (error) {
    service.logger.warn('anchor.postponed', { size, ...describeError(error) });
  }
}

/**
 * Anchors what is due, one process at a time, one transaction at a time:
 *
 *   1. sign a transaction for the newest checkpoint, and keep it
 *   2. send it
 *   3. ask what became of it; unless it is settled, send the same bytes again later
 *
 * Killed after 1 or 2, the next process finds the row and goes on with 3. Nothing else is signed
 * before the row is settled, so no coin is ever promised twice. A ledger that is away is asked
 * again with a growing pause.
 */
export async function anchorDue(service: SharedService): Promise<void> {
  const { store, notary } = service;
  if (!notary.ledgerNetwork) return;
  await store.locks.tryHold('anchor', async () => {
    for (let due = await store.anchors.next(); due; due = await store.anchors.next())
      await anchor(service, due);
  });
}

async function anchor(service: SharedService, due: AnchorRow): Promise<void> {
  const { store, logger, notary } = service;
  try {
    if (due.record === null && (await mustWait(service, due))) return;
    const ledger = await notary.openLedger();
    const { record, settlement } = await settled(service, ledger, due);
    if (settlement.state === 'confirmed') {
      await store.anchors.confirmed(due.size, settlement as unknown as Json);
      logger.info('anchor.confirmed', {
        size: due.size,
        network: record.network,
        transaction: idOf(record),
      });
    } else if (settlement.state === 'dead') {
      await store.anchors.forget(due.size);
      await postpone(service, due, `the transaction was lost: ${settlement.reason}`);
    } else {
      await postpone(service, due, 'not confirmed yet');
    }
  } catch (error) {
    logger.warn('anchor.failed', {
      size: due.size,
      attempts: due.attempts + 1,
      ...describeError(error),
    });
    if (error instanceof Fault && error.code === 'LEDGER_REJECTED' && isGivenUp(due))
      await store.anchors.forget(due.size);
    await postpone(
      service,
      due,
      error instanceof Fault ? `${error.code}: ${error.message}` : 'INTERNAL',
    );
  }
}

const isGivenUp = ({ preparedAt }: AnchorRow): boolean =>
  preparedAt !== null && Date.now() - preparedAt.getTime() > GIVE_UP_AFTER_MS;

async function settled(
  { store }: SharedService,
  ledger: Ledger,
  due: AnchorRow,
): Promise<{ record: LedgerRecord; settlement: Settlement }> {
  const kept = due.record as unknown as LedgerRecord | null;
  const record = kept ?? (await ledger.prepare(due.checkpoint));
  if (kept === null) {
    // Never sent, what is not kept: its coin may be promised to the one that is.
    if (!(await store.anchors.prepared(due.size, record as unknown as Json)))
      return { record, settlement: { state: 'pending' } };
  } else {
    const settlement = await ledger.settle(record);
    if (settlement.state !== 'pending') return { record, settlement };
  }
  await ledger.send(record);
  return { record, settlement: await ledger.settle(record) };
}

/**
 * Anchors cost: not more often than the interval, not more in a day than the budget. The newest
 * checkpoint covers what waits.
 */
async function mustWait(
  { config, store, queues, logger }: SharedService,
  due: AnchorRow,
): Promise<boolean> {
  const { intervalS, maxPerDay } = config.iota;
  const times = await store.anchors.preparedSince(new Date(Date.now() - DAY_MS));
  const [newest, oldest] = [times[0]?.getTime() ?? 0, times[maxPerDay - 1]?.getTime()];
  const overBudget = oldest !== undefined;
  const until = Math.max(newest + intervalS * 1_000, overBudget ? oldest + DAY_MS : 0);
  if (until <= Date.now()) return false;
  await store.anchors.wait(
    due.size,
    new Date(until),
    overBudget ? `LEDGER_BUDGET: the budget of ${maxPerDay} anchors a day is used up` : null,
  );
  await queues
    .sendAnchor(`${due.size}-${due.attempts}-${until}`, until - Date.now())
    .catch((cause: unknown) => logger.warn('anchor.postponed', describeError(cause)));
  return true;
}

async function postpone(
  { store, queues, logger }: SharedService,
  due: AnchorRow,
  error: string,
): Promise<void> {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(due.attempts, 20), LONGEST_DELAY_MS);
  await store.anchors.postpone(due.size, error, delayMs);
  await queues
    .sendAnchor(`${due.size}-${due.attempts + 1}`, delayMs)
    .catch((cause: unknown) => logger.warn('anchor.postponed', describeError(cause)));
}

/** How it stands with the ledger, for `/readyz`: what waits, and why. */
export async function ledgerState({
  store,
  notary,
}: SharedService): Promise<{ readonly ok: boolean; readonly detail: string }> {
  if (!notary.ledgerNetwork) return { ok: true, detail: 'nothing is anchored' };
  const { count, error } = await store.anchors.waiting();
  return {
    ok: error === null,
    detail: `${notary.ledgerNetwork}, ${count} waiting${error === null ? '' : `: ${error}`}`,
  };
}
