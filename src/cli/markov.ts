import { access } from 'node:fs/promises';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { markovBounds } from '../risk/markov/bounds.ts';
import type { DecisionProcess } from '../risk/markov/decision.ts';
import { readMarkovJson } from '../risk/markov/readJson.ts';
import { readLabels, readTransitions } from '../risk/markov/readPrism.ts';
import { parseArgs, wrong } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';
import { readLargeText } from './textFile.ts';

const MARKOV_HELP = `probity markov FILE [options]    how likely a goal is reached: sound bounds, as JSON

  FILE                 JSON: {"states": N, "initial": i, "targets": [i], "transitions": [[from, to, p]]},
                       for a decision process [[from, choice, to, p]]; or PRISM's FILE.tra
  --lab FILE           the labels beside FILE.tra; default: FILE.lab
  --target LABEL       which label is the goal (target)
  --width W            how near the bounds are, in parts of the upper one (1e-7)
  --json               as without it

exit: 0 computed · 2 bad input · 3 the bounds did not come so near, and are true · 4 a fault
`;

interface MarkovArgs {
  readonly file: string;
  readonly lab: string | undefined;
  readonly target: string;
  readonly width: number;
}

export async function markovCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(MARKOV_HELP);
    return EXIT.ok;
  }
  const asJson = args.includes('--json');
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, asJson, io);
  const process = await readProcess(parsed.value);
  if (!process.ok) return printProblems(process.problems, asJson, io);
  const bounds = markovBounds(process.value, { width: parsed.value.width });
  io.stdout(`${JSON.stringify(bounds, null, 2)}\n`);
  const met = bounds.kind === 'chain' ? bounds.met : bounds.max.met && bounds.min.met;
  return met ? EXIT.ok : EXIT.open;
}

async function readProcess(args: MarkovArgs): Promise<Result<DecisionProcess>> {
  const text = await readLargeText(args.file);
  if (!text.ok) return text;
  if (!args.file.endsWith('.tra')) return readMarkovJson(text.value);
  const file = args.lab ?? args.file.replace(/\.tra$/, '.lab');
  const beside = (await isThere(file)) || args.lab !== undefined;
  if (!beside)
    return bad(problem('MARKOV_SHAPE', file, `the labels say where it starts: give --lab FILE`));
  const labels = await readLargeText(file);
  if (!labels.ok) return labels;
  const read = readLabels(labels.value);
  return read.ok ? readTransitions(text.value, read.value, args.target) : read;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function readArgs(args: string[]): Result<MarkovArgs> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: {
      lab: { type: 'string' },
      target: { type: 'string' },
      width: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one file: probity markov FILE');
  const width = Number(values.width ?? 1e-7);
  if (!(width >= 1e-12 && width <= 0.1)) return wrong('--width takes a number from 1e-12 to 0.1');
  return ok({ file, lab: values.lab, target: values.target ?? 'target', width });
}
