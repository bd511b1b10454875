import { agreementText } from '../evidence/statements/agreement.ts';
import { createHash } from 'node:crypto';
import type { Teller } from '../explain/teller.ts';
import type { Evidence, Finding, MutantsTried, PropertyReport, Report } from '../model/outcome.ts';
import type { Trace } from '../model/trace.ts';
import type { Io } from './io.ts';
import { scriptText } from './scriptText.ts';
import { painter } from './style.ts';
import { valueText } from '../explain/valueText.ts';
import { MODEL, steps, traceLines } from './traceText.ts';

/** The kinds whose answer depends on what is fair; for others the list is only noise. */
const RESTS_ON_FAIRNESS: ReadonlySet<string> = new Set([
  'eventually',
  'eventuallyAlways',
  'leadsTo',
  'fairSound',
  'fairMessageSound',
]);

const MARK = { holds: '✓', violated: '✗', bounded: '◐', unknown: '?' } as const;
const TONE = { holds: 'green', violated: 'red', bounded: 'yellow', unknown: 'yellow' } as const;

/**
 * The answer as people read it (DESIGN 9); of a script its answers. Implicit properties that hold
 * are one line together. Of a diagram what is wrong comes first, once for each cause, told by
 * `teller`.
 */
export function reportText(
  report: Report,
  durationMs: number,
  exit: number,
  io: Io,
  teller: Teller = MODEL,
): string {
  if (report.script) return scriptText(report.script, exit);
  const paint = painter(io);
  const states = report.properties
    .flatMap((p) => p.engines)
    .find((e) => e.states !== undefined)?.states;
  const threats = new Set(report.properties.flatMap((property) => property.threats));
  const head = [
    paint('bold', report.model.name),
    report.model.format,
    `${report.model.digest.slice(0, 13)}…`,
    ...(threats.size === 0 ? [] : [`under ${[...threats].join(' + ')}`]),
    ...(states === undefined ? [] : [`${states} states${reductionText(report)}`]),
  ];
  const quiet = report.properties.filter((p) => isImplicit(p) && p.outcome === 'holds');
  const shown = report.properties.filter((p) => !quiet.includes(p));
  const width = shown.reduce((most, p) => Math.max(most, p.name.length), 0);
  const told = new Told(report.findings ?? [], teller);
  const lines = shown.flatMap((p) => propertyLines(p, width, paint, told));
  const held = report.properties.filter((p) => p.outcome === 'holds').length;
  const foot = [
    `${held} of ${report.properties.length} hold`,
    ...(report.assumptions.fairness.length > 0 &&
    report.properties.some((p) => RESTS_ON_FAIRNESS.has(p.kind))
      ? [fairText(report.assumptions.fairness)]
      : []),
    ...report.assumptions.bounds.slice(0, 3),
    `${(durationMs / 1000).toFixed(durationMs < 100 ? 2 : 1)} s`,
  ];
  return [
    head.join(' · '),
    '',
    ...findingLines(report, paint, teller),
    ...mendedLines(report, paint),
    ...lines,
    ...(quiet.length > 0
      ? [
          `  ${paint('green', MARK.holds)} ${paint('dim', `${quiet.map((p) => p.name).join(', ')} hold`)}`,
        ]
      : []),
    ...report.assumptions.abstractions.map((a) => paint('dim', `    in the abstraction: ${a}`)),
    ...vacuityLines(report, paint, teller),
    '',
    `${foot.join(' · ')}${' '.repeat(3)}exit ${exit}`,
    '',
  ].join('\n');
}

/** Why the states are fewer than the model's; what rests on a part is not what is counted. */
function reductionText({ properties }: Report): string {
  const reduced = properties.every(
    ({ engines, evidence }) =>
      !engines.some(({ states }) => states !== undefined) || evidence?.['reduction'] !== undefined,
  );
  const [reduction] = properties.flatMap(({ evidence }) => evidence?.['reduction'] ?? []);
  return reduced && reduction !== undefined ? ` (reduced: ${String(reduction)})` : '';
}

/** What was found to mend a finding, and what becomes of the properties then. */
function fixLines(
  { fixes = [] }: Report,
  finding: number,
  paint: ReturnType<typeof painter>,
): string[] {
  return fixes
    .filter((fix) => fix.finding === finding)
    .flatMap(({ sentence, mends, leaves }) => [
      ...indented(sentence, `    ${paint('bold', 'fix')} `, 8),
      paint(
        'dim',
        `        verified: ${mends.length > 0 ? `then ${mends.join(', ')} hold${mends.length === 1 ? 's' : ''}` : 'then this is gone'}${leaves.length > 0 ? `; ${leaves.join(', ')} not shown to hold` : ', and nothing else breaks'}`,
      ),
    ]);
}

