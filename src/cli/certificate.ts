import { Fault, problem } from '../errors/index.ts';
import { writeBundle, writeBundleZip } from '../evidence/bundle/write.ts';
import { readZip } from '../evidence/formats/zip.ts';
import { ask, fetchFile, serverFrom, type Server, type ServerValues } from './client.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';
import { RefusedByServer } from './refused.ts';
import { writeNew } from './textFile.ts';
import { readPolicy } from './trustPolicy.ts';

type Asked = ServerValues & {
  readonly id: string;
  readonly out: string;
  readonly format: string | undefined;
  readonly policy: string | undefined;
  /** Seconds. */
  readonly anchored: number;
};

/** `probity certificate`: the bundle, or the verdict in another form. */
export async function certificate(asked: Asked): Promise<Ended> {
  const { id, out, format } = asked;
  const server = serverFrom(asked);
  const anchored = await waitForAnchor(server, id, asked.anchored * 1_000);
  if (format !== undefined) return writeRendering(server, id, format, out);
  const files = await fetchBundle(server, id);
  if (/\.(html|pdf)$/.test(out))
    return printPage(files, `${server.url}/verdicts/${id}`, out, asked.policy);
  await (out.endsWith('.zip') ? writeBundleZip(out, files) : writeBundle(out, files));
  return {
    exit: EXIT.ok,
    json: { verdict: id, folder: out, anchored, files: [...files.keys()] },
    text: () =>
      `${files.size} files in ${out}${anchored ? '' : ' · not anchored yet'} · probity verify ${out} --policy FILE\n`,
  };
}

async function writeRendering(
  server: Server,
  id: string,
  format: string,
  file: string,
): Promise<Ended> {
  await writeNew(
    file,
    format === 'tsr' ? await fetchTimestamp(server, id) : await fetchRendering(server, id, format),
  );
  return {
    exit: EXIT.ok,
    json: { verdict: id, file, format },
    text: () => `${format} in ${file}\n`,
  };
}

async function printPage(
  files: ReadonlyMap<string, Uint8Array>,
  link: string,
  file: string,
  policy: string | undefined,
): Promise<Ended> {
  const { pageOf, printPdf } = await import('./print.ts');
  const trust = policy === undefined ? undefined : await readPolicy(policy);
  if (trust?.ok === false) return trust;
  const { html, isWithdrawn } = await pageOf(files, link, trust?.value.policy);
  await (file.endsWith('.pdf') ? printPdf(html, file) : writeNew(file, html));
  return {
    exit: EXIT.ok,
    json: { file, verified: trust !== undefined, withdrawn: isWithdrawn },
    text: () =>
      `${file}${trust === undefined ? ' · not verified: give --policy FILE' : ' · verified'}${isWithdrawn ? ' · WITHDRAWN' : ''}\n`,
  };
}

async function fetchTimestamp(server: Server, id: string): Promise<Uint8Array> {
  const { verdict } = await ask<{ verdict: { timestamp: string | null } | null }>(
    server,
    'query ($id: ID!) { verdict(id: $id) { timestamp } }',
    { id },
  );
  if (!verdict?.timestamp)
    throw new RefusedByServer([
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
  if (!verdict) throw new RefusedByServer([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
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
    if (!verdict)
      throw new RefusedByServer([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
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
