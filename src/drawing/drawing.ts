/**
 * A diagram as it is drawn: figures and lines with ids, in the coordinates of the file (BPMN 2.0.2
 * §12, Diagram Interchange).
 */
export interface Drawing {
  /** Each behind what stands on it. */
  readonly figures: readonly Figure[];
  readonly lines: readonly Line[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Figure extends Box {
  readonly id: string;
  readonly shape: FigureShape;
  readonly name: string;
  /** Where the name stands, if the file says it; of what has its name inside it is not heeded. */
  readonly label?: Box;
  /**
   * What stands inside of an event, an activity or a gateway: the trigger, the kind of task, the
   * markers.
   */
  readonly symbols: readonly string[];
  /** A second line for what does not interrupt, a thick one for what throws or ends. */
  readonly border: 'plain' | 'dashed' | 'double' | 'doubleDashed' | 'thick';
}

export type FigureShape =
  'pool' | 'lane' | 'activity' | 'frame' | 'gateway' | 'event' | 'data' | 'note';

export interface Line {
  readonly id: string;
  readonly kind: 'sequence' | 'message' | 'association';
  readonly name: string;
  readonly label?: Box;
  readonly points: readonly Point[];
}

/** What an answer adds to a drawing. */
export interface Overlay {
  /** What it is about, above the drawing. */
  readonly title: string;
  readonly sentence: string;
  /**
   * A shortest run: for each step what happens, and which lines it goes along. An element may come
   * again.
   */
  readonly path: readonly (readonly string[])[];
  /** Tokens and messages that are left at its end: line or figure, how many. */
  readonly tokens: ReadonlyMap<string, number>;
  /** What is stuck, or what the answer is about. */
  readonly blamed: ReadonlySet<string>;
  /** What can never happen. */
  readonly dead: ReadonlySet<string>;
  /** Where threats act: line or figure, which. */
  readonly attacked?: ReadonlyMap<string, readonly AttackMark[]>;
  /** All that the picture shows in words, for who cannot see it; else it is the sentence. */
  readonly alternative?: string;
}

/** A threat at its place, and in which steps of the run it acts, from 1. */
export interface AttackMark {
  readonly threat: string;
  readonly steps: readonly number[];
}

/** The box around everything that is drawn. */
export function extent(drawing: Drawing): Box {
  const boxes = [...drawing.figures, ...drawing.lines].flatMap(({ name, label }) =>
    name !== '' && label ? label : [],
  );
  const points = [
    ...[...drawing.figures, ...boxes].flatMap(({ x, y, width, height }) => [
      { x, y },
      { x: x + width, y: y + height },
    ]),
    ...drawing.lines.flatMap((line) => line.points),
  ];
  const least = (values: readonly number[]): number =>
    values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values: readonly number[]): number =>
    values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (points.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const [x, y] = [least(points.map((p) => p.x)), least(points.map((p) => p.y))];
  return {
    x,
    y,
    width: most(points.map((p) => p.x)) - x,
    height: most(points.map((p) => p.y)) - y,
  };
}

/** The middle of a line by its length: where a token is drawn on it. */
export function middle(points: readonly Point[]): Point {
  const lengths = points
    .slice(1)
    .map((point, i) => Math.hypot(point.x - (points[i]?.x ?? 0), point.y - (points[i]?.y ?? 0)));
  let left = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (const [i, length] of lengths.entries()) {
    const [from, to] = [points[i], points[i + 1]];
    if (from && to && left <= length && length > 0)
      return {
        x: from.x + ((to.x - from.x) * left) / length,
        y: from.y + ((to.y - from.y) * left) / length,
      };
    left -= length;
  }
  return points[0] ?? { x: 0, y: 0 };
}
