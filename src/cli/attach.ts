import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { attachKey, ROLES, type Role } from '../evidence/signing/keys.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { isKeyName, verificationKey } from '../evidence/formats/note.ts';
import { isSoundPublicKey } from '../evidence/formats/soundKey.ts';
import {
  isPrivateChannel,
  readTokenKey,
  type ExternalKey,
} from '../evidence/signing/externalSigner.ts';
import { printProblems } from './problems.ts';
import type { Io } from './io.ts';

export const ATTACH_HELP = `probity keys attach ROLE WHERE [options]      use a key that is not a file here

  ROLE              verdict, log or ledger. Where there is such a key already, the new one waits as its
                    successor: then \`probity keys rotate ROLE\`
  WHERE, one of
  --pkcs11 MODULE --token LABEL --object LABEL [--pin-variable NAME]
                    a token over PKCS#11 (CKM_EDDSA; needs the optional package pkcs11js); the PIN is read
                    from the environment variable NAME (PROBITY_PIN) of the service
  --command JSON --public FILE
                    a list of words, run without a shell: the message on its input, 64 bytes on its output
  --url URL --token-file FILE --public FILE
                    POST {"keyId","message"} with a bearer token, answered by {"signature"}, all base64
  --public FILE     the public key, PEM or DER (SubjectPublicKeyInfo, Ed25519)
  --data DIR, --name NAME   as for the other actions
exit: 0 attached · 2 bad arguments · 4 it does not sign, or a file cannot be written
`;

export interface AttachValues {
  readonly pkcs11?: string | undefined;
  readonly token?: string | undefined;
  readonly object?: string | undefined;
  readonly 'pin-variable'?: string | undefined;
  readonly command?: string | undefined;
  readonly url?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly public?: string | undefined;
}

/** `probity keys attach`: the file is written only after the key has signed. */
export async function attach(
  role: string,
  values: AttachValues,
  where: { readonly folder: string; readonly name: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const known = ROLES.find((each) => each === role);
  if (known === undefined)
    return printProblems(
      [problem('OPTION_INVALID', 'ROLE', `a role is one of ${ROLES.join(', ')}`)],
      where.json,
      io,
    );
  try {
    const key = await describe(known, values, where.name);
    if (!key.ok) return printProblems(key.problems, where.json, io);
    const file = await attachKey(where.folder, known, key.value);
    io.stdout(
      where.json
        ? `${JSON.stringify({ file, vkey: key.value.vkey }, null, 2)}\n`
        : `${key.value.vkey} in ${file}${file.includes('.next.') ? ` · now: probity keys rotate ${known}` : ''}\n`,
    );
    return 0;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    io.stderr(`${cause.code}  ${cause.message}\n`);
    return 4;
  }
}

async function describe(
  role: Role,
  values: AttachValues,
  origin: string,
): Promise<Result<ExternalKey>> {
  const { pkcs11, token, object, command, url, 'token-file': tokenFile } = values;
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
      pinVariable: values['pin-variable'] ?? 'PROBITY_PIN',
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
