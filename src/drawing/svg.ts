import {
  extent,
  middle,
  type Drawing,
  type Figure,
  type Line,
  type Overlay,
  type Point,
} from './drawing.ts';
import { attackMarks } from './attackMarks.ts';
import { escapeXml } from './xmlText.ts';

const MARGIN = 30;
const HEADER = 64;

/**
 * Colours that can be told apart by people who see red and green alike (Okabe and Ito), each with a
 * second sign: a number, a dot, a dash.
 */
const TONE = {
  path: '#0072b2',
  blamed: '#d55e00',
  dead: '#999999',
  token: '#d55e00',
  line: '#333333',
  text: '#111111',
  pale: '#fbe4d5',
};

/**
 * A diagram with an answer drawn in, as SVG 1.1: the shortest run numbered along its elements, the
 * tokens where it ends, what is stuck or can never happen. Every element is a group with
 * `data-element-id`, for whoever wants to make it live. No script, no font, no reference.
 */
export function svgOf(drawing: Drawing, overlay: Overlay): string {
  const box = extent(drawing);
  const [width, height] = [Math.max(box.width, 420) + 2 * MARGIN, box.height + 2 * MARGIN + HEADER];
  const visits = visitsOf(overlay.path);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${at(box.x - MARGIN)} ${at(box.y - MARGIN - HEADER)} ${at(width)} ${at(height)}" width="${at(width)}" height="${at(height)}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(overlay.title)}</title>`,
    `<desc>${escapeXml(overlay.alternative ?? overlay.sentence)}</desc>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>',
    '<marker id="open" viewBox="0 0 10 10" refX="9" refY="5" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" orient="auto"><path d="M0 0L10 5L0 10z" fill="#fff" stroke="#333"/></marker></defs>',
    `<rect x="${at(box.x - MARGIN)}" y="${at(box.y - MARGIN - HEADER)}" width="${at(width)}" height="${at(height)}" fill="#fff"/>`,
    ...header(overlay, box.x, box.y - MARGIN - HEADER + 22, width - 2 * MARGIN),
    ...drawing.figures
      .filter((figure) => isGround(figure))
      .map((figure) => group(figure, overlay, visits)),
    ...drawing.lines
      .map((line) => ({ line, rank: rankOf(line, overlay, visits) }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ line }) => lineOf(line, overlay, visits)),
    ...drawing.figures
      .filter((figure) => !isGround(figure))
      .map((figure) => group(figure, overlay, visits)),
    ...drawing.lines.map(nameOf),
    ...drawing.figures.map((figure) => label(figure, overlay.dead.has(figure.id)).join('')),
    ...drawing.figures.map((figure) => badge(figure, visits.get(figure.id))),
    ...drawing.lines.map((line) => tokensOn(line.id, middle(line.points), overlay)),
    ...drawing.figures.map((figure) =>
      tokensOn(figure.id, { x: figure.x + 8, y: figure.y + figure.height - 8 }, overlay),
    ),
    ...attackMarks(drawing, overlay),
    '</svg>',
    '',
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/** When each element happens, counted from 1. */
function visitsOf(path: Overlay['path']): ReadonlyMap<string, readonly number[]> {
  const visits = new Map<string, number[]>();
  path.forEach((elements, index) => {
    for (const id of new Set(elements)) visits.set(id, [...(visits.get(id) ?? []), index + 1]);
  });
  return visits;
}

function header(overlay: Overlay, x: number, y: number, width: number): string[] {
  return [
    `<text x="${at(x)}" y="${at(y)}" font-size="15" font-weight="bold" fill="${TONE.text}">${escapeXml(overlay.title)}</text>`,
    ...wrap(overlay.sentence, Math.max(40, Math.floor(width / 6.2)))
      .slice(0, 3)
      .map(
        (line, i) =>
          `<text x="${at(x)}" y="${at(y + 17 + i * 14)}" fill="${TONE.text}">${escapeXml(line)}</text>`,
      ),
  ];
}

function isGround(figure: Figure): boolean {
  return figure.shape === 'pool' || figure.shape === 'lane' || figure.shape === 'frame';
}

