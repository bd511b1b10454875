/**
 * The inside of the thread that builds blocks for a Stardust network (`stardust.ts`). The legacy
 * SDK does its proof of work in place, which takes the thread for seconds, and knows no way to
 * build a block without sending it: the send is caught here, so that the bytes can be kept first.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { stardustBlockId } from './stardustBlock.ts';

interface Sdk {
  readonly Client: new (options: object) => {
    buildAndPostBlock(secret: undefined, options: object): Promise<unknown>;
  };
  utf8ToHex(text: string): string;
}

const { url, tag } = workerData as { url: string; tag: string };
const network = globalThis.fetch;
let built: Uint8Array | undefined;

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  if (request.method !== 'POST') return network(request);
  built = new Uint8Array(await request.arrayBuffer());
  const answer = Response.json({ blockId: stardustBlockId(built) }, { status: 201 });
  // The SDK reads where an answer came from, and only the network fills that in.
  return Object.defineProperty(answer, 'url', { value: request.url });
};

async function build(data: string): Promise<Uint8Array> {
  const { Client, utf8ToHex } = createRequire(import.meta.url)('@iota/sdk/node') as Sdk;
  const client = new Client({ nodes: [url], localPow: true, ignoreNodeHealth: true });
  built = undefined;
  await client.buildAndPostBlock(undefined, { tag: utf8ToHex(tag), data: utf8ToHex(data) });
  if (built === undefined) throw new Error('the SDK built no block');
  return built;
}

parentPort?.on('message', (data: string) => {
  build(data).then(
    (block) => parentPort?.postMessage({ block }),
    (error: unknown) =>
      parentPort?.postMessage({
        failed: error instanceof Error ? error.message : JSON.stringify(error),
        missing: (error as { code?: unknown } | null)?.code === 'MODULE_NOT_FOUND',
      }),
  );
});
