import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import type { Drawing } from '../../drawing/drawing.ts';
import { talkers } from './channels.ts';
import type { ChannelSemantics, Diagram } from './diagram.ts';
import { documentOf } from './document.ts';
import { drawingOf } from './drawing.ts';
import { parse } from './moddle.ts';
import { netOf } from './net.ts';
import { readInterchange } from './interchange.ts';
import type { Cell } from './places.ts';
import { readDiagram } from './read.ts';
import { scan } from './scan.ts';

/**
 * Reads BPMN 2.0 XML as a native model with the properties that every diagram is asked (docs/bpmn.md).
 * Five steps, each complete before the next: guard the text, parse it, build the graph, play out its token game, print it.
 * What is wrong comes back all at once, with element ids and positions; what is left out or widened stands in `abstractions`.
 */
export async function readBpmn(source: string, channels?: ChannelSemantics): Promise<Result<ModelDocument>> {
  const read = await readWhole(source, channels);
  return read.ok ? ok(read.value.document) : read;
}

/** A diagram with its model, and what each variable of the model counts. */
export interface Reading {
  readonly document: ModelDocument;
  readonly diagram: Diagram;
  readonly cells: ReadonlyMap<string, Cell>;
}

/** As `readBpmn`, with what an answer is explained by. */
export async function readWhole(source: string, channels?: ChannelSemantics): Promise<Result<Reading>> {
  const scanned = scan(source);
  if (!scanned.ok) return scanned;
  const parsed = await parse(scanned.value);
  if (!parsed.ok) return parsed;
  const diagram = readDiagram(parsed.value, scanned.value.places);
  if (!diagram.ok) return diagram;
  const net = netOf(diagram.value);
  if (!net.ok) return net;
  const semantics = channels ?? diagram.value.channels;
  if (semantics === 'causal' && talkers(diagram.value) > 2) {
    return bad(problem('BPMN_UNSUPPORTED', 'channels', `causal order between ${talkers(diagram.value)} participants is not supported yet; between two it is the order of sending`));
  }
  return ok({ diagram: diagram.value, ...documentOf(diagram.value, net.value, semantics) });
}

/** How the file is drawn: as it says, or as laid out here. */
export async function readDrawing(source: string): Promise<Result<Drawing>> {
  const scanned = scan(source);
  if (!scanned.ok) return scanned;
  const parsed = await parse(scanned.value);
  return parsed.ok ? ok(drawingOf(parsed.value.definitions, readInterchange(scanned.value.interchange))) : parsed;
}
