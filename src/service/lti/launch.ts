import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { requestPinned } from '../../network/post.ts';
import { targetProblem } from '../../network/target.ts';
import { scenario } from '../../scenarios/index.ts';
import { isId, type LaunchRecord, type PlatformRecord } from '../../store/index.ts';
import { findExercise } from '../lessons.ts';
import { claimsIn, KEYS_TIMEOUT_MS, remoteKeys } from '../remoteKeys.ts';
import { sealText } from '../sealed.ts';
import type { Installation, Service } from '../service.ts';
import type { TokenBearer } from '../tokens.ts';
import { readLaunchClaims, type LaunchClaims } from './claims.ts';
import { sentText, type Sent } from './login.ts';
import { cookieOf, shortDigest, openState, type LoginState } from './state.ts';
import { LTI_ALGORITHM, ltiSecret } from './toolKey.ts';

/** How long a launch counts: a lesson. Whoever needs longer launches it again. */
const LESSON_S = 2 * 3_600;
/** How old an ID token may be. */
const FRESH_S = 600;
/** Bytes of a set of keys. */
const MOST_KEY_BYTES = 256 * 1024;
const PREFIX = 'lti1';

/** Somebody who came from a platform, with a token of his own. */
export interface Launched {
  readonly launch: LaunchRecord;
  readonly token: string;
  /** The cookie of the login, which is over. */
  readonly cookie: string;
}

/** A token of somebody who was launched, and what he came for. */
export type LaunchedBearer = TokenBearer & { readonly launch: LaunchRecord };

/**
 * Ends a login: the ID token that the browser brings from the platform (LTI Security Framework 1.0,
 * 5.1.1.2), once, in the browser that began. `LTI_STATE`, `LTI_LAUNCH` and `LTI_LESSON` say what is
 * wrong; throws `IDENTITY_UNAVAILABLE` where the platform's keys cannot be had.
 */
