import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors/index.ts';
import type { Service } from './service.ts';

const BYTES = 32;
const known = new Map<string, Promise<Uint8Array>>();

/**
 * What tokens of games are sealed with: 32 bytes in `play.key` of the data folder, made by whoever
 * comes first. It signs nothing else: who has it can make up positions of games, no more.
 */
export function playKey({ config }: Pick<Service, 'config'>): Promise<Uint8Array> {
  const file = join(config.dataDir, 'play.key');
  const before = known.get(file);
  if (before) return before;
  const reading = readOrMake(file);
  known.set(file, reading);
  reading.catch(() => known.delete(file));
  return reading;
}

async function readOrMake(file: string): Promise<Uint8Array> {
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const there = await readKey(file);
    if (there) return there;
    await writeFile(own, randomBytes(BYTES), { mode: 0o600, flag: 'wx' });
    await chmod(own, 0o600);
    // Whole or not at all: of two that make one, the first counts.
    await link(own, file).catch(() => undefined);
    const made = await readKey(file);
    if (made) return made;
    throw new Error('no key was made');
  } catch (cause) {
    throw new Fault('DATA_DIR', `${file} cannot be read or made`, { cause });
  } finally {
    await rm(own, { force: true });
  }
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes && bytes.length !== BYTES) throw new Error(`${file} has ${bytes.length} bytes`);
  return bytes;
}
