import { randomUUID } from 'node:crypto';
import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { scenario, textOf } from '../../scenarios/index.ts';
import type { LaunchRecord } from '../../store/index.ts';
import type { Service } from '../service.ts';
import { CLAIM } from './claims.ts';
import { isLesson } from './launch.ts';
import { ltiAddresses } from './platforms.ts';
import { signedByTool } from './toolKey.ts';

/** How long a choice counts. */
const CHOICE_S = 300;

/** What the browser brings back to the platform. */
export interface ChosenLesson {
  readonly returnUrl: string;
  readonly jwt: string;
}

/**
 * A lesson that was chosen, as a signed answer to whoever asked (LTI Deep Linking 2.0, 4): a link
 * with the lesson in its custom parameters, and, where it is graded, a line item.
 */
export async function chooseLesson(
  service: Service,
  { platformId, deepLink }: LaunchRecord,
  lesson: string,
  language: string,
): Promise<Result<ChosenLesson>> {
  const { lti } = service.config;
  const platform = await service.store.lti.platform(platformId);
  if (!deepLink || !platform || !lti)
    return bad(problem('LTI_LAUNCH', '', 'nobody asked for a lesson with this token'));
  const [id = '', exercise] = lesson.split('/');
  const found = scenario(id);
  if (!found || !(await isLesson(lesson)))
    return bad(problem('LTI_LESSON', 'lesson', `there is no lesson ${lesson.slice(0, 100)}`));
  const title = [textOf(found, language).title, exercise].filter(Boolean).join(': ');
  const item = {
    type: 'ltiResourceLink',
    title,
    url: ltiAddresses(lti, platformId).launchUrl,
    custom: { lesson },
    ...(exercise !== undefined && { lineItem: { scoreMaximum: 100, label: title } }),
  };
  const { returnUrl, data, deploymentId } = deepLink;
  const jwt = await signedByTool(
    service,
    {
      iss: platform.clientId,
      aud: platform.issuer,
      nonce: randomUUID(),
      [CLAIM.messageType]: 'LtiDeepLinkingResponse',
      [CLAIM.version]: '1.3.0',
      [CLAIM.deploymentId]: deploymentId,
      [CLAIM.contentItems]: [item],
      ...(data !== undefined && { [CLAIM.data]: data }),
    },
    CHOICE_S,
  );
  return ok({ returnUrl, jwt });
}
