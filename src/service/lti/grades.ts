import { randomUUID } from 'node:crypto';
import { Fault } from '../../errors/index.ts';
import { requestPinned, type Answered } from '../../network/post.ts';
import type { ClaimedScore, PlatformRecord } from '../../store/index.ts';
import { retryAfter } from '../deliveries.ts';
import { startDueLoop } from '../dueLoop.ts';
import { describeError } from '../observe.ts';
import { SOFTWARE } from '../open.ts';
import { openText } from '../sealed.ts';
import type { Installation, Service } from '../service.ts';
import { SCORE_SCOPE } from './claims.ts';
import { ltiSecret, signedByTool } from './toolKey.ts';

/** How long an assertion about us counts. */
const ASSERTION_S = 300;
/** Bytes of an answer. */
const MOST_BYTES = 64 * 1024;
/** How much longer than its requests a score is ours. */
const SPARE_MS = 5_000;
/** Of a score: platforms take any, and show it as they like. */
const SCORE_MAXIMUM = 100;

/** Tells platforms their scores until stopped. */
export const startReturningGrades = (installation: Installation): (() => Promise<void>) => {
  const { config, store, logger } = installation;
  return startDueLoop({
    // Two requests, each of which may take its time.
    claim: () => store.all.lti.claimScore(2 * config.webhooks.timeoutMs + SPARE_MS),
    carryOut: (claim, stop) => tellClaimed(installation.of(claim.organisationId), claim, stop),
    failed: (error) => logger.warn('lti.interrupted', describeError(error)),
  });
};

/** At least once: whoever is killed meanwhile leaves it to be told again, with the same time. */
async function tellClaimed(
  service: Service,
  claim: ClaimedScore,
  stop: AbortSignal,
): Promise<void> {
  const platform = await service.store.lti.platform(claim.platformId);
  if (!platform) return;
  try {
    const answered = await tell(service, platform, claim, stop);
    if (answered.status === 401) tokens.delete(tokenKey(platform));
    await settle(service, claim, { status: answered.status, error: null }, answered.retryAfterS);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const again = { state: 'pending', nextAttemptAt: new Date() } as const;
    if (error.code === 'CANCELLED')
      return service.store.lti.noteScore(claim, { status: null, error: error.code }, again);
    await settle(service, claim, { status: null, error: error.code });
  }
}

async function settle(
  { store, logger }: Service,
  claim: ClaimedScore,
  outcome: { readonly status: number | null; readonly error: string | null },
  askedS?: number,
): Promise<void> {
  const told = { score: claim.id, platform: claim.platformId, attempt: claim.attempt, ...outcome };
  const { status } = outcome;
  if (status !== null && status >= 200 && status < 300) {
    logger.info('lti.scored', told);
    return store.lti.noteScore(claim, outcome, { state: 'delivered' });
  }
  logger.warn('lti.failed', told);
  const waitS = retryAfter(claim.tries, Math.random(), askedS);
  await store.lti.noteScore(
    claim,
    outcome,
    waitS === undefined
      ? { state: 'failed' }
      : { state: 'pending', nextAttemptAt: new Date(Date.now() + waitS * 1_000) },
  );
}

/** Score Publish Service (Assignment and Grade Services 2.0, 3.4). */
async function tell(
  service: Service,
  platform: PlatformRecord,
  { lineItem, learner, user, score, scoredAt }: ClaimedScore,
  stop: AbortSignal,
): Promise<Answered> {
  const token = await accessToken(service, platform, stop);
  const body = {
    userId: await userOf(service, { learner, user }),
    scoreGiven: Math.round(score * SCORE_MAXIMUM * 100) / 100,
    scoreMaximum: SCORE_MAXIMUM,
    activityProgress: 'Completed',
    gradingProgress: 'FullyGraded',
    timestamp: scoredAt.toISOString(),
  };
  return ask(service, scoresOf(lineItem), JSON.stringify(body), stop, {
    authorization: `Bearer ${token}`,
    'content-type': 'application/vnd.ims.lis.v1.score+json',
  });
}

/** How the platform calls a learner; throws `KEY_FILE` where it was sealed with another key. */
export async function userOf(
  service: Pick<Service, 'notary'>,
  { learner, user }: Pick<ClaimedScore, 'learner' | 'user'>,
): Promise<string> {
  const name = openText(await ltiSecret(service, 'user'), learner, user);
  if (name !== undefined) return name;
  throw new Fault('KEY_FILE', 'a learner was sealed with another lti.key; put that back');
}

/** The scores of a line item are below its path, whatever query it has. */
export function scoresOf(lineItem: string): string {
  const url = new URL(lineItem);
  url.pathname = `${url.pathname.replace(/\/$/u, '')}/scores`;
  return url.href;
}

const ask = (
  { config }: Service,
  url: string,
  body: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> =>
  requestPinned(
    url,
    {
      method: 'POST',
      body,
      headers: { ...headers, 'user-agent': `${SOFTWARE.name}-lti/${SOFTWARE.version}` },
    },
    {
      rules: config.webhooks,
      timeoutMs: config.webhooks.timeoutMs,
      mostBytes: MOST_BYTES,
      signal,
    },
  );

/** By platform and where its tokens come from. */
const tokens = new Map<string, { readonly token: string; readonly until: number }>();
const MOST_TOKENS = 1_000;

const tokenKey = ({ id, tokenUrl, clientId }: PlatformRecord): string =>
  `${id} ${tokenUrl} ${clientId}`;

/**
 * A token for scores, by client credentials and an assertion that our key has signed (RFC 7523, LTI
 * Security Framework 1.0, 4.1.1). Throws `TARGET_UNAVAILABLE` where none is given.
 */
async function accessToken(
  service: Service,
  platform: PlatformRecord,
  stop: AbortSignal,
): Promise<string> {
  const before = tokens.get(tokenKey(platform));
  if (before && before.until > Date.now()) return before.token;
  const { clientId, tokenUrl, tokenAudience } = platform;
  const said = { iss: clientId, sub: clientId, aud: tokenAudience, jti: randomUUID() };
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signedByTool(service, said, ASSERTION_S),
    scope: SCORE_SCOPE,
  });
  const { status, body } = await ask(service, tokenUrl, form.toString(), stop, {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  });
  const given = status === 200 ? jsonIn(body) : undefined;
  const { access_token: token, expires_in: seconds } = Object(given) as {
    readonly access_token?: unknown;
    readonly expires_in?: unknown;
  };
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8000}$/u.test(token))
    throw new Fault('TARGET_UNAVAILABLE', `the platform gives no token for scores (${status})`, {
      retryable: true,
    });
  // Half of its time: what is sent late must not come too late.
  const lastsS = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 3_600) / 2 : 60;
  if (tokens.size >= MOST_TOKENS) tokens.clear();
  tokens.set(tokenKey(platform), { token, until: Date.now() + lastsS * 1_000 });
  return token;
}

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
