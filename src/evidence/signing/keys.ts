import {
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign as signBytes,
  type KeyObject,
} from 'node:crypto';
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, invariant } from '../../errors/index.ts';
import { concat, equalBytes, fromBase64, toBase64 } from '../formats/encoding.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { ED25519, isKeyName, verificationKey } from '../formats/note.ts';
import { parsePolicy, type TrustedKey } from '../formats/policy.ts';
import { parseExternalKey, type ExternalKey } from './externalSigner.ts';
import type { Signer } from './signer.ts';
import { makeFolder } from '../../processes/folders.ts';

/**
 * The keys of an installation, one for each thing that is signed: no signature of one can pass for
 * another.
 */
export interface InstallationKeys {
  /** Signs statements (DSSE). */
  readonly verdict: Signer;
  /** Signs checkpoints; its name is the origin of the log. */
  readonly log: Signer;
  /** Signs and pays for anchor transactions; its address is what the ledger shows. */
  readonly ledger: Signer;
}

/** Who signs the checkpoints of a log, and who did. */
export interface LogKeys {
  readonly signer: Signer;
  /** Each counts for checkpoints of at most `until` leaves. */
  readonly past: readonly TrustedKey[];
  /** Reads them again where their files changed: another process may have replaced the key. */
  refresh(): Promise<void>;
}

export const KEY_ROLES = ['verdict', 'log', 'ledger'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** The DER head of an Ed25519 PKCS#8 private key (RFC 8410); the 32-byte seed follows. */
const PKCS8_ED25519 = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/**
 * The keys in `folder`, created there (0600, folder 0700) when missing. `name` is used only for
 * keys that are created: an existing key keeps the name that it has signed under. Two processes
 * that start at once end with the same keys. Throws KEY_FILE when a key cannot be read or written,
 * or when others may read it.
 */
export async function openKeys(
  folder: string,
  options: { readonly name: string },
): Promise<InstallationKeys> {
  const [verdict, log, ledger] = await Promise.all(
    KEY_ROLES.map((role) => openKey(folder, role, options.name)),
  );
  invariant(verdict && log && ledger, 'a key for each role');
  return { verdict, log, ledger };
}

/** As `openKeys`, but nothing when a key is missing: for commands that only look. */
export async function readKeys(folder: string): Promise<InstallationKeys | undefined> {
  const [verdict, log, ledger] = await Promise.all(
    KEY_ROLES.map((role) => readKey(join(folder, `${role}.key`))),
  );
  return verdict && log && ledger ? { verdict, log, ledger } : undefined;
}

/** Tells whether the key files changed since: who holds keys in memory asks before signing. */
export async function keysStamp(folder: string): Promise<string> {
  const stamps = await Promise.all(
    KEY_ROLES.map((role) =>
      stat(join(folder, `${role}.key`), { bigint: true }).then(
        ({ ino, mtimeNs }) => `${ino} ${mtimeNs}`,
        () => '-',
      ),
    ),
  );
  return stamps.join(', ');
}

/**
 * The key that is to follow: `<role>.next.key`, as somebody put it there, or made now under the
 * same name.
 */
export async function successorKey(folder: string, role: KeyRole, name: string): Promise<Signer> {
  const file = join(folder, `${role}.next.key`);
  return (await readKey(file)) ?? (await createKey(folder, file, name));
}

/**
 * Puts the successor in the place of its predecessor, whose secret is gone then; `line` is what
 * remains of it. The line is written first: a crash between the two leaves a key that is called
 * retired and still there, and is found by trying again; the end that was written then gives way to
 * the one of now. A ledger key is kept as `ledger.<hash>.key`: it alone can move the coins that are
 * left at its address.
 */
export async function promoteKey(folder: string, role: KeyRole, line: string): Promise<void> {
  const file = join(folder, RETIRED_FILE);
  const [whose] = line.split(' until ');
  try {
    if (role === 'ledger') await keepFormer(folder);
    const lines = (await readRetired(folder)).filter(
      (known) => known.split(' until ')[0] !== whose,
    );
    const temporary = `${file}.${randomBytes(6).toString('hex')}`;
    const handle = await open(temporary, 'wx', 0o600);
    await handle
      .writeFile([...lines, line].map((each) => `${each}\n`).join(''))
      .then(() => handle.sync())
      .finally(() => handle.close());
    await rename(temporary, file);
    await rename(join(folder, `${role}.next.key`), join(folder, `${role}.key`));
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    throw cause instanceof Fault
      ? cause
      : new Fault('KEY_FILE', `${file} cannot be written`, { cause });
  }
}

/** A second name for the ledger key, which stays when the first is taken over. */
async function keepFormer(folder: string): Promise<void> {
  const file = join(folder, 'ledger.key');
  const former = await readKey(file);
  if (former === undefined) return;
  await link(file, join(folder, `ledger.${former.hash}.key`)).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
    },
  );
}

const RETIRED_FILE = 'retired';

/**
 * Lines of a policy for keys of the past, oldest first: `verdict <vkey> until <index>`, `log <vkey>
 * until <size>`, `ledger <network> <address> until <size>`.
 */
