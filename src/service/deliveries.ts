import { Fault } from '../errors/index.ts';
import { postPinned, type Posted } from '../network/post.ts';
import type {
  AnnouncementRecord,
  AttemptOutcome,
  ClaimedDelivery,
  WebhookRecord,
} from '../store/index.ts';
import { startDueLoop } from './dueLoop.ts';
import { describeError } from './observe.ts';
import { SOFTWARE } from './open.ts';
import type { Installation, Service } from './service.ts';
import { openSecret, webhookSignature } from './webhookSecret.ts';

/** Seconds from each attempt to the next; after the last there is none. Three days in all. */
const RETRY_S = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** A receiver may ask for patience, for so long. */
const MOST_PATIENCE_S = 86_400;
/** How much longer than a request may take its delivery is ours. */
const SPARE_MS = 5_000;
const GONE = 410;

/**
 * How long to wait after so many tries, in seconds; nothing: it is given up. Up to a fifth more, so
 * that what failed together does not come back together. `random` from 0 to 1.
 */
export function retryAfter(tries: number, random: number, asked = 0): number | undefined {
  const base = RETRY_S[tries - 1];
  if (base === undefined) return undefined;
  return Math.max(base * (1 + random / 5), Math.min(asked, MOST_PATIENCE_S));
}

/** What is sent: the shape of `schemas/webhook.schema.json`. */
export const webhookBody = ({ id, kind, at, data }: AnnouncementRecord): string =>
  JSON.stringify({ type: kind, timestamp: at.toISOString(), id, data });

const claimDue = ({ store, config }: Installation): Promise<ClaimedDelivery | undefined> =>
  store.all.deliveries.claim(config.webhooks.timeoutMs + SPARE_MS);

/**
 * Sends one delivery: at least once, since whoever is killed between the answer and its note leaves
 * it to be sent again under the same `webhook-id`.
 */
async function deliverClaimed(
  service: Service,
  claim: ClaimedDelivery,
  stop: AbortSignal,
): Promise<void> {
  const { webhooks, announcements } = service.store;
  const [webhook, announcement] = [
    await webhooks.get(claim.webhookId),
    await announcements.get(claim.announcementId),
  ];
  // Deleted meanwhile, and its deliveries with it.
  if (!webhook || !announcement) return;
  const began = performance.now();
  const latency = (): number => Math.round(performance.now() - began);
  try {
    const posted = await post(service, webhook, announcement, stop);
    const outcome = { status: posted.status, error: null, latencyMs: latency() };
    await settle(service, claim, webhook, outcome, posted.retryAfterS);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'CANCELLED') return webhooks.giveBack(claim);
    const outcome = { status: null, error: error.code, latencyMs: latency() };
    await settle(service, claim, webhook, outcome);
  }
}

/** The id is that of the announcement every time. */
async function post(
  service: Service,
  { id: webhookId, url }: WebhookRecord,
  announcement: AnnouncementRecord,
  signal: AbortSignal,
): Promise<Posted> {
  const { config } = service;
  const body = webhookBody(announcement);
  const headers = await signedHeaders(service, webhookId, announcement.id, body);
  const { timeoutMs } = config.webhooks;
  return postPinned(url, headers, body, { rules: config.webhooks, timeoutMs, signal });
}

/** The headers of a message to a webhook, signed by each secret that counts, as of now. */
export async function signedHeaders(
  service: Service,
  webhookId: string,
  messageId: string,
  body: string,
): Promise<Readonly<Record<string, string>>> {
  const kept = await service.store.webhooks.secrets(webhookId);
  const now = Date.now();
  const both = [
    kept?.secret,
    (kept?.previousUntil?.getTime() ?? 0) > now ? kept?.previousSecret : undefined,
  ];
  const timestampS = Math.floor(now / 1_000);
  const signatures: string[] = [];
  for (const sealed of both)
    if (sealed) {
      const secret = await openSecret(service, webhookId, sealed);
      signatures.push(webhookSignature(secret, messageId, timestampS, body));
    }
  return {
    'content-type': 'application/json',
    'user-agent': `${SOFTWARE.name}-webhooks/${SOFTWARE.version}`,
    'webhook-id': messageId,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatures.join(' '),
  };
}

/** 2xx is success and nothing else is; 410 asks never to be sent anything again. */
async function settle(
  service: Service,
  claim: ClaimedDelivery,
  webhook: WebhookRecord,
  outcome: AttemptOutcome,
  askedS?: number,
): Promise<void> {
  const { store, logger } = service;
  const { status, error } = outcome;
  const told = { webhook: webhook.id, delivery: claim.id, attempt: claim.attempt, status, error };
  if (status !== null && status >= 200 && status < 300) {
    logger.info('webhook.delivered', told);
    return store.webhooks.note(claim, outcome, { state: 'delivered' });
  }
  logger.warn('webhook.failed', told);
  const waitS = status === GONE ? undefined : retryAfter(claim.tries, Math.random(), askedS);
  if (waitS !== undefined) {
    const nextAttemptAt = new Date(Date.now() + waitS * 1_000);
    return store.webhooks.note(claim, outcome, { state: 'pending', nextAttemptAt });
  }
  await store.webhooks.note(claim, outcome, { state: 'failed' });
  const reason = await whyDisabled(service, webhook, status);
  if (reason === undefined) return;
  await store.webhooks.disable(webhook.id, reason);
  logger.warn('webhook.disabled', { webhook: webhook.id, reason });
}

/** It says that it is gone, or has taken nothing for as long as one delivery was tried. */
async function whyDisabled(
  { store }: Service,
  { id }: WebhookRecord,
  status: number | null,
): Promise<string | undefined> {
  if (status === GONE) return 'it answered 410 Gone';
  const all = RETRY_S.reduce((sum, each) => sum + each, 0);
  const since = new Date(Date.now() - all * 1_000);
  return (await store.webhooks.deliveredSince(id, since))
    ? undefined
    : 'it took nothing for as long as a delivery is tried';
}

/** Delivers what is due until stopped; what is under way then is given back. */
export const startDelivering = (installation: Installation): (() => Promise<void>) =>
  startDueLoop({
    claim: () => claimDue(installation),
    carryOut: (claim, stop) => deliverClaimed(installation.of(claim.organisationId), claim, stop),
    failed: (error) => installation.logger.warn('webhook.interrupted', describeError(error)),
    watch: (ring) => installation.store.notices.onAnyAnnouncement(ring),
  });
