import { explainerOf } from '../explain/formats.ts';
import type { Reported } from '../explain/question.ts';
import type { Service } from '../service/service.ts';
import type { RunHead } from '../store/index.ts';
import type { AnswerSize } from './answer.ts';
import { traceAddress } from './fileRoutes.ts';
import { LOADS } from './turns.ts';

/** A trace that is larger is fetched from its own address. */
const TRACE_BYTES = 256 * 1024;

/** The report of a run, its large traces by their addresses. */
export async function shownReport(
  { store }: Service,
  { id }: RunHead,
  answer: AnswerSize,
): Promise<unknown> {
  const report = await answer.once(
    `report ${id}`,
    () => store.shownReports.get(id, TRACE_BYTES),
    LOADS,
  );
  return (
    report && {
      ...report,
      properties: report.properties.map((property) => ({
        ...property,
        traceAddress: property.traceSteps === undefined ? null : traceAddress(id, property.name),
      })),
    }
  );
}

/** Asks about the report of what can be explained; of other formats there is nothing to ask. */
export async function ofDiagram<T>(
  { store }: Service,
  run: RunHead,
  ask: (asked: Reported) => Promise<T>,
): Promise<T | undefined> {
  const head = await store.models.head(run.modelId);
  if (head === undefined || explainerOf(head.format) === undefined) return undefined;
  const report = await store.shownReports.get(run.id, TRACE_BYTES);
  const model = report && (await store.models.texts(run.modelId));
  return model
    ? ask({
        source: model.source,
        report,
        ...(model.annotations !== '' && { annotations: model.annotations }),
      })
    : undefined;
}
