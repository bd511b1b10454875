import type {
  JudgedControl,
  ThreatenedProperty,
  ThreatReport,
} from '../checking/attackSets/types.ts';
import type { Teller } from '../explain/teller.ts';
import type { Io } from './io.ts';
import { steps, traceLines } from './traceText.ts';
import { painter } from './style.ts';

type Paint = ReturnType<typeof painter>;

/** The answer of `probity threats` for a person: the attacks, each as steps, and the controls. */
export function threatsText(
  report: ThreatReport,
  durationMs: number,
  exit: number,
  io: Io,
  teller?: Teller,
): string {
  const paint = painter(io);
  const { model, properties, options } = report;
  const width = Math.max(...properties.map(({ name }) => name.length));
  const told = new Map<string, string>();
  const resist = properties.filter((p) => p.resilience === 'all').length;
  const asked = options.threats.length;
  const proper = report.ids.every((each) => each.proper) ? 'all of them' : 'all but the hypotheses';
  const budget = options.budget === null ? '' : ` · at most ${options.budget} at once`;
  return [
    `${paint('bold', model.name)} · ${model.format} · ${model.digest.slice(0, 13)}… · ${count(asked, 'threat')}${budget} · ${judgedBy(report)}`,
    '',
    ...properties.flatMap((property) => propertyLines(property, width, paint, told, teller)),
    ...matrixLines(report, paint),
    ...controlLines(report, paint),
    ...report.assumptions.map((sentence) => paint('dim', `  taken for granted: ${sentence}`)),
    '',
    `${resist} of ${properties.length} resist ${proper} · ${(durationMs / 1000).toFixed(1)} s${report.bound === undefined ? '' : ` · all threats together only up to ${report.bound}, then set by set`}   exit ${exit}`,
    '',
  ].join('\n');
}

/** Whoever looked: states are counted where they are explored. */
function judgedBy({ properties, states }: ThreatReport): string {
  const symbolic = properties.some(({ engine }) => engine === 'z3');
  const counted = states.all > 0 || !symbolic ? [`${states.all} states`] : [];
  return [...counted, ...(symbolic ? ['Z3, for all values'] : [])].join(' · ');
}

function propertyLines(
  property: ThreatenedProperty,
  width: number,
  paint: Paint,
  told: Map<string, string>,
  teller: Teller | undefined,
): string[] {
  const { name, minimalAttackSets: sets, withoutThreats } = property;
  const mark =
    sets.length > 0 || withoutThreats === 'violated' ? paint('red', '✗') : markOf(property, paint);
  return [
    `  ${mark} ${name.padEnd(width)}  ${detailOf(property)}`,
    ...sets.flatMap(({ threats, traceLength, trace }) => {
      if (threats.length === 0 && !trace) return [];
      const key = JSON.stringify(trace?.steps);
      const before = trace && told.get(key);
      told.set(key, name);
      return [
        `    ${paint('bold', named(threats))} · ${lengthText(traceLength)}`,
        ...(before !== undefined
          ? [paint('dim', `      the same steps as against ${before}`)]
          : trace
            ? traceLines(trace, teller)
            : []),
      ];
    }),
  ];
}

/** More columns than this fit on no terminal. */
const MAX_COLUMNS = 12;

/** Which threat takes part in which attack: alone, or only together with others. */
function matrixLines({ properties }: ThreatReport, paint: Paint): string[] {
  const broken = properties.filter((p) => p.minimalAttackSets.some((s) => s.threats.length > 0));
  const ids = [...new Set(broken.flatMap((p) => p.minimalAttackSets.flatMap((s) => s.threats)))];
  if (broken.length < 2 || ids.length < 2 || broken.length > MAX_COLUMNS) return [];
  const width = Math.max(...ids.map((id) => id.length));
  const cell = (id: string, { minimalAttackSets: sets }: ThreatenedProperty): string => {
    const among = sets.filter(({ threats }) => threats.includes(id));
    if (among.length === 0) return '·';
    return among.some(({ threats }) => threats.length === 1)
      ? paint('red', '✗')
      : paint('yellow', '+');
  };
  return [
    '',
    `  ${paint('bold', 'Threats')}  ✗ enough by itself · + only together with others`,
    ...broken.map(({ name }, i) => `    ${' '.repeat(width)}  ${'│ '.repeat(i)}┌ ${name}`),
    ...ids
      .toSorted()
      .map((id) => `    ${id.padEnd(width)}  ${broken.map((p) => cell(id, p)).join(' ')}`),
  ];
}

/** The threats of an attack. */
export function named(threats: readonly string[]): string {
  return threats.length === 0 ? 'without any threat' : threats.join(' + ');
}

/** How long an attack takes. */
export function lengthText(traceLength: number | null): string {
  return traceLength === null ? 'for ever' : `in ${steps(traceLength)}`;
}

function markOf({ complete }: ThreatenedProperty, paint: Paint): string {
  return complete === true ? paint('green', '✓') : paint('yellow', '?');
}

function detailOf(property: ThreatenedProperty): string {
  const {
    assuming,
    complete,
    kind,
    minimalAttackSets: sets,
    reason,
    resilience,
    withoutThreats,
  } = property;
  const why = reason === undefined ? '' : `: ${reason}`;
  const shop = assuming.length > 0 ? ` · where ${assuming.join(', ')} holds` : '';
  const upTo =
    complete === true ? '' : ` · larger sets than ${complete.upTo} were not all looked at${why}`;
  if (withoutThreats === 'violated') return 'broken without any threat';
  if (withoutThreats !== 'holds') return `${withoutThreats} without any threat${upTo}`;
  if (kind === 'reachable' || kind === 'reachableEach') return 'threats take no path away';
  if (sets.length === 0)
    return complete === true
      ? `resists every set${shop}`
      : `resists every set of ${complete.upTo}${upTo}${shop}`;
  const resists =
    resilience === 'all'
      ? ' · resists all threats proper'
      : resilience
        ? ` · resists any ${resilience}`
        : '';
  return `breaks by ${count(sets.length, 'minimal set')}${resists}${upTo}${shop}`;
}

function controlLines({ controls, sufficientControls }: ThreatReport, paint: Paint): string[] {
  const names = [...new Set(controls.map(({ id }) => id))];
  if (names.length === 0) return [];
  const width = Math.max(...names.map((name) => name.length));
  const list = (of: string, test: (control: JudgedControl) => boolean): string =>
    controls
      .filter((c) => c.id === of && test(c))
      .map(({ property }) => property)
      .join(', ');
  return [
    '',
    `  ${paint('bold', 'Controls')}`,
    ...names.map((name) => {
      const carries = list(name, (control) => control.loadBearing);
      const lacks = list(name, (control) => control.loadBearing && control.insufficient);
      return `    ${name.padEnd(width)}  ${
        carries === ''
          ? 'redundant: no attack needs it gone'
          : `take it away, and ${carries} can break`
      }${lacks === '' ? '' : ` · not enough for ${lacks}`}`;
    }),
    ...sufficientControls
      .filter(({ sets }) => sets.some((set) => set.length > 0))
      .map(
        ({ property, sets }) =>
          `    enough for ${property}: ${sets.map((set) => set.join(' + ')).join(', or ')}`,
      ),
  ];
}

function count(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}s`;
}
