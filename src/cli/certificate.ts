import { writeFile } from 'node:fs/promises';
import { Fault, problem } from '../errors/index.ts';
import { writeBundle, writeBundleZip } from '../evidence/bundle/write.ts';
import { readZip } from '../evidence/formats/zip.ts';
import { printProblems } from './problems.ts';
import { ask, fetchFile, Refused, serverFrom, type Server } from './client.ts';
import { EXIT, type Io } from './io.ts';
import { readPolicy } from './verify.ts';
import { readOne, SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';

export const CERTIFICATE_HELP = `probity certificate ID --out DIR|FILE [options]      write the bundle of a verdict, or show it in another form

  --out DIR         a new or empty folder; or a new file, whose name says what is written:
                    .zip the bundle · .html a page to print · .pdf the same, by the Chromium that is installed
  --format F        svr (in-toto Simple Verification Result), vc (W3C Verifiable Credential), vc-jwt, or
                    tsr (RFC 3161 timestamp of envelope.json, where the service has an authority), into --out FILE
  --policy FILE     for .html and .pdf: verify first, print how, and print nothing that does not verify
  --anchored S      wait up to S seconds for the anchor · default: 0
${SERVER_HELP}
exit: 0 written · 2 no such verdict, or bad arguments · 4 a fault
`;

const OPTIONS = {
  ...SERVER_OPTIONS,
  out: { type: 'string' },
  format: { type: 'string' },
  policy: { type: 'string' },
  anchored: { type: 'string' },
} as const;

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
  if (folder === undefined)
    return printProblems(
      [problem('OPTION_INVALID', '--out', 'say where: --out DIR, or --out FILE.zip')],
      json,
      io,
    );
  const waitS = Number(values.anchored ?? 0);
  if (!(waitS >= 0 && waitS <= 3_600))
    return printProblems(
      [problem('OPTION_INVALID', '--anchored', '--anchored takes seconds, up to 3600')],
      json,
      io,
    );
  return talking(io, json, async () => {
    const server = serverFrom(values);
    const anchored = await waitForAnchor(server, id, waitS * 1_000);
    if (values.format !== undefined) {
      await writeNew(
        folder,
        values.format === 'tsr'
          ? await fetchTimestamp(server, id)
          : await fetchRendering(server, id, values.format),
      );
      io.stdout(
        json
          ? `${JSON.stringify({ verdict: id, file: folder, format: values.format }, null, 2)}\n`
          : `${values.format} in ${folder}\n`,
      );
      return EXIT.ok;
    }
    const files = await fetchBundle(server, id);
    if (/\.(html|pdf)$/.test(folder))
      return printed(
        files,
        `${server.url}/verdicts/${id}`,
        { file: folder, policy: values.policy, json },
        io,
      );
    await (folder.endsWith('.zip') ? writeBundleZip(folder, files) : writeBundle(folder, files));
    if (json)
      io.stdout(
        `${JSON.stringify({ verdict: id, folder, anchored, files: [...files.keys()] }, null, 2)}\n`,
      );
    else
      io.stdout(
        `${files.size} files in ${folder}${anchored ? '' : ' · not anchored yet'} · probity verify ${folder} --policy FILE\n`,
      );
    return EXIT.ok;
  });
}

async function writeNew(file: string, text: string | Uint8Array): Promise<void> {
  await writeFile(file, text, { flag: 'wx' }).catch((cause: unknown) => {
    throw new Fault('DATA_DIR', `${file} cannot be written, or is there already`, { cause });
  });
}

async function printed(
  files: ReadonlyMap<string, Uint8Array>,
  link: string,
  to: { readonly file: string; readonly policy: string | undefined; readonly json: boolean },
  io: Io,
): Promise<number> {
  const { pageOf, printPdf } = await import('./print.ts');
  const trust = to.policy === undefined ? undefined : await readPolicy(to.policy);
  if (trust !== undefined && !trust.ok) return printProblems(trust.problems, to.json, io);
  const page = await pageOf(files, link, trust?.value.policy);
  const { html, isWithdrawn } = page;
  await (to.file.endsWith('.pdf') ? printPdf(html, to.file) : writeNew(to.file, html));
  io.stdout(
    to.json
      ? `${JSON.stringify({ file: to.file, verified: trust !== undefined, withdrawn: isWithdrawn }, null, 2)}\n`
      : `${to.file}${trust === undefined ? ' · not verified: give --policy FILE' : ' · verified'}${isWithdrawn ? ' · WITHDRAWN' : ''}\n`,
  );
  return EXIT.ok;
}

async function fetchTimestamp(server: Server, id: string): Promise<Uint8Array> {
  const { verdict } = await ask<{ verdict: { timestamp: string | null } | null }>(
    server,
    'query ($id: ID!) { verdict(id: $id) { timestamp } }',
    { id },
  );
  if (!verdict?.timestamp)
    throw new Refused([
      problem('NOT_FOUND', 'ID', 'there is no such verdict, or no timestamp of it (yet)'),
    ]);
  return new Uint8Array(Buffer.from(verdict.timestamp, 'base64'));
}

async function fetchRendering(server: Server, id: string, format: string): Promise<string> {
  const { verdict } = await ask<{ verdict: { rendering: string } | null }>(
    server,
    'query ($id: ID!, $format: Rendering!) { verdict(id: $id) { rendering(format: $format) } }',
    { id, format: format === 'vc-jwt' ? 'vcJwt' : format },
  );
  if (!verdict) throw new Refused([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
  return verdict.rendering;
}

/** True when the anchor is confirmed, or becomes so in time. */
export async function waitForAnchor(
  server: Server,
  id: string,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { verdict } = await ask<{ verdict: { anchor: { state: string } | null } | null }>(
      server,
      'query ($id: ID!) { verdict(id: $id) { anchor { state } } }',
      { id },
    );
    if (!verdict) throw new Refused([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
    if (verdict.anchor?.state === 'confirmed') return true;
    if (Date.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * The files of a bundle. The server is not trusted with our disk: what is not an archive as we
 * write it, with nothing but plain paths, is refused.
 */
export async function fetchBundle(server: Server, id: string): Promise<Map<string, Uint8Array>> {
  const response = await fetchFile(server, `/verdicts/${encodeURIComponent(id)}/bundle.zip`);
  const files = readZip(new Uint8Array(await response.arrayBuffer()));
  if (!files) throw new Fault('INTERNAL', `what ${server.url} gives for ${id} is no bundle`);
  return files;
}
