import { fetchFile, serverFrom, type ServerValues } from './client.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';
import { writeNew } from './textFile.ts';

type Asked = ServerValues & {
  readonly from: string;
  readonly to: string;
  readonly out: string;
};

/**
 * `probity audit`: what the server gives is written as it is; each part of it verifies by itself.
 */
export async function audit(asked: Asked): Promise<Ended> {
  const { from, to, out } = asked;
  const period = new URLSearchParams({ from, to }).toString();
  const response = await fetchFile(serverFrom(asked), `/audit.zip?${period}`);
  const archive = new Uint8Array(await response.arrayBuffer());
  await writeNew(out, archive);
  return {
    exit: EXIT.ok,
    json: { file: out, bytes: archive.length },
    text: () => `${archive.length} bytes in ${out} · unpack it, then: sha256sum -c SHA256SUMS\n`,
  };
}