export async function readRetired(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, RETIRED_FILE), 'utf8').catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return '';
      throw new Fault('KEY_FILE', `${join(folder, RETIRED_FILE)} cannot be read`, { cause });
    },
  );
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Those of them that signed checkpoints. Throws KEY_FILE when the file has lines that no policy
 * has.
 */
export async function pastLogKeys(retired: readonly string[]): Promise<readonly TrustedKey[]> {
  const parsed = await parsePolicy([...retired, 'quorum none'].join('\n'), nodeCrypto.sha256);
  if (!parsed.ok)
    throw new Fault(
      'KEY_FILE',
      `${RETIRED_FILE} among the keys: ${parsed.problems.map(({ line, message }) => `line ${line ?? 0}: ${message}`).join('; ')}`,
    );
  return parsed.value.logs;
}

async function openKey(folder: string, role: KeyRole, name: string): Promise<Signer> {
  const file = join(folder, `${role}.key`);
  return (await readKey(file)) ?? (await createKey(folder, file, `${name}/${role}`));
}

async function readKey(file: string): Promise<Signer | undefined> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Fault(
        'KEY_FILE',
        `${file} can be read by others: chmod 600 it, and replace the key if it was exposed`,
      );
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Fault('KEY_FILE', `${file} cannot be read`, { cause });
  }
  const signer = (await parseKey(text)) ?? (await parseExternalKey(text));
  if (signer === undefined) throw new Fault('KEY_FILE', `${file} is not a signing key`);
  return signer;
}

/**
 * Written aside, flushed, then linked: a crash leaves no half key, and a second process finds the
 * first one's.
 */
async function createKey(folder: string, file: string, name: string): Promise<Signer> {
  if (!isKeyName(name))
    throw new Fault('KEY_FILE', `"${name}" cannot name a key: no spaces, no plus sign`);
  const { signer, secretText } = await seedSigner(name, randomBytes(32));
  return (await writeKey(folder, file, secretText)) ?? signer;
}

/** Puts a key file where none is, or gives the key that is there. */
async function writeKey(folder: string, file: string, text: string): Promise<Signer | undefined> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await makeFolder(folder, 0o700);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${text}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file);
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    const other =
      (cause as NodeJS.ErrnoException).code === 'EEXIST' ? await readKey(file) : undefined;
    if (other !== undefined) return other;
    throw cause instanceof Fault
      ? cause
      : new Fault('KEY_FILE', `${file} cannot be written`, { cause });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  return undefined;
}

/**
 * Writes the file of a key that is elsewhere (`externalSigner.ts`), once it has signed: as the
 * role's key, or, where there is one already, as the one that `rotate` puts in its place. Gives the
 * name of the file.
 */
export async function attachKey(folder: string, role: KeyRole, key: ExternalKey): Promise<string> {
  const text = JSON.stringify(key);
  const signer = await parseExternalKey(text);
  if (signer === undefined) throw new Fault('KEY_FILE', 'this describes no key');
  await signer.sign(new Uint8Array(32));
  const taken = (await readKey(join(folder, `${role}.key`))) !== undefined;
  const file = taken ? `${role}.next.key` : `${role}.key`;
  if ((await writeKey(folder, join(folder, file), text)) !== undefined)
    throw new Fault('KEY_FILE', `${file} is there already`);
  return file;
}

/**
 * `PRIVATE+KEY+name+hash+base64(type ‖ seed)`, the text that golang.org/x/mod/sumdb/note reads and
 * writes.
 */
async function parseKey(text: string): Promise<Signer | undefined> {
  const [word1, word2, name, hash, ...rest] = text.trimEnd().split('+');
  const encoded = fromBase64(rest.join('+'));
  if (word1 !== 'PRIVATE' || word2 !== 'KEY' || !name || !isKeyName(name)) return undefined;
  if (encoded?.length !== 33 || encoded[0] !== ED25519) return undefined;
  const { signer } = await seedSigner(name, encoded.subarray(1));
  return signer.hash === hash ? signer : undefined;
}

/**
 * A signer from a 32-byte seed, and its text for a key file. Tests use it for keys that stay the
 * same.
 */
export async function seedSigner(
  name: string,
  seed: Uint8Array,
): Promise<{ signer: Signer; secretText: string }> {
  const der = Buffer.from(concat(PKCS8_ED25519, seed));
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const key = await verificationKey(name, rawPublicKey(privateKey), nodeCrypto.sha256);
  const keyId = `${key.name}+${key.hash}`;
  const signer: Signer = {
    ...key,
    keyId,
    sign: async (message) => new Uint8Array(signBytes(null, message, privateKey)),
  };
  const secretText = `PRIVATE+KEY+${keyId}+${toBase64(concat(Uint8Array.of(ED25519), seed))}`;
  return { signer, secretText };
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const spki = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  invariant(
    spki.length === 44 && equalBytes(spki.subarray(0, 2), Uint8Array.of(0x30, 0x2a)),
    'an Ed25519 public key',
  );
  return spki.subarray(12);
}
