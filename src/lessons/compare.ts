import { canonicalJson } from '../canonical/index.ts';

/** One text for what says the same, whatever the order of its keys; of nothing none. */
export const comparable = (value: unknown): string =>
  value === undefined ? '' : canonicalJson(JSON.parse(JSON.stringify(value)));
