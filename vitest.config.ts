import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Vite would take graphql's ESM build for our imports while Apollo, loaded by Node, takes its
    // CommonJS build: two graphql-js in one process do not accept each other's schemas.
    alias: [{ find: /^graphql$/u, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    globalSetup: ['test/compile.ts'],
    // Many tests start processes of their own: more files at once than this only makes them late.
    pool: 'forks',
    maxWorkers: 2,
    // Tests wait for other processes and say for how long; this is the limit for all that do not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
