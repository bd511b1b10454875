import { ok, type Result } from '../errors/index.ts';
import { lossOf, type LossReport, type PropertyLoss } from '../risk/attacks/loss.ts';
import { readLossQuestion } from '../risk/attacks/question.ts';
import { parseArgs, wrong } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { readText } from './textFile.ts';

const LOSS_HELP = `probity loss FILE [options]      how likely attacks break properties, and what it costs

  FILE                 JSON: {"sets": what \`probity threats --json\` prints, "risk": {…}}
                       risk: q (id → probability in one unit of exposure), commonCause ([{members, q}]),
                       severity (property → EUR), lossGroups ([[property]]), cases (N)
  --sets FILE          the sets, where they are not in FILE
  --json               the answer as JSON

exit: 0 computed · 2 bad input · 4 a fault. A risk is never a verdict: \`probity threats\` gives that.
`;

export async function lossCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(LOSS_HELP);
    return EXIT.ok;
  }
  const parsed = readArgs(args);
  const asJson = args.includes('--json');
  if (!parsed.ok) return printProblems(parsed.problems, asJson, io);
  const { file, sets } = parsed.value;
  const text = await readText(file);
  if (!text.ok) return printProblems(text.problems, asJson, io);
  const beside = sets === undefined ? undefined : await readText(sets);
  if (beside?.ok === false) return printProblems(beside.problems, asJson, io);
  const question = readLossQuestion(text.value, beside?.value);
  if (!question.ok) return printProblems(question.problems, asJson, io);
  const report = lossOf(question.value);
  io.stdout(asJson ? `${JSON.stringify(report, null, 2)}\n` : lossText(report, io));
  return EXIT.ok;
}

function readArgs(args: string[]): Result<{ readonly file: string; readonly sets?: string }> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: { sets: { type: 'string' }, json: { type: 'boolean' } },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one file: probity loss FILE');
  return ok({ file, ...(values.sets === undefined ? {} : { sets: values.sets }) });
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
