import { describe, expect, it } from 'vitest';
import { limitedBody } from '../../src/processes/limitedBody.ts';

/** An answer that says nothing of its length, of so many pieces; without end where absent. */
function answer(pieces = Infinity): { readonly response: Response; sent(): number } {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent >= pieces) return controller.close();
      sent += 1;
      controller.enqueue(new Uint8Array(1_000).fill(sent));
    },
  });
  return { response: new Response(body), sent: () => sent };
}

describe('an answer with a limit', () => {
  it('is read whole below it', async () => {
    const bytes = await limitedBody(answer(3).response, 3_000);
    expect([bytes.length, bytes[0], bytes[2_999]]).toEqual([3_000, 1, 3]);
    expect(await limitedBody(new Response(null), 10)).toHaveLength(0);
  });

  it('is not read on beyond it', async () => {
    const endless = answer();
    await expect(limitedBody(endless.response, 10_000)).rejects.toThrow('more than 10000 bytes');
    expect(endless.sent()).toBeLessThan(20);
  });
});
