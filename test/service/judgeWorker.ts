// A process for the kill test of monitors: it judges what is stored until it is killed.
import { loadConfig } from '../../src/config/index.ts';
import { startJudging } from '../../src/service/judge.ts';
import { openService } from '../../src/service/open.ts';
import { silent } from './bench.ts';
import { fakeChecker } from './fakeChecker.ts';

const config = loadConfig(process.env);
if (!config.ok) throw new Error(JSON.stringify(config.problems));
const { installation } = await openService(config.value, { checker: fakeChecker, logger: silent });
startJudging(installation);
process.send?.('ready');
process.once('disconnect', () => process.exit(0));
