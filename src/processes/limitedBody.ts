/**
 * The bytes of an answer, read no further than a limit: its length may be wrong or not announced,
 * and a server may send for ever. Throws where there are more.
 */
export async function limitedBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    size += part.value.length;
    if (size > maxBytes) {
      await reader?.cancel();
      throw new Error(`the answer has more than ${maxBytes} bytes`);
    }
    parts.push(part.value);
  }
  return new Uint8Array(Buffer.concat(parts));
}
