import { digestOf } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { targetProblem } from '../network/target.ts';
import {
  ANNOUNCEMENT_KINDS,
  isId,
  type DeliveryRecord,
  type Page,
  type Slice,
  type WebhookAttemptRecord,
  type WebhookRecord,
} from '../store/index.ts';
import { graceProblems } from './apiKeys.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import { idOnce, keyProblems } from './once.ts';
import type { Service } from './service.ts';
import { newWebhookSecret, sealSecret } from './webhookSecret.ts';

export interface NewWebhook {
  readonly url: string;
  readonly description?: string | null;
  /** Kinds of announcements; none: every one. */
  readonly kinds?: readonly string[] | null;
  /** It is sent the steps of playbooks, and nothing else. */
  readonly carriesOut?: boolean | null;
  readonly idempotencyKey?: string | null;
}

/** With the secret, which is in this answer and nowhere else; null where it was made before. */
export interface OpenedWebhook {
  readonly webhook: WebhookRecord;
  readonly secret: string | null;
}

/** Webhooks of one organisation. */
const MOST = 20;
/** The longest time for which a secret that was replaced still signs. */
const MAX_GRACE_S = 7 * 86_400;
/** Attempts that are shown of a delivery. */
const SHOWN_ATTEMPTS = 50;

const noSuchWebhook = (): Problem => problem('NOT_FOUND', 'input.id', 'there is no such webhook');

const find = async ({ store }: Service, id: string): Promise<WebhookRecord | undefined> =>
  isId(id) ? store.webhooks.get(id) : undefined;

export const listWebhooks = ({ store }: Service): Promise<WebhookRecord[]> => store.webhooks.list();

export async function createWebhook(
  service: Service,
  actor: AuditActor,
  { url, description, kinds, carriesOut: carries, idempotencyKey }: NewWebhook,
): Promise<Result<OpenedWebhook>> {
  const { store, config, logger } = service;
  const said = description ?? '';
  const carriesOut = carries ?? false;
  const wrong = targetProblem(url, config.webhooks);
  const problems = [
    ...(wrong === undefined ? [] : [problem('WEBHOOK_URL', 'input.url', `it must be ${wrong}`)]),
    ...(said.length <= 200 && !/[\p{Cc}\p{Surrogate}]/u.test(said)
      ? []
      : [problem('REQUEST_SHAPE', 'input.description', 'at most 200 printable characters')]),
    ...(carriesOut && (kinds?.length ?? 0) > 0
      ? [problem('OPTION_INVALID', 'input.kinds', 'who carries out steps is sent nothing else')]
      : []),
    ...keyProblems(idempotencyKey),
  ];
  if (problems.length > 0) return bad(...problems);
  const wanted = ANNOUNCEMENT_KINDS.filter((each) => kinds?.includes(each));
  const input = digestOf({ url, description: said, kinds: wanted, ...(carries && { carriesOut }) });
  const id = await idOnce(store, actor.keyId, 'webhookCreate', idempotencyKey, input, 'whk');
  if (!id.ok) return id;
  const known = await store.webhooks.list();
  if (known.length >= MOST && !known.some((each) => each.id === id.value))
    return bad(
      problem(
        'QUOTA_EXCEEDED',
        'input',
        `an organisation has at most ${MOST} webhooks; delete one`,
      ),
    );
  const secret = newWebhookSecret();
  const { record, isNew } = await store.webhooks.create({
    id: id.value,
    url,
    description: said,
    kinds: wanted,
    carriesOut,
    secret: await sealSecret(service, id.value, secret),
  });
  if (!isNew) return ok({ webhook: record, secret: null });
  await audited(service, actor, 'webhookCreate', record.id);
  logger.info('webhook.created', { webhook: record.id, by: actor.keyId });
  return ok({ webhook: record, secret });
}

/** A new secret; the one before signs beside it for a while. */
export async function rotateWebhookSecret(
  service: Service,
  actor: AuditActor,
  id: string,
  graceSeconds: number,
): Promise<Result<OpenedWebhook>> {
  const webhook = await find(service, id);
  const problems = [
    ...(webhook ? [] : [noSuchWebhook()]),
    ...graceProblems(graceSeconds, MAX_GRACE_S),
  ];
  if (!webhook || problems.length > 0) return bad(...problems);
  await audited(service, actor, 'webhookSecretRotate', id);
  const secret = newWebhookSecret();
  const until = new Date(Date.now() + graceSeconds * 1_000);
  await service.store.webhooks.replaceSecret(id, await sealSecret(service, id, secret), until);
  return ok({ webhook, secret });
}

/** Sends nothing more, or again. What waits meanwhile is sent once it is enabled. */
export async function enableWebhook(
  service: Service,
  actor: AuditActor,
  id: string,
  enabled: boolean,
): Promise<Result<WebhookRecord>> {
  if (!(await find(service, id))) return bad(noSuchWebhook());
  await audited(service, actor, enabled ? 'webhookEnable' : 'webhookDisable', id);
  await service.store.webhooks.disable(id, enabled ? undefined : 'by an admin');
  const now = await service.store.webhooks.get(id);
  return now ? ok(now) : bad(noSuchWebhook());
}

/** With the log of what was sent to it. */
export async function deleteWebhook(
  service: Service,
  actor: AuditActor,
  id: string,
): Promise<Result<string>> {
  if (!(await find(service, id))) return bad(noSuchWebhook());
  await audited(service, actor, 'webhookDelete', id);
  await service.store.webhooks.delete(id);
  return ok(id);
}

/** Something to receive, for whoever has just set it up: to this one alone. */
export async function pingWebhook(
  service: Service,
  actor: AuditActor,
  id: string,
): Promise<Result<DeliveryRecord>> {
  const webhook = await find(service, id);
  if (!webhook) return bad(noSuchWebhook());
  if (webhook.disabledAt)
    return bad(problem('OPTION_INVALID', 'input.id', 'the webhook is disabled; enable it first'));
  await audited(service, actor, 'webhookPing', id);
  const { announcements, webhooks } = service.store;
  const ping = { kind: 'webhook.ping', owner: '', subject: id, data: { webhook: id } } as const;
  const delivery = await webhooks.deliveryOf(id, await announcements.add(ping));
  return delivery ? ok(delivery) : bad(noSuchWebhook());
}

export async function listDeliveries(
  service: Service,
  webhookId: string,
  page: Omit<Page, 'owner'>,
): Promise<Result<Slice<DeliveryRecord>>> {
  if (!(await find(service, webhookId)))
    return bad(problem('NOT_FOUND', 'webhookId', 'there is no such webhook'));
  return ok(await service.store.webhooks.deliveries(webhookId, page));
}

export const deliveryAttempts = (
  { store }: Service,
  { id }: DeliveryRecord,
): Promise<WebhookAttemptRecord[]> => store.webhooks.attempts(id, SHOWN_ATTEMPTS);

/** Once more, whatever came of it; the receiver knows it by its id. */
export async function redeliver(
  service: Service,
  actor: AuditActor,
  id: string,
): Promise<Result<DeliveryRecord>> {
  const { webhooks } = service.store;
  const known = isId(id) ? await webhooks.delivery(id) : undefined;
  if (!known) return bad(problem('NOT_FOUND', 'input.id', 'there is no such delivery'));
  await audited(service, actor, 'webhookRedeliver', id);
  await webhooks.sendAgain(id);
  return ok((await webhooks.delivery(id)) ?? known);
}
