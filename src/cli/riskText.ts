import type { RiskAssessment } from '../risk/index.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';

const WORDS = {
  unknownActivity: 'is no action of the model',
  unknownBinding: 'with values that the action cannot have',
  notEnabled: 'is not possible there',
} as const;

/**
 * A risk as people read it: the number with its interval, what it was learned from, and every
 * reason to doubt it.
 */
export function riskText(
  assessed: RiskAssessment,
  format: string,
  durationMs: number,
  io: Io,
): string {
  const paint = painter(io);
  const { probability: p, perCases, card } = assessed;
  const head = [
    paint('bold', card.model.name),
    format,
    ...(card.model.digest === undefined ? [] : [`${card.model.digest.slice(0, 13)}…`]),
    `${assessed.states} states`,
    `${card.data.cases} cases, ${card.data.events} events`,
  ];
  const pad = ' '.repeat(assessed.property.length + 4);
  const loss =
    perCases.expectedLossEur === undefined ? '' : ` · ${number(perCases.expectedLossEur)} EUR`;
  const worst = Object.entries(card.parameters.worst)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(', ');
  return [
    head.join(' · '),
    '',
    `  ${paint('bold', assessed.property)}  a case is lost with probability ${percent(p.mean)} · ${Math.round(p.level * 100)} % interval ${percent(p.lower)} to ${percent(p.upper)}`,
    `${pad}in ${number(perCases.n)} cases: ${number(perCases.expected)} expected${loss} · at least one: ${percent(perCases.atLeastOne)}`,
    ...(card.parameters.valuations > 1
      ? [`${pad}the worst of ${card.parameters.valuations} valuations: ${worst}`]
      : []),
    '',
    ...evidenceLines(assessed),
    ...warnings(assessed).map((line) => `  ${paint('yellow', '!')} ${line}`),
    '',
    `a number beside the verdict, never part of it · ${card.sampling.draws} draws, seed ${card.sampling.seed} · ${(durationMs / 1000).toFixed(1)} s`,
    '',
  ].join('\n');
}

function evidenceLines({ card }: RiskAssessment): string[] {
  const { data, branchings, drift } = card;
  return [
    `    learned from ${data.eventsCounted} of ${data.events} events; ${data.lossCases} of ${data.cases} cases were lost${data.window ? ` · ${data.window.from.slice(0, 10)} to ${data.window.to.slice(0, 10)}` : ''}`,
    `    ${branchings.relevant - branchings.unseen} of ${branchings.relevant} branchings seen · ${percent(branchings.throughUnseen)} of cases come through an unseen one`,
    `    drift: ${drift.p === undefined ? 'too few cases to test' : `p = ${drift.p.toPrecision(2)}${drift.found ? '' : ', none found'}`}`,
  ];
}

function warnings({ card }: RiskAssessment): string[] {
  const { data, nonConformance, drift, sampling } = card;
  const [first] = nonConformance;
  return [
    ...(card.insufficientData
      ? ['insufficient data: below 200 conformant cases the interval is too often too narrow']
      : []),
    ...(first
      ? [
          `${data.nonConformantCases} of ${data.cases} cases leave the model; first: ${first.case}, row ${first.row}: ${first.activity} ${WORDS[first.reason]}`,
        ]
      : []),
    ...(data.openCases > 0
      ? [`${data.openCases} cases end where the model promises a further step: taken as still open`]
      : []),
    ...(data.ambiguousCases > 0
      ? [`${data.ambiguousCases} cases fit several paths: their moves are shared among them`]
      : []),
    ...(data.unusedColumns.length > 0
      ? [`columns that name nothing in the model: ${data.unusedColumns.join(', ')}`]
      : []),
    ...(drift.found
      ? [
          'the two halves of the log differ: rates drift, and the interval is too narrow for the future',
        ]
      : []),
    ...(sampling.wideDraws > 0
      ? [
          `${sampling.wideDraws} of ${sampling.draws} draws were not solved to the end; the interval holds their bounds`,
        ]
      : []),
  ];
}

/** Three digits that count; what rounds to nothing or to all is said to be near it. */
function percent(p: number): string {
  if (p > 0 && p < 1e-9) return '< 0.0000001 %';
  if (p < 1 && p > 0.999) return '> 99.9 %';
  return `${trimmed(p * 100)} %`;
}

function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : trimmed(value);
}

function trimmed(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}
