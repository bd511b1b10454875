import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Response } from 'express';
import { NO_FRAMES } from './headers.ts';
import { packageRoot } from '../config/packageRoot.ts';

/**
 * The offline verifier as one page, as this version was built: nothing where it was not. Who serves
 * a bundle can serve a page that believes it, so its digest is told, to be compared elsewhere.
 */
function verifier(): { readonly bytes: Buffer; readonly sha256: Buffer } | undefined {
  try {
    const bytes = readFileSync(join(packageRoot(), 'dist', 'verify.html'));
    return { bytes, sha256: createHash('sha256').update(bytes).digest() };
  } catch {
    return undefined;
  }
}

export function sendVerifier(response: Response): void {
  const found = verifier();
  if (!found) {
    response.status(404).type('text').send('verify.html was not built: npm ci builds it\n');
    return;
  }
  // RFC 9530, 2: the digest of what is sent.
  response
    .type('html')
    .setHeader('Content-Security-Policy', NO_FRAMES)
    .setHeader('Repr-Digest', `sha-256=:${found.sha256.toString('base64')}:`)
    .send(found.bytes);
}

export function verifierLine(): string {
  const found = verifier();
  return found ? `Verifier: /verify.html, sha256 ${found.sha256.toString('hex')}\n` : '';
}
