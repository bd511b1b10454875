import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Vite would take graphql's ESM build for our imports while Apollo, loaded by Node, takes its CommonJS build: two
    // graphql-js in one process do not accept each other's schemas.
    alias: [{ find: /^graphql$/u, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Tests wait for other processes and say for how long; this is the limit for all that do not.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
