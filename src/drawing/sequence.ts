import { escapeXml } from './xmlText.ts';

/** Who takes part, from left to right. */
export interface Lane {
  readonly id: string;
  readonly label: string;
  /** Whoever works against the others. */
  readonly isAttacker: boolean;
}

/** What happens, from top to bottom; lanes by their ids. */
export type SequenceRow =
  | {
      readonly kind: 'step';
      readonly lane: string;
      readonly text: string;
      readonly isThreat: boolean;
    }
  | { readonly kind: 'message'; readonly from: string; readonly to: string; readonly text: string }
  /** A message that comes nowhere. */
  | { readonly kind: 'lost'; readonly from: string; readonly to: string; readonly text: string }
  /** What all of it means, or that it goes on for ever. */
  | { readonly kind: 'note'; readonly text: string };

/** Messages between those who take part, in the order of time. */
export interface Sequence {
  readonly title: string;
  readonly lanes: readonly Lane[];
  readonly rows: readonly SequenceRow[];
}

/** A text in Mermaid: what its grammar would take for its own is written as an entity. */
const plain = (text: string): string =>
  text.replaceAll(/[#;:<>&"\n\r%{}]/gu, (character) => `#${character.codePointAt(0)};`);

/** The sequence as text that Mermaid draws (mermaid.js.org, sequence diagrams). */
export function mermaidOf({ title, lanes, rows }: Sequence): string {
  const names = new Map(lanes.map(({ id }, i) => [id, `p${i}`]));
  const name = (id: string): string => names.get(id) ?? 'p0';
  const all = `${name(lanes[0]?.id ?? '')}${lanes.length > 1 ? `,${name(lanes.at(-1)?.id ?? '')}` : ''}`;
  const line = (row: SequenceRow): string => {
    switch (row.kind) {
      case 'step':
        return `Note over ${name(row.lane)}: ${row.isThreat ? '⚠ ' : ''}${plain(row.text)}`;
      case 'message':
        return `${name(row.from)}->>${name(row.to)}: ${plain(row.text)}`;
      case 'lost':
        return `${name(row.from)}-x${name(row.to)}: ${plain(row.text)}`;
      case 'note':
        return `Note over ${all}: ${plain(row.text)}`;
    }
  };
  return [
    'sequenceDiagram',
    `  accTitle: ${plain(title)}`,
    ...lanes.map(
      ({ id, label, isAttacker }) =>
        `  ${isAttacker ? 'actor' : 'participant'} ${name(id)} as ${plain(label)}`,
    ),
    ...rows.map((row) => `  ${line(row)}`),
    '',
  ].join('\n');
}

const LANE_WIDTH = 200;
const ROW_HEIGHT = 34;
const TOP = 96;
/** As Okabe and Ito, like the diagrams; an attacker's step has a dashed frame as well. */
const TONE = { line: '#333333', text: '#111111', threat: '#d55e00', pale: '#f4f4f4' };
/** Characters that fit into a line of a label, and over the width of a lane. */
const LABEL = 26;

/** The sequence as SVG 1.1: no script, no font, no reference; what it shows is said in `desc`. */
export function sequenceSvg({ title, lanes, rows }: Sequence): string {
  const x = new Map(lanes.map(({ id }, i) => [id, LANE_WIDTH * (i + 0.5)]));
  const at = (id: string): number => x.get(id) ?? 0;
  const width = Math.max(LANE_WIDTH * lanes.length, 420);
  const height = TOP + ROW_HEIGHT * (rows.length + 1);
  const text = (px: number, py: number, content: string, more = ''): string =>
    `<text x="${px}" y="${py}" text-anchor="middle" fill="${TONE.text}"${more}>${escapeXml(content)}</text>`;
  const row = (each: SequenceRow, y: number): string => {
    switch (each.kind) {
      case 'step': {
        const tone = each.isThreat ? TONE.threat : TONE.line;
        const wide = Math.min(LANE_WIDTH * 1.6, Math.max(80, each.text.length * 6.4 + 16));
        const left = Math.min(Math.max(at(each.lane) - wide / 2, 4), width - wide - 4);
        return `<rect x="${left}" y="${y - 17}" width="${wide}" height="24" rx="4" fill="#fff" stroke="${tone}"${each.isThreat ? ' stroke-dasharray="5 3"' : ''}/>${text(left + wide / 2, y, shortened(each.text, Math.floor(wide / 6.2)))}`;
      }
      case 'message':
      case 'lost': {
        const [from, to] = [at(each.from), at(each.to)];
        const isLost = each.kind === 'lost';
        const end = isLost ? (from + to) / 2 : to;
        const own = from === to;
        const path = own
          ? `M${from} ${y - 4}h30v12h-28`
          : `M${from} ${y}L${end + (end > from ? -2 : 2)} ${y}`;
        return `<path d="${path}" fill="none" stroke="${TONE.line}" marker-end="url(#${isLost ? 'lost' : 'arrow'})"/>${text(own ? from + 20 : (from + to) / 2, y - 6, each.text, ' font-size="11"')}`;
      }
      case 'note':
        return `<rect x="4" y="${y - 17}" width="${width - 8}" height="24" fill="${TONE.pale}"/>${text(width / 2, y, shortened(each.text, Math.floor(width / 6.2)))}`;
    }
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(rows.map((each) => each.text).join('. '))}</desc>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z"/></marker><marker id="lost" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="10" markerHeight="10"><path d="M1 1L9 9M9 1L1 9" stroke="#d55e00" stroke-width="2"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(
      width / 2,
      22,
      shortened(title, Math.floor(width / 7)),
      ' font-weight="bold" font-size="14"',
    ),
    ...lanes.flatMap(({ id, label, isAttacker }) => [
      `<path d="M${at(id)} 70V${height - 10}" stroke="${TONE.line}" stroke-dasharray="2 4"/>`,
      `<rect x="${at(id) - LANE_WIDTH / 2 + 8}" y="42" width="${LANE_WIDTH - 16}" height="28" rx="4" fill="${TONE.pale}" stroke="${isAttacker ? TONE.threat : TONE.line}"${isAttacker ? ' stroke-dasharray="5 3"' : ''}/>`,
      text(at(id), 60, shortened(label, LABEL)),
    ]),
    ...rows.map((each, i) => row(each, TOP + ROW_HEIGHT * i)),
    '</svg>',
    '',
  ].join('\n');
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
