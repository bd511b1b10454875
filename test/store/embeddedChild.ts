import { startEmbeddedPostgres } from '../../src/store/index.ts';

const server = await startEmbeddedPostgres(process.argv[2] ?? '');
process.send?.(server.url);
setInterval(() => undefined, 1_000);
