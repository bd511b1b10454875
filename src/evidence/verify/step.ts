import type { LayerCode, LayerName, LayerStatus, VerifiedLayer } from './report.ts';

/**
 * What a layer said, and what it hands to the layers above; nothing to hand on when it did not
 * pass.
 */
export interface LayerStep<T> {
  readonly layer: VerifiedLayer;
  readonly value?: T;
}

export const step = <T>(
  layer: LayerName,
  status: LayerStatus,
  code: LayerCode,
  detail?: string,
  value?: T,
): LayerStep<T> => ({
  layer: { layer, status, code, ...(detail === undefined ? {} : { detail }) },
  ...(value === undefined ? {} : { value }),
});

const notReached = <T>(layer: LayerName): LayerStep<T> => step(layer, 'skipped', 'NOT_REACHED');

export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** What a layer says of what those below it handed on; it is not reached where one did not pass. */
export async function onceGiven<V, T>(
  layer: LayerName,
  value: V | undefined,
  check: (value: V) => LayerStep<T> | Promise<LayerStep<T>>,
): Promise<LayerStep<T>> {
  return value === undefined ? notReached(layer) : check(value);
}
