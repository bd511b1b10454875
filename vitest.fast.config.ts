import { defineConfig, mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/**
 * What needs no Java, browser or server, and takes no more than some seconds a file: `npm run
 * test:fast`, and `npm run test:watch` while writing. It compiles nothing first.
 */
const fast = mergeConfig(
  whole,
  defineConfig({
    test: {
      exclude: [
        'test/frontends/bpmn/{cases,differential,hostile}.test.ts',
        'test/monitor/random.test.ts',
        'test/threats/{random,fused}.test.ts',
        'test/explain/{fixes,sentences,findings}.test.ts',
      ],
    },
  }),
);

fast.test.globalSetup = [];
fast.test.include = [
  'test/{config,drawing,encode,errors,explain,frontends,graph,model,monitor,threats,time}/**/*.test.ts',
  'test/checking/{combine,hints,specimens,support}.test.ts',
  'test/conformance/reference.test.ts',
  'test/engines/tlc/output.test.ts',
  'test/{codes,layers,tidy}.test.ts',
];

export default fast;
