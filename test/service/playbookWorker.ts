// A process for the kill test of playbooks: it sends steps that were approved until it is killed.
import { loadConfig } from '../../src/config/index.ts';
import { openService } from '../../src/service/open.ts';
import { startCarryingOut } from '../../src/service/playbookSending.ts';
import { silent } from './bench.ts';
import { fakeChecker } from './fakeChecker.ts';

const config = loadConfig(process.env);
if (!config.ok) throw new Error(JSON.stringify(config.problems));
const { installation } = await openService(config.value, { checker: fakeChecker, logger: silent });
startCarryingOut(installation);
process.send?.('ready');
process.once('disconnect', () => process.exit(0));
