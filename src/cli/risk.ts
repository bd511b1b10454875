import { bad, ok, problem, type Result } from '../errors/index.ts';
import type { Semantics } from '../model/semantics.ts';
import type { ProcessRequest } from '../risk/process/processRequest.ts';
import type { NamedThreats } from '../threats/selection.ts';
import {
  assessRisk,
  branchWeights,
  chainOfValuation,
  exploreLosses,
  generateLog,
  readCosts,
  readWeights,
  RISK_DEFAULTS,
  trueProbability,
  type Loss,
  type RiskAssessment,
} from '../risk/index.ts';
import { inspect, type Inspected } from '../checking/inspect.ts';
import { readPredicate } from '../checking/predicate.ts';
import type { FormatName } from '../model/formats.ts';
import type { Submission } from '../checking/types.ts';
import { wrong } from './arguments.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';
import { readSubmission } from './submission.ts';
import { eventLogIn, type AskedLog } from './eventLogFile.ts';
import { readLargeText } from './textFile.ts';
import { silentActions } from './silentActions.ts';
import { riskText } from './riskText.ts';
import { writeFiles } from './explained.ts';
import { riskPictures } from '../risk/figures.ts';
import type { LearnedDraws } from '../risk/assess.ts';
import { Watch } from '../risk/watch.ts';

interface Asked extends AskedLog {
  readonly file: string;
  readonly format: FormatName | undefined;
  readonly events: string | undefined;
  readonly weights: string | undefined;
  readonly generate: number | undefined;
  readonly property: string | undefined;
  readonly where: string | undefined;
  readonly cases: number;
  readonly draws: number | undefined;
  readonly logEnd: number | undefined;
  readonly mature: number | undefined;
  readonly silent: readonly string[] | undefined;
  readonly seed: number;
  readonly maxStates: number;
  readonly timeout: number;
  readonly pictures: string | undefined;
  readonly within: number | undefined;
  readonly expected: boolean;
  readonly costs: string | undefined;
  readonly robust: boolean;
  readonly attackers: NamedThreats | undefined;
}

const DAY_MS = 86_400_000;

/** `probity risk`: from an event log, or an event log with known weights. */
export async function risk(asked: Asked, io: CommandIo): Promise<Ended> {
  const { events, generate, property, weights } = asked;
  if ((events === undefined) === (generate === undefined))
    return wrong('give --events LOG to learn from a log, or --generate N to make one', '--events');
  if (events !== undefined && (property === undefined) === (asked.where === undefined))
    return wrong(
      'give the property whose loss is asked about, --property NAME, or the states that are a loss, --where EXPR',
      '--property',
    );
  if (generate !== undefined && weights === undefined)
    return wrong('give the weights to generate with: --weights WEIGHTS.json', '--weights');
  const submission = await readSubmission(asked.file, asked.format);
  if (!submission.ok) return submission;
  const inspected = await inspect(submission.value);
  if (!inspected.ok) return inspected;
  const signal = io.interrupted ?? new AbortController().signal;
  return generate === undefined
    ? assess(asked, inspected.value, submission.value, signal, io)
    : generateCases(asked, generate, inspected.value, signal, io);
}

async function assess(
  asked: Asked,
  inspected: Inspected,
  submission: Submission,
  signal: AbortSignal,
  io: CommandIo,
): Promise<Ended> {
  const started = performance.now();
  const { where } = asked;
  const predicate =
    where === undefined ? undefined : readPredicate(inspected.document, where, '--where');
  if (predicate && !predicate.ok) return predicate;
  const semantics = predicate?.value.semantics ?? inspected.semantics;
  const log = await eventLogIn(asked.events ?? '', asked, semantics, io);
  if (!log.ok) return log;
  const quiet = await silentActions(asked.silent ?? [], inspected, submission);
  if (!quiet.ok) return quiet;
  const process = await processAsked(asked, semantics);
  if (!process.ok) return process;
  const { cases, draws, seed, maxStates, timeout, logEnd, mature } = asked;
  let found: LearnedDraws | undefined;
  const assessed = await assessRisk(
    {
      semantics,
      modelDigest: inspected.digest,
      loss:
        predicate && where !== undefined
          ? { name: where, predicate: predicate.value.predicate }
          : { property: asked.property ?? '' },
      log: log.value,
      process: process.value,
      options: {
        cases,
        draws,
        seed,
        maxStates,
        timeoutMs: timeout * 1000,
        logEndMs: logEnd,
        matureMs: mature === undefined ? undefined : mature * DAY_MS,
        quiet: quiet.value,
      },
      signal,
    },
    (learned) => {
      found = learned;
    },
  );
  if (!assessed.ok) return assessed;
  if (asked.pictures !== undefined && found)
    await drawInto(asked.pictures, assessed.value, found, new Watch(signal, timeout * 1000));
  const { format } = submission;
  return {
    exit: EXIT.ok,
    json: assessed.value,
    text: () => riskText(assessed.value, format, performance.now() - started, io),
  };
}

async function drawInto(
  folder: string,
  assessed: RiskAssessment,
  found: LearnedDraws,
  watch: Watch,
): Promise<void> {
  await writeFiles(folder, await riskPictures(assessed, found, (reached) => watch.turn(reached)));
}

/** What more the options ask of the process behind the risk. */
async function processAsked(
  { within, expected, costs, robust, attackers }: Asked,
  semantics: Semantics,
): Promise<Result<ProcessRequest>> {
  const asked = {
    within,
    expected: expected || costs !== undefined || undefined,
    robust: robust || undefined,
    attackers,
  };
  if (costs === undefined) return ok(asked);
  const text = await readLargeText(costs);
  const read = text.ok ? readCosts(text.value, semantics) : text;
  return read.ok ? ok({ ...asked, costs: read.value }) : read;
}

/** The log goes to standard output; with a property, the truth behind it goes to standard error. */
async function generateCases(
  asked: Asked,
  cases: number,
  { semantics }: Inspected,
  signal: AbortSignal,
  io: CommandIo,
): Promise<Ended> {
  const text = await readLargeText(asked.weights ?? '');
  const weights = text.ok ? readWeights(text.value, semantics) : text;
  if (!weights.ok) return weights;
  const property = semantics.model.properties.find((p) => p.name === asked.property);
  if (asked.property !== undefined && !property)
    return bad(
      problem('PROPERTY_UNKNOWN', 'property', `the model has no property \`${asked.property}\``),
    );
  const loss: Loss = property ? { kind: 'property', property } : { kind: 'none' };
  const { maxStates, timeout, seed } = asked;
  const explored = await exploreLosses(
    semantics,
    loss,
    { ...RISK_DEFAULTS, maxStates, timeoutMs: timeout * 1000 },
    signal,
  );
  if (!explored.ok) return explored;
  const chain = chainOfValuation(explored.value.graph, 0, explored.value.loss);
  const branches = branchWeights(chain, weights.value);
  if (!branches.ok) return branches;
  io.stdout(generateLog(chain, branches.value, cases, seed));
  if (property)
    io.stderr(
      `${property.name}: a case is lost with probability ${trueProbability(chain, branches.value)}\n`,
    );
  return { exit: EXIT.ok };
}
