import { isIP } from 'node:net';
import { isPublicAddress } from './addresses.ts';

/** To whom something may be sent. */
export interface TargetRules {
  /** `host` or `host:port`: on the own premises, wherever they are, and over any port named. */
  readonly allow: readonly string[];
  /** Whether `http:` will do. */
  readonly http: boolean;
}

/** Ports where what is spoken is HTTP: a request is not to be a word to something else. */
const PORTS: ReadonlySet<number> = new Set([443, 8443]);
const HTTP_PORTS: ReadonlySet<number> = new Set([80, 8080]);

const portOf = ({ protocol, port }: URL): number =>
  port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);

/** The host without the brackets of IPv6, as a resolver takes it. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/gu, '');

/** Whether the operator named it: then neither its addresses nor its port are judged. */
export function isAllowed(url: URL, { allow }: TargetRules): boolean {
  const host = hostOf(url).toLowerCase();
  return allow.includes(host) || allow.includes(`${host}:${portOf(url)}`);
}

/**
 * Why nothing is sent to an address, as far as its text says it; where its name leads is looked up
 * when something is sent.
 */
export function targetProblem(text: string, rules: TargetRules): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || text.length > 2_000) return 'an address of at most 2,000 characters, https://host/…';
  if (url.protocol !== 'https:' && !(rules.http && url.protocol === 'http:'))
    return rules.http
      ? 'an address that starts with https:// or http://'
      : 'an address that starts with https://';
  if (url.username !== '' || url.password !== '') return 'an address without user and password';
  if (url.hash !== '') return 'an address without a fragment';
  if (isAllowed(url, rules)) return undefined;
  const port = portOf(url);
  if (!PORTS.has(port) && !(url.protocol === 'http:' && HTTP_PORTS.has(port)))
    return `an address with port 443 or 8443, unless PROBITY_WEBHOOK_ALLOW names it`;
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isPublicAddress(host))
    return 'an address on the internet, unless PROBITY_WEBHOOK_ALLOW names it';
  return undefined;
}
