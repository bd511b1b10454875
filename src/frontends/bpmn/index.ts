import { ok, type Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import { documentOf } from './document.ts';
import { parse } from './moddle.ts';
import { netOf } from './net.ts';
import { readDiagram } from './read.ts';
import { scan } from './scan.ts';

/**
 * Reads BPMN 2.0 XML as a native model with the properties that every diagram is asked (docs/bpmn.md).
 * Five steps, each complete before the next: guard the text, parse it, build the graph, play out its token game, print it.
 * What is wrong comes back all at once, with element ids and positions; what is left out or widened stands in `abstractions`.
 */
export async function readBpmn(source: string): Promise<Result<ModelDocument>> {
  const scanned = scan(source);
  if (!scanned.ok) return scanned;
  const parsed = await parse(scanned.value);
  if (!parsed.ok) return parsed;
  const diagram = readDiagram(parsed.value, scanned.value.places);
  if (!diagram.ok) return diagram;
  const net = netOf(diagram.value);
  if (!net.ok) return net;
  return ok(documentOf(diagram.value, net.value));
}
