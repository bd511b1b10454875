import { writeFile } from 'node:fs/promises';
import { Fault, problem } from '../errors/index.ts';
import { parseArgs } from './arguments.ts';
import { printProblems } from './problems.ts';
import { fetchFile, serverFrom } from './client.ts';
import { EXIT, type Io } from './io.ts';
import { SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';

export const AUDIT_HELP = `probity audit --from DATE --to DATE --out FILE.zip [options]      all verdicts of a period, with what proves them

  --from DATE       2026-01-01, or 2026-01-01T12:00:00Z
  --to DATE         not included
  --out FILE        a new file: a ZIP that any tool unpacks
${SERVER_HELP}
The key must be of the role compliance or admin.
exit: 0 written · 2 bad arguments · 4 a fault
`;

const OPTIONS = {
  ...SERVER_OPTIONS,
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
} as const;

/**
 * `probity audit`: what the server gives is written as it is; each part of it verifies by itself.
 */
export async function auditCommand(args: string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(AUDIT_HELP);
    return EXIT.ok;
  }
  const given = parseArgs({ args, options: OPTIONS, strict: true });
  if (!given.ok) return printProblems(given.problems, json, io);
  const { values } = given.value;
  const { from, to, out } = values;
  if (from === undefined || to === undefined || out === undefined) {
    const missing = Object.entries({ from, to, out }).filter(([, value]) => value === undefined);
    return printProblems(
      missing.map(([name]) => problem('OPTION_INVALID', `--${name}`, `--${name} is needed`)),
      json,
      io,
    );
  }
  return talking(io, json, async () => {
    const server = serverFrom(values);
    const period = new URLSearchParams({ from, to }).toString();
    const response = await fetchFile(server, `/audit.zip?${period}`);
    const archive = new Uint8Array(await response.arrayBuffer());
    await writeFile(out, archive, { flag: 'wx' }).catch((cause: unknown) => {
      throw new Fault('DATA_DIR', `${out} cannot be written, or is there already`, { cause });
    });
    io.stdout(
      json
        ? `${JSON.stringify({ file: out, bytes: archive.length }, null, 2)}\n`
        : `${archive.length} bytes in ${out} · unpack it, then: sha256sum -c SHA256SUMS\n`,
    );
    return EXIT.ok;
  });
}
