import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * A thread that begins with a file of ours, named without its ending: compiled, or from source
 * (tests, development), where it has to be taught TypeScript before it can load itself.
 */
export function startThread(file: URL, options: WorkerOptions = {}): Worker {
  const compiled = `${fileURLToPath(file)}.js`;
  if (existsSync(compiled)) return new Worker(compiled, options);
  const source = JSON.stringify(`${file.href}.ts`);
  return new Worker(
    `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); });`,
    { ...options, eval: true },
  );
}
