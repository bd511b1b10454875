import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { checkpointText } from '../src/evidence/formats/checkpoint.ts';
import { utf8 } from '../src/evidence/formats/encoding.ts';
import { openKeys } from '../src/evidence/signing/keys.ts';
import type { Signer } from '../src/evidence/signing/signer.ts';
import { folderLogStore } from '../src/evidence/log/folder.ts';
import { TransparencyLog } from '../src/evidence/log/log.ts';
import { seenInFolder } from '../src/evidence/log/seen.ts';
import type { LogStore } from '../src/evidence/log/store.ts';
import { growTree, NodeMap } from '../src/evidence/log/tree.ts';
import { signatureLine } from '../src/evidence/formats/note.ts';
import { migrate, startEmbeddedPostgres } from '../src/store/index.ts';
import { PostgresLogStore } from '../src/store/log.ts';
import { perSecond, timed, type Row } from './rows.ts';

const LEAVES = 1_000_000;
const AT_ONCE = 20_000;

const leaf = (at: number): Uint8Array =>
  utf8(
    JSON.stringify({
      digest: `sha256:${String(at).padStart(64, '0')}`,
      id: `ver_${at}`,
      kind: 'verdict',
      v: 1,
    }),
  );

/**
 * Fills a store past the log, in commits larger than the log would make: what is measured is what
 * comes after.
 */
async function fill(store: LogStore, signer: Signer): Promise<void> {
  const nodes = new NodeMap();
  let expected: string | undefined;
  for (let size = 0; size < LEAVES; size += AT_ONCE) {
    const leaves = Array.from({ length: AT_ONCE }, (_, at) => leaf(size + at));
    const added = growTree(nodes, size, leaves);
    const text = checkpointText({
      origin: signer.name,
      size: size + AT_ONCE,
      root: nodes.hashOf({ start: 0, end: size + AT_ONCE }),
    });
    const checkpoint = `${text}\n${signatureLine(signer, await signer.sign(utf8(text)))}`;
    if (!(await store.commit({ expected, firstIndex: size, leaves, nodes: added, checkpoint })))
      throw new Error('nobody else writes here');
    expected = checkpoint;
  }
}

async function measure(name: string, store: LogStore, folder: string): Promise<Row[]> {
  const { log: signer } = await openKeys(join(folder, 'keys'), { name: 'bench.example' });
  await fill(store, signer);
  const seen = await seenInFolder(join(folder, `seen-${name}`));
  const opened = await timed(() => TransparencyLog.open(store, signer, { seen }));
  const log = opened.value;
  const alone = await timed(async () => {
    for (let at = 0; at < 300; at += 1) await log.append(leaf(LEAVES + at));
  });
  const together = await timed(() =>
    Promise.all(Array.from({ length: 5_000 }, (_, at) => log.append(leaf(LEAVES + 300 + at)))),
  );
  const times: number[] = [];
  for (let at = 0; at < 500; at += 1)
    times.push((await timed(() => log.receipt((at * 1_999) % LEAVES))).seconds * 1000);
  times.sort((a, b) => a - b);
  return [
    {
      what: `log of 1,000,000 leaves, ${name}: appends, 5,000 at once`,
      here: perSecond(5_000, together.seconds),
      other: `one by one ${perSecond(300, alone.seconds)}`,
      ratio: `${(alone.seconds / 300 / (together.seconds / 5_000)).toFixed(1)} ×`,
    },
    {
      what: `log of 1,000,000 leaves, ${name}: an inclusion proof`,
      here: `median ${times[250]?.toFixed(2)} ms`,
      other: `99 of 100 within ${times[495]?.toFixed(2)} ms`,
      ratio: '',
    },
  ];
}

/**
 * DESIGN section 8: at least 500 appends a second, an inclusion proof within 10 ms, both at a
 * million entries.
 */
export async function logRows(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'probity-bench-'));
  await chmod(folder, 0o755);
  const postgres = await startEmbeddedPostgres(join(folder, 'postgres'));
  await migrate(postgres.url);
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
  const rows = [
    ...(await measure('Postgres', new PostgresLogStore(pool), folder)),
    ...(await measure('folder', await folderLogStore(join(folder, 'log')), folder)),
  ];
  await pool.end();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  return rows;
}

if (process.argv[1]?.endsWith('log.ts'))
  process.stdout.write(`${JSON.stringify(await logRows(), null, 2)}\n`);
