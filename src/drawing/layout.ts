import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing, Figure, Line, Point } from './drawing.ts';

/** Something to be placed, with what stands inside of it and on its border. */
export interface Placeable extends Omit<Figure, 'x' | 'y'> {
  readonly inside: readonly Placeable[];
  readonly links: readonly Link[];
  readonly onBorder: readonly Placeable[];
}

export interface Link extends Omit<Line, 'points'> {
  readonly from: string;
  readonly to: string;
}

/** More than this is placed in rows: layers of so many would take minutes. */
const MAX_LAYERED = 1_500;
const GAP = 40;
const HEAD = 30;

interface Placed {
  readonly figures: readonly Figure[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/**
 * Places what has no place: layers from left to right (Sugiyama, as in dagre), each sub-process by
 * itself, pools one below the other.
 */
export function layOut(pools: readonly Placeable[], messages: readonly Link[]): Drawing {
  const figures: Figure[] = [];
  const lines: Line[] = [];
  const all = pools.map((pool) => ({ pool, content: place(pool.inside, pool.links) }));
  const width = Math.max(200, ...all.map(({ content }) => content.width)) + 2 * GAP + HEAD;
  let y = 0;
  for (const { pool, content } of all) {
    const height = Math.max(100, content.height + 2 * GAP);
    figures.push(
      { ...bare(pool), x: 0, y, width, height },
      ...content.figures.map((figure) => moved(figure, HEAD + GAP, y + GAP)),
    );
    lines.push(
      ...content.lines.map((line) => ({
        ...line,
        points: line.points.map((p) => ({ x: p.x + HEAD + GAP, y: p.y + y + GAP })),
      })),
    );
    y += height + 60;
  }
  const found = new Map(figures.map((figure) => [figure.id, figure]));
  for (const { from, to, ...link } of messages) {
    const [source, target] = [found.get(from), found.get(to)];
    if (source && target) lines.push({ ...link, points: upright(source, target) });
  }
  return { figures, lines };
}

/**
 * One container: what stands inside of something is placed first, so that it is known how large it
 * is.
 */
function place(items: readonly Placeable[], links: readonly Link[]): Placed {
  const inner = new Map(
    items
      .filter((item) => item.inside.length > 0)
      .map((item) => [item.id, place(item.inside, item.links)]),
  );
  const sized = items.map((item) => {
    const content = inner.get(item.id);
    return content
      ? { ...item, width: content.width + 2 * GAP, height: content.height + 2 * GAP }
      : item;
  });
  const hosts = new Map(
    sized.flatMap((item) => item.onBorder.map((event) => [event.id, item.id] as const)),
  );
  const known = new Set(sized.map((item) => item.id));
  const tied = links.filter(
    (link) =>
      known.has(hosts.get(link.from) ?? link.from) && known.has(hosts.get(link.to) ?? link.to),
  );
  const { positions, bends } =
    sized.length > MAX_LAYERED ? rows(sized) : layers(sized, tied, hosts);
  const figures: Figure[] = [];
  const lines: Line[] = [];
  for (const item of sized) {
    const { x, y } = positions.get(item.id) ?? { x: 0, y: 0 };
    figures.push({ ...bare(item), x, y });
    item.onBorder.forEach((event, i) =>
      figures.push({ ...bare(event), x: x + 12 + i * 44, y: y + item.height - event.height / 2 }),
    );
    const content = inner.get(item.id);
    if (!content) continue;
    figures.push(...content.figures.map((figure) => moved(figure, x + GAP, y + GAP)));
    lines.push(
      ...content.lines.map((line) => ({
        ...line,
        points: line.points.map((p) => ({ x: p.x + x + GAP, y: p.y + y + GAP })),
      })),
    );
  }
  const found = new Map(figures.map((figure) => [figure.id, figure]));
  for (const { from, to, ...link } of tied) {
    const [source, target] = [found.get(from), found.get(to)];
    if (source && target)
      lines.push({ ...link, points: route(source, target, bends.get(link.id)) });
  }
  const points = [
    ...figures.map((f) => ({ x: f.x + f.width, y: f.y + f.height })),
    ...lines.flatMap((line) => line.points),
  ];
  return {
    figures,
    lines,
    width: points.reduce((most, p) => Math.max(most, p.x), 0),
    height: points.reduce((most, p) => Math.max(most, p.y), 0),
  };
}

interface Placement {
  readonly positions: ReadonlyMap<string, Point>;
  readonly bends: ReadonlyMap<string, readonly Point[]>;
}

function layers(
  items: readonly Placeable[],
  links: readonly Link[],
  hosts: ReadonlyMap<string, string>,
): Placement {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 50, ranksep: 60, edgesep: 20 });
  for (const { id, width, height } of items) graph.setNode(id, { width, height });
  for (const link of links)
    graph.setEdge(hosts.get(link.from) ?? link.from, hosts.get(link.to) ?? link.to, {}, link.id);
  layout(graph);
  const positions = new Map(
    items.map(({ id, width, height }) => {
      const { x, y } = graph.node(id) as Point;
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
  const bends = new Map(
    links.flatMap((link): [string, readonly Point[]][] => {
      if (hosts.has(link.from)) return [];
      const edge = graph.edge(
        hosts.get(link.from) ?? link.from,
        hosts.get(link.to) ?? link.to,
        link.id,
      ) as { points?: readonly Point[] } | undefined;
      return edge?.points ? [[link.id, edge.points.map(({ x, y }) => ({ x, y }))]] : [];
    }),
  );
  return { positions, bends };
}

function rows(items: readonly Placeable[]): Placement {
  const columns = Math.ceil(Math.sqrt(items.length));
  const [width, height] = [
    Math.max(...items.map((item) => item.width)) + GAP,
    Math.max(...items.map((item) => item.height)) + GAP,
  ];
  return {
    positions: new Map(
      items.map((item, i) => [
        item.id,
        { x: (i % columns) * width, y: Math.floor(i / columns) * height },
      ]),
    ),
    bends: new Map(),
  };
}

function route(
  source: Figure,
  target: Figure,
  points: readonly Point[] | undefined,
): readonly Point[] {
  if (points && points.length > 1) return points;
  return [
    { x: source.x + source.width / 2, y: source.y + source.height },
    { x: target.x, y: target.y + target.height / 2 },
  ];
}

function upright(source: Figure, target: Figure): readonly Point[] {
  const down = source.y < target.y;
  return [
    { x: source.x + source.width / 2, y: down ? source.y + source.height : source.y },
    { x: target.x + target.width / 2, y: down ? target.y : target.y + target.height },
  ];
}

function bare({
  id,
  shape,
  name,
  symbols,
  border,
  width,
  height,
}: Placeable): Omit<Figure, 'x' | 'y'> {
  return { id, shape, name, symbols, border, width, height };
}

function moved(figure: Figure, x: number, y: number): Figure {
  return { ...figure, x: figure.x + x, y: figure.y + y };
}
