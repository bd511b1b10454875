import type { Box, Point } from '../../drawing/drawing.ts';
import { localName } from './scanner.ts';

/** Where a file draws its elements (BPMN 2.0.2 §12.2), by their ids. */
export interface Interchange {
  readonly shapes: ReadonlyMap<string, Box & { readonly expanded: boolean }>;
  readonly edges: ReadonlyMap<string, readonly Point[]>;
  /** Where the names of shapes and edges stand, where the file says it. */
  readonly labels: ReadonlyMap<string, Box>;
}

const TAG = /<(\/?)([\w.:-]+)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g;

const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Coordinates that no drawing has: what is further out is somebody's mistake, and is left out. */
const FAR = 1e6;

/**
 * Reads the part of a file that only places things; oddities there are no problem of the model, and
 * are passed over.
 */
export function readInterchange(text: string): Interchange {
  const shapes = new Map<string, Box & { readonly expanded: boolean }>();
  const edges = new Map<string, readonly Point[]>();
  const labels = new Map<string, Box>();
  let shape: { readonly id: string; readonly expanded: boolean } | undefined;
  let edge: { readonly id: string; readonly points: Point[] } | undefined;
  let labelled = false;
  for (const [, slash = '', name = '', rest = ''] of text.matchAll(TAG)) {
    const tag = localName(name);
    if (slash !== '') {
      if (tag === 'BPMNShape') shape = undefined;
      if (tag === 'BPMNLabel') labelled = false;
      if (tag === 'BPMNEdge') edge = undefined;
      continue;
    }
    const attributes = attributesOf(rest);
    const id = localName(attributes.get('bpmnElement') ?? '');
    if (tag === 'BPMNShape') shape = { id, expanded: attributes.get('isExpanded') === 'true' };
    if (tag === 'BPMNEdge') {
      edge = { id, points: [] };
      edges.set(id, edge.points);
    }
    if (tag === 'BPMNLabel') labelled = !rest.endsWith('/');
    const box = tag === 'Bounds' ? boxOf(attributes) : undefined;
    const owner = shape ?? edge;
    if (box && labelled && owner) labels.set(owner.id, box);
    else if (box && shape && !shapes.has(shape.id))
      shapes.set(shape.id, { ...box, expanded: shape.expanded });
    const point = tag === 'waypoint' ? pointOf(attributes) : undefined;
    if (point) edge?.points.push(point);
  }
  return { shapes, edges, labels };
}

function pointOf(attributes: ReadonlyMap<string, string>): Point | undefined {
  const [x, y] = [number(attributes.get('x')), number(attributes.get('y'))];
  return x === undefined || y === undefined ? undefined : { x, y };
}

function boxOf(attributes: ReadonlyMap<string, string>): Box | undefined {
  const at = pointOf(attributes);
  const [width, height] = [number(attributes.get('width')), number(attributes.get('height'))];
  return !at || width === undefined || height === undefined
    ? undefined
    : { ...at, width: Math.abs(width), height: Math.abs(height) };
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [
      localName(name),
      decoded(double ?? single ?? ''),
    ]),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function decoded(value: string): string {
  return value.replace(/&(\w+);/g, (all, name: string) => ENTITIES[name] ?? all);
}

function number(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && Math.abs(value) < FAR
    ? value
    : undefined;
}
