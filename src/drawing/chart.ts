import { escapeXml } from './xmlText.ts';

/** One axis of a chart. A logarithmic one shows values above 0 only. */
export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly logarithmic?: boolean;
  /** How a value is written; else with three digits that count. */
  readonly text?: (value: number) => string;
}

/** What a chart shows, from back to front; x and y in the units of the axes. */
export type Mark =
  | {
      readonly kind: 'line';
      readonly label: string;
      readonly points: readonly (readonly [x: number, y: number])[];
      readonly isDashed?: boolean;
    }
  | {
      readonly kind: 'band';
      readonly label: string;
      readonly points: readonly (readonly [x: number, low: number, high: number])[];
    }
  | {
      readonly kind: 'points';
      readonly label: string;
      readonly points: readonly (readonly [x: number, y: number])[];
    };

export interface Chart {
  readonly title: string;
  /** What the picture says, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
}

/** A bar with its interval; longer is more. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  /** Written behind the bar. */
  readonly note: string;
}

export interface BarChart {
  readonly title: string;
  readonly description: string;
  readonly axis: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 640;
const HEIGHT = 400;
const PLOT = { left: 74, right: 20, top: 46, bottom: 88 };
/** Told apart by dash, fill and shape as well: they can be read in grey. */
const TONES = ['#0072b2', '#d55e00', '#555555', '#009e73'];
const TICKS = 6;

const at = (value: number): string => String(Math.round(value * 100) / 100);

/** A chart as SVG 1.1: no script, no font, no reference; what it shows is said in `desc`. */
export function chartSvg(chart: Chart): string {
  const { x, y, marks } = chart;
  const [px, py] = [
    placeOn(x, PLOT.left, WIDTH - PLOT.right),
    placeOn(y, HEIGHT - PLOT.bottom, PLOT.top),
  ];
  const bottom = HEIGHT - PLOT.bottom;
  return [
    ...opening(chart, WIDTH, HEIGHT),
    ...ticksOf(x).flatMap((tick) => [
      `<path d="M${at(px(tick))} ${PLOT.top}V${bottom}" stroke="#dddddd"/>`,
      `<text x="${at(px(tick))}" y="${bottom + 16}" text-anchor="middle">${escapeXml(wordOf(x, tick))}</text>`,
    ]),
    ...ticksOf(y).flatMap((tick) => [
      `<path d="M${PLOT.left} ${at(py(tick))}H${WIDTH - PLOT.right}" stroke="#dddddd"/>`,
      `<text x="${PLOT.left - 6}" y="${at(py(tick) + 4)}" text-anchor="end">${escapeXml(wordOf(y, tick))}</text>`,
    ]),
    `<path d="M${PLOT.left} ${PLOT.top}V${bottom}H${WIDTH - PLOT.right}" fill="none" stroke="#333333"/>`,
    `<text x="${(PLOT.left + WIDTH - PLOT.right) / 2}" y="${bottom + 34}" text-anchor="middle">${escapeXml(x.label)}</text>`,
    `<text x="16" y="${(PLOT.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(PLOT.top + bottom) / 2})">${escapeXml(y.label)}</text>`,
    ...marks.map((mark, i) => markOf(mark, TONES[i % TONES.length] as string, px, py)),
    ...marks.map((mark, i) => legendOf(mark, TONES[i % TONES.length] as string, i)),
    '</svg>',
    '',
  ].join('\n');
}

function opening(
  { title, description }: { readonly title: string; readonly description: string },
  width: number,
  height: number,
): string[] {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${width / 2}" y="24" text-anchor="middle" font-weight="bold" font-size="14">${escapeXml(title)}</text>`,
  ];
}

function placeOn(
  { from, to, logarithmic }: Axis,
  start: number,
  end: number,
): (value: number) => number {
  const scale = (value: number): number =>
    logarithmic === true ? Math.log(Math.max(value, from)) : value;
  const [low, high] = [scale(from), scale(to)];
  const width = high - low || 1;
  return (value) => start + Math.min(1, Math.max(0, (scale(value) - low) / width)) * (end - start);
}

