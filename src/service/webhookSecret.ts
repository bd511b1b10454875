import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../errors/index.ts';
import { openText, sealText } from './sealed.ts';
import { secretIn } from './secretFile.ts';
import type { Service } from './service.ts';

/**
 * Secrets of webhooks as Standard Webhooks has them (https://www.standardwebhooks.com, symmetric
 * signatures): `whsec_` and 32 bytes in base64.
 */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** `v1,` and the HMAC-SHA256 of `id.timestamp.body`; `timestampS` in seconds since the epoch. */
export function webhookSignature(
  secret: string,
  id: string,
  timestampS: number,
  body: string,
): string {
  const key = Buffer.from(secret.replace(/^whsec_/u, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;
}

/** The key lies beside the signing keys: a copy of the database alone signs nothing. */
const keyOf = ({ notary }: Pick<Service, 'notary'>): Promise<Uint8Array> =>
  secretIn(join(notary.keysFolder, 'webhooks.key'));

/** Bound to its webhook, so that it is no other's. */
export const sealSecret = async (
  service: Pick<Service, 'notary'>,
  webhookId: string,
  secret: string,
): Promise<string> => sealText(await keyOf(service), webhookId, secret);

/** Throws `KEY_FILE` where it was sealed with another key. */
export async function openSecret(
  service: Pick<Service, 'notary'>,
  webhookId: string,
  sealed: string,
): Promise<string> {
  const secret = openText(await keyOf(service), webhookId, sealed);
  if (secret !== undefined) return secret;
  throw new Fault(
    'KEY_FILE',
    'a secret of a webhook was sealed with another webhooks.key; put that back, or rotate it',
  );
}
