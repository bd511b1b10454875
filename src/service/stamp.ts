import { toBase64, utf8 } from '../evidence/formats/encoding.ts';
import { requestTimestamp } from '../evidence/signing/timestamp.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';

/** Verdicts that one sweep has stamped; the rest wait for the next. */
const AT_ONCE = 20;

/**
 * Has verdicts stamped that are not yet, where an authority is configured. One that is away delays
 * nothing but the stamps.
 */
export async function stampDue({ config, store, logger }: Service): Promise<void> {
  if (config.tsaUrl === undefined) return;
  for (const { id, envelope } of await store.verdicts.unstamped(AT_ONCE)) {
    try {
      await store.verdicts.stamp(
        id,
        toBase64(await requestTimestamp(config.tsaUrl, utf8(envelope))),
      );
    } catch (error) {
      logger.warn('timestamp.postponed', { verdict: id, ...describeError(error) });
      return;
    }
  }
}
