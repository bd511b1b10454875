import { access } from 'node:fs/promises';
import { bad, problem, type Result } from '../errors/index.ts';
import { markovBounds } from '../risk/markov/bounds.ts';
import type { DecisionProcess } from '../risk/markov/decision.ts';
import { readMarkovJson } from '../risk/markov/readJson.ts';
import { readLabels, readTransitions } from '../risk/markov/readPrism.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';
import { readLargeText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly lab: string | undefined;
  readonly target: string;
  readonly width: number;
}

/** `probity markov`: sound bounds, always as JSON. */
export async function markov(asked: Asked): Promise<Ended> {
  const process = await readProcess(asked);
  if (!process.ok) return process;
  const bounds = markovBounds(process.value, { width: asked.width });
  const met = bounds.kind === 'chain' ? bounds.met : bounds.max.met && bounds.min.met;
  return {
    exit: met ? EXIT.ok : EXIT.open,
    json: bounds,
    text: () => `${JSON.stringify(bounds, null, 2)}\n`,
  };
}

async function readProcess(args: Asked): Promise<Result<DecisionProcess>> {
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
