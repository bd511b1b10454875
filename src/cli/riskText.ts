import type { MappedData } from '../risk/card.ts';
import type { RiskAssessment } from '../risk/index.ts';
import type { Io } from './io.ts';
import { processLines } from './processText.ts';
import { numberText, percent } from './riskNumbers.ts';
import { painter } from './style.ts';

const WORDS = {
  unknownActivity: 'is no action of the model',
  unknownBinding: 'with values that the action cannot have',
  notEnabled: 'is not possible there',
  beyondModel: 'has a value that is beyond the model',
  unreadable: 'lacks what the mapping reads of it',
} as const;

/**
 * A risk as people read it: the number with its intervals, what it was learned from, and every
 * reason to doubt it.
 */
export function riskText(
  assessed: RiskAssessment,
  format: string,
  durationMs: number,
  io: Io,
): string {
  const paint = painter(io);
  const { card } = assessed;
  const head = [
    paint('bold', card.model.name),
    format,
    ...(card.model.digest === undefined ? [] : [`${card.model.digest.slice(0, 13)}…`]),
    `${assessed.states} states`,
    `${card.data.cases} cases, ${card.data.events} events`,
  ];
  const pad = ' '.repeat(assessed.property.length + 4);
  const worst = Object.entries(card.parameters.worst)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(', ');
  const [first, ...more] = [
    headline(assessed),
    ...numbers(assessed),
    ...processLines(assessed),
    ...(card.parameters.valuations > 1
      ? [`the worst of ${card.parameters.valuations} valuations: ${worst}`]
      : []),
  ];
  return [
    head.join(' · '),
    '',
    `  ${paint('bold', assessed.property)}  ${first}`,
    ...more.map((line) => `${pad}${line}`),
    '',
    ...evidenceLines(assessed),
    ...warnings(assessed).map((line) => `  ${paint('yellow', '!')} ${line}`),
    '',
    `a number beside the verdict, never part of it · ${card.sampling.draws} draws, seed ${card.sampling.seed} · ${(durationMs / 1000).toFixed(1)} s`,
    '',
  ].join('\n');
}

function headline({ headline: said, card, probability: p }: RiskAssessment): string {
  const level = `${Math.round(p.level * 100)} %`;
  const interval = `${level} posterior interval ${percent(p.lower)} to ${percent(p.upper)}`;
  switch (said.kind) {
    case 'mean':
      return `a case is lost with probability ${percent(said.value)} · ${interval}`;
    case 'upperBound':
      return `a case is lost with probability at most ${percent(said.value)} · ${interval}`;
    case 'none':
      return `no number: ${said.because
        .map((reason) =>
          reason === 'outsideModel'
            ? `${percent(card.data.nonConformantCases / card.data.cases)} of the cases leave the model`
            : `of ${percent(card.censoring.undecided)} of the cases nothing tells how they end`,
        )
        .join(', and ')}`;
  }
}

function numbers(assessed: RiskAssessment): string[] {
  const { headline: said, direct, identification: range, perCases } = assessed;
  const predictive = `95 % predictive interval ${numberText(perCases.predictive.lower)} to ${numberText(perCases.predictive.upper)} losses`;
  const euros = perCases.predictiveLossEur;
  const mean = said.kind === 'mean';
  return [
    `counted: ${direct.lost} of ${direct.cases} cases with a known end · ${direct.estimate === undefined ? '' : `${percent(direct.estimate)} · `}95 % Clopper–Pearson interval ${percent(direct.lower)} to ${percent(direct.upper)}`,
    ...(range.outside > 0
      ? [
          `whatever became of the cases outside the model: ${percent(range.lower)} to ${percent(range.upper)} of all cases`,
        ]
      : []),
    ...(said.kind === 'none'
      ? []
      : [
          `in ${numberText(perCases.n)} cases: ${mean ? `${numberText(perCases.expected)} expected · ` : ''}${predictive} · at least one: ${percent(perCases.atLeastOne)}`,
          ...(euros
            ? [
                `that is ${mean ? `${numberText(perCases.expectedLossEur ?? 0)} EUR expected, ` : ''}${numberText(euros.lower)} to ${numberText(euros.upper)} EUR`,
              ]
            : []),
        ]),
  ];
}

