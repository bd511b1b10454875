import { digestOf } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isId, type KeyRecord } from '../store/index.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import { idOnce, keyProblems } from './once.ts';
import type { Installation, Service } from './service.ts';

type Keyring = Pick<Service, 'logger'> & {
  readonly store: Pick<Service['store'], 'keys' | 'audit' | 'idempotency'>;
};

export interface NewApiKey {
  readonly name: string;
  readonly role: string;
  /** Whose models and runs it sees; absent, an owner of its own. */
  readonly owner?: string | null;
  /** Operations that it is for; absent, all of its role. */
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Date | null;
  readonly idempotencyKey?: string | null;
}

export const apiKeyOf = async ({ store }: Keyring, id: string): Promise<KeyRecord | undefined> =>
  isId(id) ? store.keys.get(id) : undefined;

/** A key that was made; its text is null where an earlier request made it. */
export interface MadeApiKey {
  readonly key: string | null;
  readonly record: KeyRecord;
}

/** The living key with this text, of whatever organisation. */
export const findApiKey = (
  { store }: Pick<Installation, 'store'>,
  key: string,
): Promise<KeyRecord | undefined> => store.all.keys.find(key);

export const listApiKeys = ({ store }: Keyring): Promise<KeyRecord[]> => store.keys.list();

/** The key is in this answer and nowhere else, ever. */
export async function createApiKey(
  service: Keyring,
  actor: AuditActor,
  wanted: NewApiKey,
): Promise<Result<MadeApiKey>> {
  const { store, logger } = service;
  const { name, role, owner, scopes, expiresAt, idempotencyKey } = wanted;
  const problems = [
    ...plainProblems('name', 'a name', name),
    ...(owner === null || owner === undefined ? [] : plainProblems('owner', 'an owner', owner)),
    ...(expiresAt && expiresAt <= new Date() ? [tooLate()] : []),
    ...keyProblems(idempotencyKey),
  ];
  if (problems.length > 0) return bad(...problems);
  const input = { name, role, owner, scopes, expiresAt: expiresAt?.toISOString() } as const;
  const id = await idOnce(
    store,
    actor.keyId,
    'apiKeyCreate',
    idempotencyKey,
    digestOf(input),
    'key',
  );
  if (!id.ok) return id;
  const made = await store.keys.createOnce({
    id: id.value,
    name,
    role,
    scopes: [...new Set(scopes ?? [])].sort().join(' '),
    expiresAt: expiresAt ?? null,
    ...(owner && { owner }),
  });
  if (made.key === null) return ok(made);
  await audited({ store }, actor, 'createApiKey', made.record.id, role);
  logger.info('key.created', { key: made.record.id, role, by: actor.keyId });
  return ok(made);
}

/** The longest time for which a key that was replaced may still be good. */
const MAX_GRACE_S = 30 * 86_400;

/** How long what was replaced still counts, in seconds. */
export const graceProblems = (seconds: number, most: number): Problem[] =>
  seconds >= 0 && seconds <= most
    ? []
    : [
        problem(
          'OPTION_INVALID',
          'input.graceSeconds',
          `a whole number of seconds from 0 to ${most}`,
        ),
      ];

/**
 * A new key in place of another: the same in all but its text. The one that it replaces ends after
 * a while, in which both are good.
 */
export async function rotateApiKey(
  service: Keyring,
  actor: AuditActor,
  asked: {
    readonly id: string;
    readonly graceSeconds: number;
    readonly idempotencyKey?: string | null;
  },
): Promise<Result<MadeApiKey>> {
  const { store, logger } = service;
  const { id, graceSeconds, idempotencyKey } = asked;
  const before = isId(id) ? await store.keys.get(id) : undefined;
  const problems = [
    ...(before && before.revokedAt === null ? [] : [noSuchKey()]),
    ...graceProblems(graceSeconds, MAX_GRACE_S),
    ...keyProblems(idempotencyKey),
  ];
  if (!before || problems.length > 0) return bad(...problems);
  const input = digestOf({ id, graceSeconds });
  const next = await idOnce(store, actor.keyId, 'apiKeyRotate', idempotencyKey, input, 'key');
  if (!next.ok) return next;
  const { name, role, owner, scopes, expiresAt } = before;
  const made = await store.keys.createOnce({
    id: next.value,
    name,
    role,
    owner,
    scopes,
    expiresAt,
  });
  if (made.key === null) return ok(made);
  await store.keys.endAt(id, new Date(Date.now() + graceSeconds * 1_000));
  await audited({ store }, actor, 'apiKeyRotate', id, made.record.id);
  logger.info('key.rotated', { key: id, successor: made.record.id, by: actor.keyId });
  return ok(made);
}

const noSuchKey = (): Problem => problem('NOT_FOUND', 'input.id', 'there is no such key');
const tooLate = (): Problem =>
  problem('OPTION_INVALID', 'input.expiresAt', 'the key would have ended before it began');

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
