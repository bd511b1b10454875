import { access } from 'node:fs/promises';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { allMet, intervalBounds, markovBounds } from '../risk/markov/bounds.ts';
import { readMarkovJson, type MarkovFile } from '../risk/markov/readJson.ts';
import { readLabels, readTransitions } from '../risk/markov/readPrism.ts';
import { wrong } from './arguments.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';
import { readLargeText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly lab: string | undefined;
  readonly target: string;
  readonly width: number;
  readonly within: number | undefined;
  readonly expected: boolean;
}

/** `probity markov`: sound bounds, always as JSON. */
export async function markov(asked: Asked): Promise<Ended> {
  const read = await readProcess(asked);
  if (!read.ok) return read;
  const file = read.value;
  if ('intervals' in file && (asked.within !== undefined || asked.expected))
    return wrong('a chain of intervals is asked for reaching a goal alone', '--expected, --within');
  const bounds =
    'intervals' in file
      ? intervalBounds(file.intervals, asked)
      : markovBounds(file.process, asked, file.costs);
  return {
    exit: allMet(bounds) ? EXIT.ok : EXIT.open,
    json: bounds,
    text: () => `${JSON.stringify(bounds, null, 2)}\n`,
  };
}

async function readProcess(args: Asked): Promise<Result<MarkovFile>> {
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
  if (!read.ok) return read;
  const process = readTransitions(text.value, read.value, args.target);
  return process.ok ? ok({ process: process.value }) : process;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
