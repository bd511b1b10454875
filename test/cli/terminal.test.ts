import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { painter } from '../../src/cli/style.ts';
import { CLEAR_LINE, printable } from '../../src/cli/terminal.ts';
import { repository } from '../golden.ts';
import { fileOf } from './run.ts';

const HOSTILE = '\u001b[2J\u009b31m\u202egood\u2066\u200f\u0007\u007f';
const model = (name: string, never = 'shipped'): string =>
  JSON.stringify({
    probity: 1,
    name,
    actors: { shop: {} },
    variables: { shipped: { type: 'bool', init: false } },
    actions: {
      ship: { actor: 'shop', label: name, when: 'not(shipped)', then: { shipped: true } },
    },
    properties: { never: { never } },
  });

/** `probity check FILE`, as a shell runs it. */
const shell = (command: string) =>
  spawnSync('bash', ['-c', `probity() { node --import tsx src/cli/main.ts "$@"; }; ${command}`], {
    cwd: repository('.'),
    encoding: 'utf8',
  });

describe('what others named', () => {
  it('cannot reach the terminal as a control sequence; what we paint can', () => {
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200f]/u;
    expect(printable(HOSTILE)).not.toMatch(control);
    expect(printable(HOSTILE)).toContain('\\u001b[2J\\u009b31m\\u202egood');
    expect(printable('a\tb\r\nc\n')).toBe('a\tb\nc\n');
    expect(JSON.parse(printable(JSON.stringify({ [HOSTILE]: HOSTILE })))).toEqual({
      [HOSTILE]: HOSTILE,
    });
    const paint = painter({ stdout: () => undefined, stderr: () => undefined, isTTY: true });
    expect(
      printable(`${CLEAR_LINE}${paint('red', HOSTILE)}`).replaceAll('\u001b[', ''),
    ).not.toMatch(control);
    expect(printable(CLEAR_LINE)).toBe('\u001b[2K\u001b[G');
  });

  it('is shown as text by check, in names and problems', () => {
    const hostile = fileOf('hostile.json', printable(model(HOSTILE)));
    const wrong = fileOf('wrong.json', printable(JSON.stringify({ [HOSTILE]: 1 })));
    for (const [file, exit] of [
      [hostile, 1],
      [wrong, 2],
    ] as const) {
      const { status, stdout, stderr } = shell(`probity check ${file}`);
      expect(status).toBe(exit);
      // eslint-disable-next-line no-control-regex -- these are what must not be there
      expect(stdout + stderr).not.toMatch(/[\u001b\u0007\u009b\u202e]/u);
      expect(stdout + stderr).toContain('\\u001b[2J');
    }
  }, 60_000);
});

describe('a reader that goes away, and a full disk', () => {
  it('leave the code of the command, and are a fault', () => {
    const holds = fileOf('holds.json', model('holds', 'not(shipped) and shipped'));
    const breaks = fileOf('breaks.json', model('breaks'));
    // The reader is gone before anything is written.
    const code = (file: string, options = ''): string =>
      shell(`probity check ${file} ${options} > >(exec <&-; exit) 2>/dev/null; echo "code $?"`)
        .stdout;
    expect(code(breaks)).toContain('code 1');
    expect(code(holds, '--property never')).toContain('code 0');
    const piped = shell(`probity check ${holds} --property never | true; echo "\${PIPESTATUS[0]}"`);
    expect([piped.stdout.trim(), piped.stderr]).toEqual(['0', '']);
    const full = shell(`probity check ${holds} --property never > /dev/full`);
    expect(full.status).toBe(4);
    expect(full.stderr).toContain('could not be written');
  }, 120_000);
});