/** What the best changes mend together. */
function mendedLines({ fixes, mended }: Report, paint: ReturnType<typeof painter>): string[] {
  if (!fixes) return [];
  if (!mended)
    return [
      paint('dim', '  no small change was found that mends something and breaks nothing'),
      '',
    ];
  return [
    `  ${paint('bold', 'mended')} by ${mended.changes.length === 1 ? '1 change' : `${mended.changes.length} changes`}: ${mended.leaves.length === 0 ? 'all that was violated holds' : `${mended.leaves.join(', ')} still violated`}   (--fix FILE writes the diagram)`,
    '',
  ];
}

/** Words in lines of about this width. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** More than a few would be longer than the answer: they are in the report. */
function fairText(fairness: readonly string[]): string {
  return fairness.length > 8
    ? `fair: ${fairness.length} conditions`
    : `fair: ${fairness.map((f) => f.replace(/^(weak|strong): /, '').replace(/\(.*\)/, '')).join(', ')}`;
}

function isImplicit(p: PropertyReport): boolean {
  return ['withinRange', 'withinCapacity', 'singleWrite', 'defined'].includes(p.kind);
}

/** What has been shown, and where: the same is not shown again. */
class Told {
  readonly teller: Teller;
  readonly #at = new Map<string, string>();
  readonly #findings: ReadonlyMap<string, readonly number[]>;

  constructor(findings: readonly Finding[], teller: Teller) {
    this.teller = teller;
    const numbers = new Map<string, number[]>();
    for (const [index, { breaks }] of findings.entries())
      for (const name of breaks) numbers.set(name, [...(numbers.get(name) ?? []), index + 1]);
    this.#findings = numbers;
  }

  /** The numbers of the findings that break a property. */
  findings({ name }: PropertyReport): readonly number[] {
    return this.#findings.get(name) ?? [];
  }

  /** Where this has been shown before; nothing at the first time. */
  before(key: string, here: string): string | undefined {
    const at = this.#at.get(key);
    if (at === undefined) this.#at.set(key, here);
    return at;
  }
}

/** What is wrong with a diagram: where and why, which properties it breaks, the run. */
function findingLines(report: Report, paint: ReturnType<typeof painter>, teller: Teller): string[] {
  return (report.findings ?? []).flatMap((finding, index) => [
    ...indented(finding.why, `  ${paint('red', String(index + 1))} `, 4),
    ...finding.also.flatMap((also) => indented(also, '    ', 4)),
    paint('dim', `    breaks ${finding.breaks.join(', ')}`),
    ...(finding.trace ? traceLines(finding.trace, teller) : []),
    ...fixLines(report, index + 1, paint),
    '',
  ]);
}

function indented(text: string, first: string, width: number): string[] {
  return folded(text, 110).map((line, i) => (i === 0 ? first : ' '.repeat(width)) + line);
}

function propertyLines(
  p: PropertyReport,
  width: number,
  paint: ReturnType<typeof painter>,
  told: Told,
): string[] {
  const findings = told.findings(p);
  const detail = detailOf(p, told.teller);
  const how = findings.length > 0 ? `${detail} · ${whichFindings(findings)}` : detail;
  const line = `  ${paint(TONE[p.outcome], MARK[p.outcome])} ${p.name.padEnd(width)}  ${p.outcome.padEnd(8)}  ${how}`;
  const once = (key: string, what: string, lines: () => string[]): string[] => {
    const at = told.before(key, p.name);
    return at === undefined ? lines() : [paint('dim', `      the same ${what} as of ${at}`)];
  };
  const showsWhy = findings.length === 0;
  const why = showsWhy ? p.why : undefined;
  const trace = showsWhy && p.outcome === 'violated' && p.engines.length > 0 ? p.trace : undefined;
  return [
    line.trimEnd(),
    ...(why === undefined
      ? []
      : once(why, 'reason', () => folded(why, 110).map((text) => `      ${text}`))),
    ...(p.hint === undefined
      ? []
      : folded(p.hint, 110).map((text) => paint('yellow', `      ${text}`))),
    ...(Array.isArray(p.evidence?.['lacks'])
      ? [
          paint(
            'yellow',
            `      assurance missing: ${(p.evidence['lacks'] as string[]).join(', ')}`,
          ),
        ]
      : []),
    ...(p.outcome === 'holds' && p.evidence?.['because'] !== undefined
      ? once(JSON.stringify(p.evidence['because']), 'proof', () =>
          proofLines(p.evidence ?? {}).map((text) => paint('dim', text)),
        )
      : []),
    ...(trace ? once(runKey(trace), 'run', () => traceLines(trace, told.teller)) : []),
  ];
}

/**
 * The same for the same run; of any length, for its steps may be more text than a string can be.
 */
function runKey({ params, initial, steps, loopStart }: Trace): string {
  const hash = createHash('sha256').update(JSON.stringify([params, initial, loopStart]));
  for (const step of steps) hash.update(JSON.stringify(step));
  return hash.digest('hex');
}

