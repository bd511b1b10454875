import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { testKeys } from './fixtureKeys.ts';

/**
 * A process that appends until it is killed; a line on stdout acknowledges a leaf
 * (`logCrash.test.ts`).
 */
const [place = '', seenFolder = '', name = ''] = process.argv.slice(2);
// Loaded only where it is needed: a writer must be up soon, to be killed soon.
const store = place.startsWith('postgresql:')
  ? new PostgresLogStore(new (await import('pg')).default.Pool({ connectionString: place, max: 2 }))
  : await folderLogStore(place);
const log = await TransparencyLog.open(store, (await testKeys('crash')).log, {
  seen: await seenInFolder(seenFolder),
});
process.stdout.write('ready\n');
for (let at = 0; ; at += 3) {
  const leaves = [0, 1, 2].map((offset) => `${name} ${at + offset}`);
  try {
    const logged = await Promise.all(leaves.map((leaf) => log.append(utf8(leaf))));
    logged.forEach(({ index, receipt }, offset) =>
      process.stdout.write(`${JSON.stringify({ leaf: leaves[offset], index, receipt })}\n`),
    );
  } catch (error) {
    // A full disk, or others that were faster: not acknowledged, so not lost.
    process.stdout.write(
      `${JSON.stringify({ code: (error as { code?: unknown }).code ?? String(error) })}\n`,
    );
  }
}
