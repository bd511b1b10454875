import type { NamedThreats } from '../../threats/selection.ts';
import type { Costs } from '../weights.ts';

/** What more is asked of the process behind a risk. */
export interface ProcessRequest {
  /** Steps in which a loss is asked about. */
  readonly within?: number | undefined;
  readonly expected?: boolean | undefined;
  readonly costs?: Costs | undefined;
  readonly robust?: boolean | undefined;
  /** The threats of an attacker who makes the most, or the least, of them. */
  readonly attackers?: NamedThreats | undefined;
}
