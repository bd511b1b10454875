import { access } from 'node:fs/promises';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { inspect } from '../checking/inspect.ts';
import { readPredicate } from '../checking/predicate.ts';
import type { FormatName } from '../model/formats.ts';
import { askedLoss } from '../risk/assess.ts';
import { readWeights, RISK_DEFAULTS } from '../risk/index.ts';
import { knownBounds } from '../risk/process/knownProcess.ts';
import type { NamedThreats } from '../threats/selection.ts';
import { readSubmission } from './submission.ts';
import { allMet, intervalBounds, markovBounds, type MarkovBounds } from '../risk/markov/bounds.ts';
import { readMarkovJson, type MarkovFile } from '../risk/markov/readJson.ts';
import { readLabels, readTransitions } from '../risk/markov/readPrism.ts';
import { wrong } from './arguments.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';
import { readLargeText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly lab: string | undefined;
  readonly target: string;
  readonly width: number;
  readonly within: number | undefined;
  readonly expected: boolean;
  readonly format: FormatName | undefined;
  readonly weights: string | undefined;
  readonly property: string | undefined;
  readonly where: string | undefined;
  readonly threats: NamedThreats | undefined;
  readonly maxStates: number;
  readonly timeout: number;
}

/** `probity markov`: sound bounds, always as JSON. */
export async function markov(asked: Asked, io: CommandIo): Promise<Ended> {
  if (asked.weights !== undefined) return ofModel(asked, asked.weights, io);
  const { property, where, threats } = asked;
  if (property !== undefined || where !== undefined || threats !== undefined)
    return wrong(
      'of a model, say how strongly its actions draw: --weights WEIGHTS.json',
      '--weights',
    );
  const read = await readProcess(asked);
  if (!read.ok) return read;
  const file = read.value;
  if ('intervals' in file && (asked.within !== undefined || asked.expected))
    return wrong('a chain of intervals is asked for reaching a goal alone', '--expected, --within');
  const bounds =
    'intervals' in file
      ? intervalBounds(file.intervals, asked)
      : markovBounds(file.process, asked, file.costs);
  return ended(bounds);
}

function ended(bounds: MarkovBounds): Ended {
  return {
    exit: allMet(bounds) ? EXIT.ok : EXIT.open,
    json: bounds,
    text: () => `${JSON.stringify(bounds, null, 2)}\n`,
  };
}

/** Of a model whose actions draw with known weights, with or without somebody who attacks. */
async function ofModel(asked: Asked, weightsFile: string, io: CommandIo): Promise<Ended> {
  const { where, property, threats, maxStates, timeout } = asked;
  if ((property === undefined) === (where === undefined))
    return wrong('give the goal: --property NAME (that it breaks), or --where EXPR', '--property');
  const submission = await readSubmission(asked.file, asked.format);
  const inspected = submission.ok ? await inspect(submission.value) : submission;
  if (!inspected.ok) return inspected;
  const judged =
    where === undefined ? undefined : readPredicate(inspected.value.document, where, '--where');
  if (judged && !judged.ok) return judged;
  const semantics = judged?.value.semantics ?? inspected.value.semantics;
  const text = await readLargeText(weightsFile);
  const weights = text.ok ? readWeights(text.value, semantics) : text;
  if (!weights.ok) return weights;
  const loss = askedLoss(
    semantics,
    judged && where !== undefined
      ? { name: where, predicate: judged.value.predicate }
      : { property: property ?? '' },
  );
  if (!loss.ok) return loss;
  const bounds = await knownBounds({
    semantics,
    loss: loss.value,
    weights: weights.value,
    threats,
    bounds: asked,
    limits: { ...RISK_DEFAULTS, maxStates, timeoutMs: timeout * 1000 },
    signal: io.interrupted ?? new AbortController().signal,
  });
  return bounds.ok ? ended(bounds.value) : bounds;
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
