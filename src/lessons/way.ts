import type { Codec } from '../model/codec.ts';
import type { Step, Trace } from '../model/trace.ts';

/** Where a search stands, and how it came there. */
export interface Way {
  readonly row: readonly number[];
  readonly before?: Way;
  readonly step?: Step;
}

/** The run that leads along a way. */
export function traceAlong(codec: Codec, end: Way): Trace {
  const steps: Step[] = [];
  let at = end;
  for (; at.before; at = at.before) if (at.step) steps.unshift(at.step);
  return {
    params: codec.cells(at.row, 'parameter'),
    initial: codec.cells(at.row, 'variable'),
    steps,
  };
}
