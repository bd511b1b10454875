import { fileURLToPath } from 'node:url';

/** Arguments for Node that start the command `probity`, compiled (`test/compile.ts`). */
export const PROGRAM: readonly string[] = [
  fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url)),
];
