import { lossOf, type LossReport, type PropertyLoss } from '../risk/attacks/loss.ts';
import { readLossQuestion } from '../risk/attacks/question.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { readText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly sets: string | undefined;
}

/** `probity loss`. */
export async function loss({ file, sets }: Asked, io: CommandIo): Promise<Ended> {
  const text = await readText(file);
  if (!text.ok) return text;
  const beside = sets === undefined ? undefined : await readText(sets);
  if (beside?.ok === false) return beside;
  const question = readLossQuestion(text.value, beside?.value);
  if (!question.ok) return question;
  const report = lossOf(question.value);
  return { exit: EXIT.ok, json: report, text: () => lossText(report, io) };
}

const share = (p: number): string => `${Number((p * 100).toPrecision(4))} %`;

function lossText(report: LossReport, io: Io): string {
  const paint = painter(io);
  const { cases, properties, expectedLoss, someLoss } = report;
  return [
    ...properties.flatMap((property) => [
      `${paint('bold', property.name)}  ${chanceOf(property, cases)}`,
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
    ...report.assumptions.map((each) => paint('dim', `assumed: ${each}`)),
    '',
  ].join('\n');
}

function chanceOf({ p, upper, bound, atLeastOnce }: PropertyLoss, cases: number): string {
  if (p === null || upper === null || atLeastOnce === null)
    return `at most ${share(bound)} in a unit: too many sets for an exact number`;
  const open = upper > p ? `, at most ${share(upper)} where larger sets are open` : '';
  const many = cases === 1 ? '' : ` · ${share(atLeastOnce)} at least once in ${cases}`;
  return `${share(p)} in a unit${open}${many}`;
}
