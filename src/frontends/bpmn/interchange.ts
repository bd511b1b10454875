import type { Box, Point } from '../../drawing/drawing.ts';
import { localName } from './scan.ts';

/** Where a file draws its elements (BPMN 2.0.2 §12.2), by their ids. */
export interface Interchange {
  readonly shapes: ReadonlyMap<string, Box & { readonly expanded: boolean }>;
  readonly edges: ReadonlyMap<string, readonly Point[]>;
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
    const id = attributes.get('bpmnElement') ?? '';
    if (tag === 'BPMNShape') shape = { id, expanded: attributes.get('isExpanded') === 'true' };
    if (tag === 'BPMNEdge') {
      edge = { id, points: [] };
      edges.set(id, edge.points);
    }
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((what) =>
      number(attributes.get(what)),
    );
    if (tag === 'BPMNLabel') labelled = !rest.endsWith('/');
    if (
      tag === 'Bounds' &&
      shape &&
      !labelled &&
      x !== undefined &&
      y !== undefined &&
      width !== undefined &&
      height !== undefined
    ) {
      if (!shapes.has(shape.id))
        shapes.set(shape.id, {
          x,
          y,
          width: Math.abs(width),
          height: Math.abs(height),
          expanded: shape.expanded,
        });
    } else if (tag === 'waypoint' && edge && x !== undefined && y !== undefined)
      edge.points.push({ x, y });
  }
  return { shapes, edges };
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
