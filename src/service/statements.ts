import { utf8 } from '../evidence/formats/encoding.ts';
import type { StatementRecord, TenantStore } from '../store/index.ts';
import { findInLog, KEYS_LOCK, signerOf } from './seal.ts';
import type { Service } from './service.ts';

type Signed = Pick<StatementRecord, 'statementDigest' | 'envelope' | 'salt' | 'leaf'>;

/** What is said after things, in one way: where it is kept, and how it is signed again. */
export interface StatementKind {
  /** The name of the lock under which nothing else is said about a subject. */
  lockOf(subject: string): string;
  rows(store: TenantStore): TenantStore['statements'];
  /** The same once more, under the key of now. */
  sign(service: Service, kept: StatementRecord): Promise<Signed>;
}

/**
 * Signs, keeps and logs a statement about a subject, in this order, so that a kill at any line
 * loses nothing: `keep` signs and keeps, or gives what was kept before.
 */
export async function stateAbout(
  service: Service,
  kind: StatementKind,
  subject: string,
  keep: () => Promise<StatementRecord>,
): Promise<StatementRecord> {
  return service.store.locks.hold(
    kind.lockOf(subject),
    async () => {
      await service.notary.refresh();
      return logStatement(service, kind, await keep());
    },
    KEYS_LOCK,
  );
}

/** Statements that were signed and kept, and whose process was killed before the log had them. */
export async function finishStatements(service: Service, kind: StatementKind): Promise<void> {
  const rows = kind.rows(service.store);
  for (const { id, subject } of await rows.unlogged())
    await service.store.locks.hold(
      kind.lockOf(subject),
      async () => {
        await service.notary.refresh();
        const kept = await rows.get(id);
        if (kept?.logIndex === null) await logStatement(service, kind, kept);
      },
      KEYS_LOCK,
    );
}

/**
 * Into the log, unless it is there; what a key signed that was retired meanwhile is signed again,
 * since it would count for nothing.
 */
async function logStatement(
  service: Service,
  kind: StatementKind,
  kept: StatementRecord,
): Promise<StatementRecord> {
  if (kept.logIndex !== null) return kept;
  const { store, notary } = service;
  const rows = kind.rows(store);
  const found = await findInLog(service, kept);
  const current =
    found || signerOf(kept.envelope) === notary.keys.verdict.keyId
      ? kept
      : await rows.replaceUnlogged(kept.id, await kind.sign(service, kept));
  return rows.log(kept.id, found ?? (await notary.log.append(utf8(current.leaf))));
}
