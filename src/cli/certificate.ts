import { isAbsolute, normalize } from 'node:path';
import { Fault, problem } from '../errors/index.ts';
import { writeBundle, writeBundleZip } from '../evidence/bundle.ts';
import { printProblems } from './check.ts';
import { ask, Refused, serverFrom, type Server } from './client.ts';
import { EXIT, type Io } from './io.ts';
import { readOne, SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';

export const CERTIFICATE_HELP = `probity certificate ID --out DIR|FILE.zip [options]      write the bundle of a verdict

  --out DIR         a new or empty folder, or a new file whose name ends in .zip
  --anchored S      wait up to S seconds for the anchor · default: 0
${SERVER_HELP}
exit: 0 written · 2 no such verdict, or bad arguments · 4 a fault
`;

const OPTIONS = { ...SERVER_OPTIONS, out: { type: 'string' }, anchored: { type: 'string' } } as const;

export async function certificateCommand(args: string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(CERTIFICATE_HELP);
    return EXIT.ok;
  }
  const parsed = readOne(args, 'ID', OPTIONS);
  if (!parsed.ok) return printProblems(parsed.problems, json, io);
  const { only: id, values } = parsed.value;
  const folder = values.out;
  if (folder === undefined) return printProblems([problem('OPTION_INVALID', '--out', 'say where: --out DIR, or --out FILE.zip')], json, io);
  const waitS = Number(values.anchored ?? 0);
  if (!(waitS >= 0 && waitS <= 3_600)) return printProblems([problem('OPTION_INVALID', '--anchored', '--anchored takes seconds, up to 3600')], json, io);
  return talking(io, json, async () => {
    const server = serverFrom(values);
    const anchored = await waitForAnchor(server, id, waitS * 1_000);
    const files = await fetchBundle(server, id);
    await (folder.endsWith('.zip') ? writeBundleZip(folder, files) : writeBundle(folder, files));
    if (json) io.stdout(`${JSON.stringify({ verdict: id, folder, anchored, files: [...files.keys()] }, null, 2)}\n`);
    else io.stdout(`${files.size} files in ${folder}${anchored ? '' : ' · not anchored yet'} · probity verify ${folder} --policy FILE\n`);
    return EXIT.ok;
  });
}

/** True when the anchor is confirmed, or becomes so in time. */
export async function waitForAnchor(server: Server, id: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { verdict } = await ask<{ verdict: { anchor: { state: string } | null } | null }>(server, 'query ($id: ID!) { verdict(id: $id) { anchor { state } } }', { id });
    if (!verdict) throw new Refused([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
    if (verdict.anchor?.state === 'confirmed') return true;
    if (Date.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The files of a bundle. The server is not trusted with our disk: a path that leaves the folder is refused. */
export async function fetchBundle(server: Server, id: string): Promise<Map<string, Uint8Array>> {
  const { verdict } = await ask<{ verdict: { files: readonly { path: string; base64: string }[] } | null }>(server,
    'query ($id: ID!) { verdict(id: $id) { files { path base64 } } }', { id });
  if (!verdict) throw new Refused([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
  const files = new Map<string, Uint8Array>();
  for (const { path, base64 } of verdict.files) {
    const inside = path !== '' && !isAbsolute(path) && !/[\\:\0]/u.test(path) && normalize(path) === path && !path.split('/').includes('..');
    if (!inside) throw new Fault('INTERNAL', `the server names a file outside the bundle: ${JSON.stringify(path)}`);
    files.set(path, new Uint8Array(Buffer.from(base64, 'base64')));
  }
  return files;
}
