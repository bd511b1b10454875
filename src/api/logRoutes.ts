import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Router, type Request, type Response } from 'express';
import {
  parseTileName,
  readTile,
  TILE_WIDTH,
  type TileName,
  type TileSource,
} from '../evidence/log/tiles.ts';

/**
 * A log that anybody may follow: its signed checkpoint, its hashes, its leaves. Leaves say nothing
 * of a model.
 */
export interface PublicLog extends TileSource {
  checkpoint(): Promise<string | undefined>;
}

/** Full tiles that one process remembers: those of the upper levels are asked for by everybody. */
const REMEMBERED = 256;
/**
 * Tiles read at one time. They are public, so a crowd must not take the database from those who
 * work.
 */
const AT_ONCE = 16;
const WAITING = 256;
const FOREVER = 'public, max-age=31536000, immutable';
const zip = promisify(gzip);

/**
 * The log over HTTP (https://c2sp.org/tlog-tiles), mounted at its prefix: `checkpoint`,
 * `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`. Public, read-only, without state but a small
 * cache.
 */
export function logRoutes(log: PublicLog): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const tiles = new TileCache(log);
  router.use((_request, response, next) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    next();
  });
  router.get('/checkpoint', async (_request, response) => {
    const note = await log.checkpoint();
    if (note === undefined) return notThere(response, 'the log is empty');
    response.setHeader('Cache-Control', 'no-cache');
    response.type('text/plain; charset=utf-8').send(note);
  });
  router.get('/tile/*name', async (request, response) => {
    const name = parseTileName(request.path.slice('/tile/'.length));
    if (name === undefined) return notThere(response, 'no tile has this name');
    const read = tiles.read(name);
    if (read === undefined) {
      response.setHeader('Retry-After', '1');
      return void response.status(503).type('text').send('too many tiles are being read\n');
    }
    const bytes = await read;
    if (bytes === undefined) return notThere(response, 'the log is not that long');
    await sendTile(request, response, name, bytes);
  });
  router.all(['/checkpoint', '/tile/*name'], (_request, response) => {
    response.setHeader('Allow', 'GET, HEAD');
    response.status(405).type('text').send('the log is read with GET\n');
  });
  return router;
}

/** What is not there yet may be there in a moment, so nobody may remember that it was not. */
function notThere(response: Response, why: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.status(404).type('text').send(`${why}\n`);
}

async function sendTile(
  request: Request,
  response: Response,
  name: TileName,
  bytes: Uint8Array,
): Promise<void> {
  response.setHeader('Cache-Control', FOREVER);
  response.setHeader('Content-Type', 'application/octet-stream');
  // Hashes do not get smaller; leaves are alike, and do.
  if (name.kind === 'entries') {
    response.vary('Accept-Encoding');
    if (request.acceptsEncodings('gzip')) {
      response.setHeader('Content-Encoding', 'gzip');
      return void response.send(await zip(bytes));
    }
  }
  response.send(Buffer.from(bytes));
}

class TileCache {
  readonly #log: PublicLog;
  readonly #full = new Map<string, Uint8Array>();
  readonly #queue: (() => void)[] = [];
  #reading = 0;

  constructor(log: PublicLog) {
    this.#log = log;
  }

  /** Nothing when too many wait already. */
  read(name: TileName): Promise<Uint8Array | undefined> | undefined {
    const key = `${name.kind === 'entries' ? 'entries' : name.level}/${name.index}`;
    const known = name.width === TILE_WIDTH ? this.#full.get(key) : undefined;
    if (known !== undefined) {
      this.#full.delete(key);
      this.#full.set(key, known);
      return Promise.resolve(known);
    }
    return this.#queue.length >= WAITING ? undefined : this.#read(name, key);
  }

  async #read(name: TileName, key: string): Promise<Uint8Array | undefined> {
    if (this.#reading >= AT_ONCE)
      await new Promise<void>((go) => {
        this.#queue.push(go);
      });
    this.#reading += 1;
    try {
      const bytes = await readTile(this.#log, name);
      if (bytes !== undefined && name.width === TILE_WIDTH) this.#remember(key, bytes);
      return bytes;
    } finally {
      this.#reading -= 1;
      this.#queue.shift()?.();
    }
  }

  #remember(key: string, bytes: Uint8Array): void {
    this.#full.set(key, bytes);
    if (this.#full.size > REMEMBERED) this.#full.delete(this.#full.keys().next().value ?? '');
  }
}
