import { middle, type AttackMark, type Drawing, type Overlay, type Point } from './drawing.ts';
import { escapeXml } from './xmlText.ts';

/** Black on white, with a sign, a frame of dashes and words: it is read without colours too. */
const INK = '#111111';
const ROW = 16;

/** The threats of an attack where they act, above all else that is drawn. */
export function attackMarks({ figures, lines }: Drawing, { attacked }: Overlay): string[] {
  if (!attacked) return [];
  const frames = figures.flatMap(({ id, shape, x, y, width, height }) => {
    const marks = attacked.get(id);
    if (!marks) return [];
    const isGround = shape === 'pool' || shape === 'lane';
    const frame = `<rect x="${x - 5}" y="${y - 5}" width="${width + 10}" height="${height + 10}" fill="none" stroke="${INK}" stroke-width="2" stroke-dasharray="9 4"/>`;
    const place = isGround ? { x: x + 40, y: y + 14 } : { x: x - 4, y: y - 10 };
    return [group(id, marks, `${frame}${sign(place, marks)}`)];
  });
  const drawn = lines.flatMap(({ id, points }) => {
    const marks = attacked.get(id);
    if (!marks) return [];
    const { x, y } = middle(points);
    return [group(id, marks, sign({ x, y: y + 14 }, marks))];
  });
  return [...frames, ...drawn];
}

function group(id: string, marks: readonly AttackMark[], inside: string): string {
  return `<g data-attacked="${escapeXml(id)}"><title>${escapeXml(marks.map(wordsOf).join('; '))}</title>${inside}</g>`;
}

const wordsOf = ({ threat, steps }: AttackMark): string =>
  steps.length === 0
    ? `${threat}, in no step of this run by itself`
    : `${threat} in step${steps.length > 1 ? 's' : ''} ${steps.join(', ')}`;

/** A triangle with an exclamation mark, and beside it what acts in which step. */
function sign({ x, y }: Point, marks: readonly AttackMark[]): string {
  const lines = marks.map(({ threat, steps }) => `${steps.join(',')} ${threat}`.trim());
  const width = Math.max(...lines.map((line) => line.length)) * 6.4 + 10;
  return [
    `<path d="M${x} ${y - 9}l10 17h-20z" fill="#fff" stroke="${INK}" stroke-width="2" stroke-linejoin="round"/>`,
    `<text x="${x}" y="${y + 6}" text-anchor="middle" font-size="12" font-weight="bold" fill="${INK}">!</text>`,
    `<rect x="${x + 13}" y="${y - 9}" width="${Math.round(width)}" height="${ROW * lines.length + 2}" fill="#fff" stroke="${INK}" stroke-dasharray="5 3"/>`,
    ...lines.map(
      (line, i) =>
        `<text x="${x + 18}" y="${y + 3 + ROW * i}" font-size="11" font-weight="bold" fill="${INK}">${escapeXml(line)}</text>`,
    ),
  ].join('');
}