export async function finishLaunch(
  installation: Installation,
  sent: Sent,
  cookies: ReadonlyMap<string, string>,
): Promise<Result<Launched>> {
  const { lti } = installation.config;
  const state = await openState(installation, sentText(sent, 'state', 4_000) ?? '');
  if (!lti || !state) return bad(NO_STATE);
  const cookie = cookieOf(state, lti.url.startsWith('https:'));
  if (!isSame(shortDigest(cookies.get(cookie) ?? ''), state.browser)) return bad(NO_STATE);
  const said = sentText(sent, 'error');
  if (said !== undefined)
    return bad(problem('LTI_LAUNCH', 'error', `the platform answers: ${said.slice(0, 100)}`));
  const platform = await installation.store.all.lti.platform(state.platformId);
  if (!platform) return bad(problem('LTI_LAUNCH', '', 'this platform is registered no more'));
  const service = installation.of(platform.organisationId);
  const claims = await vouchedFor(service, platform, sentText(sent, 'id_token', 32_000), state);
  if (!claims.ok) return claims;
  const wrong = await wrongLesson(claims.value);
  if (wrong) return bad(wrong);
  const token = `${PREFIX}.${randomBytes(12).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
  const launch = await kept(service, platform, claims.value, { nonce: state.nonce, token });
  return launch ? ok({ launch, token, cookie }) : bad(NO_STATE);
}

const NO_STATE = problem(
  'LTI_STATE',
  'state',
  'this launch did not begin in this browser, began more than 10 minutes ago, or was used before: begin again at the platform, in a window of its own',
);

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** What the platform vouches for with its key. */
async function vouchedFor(
  service: Service,
  platform: PlatformRecord,
  token: string | undefined,
  { nonce, target }: LoginState,
): Promise<Result<LaunchClaims>> {
  const { issuer, clientId } = platform;
  const payload =
    token === undefined
      ? undefined
      : await claimsIn(token, await keysOf(service, platform), {
          issuer,
          audience: clientId,
          algorithms: [LTI_ALGORITHM],
          maxTokenAge: FRESH_S,
          requiredClaims: ['exp', 'iat', 'sub', 'nonce'],
        });
  if (!payload)
    return bad(
      problem(
        'LTI_LAUNCH',
        'id_token',
        'the ID token is not signed by the platform under RS256, is for somebody else, or has expired',
      ),
    );
  const claims = readLaunchClaims(payload, platform, nonce);
  if (!claims.ok) return claims;
  const { lineItem } = claims.value;
  if (shortDigest(claims.value.target) !== target)
    return bad(
      problem('LTI_LAUNCH', 'target_link_uri', 'target_link_uri is not that of the login'),
    );
  const wrong =
    lineItem === undefined ? undefined : targetProblem(lineItem, service.config.webhooks);
  return wrong === undefined
    ? claims
    : bad(
        problem('LTI_LAUNCH', 'lineitem', `scores are not sent there: lineitem must be ${wrong}`),
      );
}

/** By platform and address: what was fetched is kept as long as jose keeps it. */
const known = new Map<string, Promise<JWTVerifyGetKey>>();
const MOST_KNOWN = 1_000;

function keysOf({ config }: Service, { id, jwksUrl }: PlatformRecord): Promise<JWTVerifyGetKey> {
  const key = `${id} ${jwksUrl}`;
  const before = known.get(key);
  if (before) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const asked = { method: 'GET', headers: { accept: 'application/json' } } as const;
  const options = {
    rules: config.webhooks,
    timeoutMs: KEYS_TIMEOUT_MS,
    mostBytes: MOST_KEY_BYTES,
  };
  const keys = remoteKeys(new URL(jwksUrl), async (url) => {
    const { status, body } = await requestPinned(url, asked, options);
    return new Response(status === 200 ? Buffer.from(body) : null, { status });
  });
  known.set(key, keys);
  return keys;
}

/** Whoever chooses a lesson came for none. */
async function wrongLesson({ lesson, deepLink }: LaunchClaims): Promise<Problem | undefined> {
  if (deepLink) return undefined;
  if (lesson === undefined)
    return problem(
      'LTI_LESSON',
      'lesson',
      'the link names no lesson: give it the custom parameter lesson=SCENARIO/EXERCISE',
    );
  return (await isLesson(lesson))
    ? undefined
    : problem('LTI_LESSON', 'lesson', `there is no lesson ${lesson.slice(0, 100)}`);
}

/** `SCENARIO` or `SCENARIO/EXERCISE`. */
export async function isLesson(lesson: string): Promise<boolean> {
  if (lesson.length > 200) return false;
  if (!lesson.includes('/')) return scenario(lesson) !== undefined;
  return (await findExercise(lesson, 'en')).ok;
}

/** A platform's user under a name that stays and names nobody, and his class. */
async function kept(
  service: Service,
  { id: platformId, issuer, organisationId }: PlatformRecord,
  { user, contextId, role, lesson, lineItem, deepLink }: LaunchClaims,
  { nonce, token }: { readonly nonce: string; readonly token: string },
): Promise<LaunchRecord | undefined> {
  const salt = await ltiSecret(service, 'pseudonym');
  const digest = createHmac('sha256', salt)
    .update(JSON.stringify([organisationId, issuer, user]))
    .digest('hex');
  const learner = `lti_${digest.slice(0, 26)}`;
  return service.store.lti.addLaunch({
    platformId,
    nonce,
    tokenHash: hashOf(token),
    learner,
    className: classOf(platformId, contextId),
    role,
    lesson: lesson ?? '',
    user: sealText(await ltiSecret(service, 'user'), learner, user),
    lineItem: lineItem ?? null,
    deepLink: deepLink ?? null,
    expiresAt: new Date(Date.now() + LESSON_S * 1_000),
  });
}

/** Two platforms may call their classes alike, and as they like. */
function classOf(platformId: string, contextId = '-'): string {
  const isPlain = /^[\w.@+-]{1,60}$/u.test(contextId);
  return `${platformId}:${isPlain ? contextId : `:${shortDigest(contextId)}`}`;
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export const isLaunchToken = (token: string): boolean => token.startsWith(`${PREFIX}.`);

/** Whose token this is, while it counts: until it ends, or its platform is removed. */
export async function findLaunched(
  { store }: Pick<Installation, 'store'>,
  token: string,
): Promise<LaunchedBearer | undefined> {
  const launch = await store.all.lti.launchOf(hashOf(token));
  if (!launch || !isId(launch.organisationId)) return undefined;
  const { learner, role, organisationId, expiresAt } = launch;
  return { id: learner, roles: [role], organisationId, expiresAt, launch };
}
