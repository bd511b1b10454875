import type { Result } from '../errors/index.ts';
import { readWhole, type ReadDiagram } from '../frontends/bpmn/index.ts';
import type { Report } from '../model/outcome.ts';
import { readBeside } from '../checking/diagram.ts';
import type { Submission } from '../checking/types.ts';
import type { Time } from '../time/time.ts';
import { DiagramRuns } from './runs.ts';
import { findingsOf } from './findings.ts';
import type { Told } from './told.ts';
import { whysOf } from './why.ts';

/** What was said of a diagram beside it. */
export type Said = Pick<Submission, 'channels' | 'outside' | 'strict' | 'annotations'>;

/** A diagram read again, with what was said of it. */
export async function readAgain(source: string, said: Said): Promise<Result<ReadDiagram>> {
  const beside = readBeside(said);
  return beside.ok ? readWhole(source, beside.value) : beside;
}

/**
 * Tells what a diagram violates, and what is wrong with it. Of other formats, and of diagrams that
 * cannot be read any more, nothing is told.
 */
export async function tell(
  source: string,
  report: Report,
  said: Said = {},
  time?: Time,
): Promise<Told> {
  const reading = await readAgain(source, said);
  if (!reading.ok) return { explanations: [], findings: [] };
  const runs = DiagramRuns.of(reading.value, time);
  const whys = whysOf(reading.value, report, runs);
  const explanations = whys.map(({ why, blamed, dead, story }) => ({
    property: story.property.name,
    why,
    elements: [...new Set([...blamed, ...dead])],
  }));
  return { explanations, findings: findingsOf(reading.value, whys, runs) };
}
