import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { isId, type PlatformRecord } from '../../store/index.ts';
import type { Installation } from '../service.ts';
import { ltiAddresses } from './platforms.ts';
import { cookieOf, newState } from './state.ts';

/** What a platform sends, as a form or a query. */
export type Sent = Readonly<Record<string, unknown>>;

/** Where the browser goes to sign in, and what it keeps meanwhile. */
export interface BegunLogin {
  readonly redirect: string;
  readonly cookie: { readonly name: string; readonly value: string };
}

/** A parameter that was sent once, and not too long. */
export function sentText(sent: Sent, name: string, most = 2_000): string | undefined {
  const value = sent[name];
  return typeof value === 'string' && value !== '' && value.length <= most ? value : undefined;
}

/**
 * Third-party-initiated login (OpenID Connect Core 1.0, 4; LTI Security Framework 1.0, 5.1.1): the
 * browser is sent on to the platform that was registered, whatever the request says of where that
 * is. Nothing is written down: whoever asks for this is nobody yet.
 */
export async function beginLogin(
  installation: Installation,
  platformId: string,
  sent: Sent,
): Promise<Result<BegunLogin>> {
  const { lti } = installation.config;
  const platform = isId(platformId)
    ? await installation.store.all.lti.platform(platformId)
    : undefined;
  if (!lti || !platform)
    return bad(problem('LTI_LOGIN', '', 'no learning platform is registered under this address'));
  const wrong = wrongLogin(platform, sent, lti.url);
  if (wrong !== undefined) return bad(wrong);
  const target = sentText(sent, 'target_link_uri') ?? '';
  const begun = await newState(installation, platform.id, target);
  const { authorizationUrl, clientId } = platform;
  const hint = sentText(sent, 'lti_message_hint', 16_000);
  const redirect = new URL(authorizationUrl);
  for (const [name, value] of Object.entries({
    scope: 'openid',
    response_type: 'id_token',
    response_mode: 'form_post',
    prompt: 'none',
    client_id: clientId,
    redirect_uri: ltiAddresses(lti, platform.id).launchUrl,
    login_hint: sentText(sent, 'login_hint', 16_000) ?? '',
    state: begun.state,
    nonce: begun.nonce,
    ...(hint !== undefined && { lti_message_hint: hint }),
  }))
    redirect.searchParams.set(name, value);
  const name = cookieOf(begun, lti.url.startsWith('https:'));
  return ok({ redirect: redirect.href, cookie: { name, value: begun.browser } });
}

function wrongLogin(platform: PlatformRecord, sent: Sent, own: string) {
  const wrong = (path: string, message: string) => problem('LTI_LOGIN', path, message);
  if (sentText(sent, 'iss') !== platform.issuer)
    return wrong('iss', 'iss must be the issuer that is registered under this address');
  if (sent['client_id'] !== undefined && sent['client_id'] !== platform.clientId)
    return wrong('client_id', 'client_id must be the one that is registered under this address');
  const deployment = sent['lti_deployment_id'];
  if (deployment !== undefined && !platform.deploymentIds.includes(String(deployment)))
    return wrong('lti_deployment_id', 'this deployment is not registered');
  if (sentText(sent, 'login_hint', 16_000) === undefined)
    return wrong('login_hint', 'login_hint says who signs in, and is missing');
  if (!isOurs(sentText(sent, 'target_link_uri'), own))
    return wrong('target_link_uri', `target_link_uri must begin with ${own}/lti/launch`);
  return undefined;
}

const isOurs = (target: string | undefined, own: string): boolean =>
  target === `${own}/lti/launch` || target?.startsWith(`${own}/lti/launch?`) === true;
