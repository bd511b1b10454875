import { utf8 } from '../../src/evidence/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { testKeys } from './fixture.ts';

/** A process that appends until it is killed; a line on stdout acknowledges a leaf (`logCrash.test.ts`). */
const [folder = '', name = ''] = process.argv.slice(2);
const log = await TransparencyLog.open(await folderLogStore(folder), (await testKeys('crash')).log);
process.stdout.write('ready\n');
for (let at = 0; ; at += 3) {
  const leaves = [0, 1, 2].map((offset) => `${name} ${at + offset}`);
  const logged = await Promise.all(leaves.map((leaf) => log.append(utf8(leaf))));
  logged.forEach(({ index, receipt }, offset) => process.stdout.write(`${JSON.stringify({ leaf: leaves[offset], index, receipt })}\n`));
}
