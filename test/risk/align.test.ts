import { describe, expect, it } from 'vitest';
import { align } from '../../src/risk/align.ts';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import { chainFor, FORK, named, semanticsOf, value } from './fixture.ts';

async function aligned(
  log: string,
  model = FORK,
): Promise<{ counts: Record<string, number>; result: ReturnType<typeof align> }> {
  const chain = await chainFor(await semanticsOf(model), 'safe');
  const result = align(chain, value(readEventLog(log)));
  return { counts: named(chain, result.evidence.counts), result };
}

// The nodes of FORK: 0 the start, 1 left, 2 right, 3 end, 4 lost.
describe('alignment', () => {
  it('counts the moves and the stop of a case that fits one path', async () => {
    const { counts, result } = await aligned('case,activity,side\n1,go,r\n1,lose,\n');
    expect(counts).toEqual({ 'root start 0': 1, '0 go 2': 1, '2 lose 4': 1, '4 stop -1': 1 });
    expect(result).toMatchObject({
      deviations: [],
      openCases: 0,
      ambiguousCases: 0,
      eventsCounted: 2,
      goalCases: 1,
      unusedColumns: [],
    });
  });

  it('a later event can tell which path it was', async () => {
    const { counts, result } = await aligned('case,activity\n1,go\n1,b\n1,back\n');
    expect(counts).toEqual({
      'root start 0': 1,
      '0 go 1': 1,
      '1 b 3': 1,
      '3 back 0': 1,
      '0 stop -1': 1,
    });
    expect(result.ambiguousCases).toBe(0);
  });

  it('shares a move among the paths that explain it', async () => {
    const { counts, result } = await aligned('case,activity\n1,go\n1,c\n');
    expect(counts).toEqual({
      'root start 0': 1,
      '0 go 1': 0.5,
      '0 go 2': 0.5,
      '1 c 3': 0.5,
      '2 c 3': 0.5,
    });
    expect(result).toMatchObject({ ambiguousCases: 1, openCases: 1, eventsCounted: 2 });
  });

  it('a case that ends where the model promises a step is open: its moves count, its end does not', async () => {
    const { counts, result } = await aligned('case,activity,side\n1,go,l\n1,b,\n');
    expect(result.openCases).toBe(1);
    expect(Object.keys(counts).some((key) => key.includes('stop'))).toBe(false);
  });

  it('a foreign move is non-conformance, and the rest of the case does not count', async () => {
    const { counts, result } = await aligned(
      'case,activity,side\n1,go,l\n1,lose,\n1,b,\n2,dance,\n3,go,x\n4,,\n',
    );
    expect(result.deviations).toEqual([
      { case: '1', row: 3, activity: 'lose', reason: 'notEnabled' },
      { case: '2', row: 5, activity: 'dance', reason: 'unknownActivity' },
      { case: '3', row: 6, activity: 'go', reason: 'unknownBinding' },
    ]);
    expect(counts).toEqual({ 'root start 0': 4, '0 go 1': 1, '0 stop -1': 1 });
    expect(result.eventsCounted).toBe(1);
  });

  it('knows an activity by its label, and columns that name nothing', async () => {
    const { counts, result } = await aligned('case,activity,side,courier\n1,Leave,l,Ann\n');
    expect(counts['0 go 1']).toBe(1);
    expect(result.unusedColumns).toEqual(['courier']);
  });

  it('tells how each case ended', async () => {
    const { result } = await aligned(
      'case,activity,side\n1,go,r\n1,lose,\n2,go,r\n2,lose,\n2,dance,\n3,go,l\n4,go,l\n4,b,\n5,fly,\n',
    );
    expect(result.ends).toEqual(['lost', 'lost', 'notLost', 'open', 'outside']);
  });

  it('an event of an enabled step that changes nothing conforms, and counts for no branch', async () => {
    const model = FORK.replace(
      'properties:',
      '  look: { actor: a, when: at = left, then: { at: left } }\nproperties:',
    );
    const { counts, result } = await aligned(
      'case,activity,side\n1,go,l\n1,look,\n1,look,\n1,b,\n2,go,r\n2,look,\n',
      model,
    );
    expect(result.deviations).toMatchObject([{ case: '2', activity: 'look' }]);
    expect(result).toMatchObject({ idleEvents: 2, eventsCounted: 5, ambiguousCases: 0 });
    expect(counts).toEqual({ 'root start 0': 2, '0 go 1': 1, '1 b 3': 1, '0 go 2': 1 });
  });

  it('counts which branch came after which', async () => {
    const { result } = await aligned('case,activity\n1,go\n1,b\n1,back\n1,go\n1,b\n');
    expect([...result.pairs.values()].toSorted()).toEqual([1, 1, 1, 2]);
  });

  it('the counts of a conformant case sum to its moves, its start and its end, however ambiguous', async () => {
    const events = Array.from({ length: 40 }, (_, i) => `1,${['go', 'c', 'back'][i % 3]}`).join(
      '\n',
    );
    const { counts } = await aligned(`case,activity\n${events}\n`);
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBeCloseTo(42, 9);
  });
});
