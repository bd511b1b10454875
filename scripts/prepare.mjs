// What `npm install` and `npm ci` run at the end: generate the Prisma client, then compile to
// dist/.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The JavaScript file behind a package's command: no shell, no `.cmd`, no PATH. */
function command(name, binary) {
  const path = require.resolve(`${name}/package.json`);
  const { bin } = require(path);
  return join(dirname(path), typeof bin === 'string' ? bin : bin[binary]);
}

function run(title, script, args, env) {
  const { status, error } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === 0) return;
  console.error(`probity: ${title} failed${error ? `: ${error.message}` : ''}`);
  process.exit(status ?? 1);
}

// Generating needs no schema engine, but the Prisma CLI looks for one and would download it. The
// variable says "there is one" and lives in this child only: with it, `prisma migrate deploy` would
// do nothing and report success.
run(
  'prisma generate',
  command('prisma', 'prisma'),
  ['generate', '--schema', 'prisma/schema.prisma', '--no-hints'],
  {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.platform === 'win32' ? process.execPath : '/bin/true',
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  },
);

if (!process.argv.includes('--generate-only')) {
  run('tsc', command('typescript', 'tsc'), ['-p', 'tsconfig.json'], process.env);
  run('verify.html', join(root, 'scripts', 'verifier.mjs'), [], process.env);
}
