import type { AssessedLoss } from '../risk/attacks/assessLoss.ts';
import type { PropertyLoss } from '../risk/attacks/loss.ts';
import { answerLoss } from '../risk/attacks/lossAnswer.ts';
import type { CommandIo, Ended } from './command.ts';
import { writeFiles } from './explained.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { readLargeText, readText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly sets: string | undefined;
  readonly incidents: string | undefined;
  readonly seed: number;
  readonly pictures: string | undefined;
}

/** `probity loss`. */
export async function loss(asked: Asked, io: CommandIo): Promise<Ended> {
  const { file, sets, seed } = asked;
  const text = await readText(file);
  if (!text.ok) return text;
  const beside = sets === undefined ? undefined : await readText(sets);
  if (beside?.ok === false) return beside;
  const table = asked.incidents === undefined ? undefined : await readLargeText(asked.incidents);
  if (table?.ok === false) return table;
  const answer = answerLoss({
    question: text.value,
    sets: beside?.value,
    incidents: table?.value,
    seed,
  });
  if (!answer.ok) return answer;
  const { report, pictures } = answer.value;
  if (asked.pictures !== undefined) await writeFiles(asked.pictures, pictures);
  return { exit: EXIT.ok, json: report, text: () => lossText(report, io) };
}

const share = (p: number): string => `${Number((p * 100).toPrecision(4))} %`;

function lossText(report: AssessedLoss, io: Io): string {
  const paint = painter(io);
  const { cases, properties, expectedLoss, someLoss } = report;
  const intervals = new Map(report.intervals?.properties.map((each) => [each.name, each]));
  return [
    ...properties.flatMap((property) => [
      `${paint('bold', property.name)}  ${chanceOf(property, cases)}${rangeText(intervals.get(property.name)?.p)}`,
      ...property.ids.map(
        ({ id, birnbaum, fussellVesely }) =>
          `    ${id}  importance ${Number(birnbaum.toPrecision(4))} · in ${share(fussellVesely)} of it`,
      ),
    ]),
    '',
    ...(expectedLoss === undefined || expectedLoss === null || someLoss === undefined
      ? []
      : [
          `expected loss ${Number(expectedLoss.toPrecision(6))} EUR in ${cases} ${cases === 1 ? 'unit' : 'units'}`,
        ]),
    ...periodLines(report),
    ...report.measures.map(
      ({ name, costEur, avoidedEur, interval, perEuro }) =>
        `${name}: avoids ${euro(avoidedEur)} EUR (${euro(interval.lower)} to ${euro(interval.upper)}) for ${euro(costEur)} EUR · ${Number(perEuro.toPrecision(3))} EUR for each`,
    ),
    ...report.rates
      .filter(({ kind }) => kind !== 'known')
      .map(
        ({ id, mean, lower, upper, derivation }) =>
          `rate of ${id}: ${share(mean)} (${share(lower)} to ${share(upper)}) · ${derivation}`,
      ),
    ...report.leftOut.map((each) => `${paint('yellow', '!')} ${each}`),
    ...report.assumptions.map((each) => paint('dim', `assumed: ${each}`)),
    '',
  ].join('\n');
}

const euro = (value: number): string => String(Number(value.toPrecision(4)));

const rangeText = (p: { readonly lower: number; readonly upper: number } | undefined): string =>
  p ? ` · 95 % of the rates give ${share(p.lower)} to ${share(p.upper)}` : '';

/** What the period may cost: said with the error that comes of drawing. */
function periodLines({ period, intervals }: AssessedLoss): string[] {
  const expected = intervals?.expectedLoss;
  return [
    ...(expected && period
      ? [`95 % of the rates give ${euro(expected.lower)} to ${euro(expected.upper)} EUR`]
      : []),
    ...(period?.tails.map(
      ({ level, valueAtRisk, conditional }) =>
        `with ${share(1 - level)} probability more than ${euro(valueAtRisk.value)} EUR (± ${euro(valueAtRisk.monteCarloError)}), and then ${euro(conditional.value)} EUR on average (± ${euro(conditional.monteCarloError)})`,
    ) ?? []),
    ...(period ? [`${period.replicates} replicates of the period, seed ${period.seed}`] : []),
  ];
}

function chanceOf({ p, upper, bound, atLeastOnce }: PropertyLoss, cases: number): string {
  if (p === null || upper === null || atLeastOnce === null)
    return `at most ${share(bound)} in a unit: too many sets for an exact number`;
  const open = upper > p ? `, at most ${share(upper)} where larger sets are open` : '';
  const many = cases === 1 ? '' : ` · ${share(atLeastOnce)} at least once in ${cases}`;
  return `${share(p)} in a unit${open}${many}`;
}
