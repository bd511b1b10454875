import { readWhole } from '../frontends/bpmn/index.ts';
import { quietActions } from '../frontends/bpmn/quiet.ts';
import { readBeside } from './inspect.ts';
import type { Submission } from './types.ts';

/**
 * The actions of a submitted model that need no events in a log, where the log names none of them:
 * gateways and events of a diagram. A model in our own language says by itself what it means.
 */
export async function quietOf(submission: Submission): Promise<ReadonlySet<string>> {
  if (submission.format !== 'bpmn') return new Set();
  const beside = readBeside(submission);
  const read = beside.ok ? await readWhole(submission.source, beside.value) : beside;
  return read.ok ? quietActions(read.value) : new Set();
}