function evidenceLines({ card }: RiskAssessment): string[] {
  const { data, branchings, drift } = card;
  const detectable =
    drift.detectableRatio === undefined
      ? 'no ratio could be found with so few losses'
      : `a ratio of ${drift.detectableRatio.toPrecision(2)} would be found four times in five`;
  return [
    `    learned from ${data.eventsCounted} of ${data.events} events; ${data.lossCases} of ${data.cases} cases were lost${data.window ? ` · ${data.window.from.slice(0, 10)} to ${data.window.to.slice(0, 10)}` : ''}`,
    `    ${branchings.relevant - branchings.unseen} of ${branchings.relevant} branchings seen · ${percent(card.prior.share)} of the answer is prior`,
    `    drift of the answer: ${drift.p === undefined ? 'not to be tested' : `p = ${drift.p.toPrecision(2)}`}; ${detectable}`,
  ];
}

function warnings({ headline: said, card, direct }: RiskAssessment): string[] {
  const { data, nonConformance, drift, markov, censoring } = card;
  const [first] = nonConformance;
  return [
    ...(said.because.includes('fewLosses')
      ? [`only ${direct.lost} losses seen (fewer than 5): an upper bound, no mean`]
      : []),
    ...(said.because.includes('priorDominated')
      ? [`prior-dominated: ${percent(card.prior.share)} of the answer is prior`]
      : []),
    ...(first
      ? [
          `${data.nonConformantCases} of ${data.cases} cases leave the model; first: ${first.case}, row ${first.row}: ${first.activity} ${WORDS[first.reason]}`,
        ]
      : []),
    ...card.outsiders
      .slice(0, 3)
      .map(
        ({ trait, outside, inside }) =>
          `in common: ${trait}, in ${percent(outside)} of the cases outside and ${percent(inside)} inside`,
      ),
    ...(data.openCases > 0
      ? [
          `${data.openCases} cases end where the model promises a further step: still open; ${censoring.states > 0 ? 'judged by how long others took' : 'left out'}; bias: ${censoring.bias}`,
        ]
      : []),
    ...(data.reorderedCases > 0
      ? [
          `${data.reorderedCases} of ${data.equalTimeCases} cases with equal times fit in another order than that of their rows`,
        ]
      : []),
    ...(data.immatureCases > 0
      ? [`${data.immatureCases} cases left out that began too near to the end of the log`]
      : []),
    ...(direct.disagrees
      ? ['the model’s mean is outside the counted interval: believe neither before you know why']
      : []),
    ...(data.ambiguousCases > 0
      ? [`${data.ambiguousCases} cases fit several paths: their moves are shared among them`]
      : []),
    ...(data.silentActions.length > 0
      ? [`taken to happen without events: ${firstOf(data.silentActions)}`]
      : []),
    ...mappingWarnings(data.mapping),
    ...(data.unusedColumns.length > 0
      ? [`columns that name nothing in the model: ${data.unusedColumns.join(', ')}`]
      : []),
    ...(drift.found
      ? [
          `drift: ${drift.earlier.lost} of ${drift.earlier.cases} lost in the earlier half, ${drift.later.lost} of ${drift.later.cases} in the later: the intervals are too narrow for the future`,
        ]
      : []),
    ...(markov.p !== undefined && markov.p < 0.01
      ? [
          `the next step depends on more than the state (p = ${markov.p.toPrecision(2)}): what matters to it should be a variable`,
        ]
      : []),
  ];
}

function mappingWarnings(mapping: MappedData | undefined): string[] {
  if (!mapping) return [];
  const { blindLosses, unmappedEvents } = mapping;
  return [
    ...(blindLosses.length > 0
      ? [
          `no event tells of ${firstOf(blindLosses)}, by which a case can be lost: the log says nothing of those losses`,
        ]
      : []),
    ...(unmappedEvents > 0 ? [`${unmappedEvents} events are in no entry of the mapping`] : []),
  ];
}

function firstOf(names: readonly string[]): string {
  const more = names.length - 6;
  return `${names.slice(0, 6).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