function group(
  figure: Figure,
  overlay: Overlay,
  visits: ReadonlyMap<string, readonly number[]>,
): string {
  const dead = overlay.dead.has(figure.id);
  const blamed = overlay.blamed.has(figure.id);
  const seen = visits.get(figure.id);
  const stroke = blamed ? TONE.blamed : dead ? TONE.dead : seen ? TONE.path : TONE.line;
  const width = figure.border === 'thick' ? 4 : blamed || seen ? 2.5 : 1.3;
  const dashes = dead ? '2 3' : figure.border.toLowerCase().includes('dashed') ? '5 3' : undefined;
  const style = `stroke="${stroke}" stroke-width="${width}" fill="${blamed ? TONE.pale : isGround(figure) ? 'none' : '#fff'}"${dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`}`;
  return [
    `<g data-element-id="${escapeXml(figure.id)}">`,
    ...SHAPES[figure.shape](figure, style, stroke),
    ...(dead
      ? [
          `<path d="M${at(figure.x)} ${at(figure.y)}l${at(figure.width)} ${at(figure.height)}m0 ${at(-figure.height)}l${at(-figure.width)} ${at(figure.height)}" stroke="${TONE.dead}" stroke-width="1"/>`,
        ]
      : []),
    '</g>',
  ].join('');
}

const SHAPES: Readonly<
  Record<Figure['shape'], (figure: Figure, style: string, stroke: string) => string[]>
> = {
  pool: (f, style) => [rect(f, style)],
  lane: (f, style) => [rect(f, style)],
  frame: (f, style) => [rect(f, `${style} rx="10"`), ...marks(f)],
  activity: (f, style) => [rect(f, `${style} rx="10"`), ...marks(f)],
  gateway: (f, style, stroke) => [
    `<path d="M${at(f.x + f.width / 2)} ${at(f.y)}l${at(f.width / 2)} ${at(f.height / 2)}l${at(-f.width / 2)} ${at(f.height / 2)}l${at(-f.width / 2)} ${at(-f.height / 2)}z" ${style}/>`,
    ...gatewayMark(f, stroke),
  ],
  event: (f, style, stroke) => [
    circle(f, f.width / 2, style),
    ...(f.border.startsWith('double')
      ? [circle(f, f.width / 2 - 3, `stroke="${stroke}" stroke-width="1" fill="none"`)]
      : []),
    ...eventMark(f, stroke),
  ],
  data: (f, style) => [rect(f, style)],
  note: (f) => [
    `<path d="M${at(f.x + 10)} ${at(f.y)}h-10v${at(f.height)}h10" stroke="${TONE.line}" fill="none"/>`,
  ],
};

function rect(f: Figure, style: string): string {
  return `<rect x="${at(f.x)}" y="${at(f.y)}" width="${at(f.width)}" height="${at(f.height)}" ${style}/>`;
}

function circle(f: Figure, radius: number, style: string): string {
  return `<circle cx="${at(f.x + f.width / 2)}" cy="${at(f.y + f.height / 2)}" r="${at(radius)}" ${style}/>`;
}

/** One sign for each trigger, drawn in a box of 16 around the middle. */
const EVENT_MARKS: Readonly<Record<string, string>> = {
  message: 'M-8 -5h16v10h-16zl8 6l8 -6',
  timer: 'M0 -7a7 7 0 1 0 .01 0M0 -5v5l3 2',
  error: 'M-7 6l4 -11l5 6l4 -8l-3 13l-5 -6z',
  escalation: 'M0 -7l6 13l-6 -5l-6 5z',
  signal: 'M0 -7l7 12h-14z',
  condition: 'M-5 -7h10v14h-10zM-3 -4h6M-3 0h6M-3 4h6',
  link: 'M-7 -3h8v-4l6 7l-6 7v-4h-8z',
  compensate: 'M0 -6v12l-7 -6zM8 -6v12l-7 -6z',
  cancel: 'M-6 -6l12 12M-6 6l12 -12',
  terminate: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0',
  multiple: 'M0 -7l7 5l-3 8h-8l-3 -8z',
};
const THROWS: ReadonlySet<string> = new Set(['throw', 'terminate']);

function eventMark(f: Figure, stroke: string): string[] {
  const trigger = f.symbols.find((symbol) => Object.hasOwn(EVENT_MARKS, symbol));
  if (trigger === undefined) return [];
  const filled = f.symbols.some((symbol) => THROWS.has(symbol));
  return [
    `<path transform="translate(${at(f.x + f.width / 2)} ${at(f.y + f.height / 2)})" d="${EVENT_MARKS[trigger] ?? ''}" stroke="${stroke}" fill="${filled ? stroke : 'none'}"/>`,
  ];
}

const GATEWAY_MARKS: Readonly<Record<string, string>> = {
  exclusive: 'M-8 -8L8 8M-8 8L8 -8',
  parallel: 'M-10 0H10M0 -10V10',
  inclusive: 'M-9 0a9 9 0 1 0 18 0a9 9 0 1 0 -18 0',
  complex: 'M-10 0H10M0 -10V10M-7 -7L7 7M-7 7L7 -7',
  eventBased: 'M-10 0a10 10 0 1 0 20 0a10 10 0 1 0 -20 0M0 -6l6 4l-2 7h-8l-2 -7z',
};

function gatewayMark(f: Figure, stroke: string): string[] {
  const kind = f.symbols.find((symbol) => Object.hasOwn(GATEWAY_MARKS, symbol));
  return kind === undefined
    ? []
    : [
        `<path transform="translate(${at(f.x + f.width / 2)} ${at(f.y + f.height / 2)})" d="${GATEWAY_MARKS[kind] ?? ''}" stroke="${stroke}" stroke-width="2.5" fill="none"/>`,
      ];
}

const MARKERS: Readonly<Record<string, string>> = {
  loop: '↻',
  parallelInstances: '⦀',
  sequentialInstances: '≡',
  compensation: '◁◁',
  adHoc: '~',
  collapsed: '⊞',
};

/** The kind of an activity in its corner, its markers at its foot. */
function marks(f: Figure): string[] {
  const kind = f.symbols.filter((symbol) => !Object.hasOwn(MARKERS, symbol));
  const foot = f.symbols.flatMap((symbol) => MARKERS[symbol] ?? []).join(' ');
  return [
    ...(kind.length > 0
      ? [
          `<text x="${at(f.x + 6)}" y="${at(f.y + 12)}" font-size="8" fill="#666">${escapeXml(kind.join(' '))}</text>`,
        ]
      : []),
    ...(foot === ''
      ? []
      : [
          `<text x="${at(f.x + f.width / 2)}" y="${at(f.y + f.height - 5)}" text-anchor="middle">${foot}</text>`,
        ]),
  ];
}

/** A text can be read on whatever it stands. */
const HALO = 'stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"';

/**
 * Names stand inside of activities, upright along pools and lanes, and of everything else where the
 * file says, else below it.
 */
function label(f: Figure, dead: boolean): string[] {
  if (f.name === '') return [];
  const fill = dead ? TONE.dead : TONE.text;
  if (f.shape === 'pool' || f.shape === 'lane') {
    return [
      `<text transform="translate(${at(f.x + 18)} ${at(f.y + f.height / 2)}) rotate(-90)" text-anchor="middle" fill="${fill}">${escapeXml(f.name)}</text>`,
    ];
  }
  if (f.shape === 'frame')
    return [
      `<text x="${at(f.x + f.width / 2)}" y="${at(f.y + 16)}" text-anchor="middle" fill="${fill}" ${HALO}>${escapeXml(f.name)}</text>`,
    ];
  const inside = f.shape === 'activity' || f.shape === 'note';
  const place = (inside ? undefined : f.label) ?? f;
  const lines = wrap(f.name, Math.max(8, Math.floor(widthOf(f, inside) / 6.4))).slice(
    0,
    inside ? 4 : 3,
  );
  const first = inside
    ? f.y + f.height / 2 - (lines.length - 1) * 7 + 4
    : (f.label?.y ?? f.y + f.height + 3) + 11;
  return texts(lines, { x: place.x + place.width / 2, y: first }, fill);
}

/** How wide the name of a figure may be: a box in the file that is too narrow is not believed. */
function widthOf(f: Figure, inside: boolean): number {
  return inside ? f.width : Math.max(f.label?.width ?? 0, 100);
}

function texts(lines: readonly string[], { x, y }: Point, fill: string): string[] {
  return lines.map(
    (line, i) =>
      `<text x="${at(x)}" y="${at(y + i * 14)}" text-anchor="middle" fill="${fill}" ${HALO}>${escapeXml(line)}</text>`,
  );
}

/** The numbers of the steps in which an element happens, from its upper right corner outwards. */
function badge(f: Figure, visits: readonly number[] | undefined): string {
  if (!visits) return '';
  const text =
    visits.length > 4 ? `${visits.slice(0, 3).join(',')}…${visits.at(-1) ?? ''}` : visits.join(',');
  const width = 10 + text.length * 6.5;
  const x = f.x + f.width - 8;
  return (
    `<g data-steps-of="${escapeXml(f.id)}"><rect x="${at(x)}" y="${at(f.y - 11)}" width="${at(width)}" height="17" rx="8" fill="${TONE.path}" stroke="#fff"/>` +
    `<text x="${at(x + width / 2)}" y="${at(f.y + 2)}" text-anchor="middle" font-size="11" font-weight="bold" fill="#fff">${text}</text></g>`
  );
}

const LINES: Readonly<Record<Line['kind'], string>> = {
  sequence: 'marker-end="url(#arrow)"',
  message: 'stroke-dasharray="7 4" marker-end="url(#open)"',
  association: 'stroke-dasharray="1 3"',
};

/**
 * Lines are drawn in this order: what the answer is about over what a run goes along, over others.
 */
function rankOf(
  { id }: Line,
  { blamed }: Overlay,
  visits: ReadonlyMap<string, readonly number[]>,
): number {
  return blamed.has(id) ? 2 : visits.has(id) ? 1 : 0;
}

function lineOf(
  line: Line,
  overlay: Overlay,
  visits: ReadonlyMap<string, readonly number[]>,
): string {
  const rank = rankOf(line, overlay, visits);
  const stroke = [TONE.line, TONE.path, TONE.blamed][rank] ?? TONE.line;
  const d = line.points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
  return `<g data-element-id="${escapeXml(line.id)}"><path d="${d}" fill="none" stroke="${stroke}" stroke-width="${rank > 0 ? 2.5 : 1.3}" ${LINES[line.kind]}/></g>`;
}

/** The name of a line: where the file says, else above its middle. */
function nameOf(line: Line): string {
  if (line.name === '') return '';
  const { label } = line;
  if (label)
    return texts(
      wrap(line.name, Math.max(12, Math.floor(label.width / 6.4))).slice(0, 3),
      { x: label.x + label.width / 2, y: label.y + 11 },
      TONE.text,
    ).join('');
  const { x, y } = middle(line.points);
  return texts(wrap(line.name, 28).slice(0, 1), { x, y: y - 6 }, TONE.text).join('');
}

/** One dot for each token, a number where there are many. */
function tokensOn(id: string, { x, y }: Point, overlay: Overlay): string {
  const count = overlay.tokens.get(id) ?? 0;
  if (count === 0) return '';
  const dots = Array.from(
    { length: Math.min(count, 3) },
    (_, i) =>
      `<circle cx="${at(x + i * 13)}" cy="${at(y)}" r="6" fill="${TONE.token}" stroke="#fff"/>`,
  ).join('');
  return `<g data-tokens="${count}">${dots}${count > 3 ? `<text x="${at(x + 42)}" y="${at(y + 4)}" font-weight="bold" fill="${TONE.token}">×${count}</text>` : ''}</g>`;
}

/** Words in lines of at most so many characters; a word that is longer is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text
    .split(/\s+/)
    .filter((found) => found !== '')
    .map((found) => (found.length > width ? `${found.slice(0, width - 1)}…` : found))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Numbers without a tail of digits; what is no number is 0, so that a broken file still draws. */
function at(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0';
}
