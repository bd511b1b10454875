import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PROGRAM } from '../program.ts';
import { temporaryFolder } from '../servers.ts';

function demo(dataDir: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...PROGRAM, 'demo'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATABASE_URL: '',
      REDIS_URL: '',
      PROBITY_DATA_DIR: dataDir,
      PROBITY_IOTA_NETWORK: 'emulated',
    },
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...texts })));
}

describe('probity demo', () => {
  it('ends well: both workflows signed, logged, anchored, accepted offline, and their tampered copies refused', async () => {
    const dataDir = await temporaryFolder();
    const { code, stdout, stderr } = await demo(dataDir);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout.match(/offline: accepted · tampered copy: refused/gu)).toHaveLength(2);
    expect(stdout).toContain('anchored (emulated)');
    // Whose word the answers are, of both.
    expect(
      stdout.match(/of \d+ answers stand behind: explore \d+.* · tlc \d+.* · z3 \d+/gu),
    ).toHaveLength(2);
    expect(stdout).toMatch(/deviation {2}at order-\w+-2\n/u);
    expect(stdout).toContain('this can only happen if tamper.redirect.payee');
    expect(stdout).toContain('verified to help: “Refund and cancel”');
    expect(stdout).toContain('incident statement offline: accepted');
    await rm(dataDir, { recursive: true, force: true });
  }, 180_000);
});
