import { createHash, randomBytes } from 'node:crypto';
import { openText, sealText } from '../sealed.ts';
import type { SharedService } from '../service.ts';
import { ltiSecret } from './toolKey.ts';

/** What goes with a login through the platform and back. Nothing of it is kept here meanwhile. */
export interface LoginState {
  readonly platformId: string;
  readonly nonce: string;
  /** The digest of what a cookie of the browser has: another browser has not. */
  readonly browser: string;
  /** The digest of where the launch is to lead. */
  readonly target: string;
  readonly expiresAt: number;
}

/** How long somebody may take to sign in at his platform. */
export const LOGIN_S = 600;

export const shortDigest = (text: string): string =>
  createHash('sha256').update(text).digest('base64url');

/** A login as it begins: its state, sealed, and the secret of the browser. */
export async function newState(
  service: Pick<SharedService, 'notary'>,
  platformId: string,
  target: string,
): Promise<{ readonly state: string; readonly nonce: string; readonly browser: string }> {
  const nonce = randomBytes(24).toString('base64url');
  const browser = randomBytes(32).toString('base64url');
  const begun: LoginState = {
    platformId,
    nonce,
    browser: shortDigest(browser),
    target: shortDigest(target),
    expiresAt: Date.now() + LOGIN_S * 1_000,
  };
  const key = await ltiSecret(service, 'state');
  return { state: sealText(key, 'state', JSON.stringify(begun)), nonce, browser };
}

/** The state of a login that began here not too long ago; anything else is nothing. */
export async function openState(
  service: Pick<SharedService, 'notary'>,
  text: string,
): Promise<LoginState | undefined> {
  const opened = openText(await ltiSecret(service, 'state'), 'state', text);
  if (opened === undefined) return undefined;
  const begun = JSON.parse(opened) as LoginState;
  return begun.expiresAt > Date.now() ? begun : undefined;
}

/** The cookie of one login: two that run at once are two. */
export const cookieOf = ({ nonce }: Pick<LoginState, 'nonce'>, isSecure: boolean): string =>
  `${isSecure ? '__Host-' : ''}probity-lti-${shortDigest(nonce).slice(0, 16)}`;
