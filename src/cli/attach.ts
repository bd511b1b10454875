import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ownConfig } from '../config/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { attachKey, type KeyRole } from '../evidence/signing/keys.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { isKeyName, verificationKey } from '../evidence/formats/note.ts';
import { isSoundPublicKey } from '../evidence/formats/soundKey.ts';
import {
  isPrivateChannel,
  readTokenKey,
  type ExternalKey,
} from '../evidence/signing/externalSigner.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';

interface Where {
  readonly pkcs11: string | undefined;
  readonly token: string | undefined;
  readonly object: string | undefined;
  readonly pinVariable: string;
  readonly command: string | undefined;
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
  readonly public: string | undefined;
}

type Asked = Where & {
  readonly role: KeyRole;
  readonly data: string | undefined;
  readonly name: string | undefined;
};

/** `probity keys attach`: the file is written only after the key has signed. */
export async function attach(asked: Asked): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const { role } = asked;
  const key = await describe(role, asked, asked.name ?? config.value.origin);
  if (!key.ok) return key;
  const folder = join(resolve(asked.data ?? config.value.dataDir), 'keys');
  const file = await attachKey(folder, role, key.value);
  const { vkey } = key.value;
  const next = file.includes('.next.') ? ` · now: probity keys rotate ${role}` : '';
  return { exit: EXIT.ok, json: { file, vkey }, text: () => `${vkey} in ${file}${next}\n` };
}

async function describe(
  role: KeyRole,
  values: Where,
  origin: string,
): Promise<Result<ExternalKey>> {
  const { pkcs11, token, object, command, url, tokenFile } = values;
  const name = `${origin}/${role}`;
  if (!isKeyName(name))
    return bad(problem('OPTION_INVALID', '--name', 'a name has no spaces and no plus sign'));
  const ways = [pkcs11, command, url].filter((way) => way !== undefined);
  if (ways.length !== 1)
    return bad(
      problem('OPTION_INVALID', 'WHERE', 'one of --pkcs11, --command and --url is needed'),
    );
  if (pkcs11 !== undefined) {
    if (token === undefined || object === undefined)
      return bad(
        problem('OPTION_INVALID', '--pkcs11', 'takes --token LABEL and --object LABEL too'),
      );
    const inside = {
      module: pkcs11,
      object,
      pinVariable: values.pinVariable,
      token,
    };
    return ok({
      v: 1,
      vkey: (await verificationKey(name, await readTokenKey(inside), nodeCrypto.sha256)).vkey,
      pkcs11: inside,
    });
  }
  const publicKey =
    values.public === undefined
      ? undefined
      : await publicKeyOf(await readFile(values.public).catch(() => Buffer.alloc(0)));
  if (publicKey === undefined || !isSoundPublicKey(publicKey))
    return bad(
      problem(
        'OPTION_INVALID',
        '--public',
        'a file with an Ed25519 public key, PEM or DER, is needed',
      ),
    );
  const { vkey } = await verificationKey(name, publicKey, nodeCrypto.sha256);
  if (command !== undefined) {
    const words = wordsOf(command);
    return words === undefined
      ? bad(problem('OPTION_INVALID', '--command', 'a JSON list of words is needed'))
      : ok({ v: 1, vkey, command: words });
  }
  if (url === undefined || !isPrivateChannel(url))
    return bad(
      problem('OPTION_INVALID', '--url', 'an https address is needed, or one of this machine'),
    );
  return tokenFile === undefined
    ? bad(problem('OPTION_INVALID', '--token-file', 'the file with the bearer token is needed'))
    : ok({ v: 1, vkey, url, tokenFile });
}

function wordsOf(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) &&
      words.length > 0 &&
      words.every((word) => typeof word === 'string' && word !== '')
      ? words
      : undefined;
  } catch {
    return undefined;
  }
}

/** The 32 bytes of an Ed25519 SubjectPublicKeyInfo, PEM or DER. */
async function publicKeyOf(bytes: Buffer): Promise<Uint8Array | undefined> {
  try {
    const key = bytes.includes('BEGIN PUBLIC KEY')
      ? createPublicKey(bytes)
      : createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519'
      ? new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(12))
      : undefined;
  } catch {
    return undefined;
  }
}
