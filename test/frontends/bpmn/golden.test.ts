import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';

/**
 * The printed model of the demo, to be read by people; `npx vitest run
 * test/frontends/bpmn/golden.test.ts -u` writes it anew.
 */
it('order.bpmn', async () => {
  const read = await readBpmn(
    readFileSync(new URL('../../../specs/demo/order.bpmn', import.meta.url), 'utf8'),
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  await expect(`${JSON.stringify(read.value, undefined, 2)}\n`).toMatchFileSnapshot(
    'golden/order.model.json',
  );
});