/** Round numbers within the axis. */
function ticksOf({ from, to, logarithmic }: Axis): number[] {
  if (logarithmic === true) {
    const powers: number[] = [];
    for (let power = Math.ceil(Math.log10(from) - 1e-9); 10 ** power <= to * 1.000001; power += 1)
      powers.push(10 ** power);
    return powers;
  }
  const raw = (to - from) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i += 1)
    ticks.push(i * step);
  return ticks;
}

const wordOf = ({ text }: Axis, value: number): string =>
  text ? text(value) : String(Number(value.toPrecision(3)));

type Place = (value: number) => number;

function markOf(mark: Mark, tone: string, px: Place, py: Place): string {
  switch (mark.kind) {
    case 'line': {
      const path = mark.points.map(([x, y]) => `${at(px(x))} ${at(py(y))}`).join('L');
      return `<path d="M${path}" fill="none" stroke="${tone}" stroke-width="2"${mark.isDashed === true ? ' stroke-dasharray="7 4"' : ''}/>`;
    }
    case 'band': {
      const above = mark.points.map(([x, , high]) => `${at(px(x))} ${at(py(high))}`);
      const below = mark.points.map(([x, low]) => `${at(px(x))} ${at(py(low))}`).reverse();
      return `<path d="M${[...above, ...below].join('L')}Z" fill="#cccccc" fill-opacity="0.6" stroke="${tone}" stroke-dasharray="2 3"/>`;
    }
    case 'points':
      return mark.points
        .map(
          ([x, y]) =>
            `<circle cx="${at(px(x))}" cy="${at(py(y))}" r="4" fill="${tone}" stroke="#fff"/>`,
        )
        .join('');
  }
}

function legendOf(mark: Mark, tone: string, index: number): string {
  const [x, y] = [PLOT.left + (index % 2) * 270, HEIGHT - 28 + Math.floor(index / 2) * 16];
  const sign = {
    line: `<path d="M${x} ${y - 4}h24" stroke="${tone}" stroke-width="2"${mark.kind === 'line' && mark.isDashed === true ? ' stroke-dasharray="7 4"' : ''}/>`,
    band: `<rect x="${x}" y="${y - 9}" width="24" height="10" fill="#cccccc" stroke="${tone}" stroke-dasharray="2 3"/>`,
    points: `<circle cx="${x + 12}" cy="${y - 4}" r="4" fill="${tone}"/>`,
  }[mark.kind];
  return `${sign}<text x="${x + 30}" y="${y}">${escapeXml(mark.label)}</text>`;
}

const ROW = 34;
const NAMES = 190;
const NOTES = 150;

/** Bars below each other, each with its interval: a tornado, where they come sorted. */
export function barsSvg(chart: BarChart): string {
  const { bars, axis } = chart;
  const height = 70 + ROW * bars.length + 30;
  const least = bars.reduce((low, bar) => Math.min(low, bar.lower, 0), 0);
  const most = bars.reduce((high, bar) => Math.max(high, bar.upper, bar.value), 0) || 1;
  const px = placeOn({ label: axis, from: least, to: most }, NAMES, WIDTH - NOTES);
  const zero = px(0);
  return [
    ...opening(chart, WIDTH, height),
    ...bars.flatMap(({ label, value, lower, upper, note }, i) => {
      const y = 50 + ROW * i;
      const [from, to] = [Math.min(zero, px(value)), Math.max(zero, px(value))];
      return [
        `<text x="${NAMES - 8}" y="${y + 15}" text-anchor="end">${escapeXml(shortened(label))}</text>`,
        `<rect x="${at(from)}" y="${y}" width="${at(Math.max(1, to - from))}" height="22" fill="#bbbbbb" stroke="#333333"/>`,
        `<path d="M${at(px(lower))} ${y + 6}v10M${at(px(lower))} ${y + 11}H${at(px(upper))}M${at(px(upper))} ${y + 6}v10" fill="none" stroke="#111111" stroke-width="1.5"/>`,
        `<text x="${WIDTH - NOTES + 8}" y="${y + 15}">${escapeXml(note)}</text>`,
      ];
    }),
    `<path d="M${at(zero)} 42V${height - 34}" stroke="#333333"/>`,
    `<text x="${(NAMES + WIDTH - NOTES) / 2}" y="${height - 14}" text-anchor="middle">${escapeXml(axis)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= 30 ? text : `${characters.slice(0, 29).join('')}…`;
}
