import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { DeepLink, PlatformRecord } from '../../store/index.ts';

const LTI = 'https://purl.imsglobal.org/spec/lti/claim';
const AGS = 'https://purl.imsglobal.org/spec/lti-ags';
const DEEP = 'https://purl.imsglobal.org/spec/lti-dl/claim';
/** Where scores may be told (Assignment and Grade Services 2.0, 3.1). */
export const SCORE_SCOPE = `${AGS}/scope/score`;

/** The names of the claims of LTI 1.3 Core and of what stands beside it. */
export const CLAIM = {
  messageType: `${LTI}/message_type`,
  version: `${LTI}/version`,
  deploymentId: `${LTI}/deployment_id`,
  target: `${LTI}/target_link_uri`,
  resourceLink: `${LTI}/resource_link`,
  context: `${LTI}/context`,
  roles: `${LTI}/roles`,
  custom: `${LTI}/custom`,
  endpoint: `${AGS}/claim/endpoint`,
  deepLinking: `${DEEP}/deep_linking_settings`,
  contentItems: `${DEEP}/content_items`,
  data: `${DEEP}/data`,
} as const;

/** What a launch says, as far as it matters here. */
export interface LaunchClaims {
  readonly user: string;
  /** Of the platform's own; absent: no class was named. */
  readonly contextId?: string;
  readonly role: 'learner' | 'trainer';
  readonly target: string;
  readonly lesson?: string;
  /** Where scores are told, if they may be. */
  readonly lineItem?: string;
  /** Where one is to choose. */
  readonly deepLink?: DeepLink;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads the claims of an ID token whose signature, issuer, audience and times are as they must be
 * (LTI 1.3 Core, 5.3; LTI Security Framework 1.0, 5.1.3). `LTI_LAUNCH` says which is not.
 */
export function readLaunchClaims(
  claims: Claims,
  { clientId, deploymentIds }: Pick<PlatformRecord, 'clientId' | 'deploymentIds'>,
  nonce: string,
): Result<LaunchClaims> {
  const wrong = (claim: string, must: string): Result<never> =>
    bad(problem('LTI_LAUNCH', claim, `${claim.split('/').at(-1)} must be ${must}`));
  const { sub, azp, aud } = claims;
  if (claims['nonce'] !== nonce) return wrong('nonce', 'that of the login');
  // OpenID Connect Core 1.0, 3.1.3.7: of several audiences, the one that asked is named.
  if (azp === undefined ? [aud].flat().length > 1 : azp !== clientId)
    return wrong('azp', 'the client that asked');
  if (typeof sub !== 'string' || sub === '' || sub.length > 255)
    return wrong('sub', 'a user: nobody learns without a name');
  if (claims[CLAIM.version] !== '1.3.0') return wrong(CLAIM.version, '1.3.0');
  const type = claims[CLAIM.messageType];
  const isDeep = type === 'LtiDeepLinkingRequest';
  if (!isDeep && type !== 'LtiResourceLinkRequest')
    return wrong(CLAIM.messageType, 'LtiResourceLinkRequest or LtiDeepLinkingRequest');
  const deployment = claims[CLAIM.deploymentId];
  if (typeof deployment !== 'string' || !deploymentIds.includes(deployment))
    return wrong(CLAIM.deploymentId, 'one that is registered');
  const target = claims[CLAIM.target];
  if (typeof target !== 'string') return wrong(CLAIM.target, 'the address of the login');
  const deepLink = isDeep ? deepLinkIn(claims, deployment) : undefined;
  if (isDeep && !deepLink) return wrong(CLAIM.deepLinking, 'where one link of LTI can be returned');
  if (!isDeep && textIn(claims[CLAIM.resourceLink], 'id') === undefined)
    return wrong(CLAIM.resourceLink, 'a link with an id');
  const contextId = textIn(claims[CLAIM.context], 'id');
  const lesson = textIn(claims[CLAIM.custom], 'lesson') ?? lessonIn(target);
  const lineItem = isDeep ? undefined : lineItemIn(claims);
  return ok({
    user: sub,
    role: roleIn(claims[CLAIM.roles]),
    target,
    ...(contextId !== undefined && { contextId }),
    ...(lesson !== undefined && { lesson }),
    ...(lineItem !== undefined && { lineItem }),
    ...(deepLink && { deepLink }),
  });
}

const textIn = (value: unknown, key: string): string | undefined => {
  const text = Object(value)[key] as unknown;
  return typeof text === 'string' && text !== '' ? text : undefined;
};

const lessonIn = (target: string): string | undefined =>
  URL.canParse(target) ? (new URL(target).searchParams.get('lesson') ?? undefined) : undefined;

/**
 * Of the roles those in this course count (LTI 1.3, A.2.3): whoever teaches elsewhere at the school
 * may learn here. The short form is an older one of the same.
 */
const TEACHES = /^(http:\/\/purl\.imsglobal\.org\/vocab\/lis\/v2\/membership#)?Instructor$/u;

const roleIn = (roles: unknown): 'learner' | 'trainer' =>
  [roles].flat().some((each) => typeof each === 'string' && TEACHES.test(each))
    ? 'trainer'
    : 'learner';

/** The line item of the link, where its scores may be told (AGS 2.0, 3.1). */
function lineItemIn(claims: Claims): string | undefined {
  const endpoint = claims[CLAIM.endpoint];
  const scopes: unknown = Object(endpoint)['scope'];
  return Array.isArray(scopes) && scopes.includes(SCORE_SCOPE)
    ? textIn(endpoint, 'lineitem')
    : undefined;
}

/** Deep Linking 2.0, 3.4.1: what it takes, and where to. */
function deepLinkIn(claims: Claims, deploymentId: string): DeepLink | undefined {
  const settings = claims[CLAIM.deepLinking];
  const returnUrl = textIn(settings, 'deep_link_return_url');
  const types: unknown = Object(settings)['accept_types'];
  if (!Array.isArray(types) || !types.includes('ltiResourceLink')) return undefined;
  if (returnUrl === undefined || !/^https?:\/\/[^\s"'<>]+$/u.test(returnUrl)) return undefined;
  const data = textIn(settings, 'data');
  return { returnUrl, deploymentId, ...(data !== undefined && { data }) };
}
