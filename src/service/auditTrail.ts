import { AsyncLocalStorage } from 'node:async_hooks';
import { problem, bad, ok, type Result } from '../errors/index.ts';
import { AuditJudge, auditRow, GENESIS, type JudgedChain } from '../evidence/formats/auditChain.ts';
import { type AuditRecord, type Page, type Slice, type TenantStore } from '../store/index.ts';

/** Who does something that an auditor would ask about. */
export interface AuditActor {
  readonly keyId: string;
  readonly role: string;
  /** Where the request came from, where that is known. */
  readonly address?: string | undefined;
}

type Trail = { readonly store: Pick<TenantStore, 'audit'> };

/** Whether what is being done has noted itself. */
const noting = new AsyncLocalStorage<{ noted: boolean }>();

/**
 * Notes who did what. Before the answer: what was handed out or done must not be missing because a
 * write failed.
 */
export async function audited(
  { store }: Trail,
  { keyId, role, address }: AuditActor,
  operation: string,
  subject: string,
  detail?: string,
): Promise<void> {
  const said = noting.getStore();
  if (said) said.noted = true;
  await store.audit.add({
    actor: keyId,
    role,
    operation,
    subject,
    address,
    ...(detail === undefined ? {} : { detail }),
  });
}

/**
 * Does a write, and notes it where it did not note itself: none is forgotten. `subjectOf` says what
 * it was about, or nothing where nothing was done.
 */
export function notedWrite<T>(
  trail: Trail,
  actor: AuditActor,
  operation: string,
  work: () => Promise<T>,
  subjectOf: (result: T) => string | undefined,
): Promise<T> {
  return noting.run({ noted: false }, async () => {
    const result = await work();
    const subject = subjectOf(result);
    if (subject !== undefined && noting.getStore()?.noted === false)
      await audited(trail, actor, operation, subject);
    return result;
  });
}

/** A page of it. */
export const auditEvents = (
  { store }: Trail,
  page: Omit<Page, 'owner'>,
): Promise<Slice<AuditRecord>> => store.audit.list(page);

/** Read at once. */
const AT_ONCE = 1_000;

export interface JudgedTrail extends JudgedChain {
  /** Rows from before there was a chain, of which nothing can be said. */
  readonly unchained: number;
}

/** Judges the whole chain of an organisation, from its first link to its head. */
export async function judgeTrail({ store: { audit } }: Trail): Promise<JudgedTrail> {
  const until = await audit.head();
  const judge = new AuditJudge({ position: 0, link: GENESIS });
  let position = 0;
  for (let isMore = until !== undefined; isMore;) {
    const records = await audit.chained(position, AT_ONCE);
    for (const record of records) {
      const row = auditRow(record);
      // What was added meanwhile is not judged by a head of before.
      if (row && row.position <= (until?.position ?? 0)) judge.add(row);
    }
    position = records.at(-1)?.position ?? position;
    isMore = records.length === AT_ONCE && position < (until?.position ?? 0);
  }
  return { ...judge.end(until), unchained: await audit.unchained() };
}

/**
 * Erases who it was from all that an actor did in an organisation; that it was done stays, and the
 * chain too.
 */
export async function eraseActor(
  trail: Trail,
  by: AuditActor,
  actor: string,
): Promise<Result<number>> {
  const { audit } = trail.store;
  if (actor === by.keyId)
    return bad(problem('OPTION_INVALID', 'input.actor', 'the key that asks cannot erase itself'));
  const count = await audit.eraseActor(actor);
  if (count === 0)
    return bad(problem('NOT_FOUND', 'input.actor', 'the audit has nothing of this actor'));
  await audited(trail, by, 'auditActorErase', `${count} rows`);
  return ok(count);
}
