import { afterEach, describe, expect, it, vi } from 'vitest';
import { runInThread } from '../../src/cli/commandHost.ts';
import { wideModel } from '../wide.ts';
import { fileOf } from './run.ts';

afterEach(() => void vi.restoreAllMocks());

/** Runs a command, sends Ctrl-C once it is under way, and says how it ended. */
async function interrupted(
  args: readonly string[],
  isUnderWay: (printed: string) => boolean,
  inside?: URL,
): Promise<{ readonly exit: number; readonly stderr: string }> {
  let stderr = '';
  let isSent = false;
  const io = {
    stdout: () => undefined,
    stderr: (text: string) => void (stderr += text),
    isTTY: true,
  };
  // What comes out of the thread goes to the streams as it is.
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      if (!isSent && isUnderWay(String(text))) {
        isSent = true;
        setImmediate(() => process.emit('SIGINT', 'SIGINT'));
      }
      return true;
    });
  const exit = await (inside
    ? runInThread(['check', ...args], io, inside)
    : runInThread(['check', ...args], io));
  return { exit, stderr };
}

describe('Ctrl-C', () => {
  it('has a check say what it knows, and end', async () => {
    const file = fileOf('wide.yaml', wideModel(30));
    const started = Date.now();
    const { exit } = await interrupted(
      [file, '--timeout', '300', '--engines', 'explore'],
      (printed) => printed.includes('explore:'),
    );
    expect([1, 3]).toContain(exit);
    expect(Date.now() - started).toBeLessThan(60_000);
  }, 90_000);

  it('ends what computes in one piece and hears nothing', async () => {
    const blocked = new URL('fixtures/blocked', import.meta.url);
    const { exit, stderr } = await interrupted([], () => true, blocked);
    expect({ exit, stderr }).toEqual({ exit: 130, stderr: 'interrupted\n' });
  }, 60_000);
});
