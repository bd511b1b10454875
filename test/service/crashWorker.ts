// A worker process for the crash tests: the real worker over a checker that obeys its source text.
import { loadConfig } from '../../src/config/index.ts';
import { openService } from '../../src/service/open.ts';
import { startWorker } from '../../src/service/worker.ts';
import { silent } from './bench.ts';
import { fakeChecker } from './fakeChecker.ts';

const config = loadConfig(process.env);
if (!config.ok) throw new Error(JSON.stringify(config.problems));
const { installation, close } = await openService(config.value, {
  checker: fakeChecker,
  logger: silent,
});
const worker = await startWorker(installation, `crash-${process.pid}`);
process.send?.('ready');
const stop = async (): Promise<void> => {
  await worker.stop();
  await close();
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
process.once('disconnect', () => void stop());
