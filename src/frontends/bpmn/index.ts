import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import { annotate, type Annotations } from './annotations.ts';
import type { Drawing } from '../../drawing/drawing.ts';
import type { ChannelSemantics, Diagram, Outside } from './diagram.ts';
import { documentOf, type Printed } from './document.ts';
import { drawingOf } from './drawing.ts';
import { parse } from './moddle.ts';
import { netOf } from './net.ts';
import { readInterchange } from './interchange.ts';
import { readDiagram } from './read.ts';
import { scan } from './scan.ts';

/**
 * Reads BPMN 2.0 XML as a native model with the properties that every diagram is asked
 * (docs/bpmn.md). Five steps, each complete before the next: guard the text, parse it, build the
 * graph, play out its token game, print it. What is wrong comes back all at once, with element ids
 * and positions; what is left out or widened stands in `abstractions`.
 */
export async function readBpmn(source: string, how: Beside = {}): Promise<Result<ModelDocument>> {
  const read = await readWhole(source, how);
  return read.ok ? ok(read.value.document) : read;
}

/** What may be said beside the file. */
export interface Beside {
  /** How messages travel, whatever the diagram says. */
  readonly channels?: ChannelSemantics;
  readonly annotations?: Annotations;
  /** Whether the outside may stay silent, whatever the annotations say. */
  readonly outside?: Outside;
  /** Whether what the standard does not allow is refused, also where it has a meaning. */
  readonly strict?: boolean;
}

/** A diagram with its model. */
export interface ReadDiagram extends Printed {
  readonly diagram: Diagram;
}

/** As `readBpmn`, with what an answer is explained by. */
export async function readWhole(
  source: string,
  { channels, annotations = {}, outside, strict = annotations.strict === true }: Beside = {},
): Promise<Result<ReadDiagram>> {
  const scanned = scan(source);
  if (!scanned.ok) return scanned;
  const { repeated } = scanned.value;
  if (strict && repeated.length > 0)
    return bad(
      ...repeated.map(({ sentence, place }) => problem('BPMN_STRUCTURE', '', sentence, place)),
    );
  const parsed = await parse(scanned.value);
  if (!parsed.ok) return parsed;
  const wrong = annotate(parsed.value.definitions, annotations);
  if (wrong.length > 0) return bad(...wrong);
  const diagram = readDiagram(parsed.value, scanned.value.places, annotations, strict);
  if (!diagram.ok) return diagram;
  const net = netOf(diagram.value);
  if (!net.ok) return net;
  return ok({
    diagram: diagram.value,
    ...documentOf(
      diagram.value,
      net.value,
      channels ?? diagram.value.channels,
      outside ?? (annotations.outside === 'silent' ? 'silent' : 'answers'),
    ),
  });
}

/** How the file is drawn: as it says, or as laid out here. */
export async function readDrawing(source: string): Promise<Result<Drawing>> {
  const scanned = scan(source);
  if (!scanned.ok) return scanned;
  const parsed = await parse(scanned.value);
  return parsed.ok
    ? ok(drawingOf(parsed.value.definitions, readInterchange(scanned.value.interchange)))
    : parsed;
}
