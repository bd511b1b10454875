import { describe, expect, it } from 'vitest';
import { runInThread } from '../../src/cli/commandHost.ts';
import { wideModel } from '../wide.ts';
import { fileOf } from './run.ts';

/** Runs a command, sends Ctrl-C after a while, and says how it ended. */
async function interrupted(
  args: readonly string[],
  inside?: URL,
): Promise<{ readonly exit: number; readonly stderr: string }> {
  let stderr = '';
  const io = { stdout: () => undefined, stderr: (text: string) => void (stderr += text) };
  const timer = setTimeout(() => process.emit('SIGINT', 'SIGINT'), 2_500);
  const exit = await (inside
    ? runInThread(['check', ...args], io, inside)
    : runInThread(['check', ...args], io));
  clearTimeout(timer);
  return { exit, stderr };
}

describe('Ctrl-C', () => {
  it('has a check say what it knows, and end', async () => {
    const file = fileOf('wide.yaml', wideModel(30));
    const started = Date.now();
    const { exit } = await interrupted([file, '--timeout', '300', '--engines', 'explore']);
    expect([1, 3]).toContain(exit);
    expect(Date.now() - started).toBeLessThan(60_000);
  }, 90_000);

  it('ends what computes in one piece and hears nothing', async () => {
    const blocked = new URL('fixtures/blocked', import.meta.url);
    const { exit, stderr } = await interrupted([], blocked);
    expect({ exit, stderr }).toEqual({ exit: 130, stderr: 'interrupted\n' });
  }, 60_000);
});
