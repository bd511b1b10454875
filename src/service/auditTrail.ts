import type { AuditRecord, Page, Slice, TenantStore } from '../store/index.ts';

/** Who does something that an auditor would ask about. */
export interface AuditActor {
  readonly keyId: string;
  readonly role: string;
}

type Trail = { readonly store: Pick<TenantStore, 'audit'> };

/**
 * Notes who did what. Before the answer: what was handed out or done must not be missing because a
 * write failed.
 */
export function audited(
  { store }: Trail,
  { keyId, role }: AuditActor,
  operation: string,
  subject: string,
  detail?: string,
): Promise<void> {
  return store.audit.add({
    actor: keyId,
    role,
    operation,
    subject,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** A page of it. */
export const auditEvents = (
  { store }: Trail,
  page: Omit<Page, 'owner'>,
): Promise<Slice<AuditRecord>> => store.audit.list(page);
