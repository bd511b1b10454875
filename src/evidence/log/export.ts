import { randomBytes } from 'node:crypto';
import { rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { parseCheckpoint } from '../formats/checkpoint.ts';
import { parseNote } from '../formats/note.ts';
import { writeFault } from './files.ts';
import type { LogReader } from './store.ts';
import { readTile, TILE_WIDTH, tileName, type TileName } from './tiles.ts';
import { makeFolder } from '../../processes/folders.ts';

/**
 * Writes a log as the static files of https://c2sp.org/tlog-tiles, for any web server, mirror or
 * archive. What is there is not written again, so that a second export adds what is new; the
 * checkpoint comes last, so that it never promises a tile that is not there. Returns the size.
 */
export async function exportTiles(log: LogReader, folder: string): Promise<number> {
  const note = await log.checkpoint();
  if (note === undefined) return 0;
  const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size;
  if (size === undefined)
    throw new Fault('LOG_CORRUPT', 'the checkpoint of the log cannot be read');
  const source = {
    covers: async (wanted: number) => wanted <= size,
    leaves: log.leaves.bind(log),
    nodes: log.nodes.bind(log),
  };
  for (const name of tilesOf(size)) {
    const path = join(folder, 'tile', tileName(name));
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      continue;
    const bytes = await readTile(source, name);
    if (bytes === undefined)
      throw new Fault('LOG_CORRUPT', `the log has no tile ${tileName(name)}`);
    await write(path, bytes);
  }
  await write(join(folder, 'checkpoint'), note);
  return size;
}

/** Every tile that a log of a size consists of. */
function* tilesOf(size: number): Generator<TileName> {
  for (
    let [level, width] = [0, size];
    width > 0;
    level += 1, width = Math.floor(width / TILE_WIDTH)
  ) {
    for (let index = 0; index * TILE_WIDTH < width; index += 1) {
      const place = { index, width: Math.min(TILE_WIDTH, width - index * TILE_WIDTH) };
      yield { kind: 'hashes', level, ...place };
      if (level === 0) yield { kind: 'entries', ...place };
    }
  }
}

async function write(path: string, content: Uint8Array | string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await makeFolder(dirname(path));
    await writeFile(aside, content, { flag: 'wx' });
    await rename(aside, path);
  } catch (cause) {
    throw writeFault(dirname(path), cause);
  }
}
