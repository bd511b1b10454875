import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isId, type KeyRecord } from '../store/index.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import type { Installation, Service } from './service.ts';

type Keyring = Pick<Service, 'logger'> & {
  readonly store: Pick<Service['store'], 'keys' | 'audit'>;
};

export interface NewApiKey {
  readonly name: string;
  readonly role: string;
  /** Whose models and runs it sees; absent, an owner of its own. */
  readonly owner?: string | null;
}

/** The living key with this text, of whatever organisation. */
export const findApiKey = (
  { store }: Pick<Installation, 'store'>,
  key: string,
): Promise<KeyRecord | undefined> => store.all.keys.find(key);

export const listApiKeys = ({ store }: Keyring): Promise<KeyRecord[]> => store.keys.list();

/** The key is in this answer and nowhere else, ever. */
export async function createApiKey(
  { store, logger }: Keyring,
  actor: AuditActor,
  { name, role, owner }: NewApiKey,
): Promise<Result<{ readonly key: string; readonly record: KeyRecord }>> {
  const problems = [
    ...plainProblems('name', 'a name', name),
    ...(owner === null || owner === undefined ? [] : plainProblems('owner', 'an owner', owner)),
  ];
  if (problems.length > 0) return bad(...problems);
  const { key, record } = await store.keys.create({ name, role, ...(owner && { owner }) });
  await audited({ store }, actor, 'createApiKey', record.id, role);
  logger.info('key.created', { key: record.id, role, by: actor.keyId });
  return ok({ key, record });
}

/** For good; asked again it answers the same. */
export async function revokeApiKey(
  { store, logger }: Keyring,
  actor: AuditActor,
  id: string,
): Promise<Result<KeyRecord>> {
  if (id === actor.keyId)
    return bad(
      problem(
        'FORBIDDEN',
        'id',
        'a key cannot revoke itself: the last one would lock everybody out',
      ),
    );
  const record = isId(id) ? await store.keys.revoke(id) : undefined;
  if (!record) return bad(problem('NOT_FOUND', 'id', 'there is no such key'));
  await audited({ store }, actor, 'revokeApiKey', record.id);
  logger.info('key.revoked', { key: record.id, by: actor.keyId });
  return ok(record);
}

export function plainProblems(field: string, what: string, text: string): Problem[] {
  if (text.trim() !== '' && text.length <= 100 && !/[\p{Cc}\p{Surrogate}]/u.test(text)) return [];
  return [problem('REQUEST_SHAPE', `input.${field}`, `${what} has 1 to 100 printable characters`)];
}
