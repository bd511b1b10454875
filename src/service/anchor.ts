import type { Json } from '../canonical/index.ts';
import type { AnchorRecord as LedgerRecord } from '../evidence/ledger/ledger.ts';
import type { AnchorRecord } from '../store/index.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;
/** A transaction that the ledger still does not know after this many questions is published again. */
const QUESTIONS = 5;

/** Notes that a checkpoint is to be anchored. Never fails a verdict: what is noted is found again by the sweep. */
export async function requestAnchor(service: Service, { size, note }: { readonly size: number; readonly note: string }): Promise<void> {
  if (!service.notary.ledgerSender) return;
  try {
    await service.store.anchors.request(size, note);
    await service.queues.sendAnchor(`${size}-0`);
  } catch (error) {
    service.logger.warn('anchor.postponed', { size, ...describeError(error) });
  }
}

/**
 * Anchors what is due: publish, keep the record, ask for confirmation. One process at a time, since two transactions
 * that spend the same coin can lock it. A ledger that is away is asked again later, with a growing pause.
 */
export async function anchorDue(service: Service): Promise<void> {
  const { store, notary } = service;
  if (!notary.ledgerSender) return;
  await store.locks.tryHold('anchor', async () => {
    for (let due = await store.anchors.next(); due; due = await store.anchors.next()) await anchor(service, due);
  });
}

async function anchor(service: Service, due: AnchorRecord): Promise<void> {
  const { store, logger, notary } = service;
  try {
    const ledger = await notary.openLedger();
    const record = (due.record as unknown as LedgerRecord | null) ?? (await ledger.publish(due.checkpoint));
    if (due.record === null) await store.anchors.published(due.size, record as unknown as Json);
    if ((await ledger.confirm(record)) === 'confirmed') {
      await store.anchors.confirmed(due.size);
      logger.info('anchor.confirmed', { size: due.size, network: record.network, transaction: record.transactionDigest });
      return;
    }
    const forget = due.attempts > 0 && due.attempts % QUESTIONS === 0;
    if (forget) await store.anchors.published(due.size, null);
    await postpone(service, due, 'not confirmed yet');
  } catch (error) {
    logger.warn('anchor.failed', { size: due.size, attempts: due.attempts + 1, ...describeError(error) });
    await postpone(service, due, error instanceof Error ? error.message : String(error));
  }
}

async function postpone({ store, queues, logger }: Service, due: AnchorRecord, error: string): Promise<void> {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(due.attempts, 20), LONGEST_DELAY_MS);
  await store.anchors.postpone(due.size, error, delayMs);
  await queues.sendAnchor(`${due.size}-${due.attempts + 1}`, delayMs).catch((cause: unknown) => logger.warn('anchor.postponed', describeError(cause)));
}
