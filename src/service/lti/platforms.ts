import type { LtiConfig } from '../../config/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { targetProblem } from '../../network/target.ts';
import { isId, type PlatformRecord, type ScoreStanding } from '../../store/index.ts';
import { audited, type AuditActor } from '../auditTrail.ts';
import type { Service } from '../service.ts';

/** What an admin says of a platform; what the platform must be told is `ltiAddresses`. */
export interface PlatformInput {
  readonly issuer: string;
  readonly clientId: string;
  readonly deploymentIds: readonly string[];
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  readonly tokenAudience?: string | null;
}

/** Platforms of one organisation, and deployments of one platform. */
const MOST = 50;

/** Where a platform finds us. Its login is its own: two organisations may know one platform. */
export const ltiAddresses = ({ url }: LtiConfig, platformId: string) => ({
  loginUrl: `${url}/lti/login/${platformId}`,
  launchUrl: `${url}/lti/launch`,
  toolKeysUrl: `${url}/lti/jwks`,
});

export const listPlatforms = ({ store }: Service): Promise<PlatformRecord[]> =>
  store.lti.platforms();

/** How it stands with what a platform is to be told. */
export const scoresOfPlatform = (
  { store }: Service,
  { id }: PlatformRecord,
): Promise<ScoreStanding> => store.lti.standing(id);

/** Registers a platform, or changes the one with this issuer and client. */
export async function setPlatform(
  service: Service,
  actor: AuditActor,
  input: PlatformInput,
): Promise<Result<PlatformRecord>> {
  const { store, config, logger } = service;
  const problems = platformProblems(service, input);
  if (problems.length > 0) return bad(...problems);
  const { issuer, clientId, deploymentIds, tokenUrl, tokenAudience, ...urls } = input;
  const known = await store.lti.platforms();
  const isNew = !known.some((each) => each.issuer === issuer && each.clientId === clientId);
  if (isNew && known.length >= MOST)
    return bad(
      problem(
        'QUOTA_EXCEEDED',
        'input',
        `an organisation has at most ${MOST} platforms; remove one`,
      ),
    );
  const platform = await store.lti.setPlatform({
    issuer,
    clientId,
    deploymentIds: [...new Set(deploymentIds)],
    authorizationUrl: urls.authorizationUrl,
    jwksUrl: urls.jwksUrl,
    tokenUrl,
    tokenAudience: tokenAudience ?? tokenUrl,
  });
  await audited(service, actor, 'ltiPlatformSet', platform.id, issuer);
  logger.info('lti.registered', { platform: platform.id, origin: config.origin, by: actor.keyId });
  return ok(platform);
}

function platformProblems({ config }: Service, input: PlatformInput): Problem[] {
  const wrong = (path: string, message: string): Problem =>
    problem('LTI_PLATFORM', `input.${path}`, message);
  if (!config.lti)
    return [
      problem('OPTION_INVALID', '', 'no platform launches anything here: set PROBITY_LTI_URL'),
    ];
  const { issuer, deploymentIds, clientId, tokenAudience } = input;
  return [
    ...(isWord(issuer) && URL.canParse(issuer)
      ? []
      : [wrong('issuer', 'an issuer is an address, as the platform writes it')]),
    ...(isWord(clientId) ? [] : [wrong('clientId', NO_WORD)]),
    ...(tokenAudience === null || tokenAudience === undefined || isWord(tokenAudience)
      ? []
      : [wrong('tokenAudience', NO_WORD)]),
    ...(deploymentIds.length > 0 && deploymentIds.length <= MOST && deploymentIds.every(isWord)
      ? []
      : [wrong('deploymentIds', `1 to ${MOST} deployments; for each: ${NO_WORD}`)]),
    ...(['authorizationUrl', 'tokenUrl', 'jwksUrl'] as const).flatMap((name) => {
      const said = targetProblem(input[name], config.webhooks);
      return said === undefined ? [] : [wrong(name, `it must be ${said}`)];
    }),
  ];
}

const NO_WORD = '1 to 255 printable characters without spaces';
/** What identifies something has at most 255 ASCII characters (LTI 1.3, 5.3). */
const isWord = (text: string): boolean => /^[\x21-\x7e]{1,255}$/u.test(text);

/** With all who came from it: their tokens count no more. */
export async function removePlatform(
  service: Service,
  actor: AuditActor,
  id: string,
): Promise<Result<string>> {
  if (!isId(id) || !(await service.store.lti.removePlatform(id)))
    return bad(problem('NOT_FOUND', 'input.id', 'there is no such platform'));
  await audited(service, actor, 'ltiPlatformRemove', id);
  service.logger.info('lti.removed', { platform: id, by: actor.keyId });
  return ok(id);
}