/** Sentences of an invariant that are shown; the others are in the report and in `why.txt`. */
const MAX_SENTENCES = 6;

/** Why it holds, what that rests on, and who else has proved it. */
function proofLines(evidence: Evidence): string[] {
  const list = (key: string): readonly string[] =>
    Array.isArray(evidence[key]) ? (evidence[key] as readonly string[]) : [];
  const because = list('because');
  const more = because.length - MAX_SENTENCES;
  return [
    ...because
      .slice(0, MAX_SENTENCES)
      .map(
        (sentence, i) =>
          `      ${i === 0 ? 'always  ' : '        '}${sentence.length > 140 ? `${sentence.slice(0, 140)}…` : sentence}`,
      ),
    ...(more > 0 ? [`              and ${more} more (--json, --artifacts)`] : []),
    ...(list('needs').length > 0 ? [`      needs   ${list('needs').join(', ')}`] : []),
    ...(list('reprovedBy').length > 0
      ? [
          `      proved again by ${list('reprovedBy')
            .map((name) => name.replace(/, sha256:.*/, ''))
            .join(', ')}`,
        ]
      : []),
  ];
}

function whichFindings(numbers: readonly number[]): string {
  return numbers.length === 1 ? `finding ${numbers[0]}` : `findings ${numbers.join(', ')}`;
}

function detailOf(p: PropertyReport, teller: Teller): string {
  const deciding = p.engines.filter((e) => e.outcome === p.outcome).map((e) => e.name);
  const agree = p.agreement
    ? agreementText(p.agreement)
    : deciding.length > 1
      ? `${deciding.join(', ')} agree`
      : (deciding[0] ?? '');
  const reproved = p.assurance.includes('obligationsReproved')
    ? ' · invariant re-proved in 3 obligations'
    : '';
  switch (p.outcome) {
    case 'holds':
      return p.method === 'witness' && p.trace
        ? `${agree} · shortest run: ${steps(p.trace.steps.length)}`
        : `${agree}${reproved}`;
    case 'violated':
      return `${p.message ? `${p.message} · ` : ''}${WITNESS_WORDS[p.witness ?? 'trace'](p, teller)}${agree ? ` · ${agree}` : ''}`;
    case 'bounded':
      return `nothing found within ${p.bound ?? 'a bound'}`;
    case 'unknown':
      return `${p.reason ?? ''}: ${p.message ?? ''}`;
  }
}

const WITNESS_WORDS: Readonly<
  Record<NonNullable<PropertyReport['witness']>, (p: PropertyReport, teller: Teller) => string>
> = {
  trace: (p) => `in ${steps(p.trace?.steps.length ?? 0)}`,
  lasso: () => 'a fair run never gets there',
  trap: (p) => `after ${steps(p.trace?.steps.length ?? 0)} there is no way back`,
  exhaustion: (p, teller) =>
    `no run gets there${Array.isArray(p.evidence?.['unreachable']) ? `: ${(p.evidence['unreachable'] as string[]).map((goal) => teller.name(goal)).join(', ')}` : paramsOf(p.trace)}`,
};

function paramsOf(trace: Trace | undefined): string {
  const entries = Object.entries(trace?.params ?? {});
  return entries.length === 0
    ? ''
    : ` when ${entries.map(([name, value]) => `${name} = ${valueText(value)}`).join(', ')}`;
}

function vacuityLines(report: Report, paint: ReturnType<typeof painter>, teller: Teller): string[] {
  const v = report.vacuity;
  if (!v) return [];
  return [
    ...(v.neverFires.length > 0
      ? [
          paint(
            'dim',
            `    never happens: ${v.neverFires.map((action) => teller.name(action)).join(', ')}`,
          ),
        ]
      : []),
    ...(v.premiseNeverTrue.length > 0
      ? [
          paint(
            'dim',
            `    says nothing, its premise is never true: ${v.premiseNeverTrue.join(', ')}`,
          ),
        ]
      : []),
    ...(v.survivesEveryMutant.length > 0
      ? [paint('dim', `    no mutant breaks: ${v.survivesEveryMutant.join(', ')}`)]
      : []),
    ...(v.mutants?.open === undefined ? [] : [paint('dim', `    ${triedText(v.mutants)}`)]),
    ...(v.neverRead && v.neverRead.length > 0
      ? [paint('dim', `    nothing reads: ${v.neverRead.join(', ')}`)]
      : []),
  ];
}

const OPEN = {
  size: 'their graphs are too large',
  sampled: 'values are only sampled',
  time: 'the time was up',
} as const;

/** What was not looked at when mutants were tried. */
function triedText({ of, tried, unbroken, open = 'size' }: MutantsTried): string {
  const why = OPEN[open];
  return tried === 0
    ? `whether mutants break what holds was not tried: ${why}`
    : `${tried} of ${of} mutants were tried (${why}); none of them breaks: ${unbroken.join(', ')}`;
}
