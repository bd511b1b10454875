import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../errors/index.ts';
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

const [NONCE_BYTES, TAG_BYTES] = [12, 16];

/** The key lies beside the signing keys: a copy of the database alone signs nothing. */
const keyOf = ({ notary }: Pick<Service, 'notary'>): Promise<Uint8Array> =>
  secretIn(join(notary.keysFolder, 'webhooks.key'));

/** AES-256-GCM; bound to its webhook, so that it is no other's. */
export async function sealSecret(
  service: Pick<Service, 'notary'>,
  webhookId: string,
  secret: string,
): Promise<string> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', await keyOf(service), nonce);
  cipher.setAAD(Buffer.from(webhookId));
  const sealed = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64');
}

/** Throws `KEY_FILE` where it was sealed with another key. */
export async function openSecret(
  service: Pick<Service, 'notary'>,
  webhookId: string,
  sealed: string,
): Promise<string> {
  const bytes = Buffer.from(sealed, 'base64');
  const key = await keyOf(service);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(webhookId));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new Fault(
      'KEY_FILE',
      'a secret of a webhook was sealed with another webhooks.key; put that back, or rotate it',
      { cause },
    );
  }
}
