import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learnCommand } from '../cli/run.ts';
import type { StateChain } from '../../src/risk/chain.ts';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import { learnLog, type LearnedLog } from '../../src/risk/fit/learnLog.ts';
import { optimalAlignment } from '../../src/risk/fit/optimal.ts';
import { RISK_DEFAULTS } from '../../src/risk/index.ts';
import { Matcher } from '../../src/risk/matcher.ts';
import { traitsOfOutsiders } from '../../src/risk/outsiders.ts';
import { Random } from '../../src/risk/random.ts';
import { chainFor, parcel, repository, value } from './fixture.ts';

/** The same cost by relaxing all pairs of an event and a state until nothing changes. */
function costOf({ topology, instances, root }: StateChain, activities: readonly string[]): number {
  const costs = Array.from({ length: activities.length + 1 }, () =>
    new Array<number>(topology.nodes).fill(Infinity),
  );
  for (let b = topology.rows[root]!; b < topology.rows[root + 1]!; b += 1)
    costs[0]![topology.targets[b]!] = 0;
  for (let changed = true; changed;) {
    changed = false;
    const relax = (i: number, node: number, cost: number): void => {
      if (cost >= costs[i]![node]!) return;
      costs[i]![node] = cost;
      changed = true;
    };
    for (let i = 0; i <= activities.length; i += 1)
      for (let node = 0; node < root; node += 1) {
        const here = costs[i]![node]!;
        if (here === Infinity) continue;
        if (i < activities.length) relax(i + 1, node, here + 1);
        for (let b = topology.rows[node]!; b < topology.rows[node + 1]!; b += 1) {
          const target = topology.targets[b]!;
          if (target < 0) continue;
          relax(i, target, here + 1);
          if (i < activities.length && instances[b]?.action.name === activities[i])
            relax(i + 1, target, here);
        }
      }
  }
  return Math.min(...costs[activities.length]!);
}

async function learnt(log: string): Promise<LearnedLog> {
  const { semantics } = await parcel();
  return value(
    await learnLog({
      semantics,
      log: value(readEventLog(log)),
      options: RISK_DEFAULTS,
      quiet: new Set(),
      signal: new AbortController().signal,
    }),
  );
}

describe('optimal alignments', () => {
  it('cost as little as can be, on 200 random cases', async () => {
    const { semantics } = await parcel();
    const chain = await chainFor(semantics);
    const names = [...semantics.model.actions.map(({ name }) => name), 'dance'];
    const random = new Random(8);
    for (let trial = 0; trial < 200; trial += 1) {
      const activities = Array.from(
        { length: 1 + (trial % 8) },
        () => names[Math.floor(random.uniform() * names.length)] as string,
      );
      const log = value(
        readEventLog(`case,activity\n${activities.map((name) => `1,${name}\n`).join('')}`),
      );
      const matcher = new Matcher(semantics, new Set(), log);
      const found = optimalAlignment(chain, matcher, log.cases[0]!, 100_000);
      expect(found?.cost, activities.join(' ')).toBe(costOf(chain, activities));
      expect(found?.moves.filter(({ kind }) => kind === 'log' || kind === 'model')).toHaveLength(
        found?.cost ?? -1,
      );
      expect(found?.moves.flatMap((move) => ('activity' in move ? [move.activity] : []))).toEqual(
        activities,
      );
    }
  });

  it('are given up where they would take too long', async () => {
    const { semantics } = await parcel();
    const log = value(readEventLog('case,activity\n1,load\n1,handOver\n'));
    const matcher = new Matcher(semantics, new Set(), log);
    expect(optimalAlignment(await chainFor(semantics), matcher, log.cases[0]!, 1)).toBe(undefined);
  });
});

describe('how a log fits', () => {
  const LOG = [
    'case,activity,depot',
    ...Array.from({ length: 8 }, (_, i) => `${i},load,south\n${i},handOver,`),
    'x,load,north\nx,dance,\nx,handOver,',
    'y,handOver,north',
  ].join('\n');

  it('says fitness, the commonest deviations, what was never seen, and who is outside', async () => {
    const { fitness, branches } = await learnt(`${LOG}\n`);
    expect(fitness).toMatchObject({ cases: 10, fitting: 8, unaligned: 0, silentActions: [] });
    // x: one of three events is none of the model; y: its only event needs one more step.
    expect(fitness.mean).toBeCloseTo((8 + 2 / 3 + 0) / 10, 12);
    expect(fitness.worst.map((each) => each.case)).toEqual(['y', 'x']);
    expect(fitness.deviations.map(({ move, name, cases }) => [move, name, cases])).toContainEqual([
      'log',
      'dance',
      1,
    ]);
    expect(fitness.unseenActions).toContain('steal');
    expect(fitness.unseenActions).not.toContain('load');
    expect(fitness.outsiders[0]).toEqual({ trait: 'depot = north', outside: 1, inside: 0 });
    expect(branches.find(({ branch }) => branch === 'load')?.count).toBe(9);
  });

  it('of a log in which all is as it should be', async () => {
    const { fitness } = await learnt('case,activity\n1,load\n1,handOver\n2,cancel\n3,load\n');
    expect(fitness).toMatchObject({ mean: 1, fitting: 3, deviations: [], outsiders: [] });
  });

  it('tells traits only where they differ', () => {
    const log = value(readEventLog('case,activity\n1,a\n2,a\n2,b\n3,a\n'));
    expect(traitsOfOutsiders(log, (i) => i === 1)).toEqual([
      { trait: 'b happens', outside: 1, inside: 0 },
      { trait: 'ends with b', outside: 1, inside: 0 },
    ]);
    expect(traitsOfOutsiders(log, () => false)).toEqual([]);
  });
});

describe('probity learn', () => {
  async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const exit = await learnCommand(args, {
      stdout: (text) => {
        out += text;
      },
      stderr: (text) => {
        err += text;
      },
    });
    return { exit, out, err };
  }
  const model = repository('specs/demo/parcel-risk.yaml');

  it('prints it for people and as JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probity-learn-'));
    const log = join(folder, 'log.csv');
    await writeFile(log, 'case,activity\n1,load\n1,handOver\n2,handOver\n3,load\n3,dance\n');
    const { exit, out, err } = await run(log, '--model', model);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(/1 of 3 cases are runs of the model · fitness 0\.5/);
    expect(out).toMatch(/1 cases: dance where the model has none\n {6}3: load \+dance/);
    expect(out).toMatch(/never seen: cancel/);
    const json = JSON.parse((await run(log, '--model', model, '--json')).out) as LearnedLog;
    expect(json).toMatchObject({ v: 1, log: { cases: 3, events: 5 }, fitness: { fitting: 1 } });
  });

  it.each([
    [[], 'OPTION_INVALID'],
    [['x.csv'], 'OPTION_INVALID'],
    [['x.csv', '--model', model, '--timeout', '0'], 'OPTION_INVALID'],
    [['x.csv', '--model', model, '--max-states', 'many'], 'OPTION_INVALID'],
    [['missing.csv', '--model', model], 'INPUT_UNREADABLE'],
    [[model, '--model', model], 'EVENT_LOG_SYNTAX'],
    [
      [repository('specs/demo/parcel-events.csv'), '--model', model, '--silent', 'fly'],
      'OPTION_INVALID',
    ],
  ])('%j is bad input', async (args, code) => {
    const { exit, out, err } = await run(...args);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toMatch(new RegExp(`^${code} `));
  });

  it('has a help', async () => {
    expect((await run('--help')).out).toMatch(/probity learn LOG --model FILE/);
  });
});
