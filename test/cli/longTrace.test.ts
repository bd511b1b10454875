import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/outcome.ts';
import { check, fileOf } from './run.ts';

const ROUND = 130_000;

/** A circle of so many states: every witness on it is as long, or goes round it. */
const CIRCLE = `probity: 1
name: circle
variables:
  n: { type: int 0..${ROUND - 1}, init: 0 }
actors: { shop: { trust: trusted } }
actions:
  step: { actor: shop, when: n < ${ROUND - 1}, then: { n: n + 1 }, fair: weak }
  round: { actor: shop, when: n = ${ROUND - 1}, then: { n: 0 }, fair: weak }
properties:
  below: { always: n < ${ROUND - 5} }
  far: { reachable: n = ${ROUND - 1} }
  comes: { eventually: n < 0 }
  after: { leadsTo: { from: n = 5, to: n = -1 } }
  again: { ltl: "[]<> (n < 0)" }
  leaves: { ltl: "<>[] (n > 5)" }
`;

describe('a trace as long as the state space', () => {
  it('is found, replayed, and told in part', async () => {
    const file = fileOf('circle.yaml', CIRCLE);
    const { exit, stdout, stderr } = await check(file, '--engines', 'explore');
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' });
    for (const name of ['below', 'comes', 'after', 'again', 'leaves'])
      expect(stdout).toMatch(new RegExp(`✗ ${name} +violated`));
    expect(stdout).toMatch(/…  \d+ more steps: --json has all \d+/);
    expect(stdout.split('\n').length).toBeLessThan(400);
  }, 120_000);

  it('is whole in JSON', async () => {
    const file = fileOf('circle.yaml', CIRCLE);
    const { exit, stdout } = await check(file, '--engines', 'explore', '--json');
    expect(exit).toBe(1);
    const report = JSON.parse(stdout) as Report;
    const steps = (name: string): number | undefined =>
      report.properties.find((p) => p.name === name)?.trace?.steps.length;
    expect(steps('below')).toBe(ROUND - 5);
    expect(steps('after')).toBeGreaterThanOrEqual(ROUND);
    for (const p of report.properties)
      if (p.outcome === 'violated') expect(p.assurance).toContain('replayed');
  }, 120_000);
});
