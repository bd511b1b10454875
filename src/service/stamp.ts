import { toBase64, utf8 } from '../evidence/formats/encoding.ts';
import { requestTimestamp } from '../evidence/signing/timestamp.ts';
import { describeError } from './observe.ts';
import type { Installation } from './service.ts';

/** Verdicts that one sweep has stamped; the rest wait for the next. */
const AT_ONCE = 20;

/**
 * Has verdicts stamped that are not yet, where an authority is configured. One that is away delays
 * nothing but the stamps.
 */
export async function stampDue({ config, store, logger }: Installation): Promise<void> {
  if (config.tsaUrl === undefined) return;
  for (const { organisationId, id } of await store.all.verdicts.unstamped(AT_ONCE)) {
    const { verdicts } = store.of(organisationId);
    try {
      const envelope = (await verdicts.get(id))?.envelope;
      if (!envelope) continue;
      await verdicts.stamp(id, toBase64(await requestTimestamp(config.tsaUrl, utf8(envelope))));
    } catch (error) {
      logger.warn('timestamp.postponed', { verdict: id, ...describeError(error) });
      return;
    }
  }
}
