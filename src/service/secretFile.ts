import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { Fault } from '../errors/index.ts';

const BYTES = 32;
const known = new Map<string, Promise<Uint8Array>>();

/** What a file of ours holds: how it is made, and whether it can be what was made. */
interface Secret {
  make(): Uint8Array | Promise<Uint8Array>;
  isOne(bytes: Uint8Array): boolean;
}

/** The 32 bytes of a file of ours, made by whoever comes first; throws `DATA_DIR`. */
export const secretIn = (file: string): Promise<Uint8Array> =>
  madeOnce(file, {
    make: () => randomBytes(BYTES),
    isOne: ({ length }) => length === BYTES,
  });

/** What is in a secret file of ours, made by whoever comes first; throws `DATA_DIR`. */
export function madeOnce(file: string, secret: Secret): Promise<Uint8Array> {
  const before = known.get(file);
  if (before) return before;
  const reading = readOrMake(file, secret);
  known.set(file, reading);
  reading.catch(() => known.delete(file));
  return reading;
}

async function readOrMake(file: string, secret: Secret): Promise<Uint8Array> {
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const there = await readSecret(file, secret);
    if (there) return there;
    await writeFile(own, await secret.make(), { mode: 0o600, flag: 'wx' });
    await chmod(own, 0o600);
    // Whole or not at all: of two that make one, the first counts.
    await link(own, file).catch(() => undefined);
    const made = await readSecret(file, secret);
    if (made) return made;
    throw new Error('no key was made');
  } catch (cause) {
    throw new Fault('DATA_DIR', `${file} cannot be read or made`, { cause });
  } finally {
    await rm(own, { force: true });
  }
}

async function readSecret(file: string, { isOne }: Secret): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes && !isOne(bytes)) throw new Error(`${file} has ${bytes.length} bytes and is no key`);
  return bytes;
}
