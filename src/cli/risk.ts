import { ok, problem, type Result } from '../errors/index.ts';
import {
  assessRisk,
  branchWeights,
  chainOfValuation,
  exploreLosses,
  generateLog,
  readEventLog,
  readInstant,
  readWeights,
  RISK_DEFAULTS,
  trueProbability,
  type Loss,
} from '../risk/index.ts';
import { inspect, type Inspected } from '../checking/inspect.ts';
import type { Submission } from '../checking/types.ts';
import { parseArgs, wrong } from './arguments.ts';
import { readSubmission } from './check.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';
import { readLargeText } from './textFile.ts';
import { quietActions } from './quietActions.ts';
import { riskText } from './riskText.ts';

export const RISK_HELP = `probity risk FILE --events LOG --property NAME [options]
                                   how likely a case is lost, learned from an event log (CSV or JSON)
probity risk FILE --generate N --weights WEIGHTS.json [--property NAME]
                                   an event log of N cases with known branch weights, on standard output

  --cases N            for how many cases losses are expected (${RISK_DEFAULTS.cases})
  --draws N            draws from the posterior (as many as cost a second, at most 10,000)
  --mature DAYS        leave out cases that began nearer to the end of the log than this
  --silent A,B         actions that need no events; of a diagram, gateways and events need none
  --log-end TIME       until when the log was kept; default: the time of its last event
  --seed N             of the draws, or of the generated log (${RISK_DEFAULTS.seed})
  --max-states N       where the exploration gives up (${RISK_DEFAULTS.maxStates})
  --timeout SECONDS    for all of it (${RISK_DEFAULTS.timeoutMs / 1000})
  --format FORMAT      of the model; default: by the file's name
  --json               the assessment with its model card as JSON

exit: 0 assessed · 2 bad input · 4 a fault. A risk is never a verdict: \`probity check\` gives that.
`;

const MAX_GENERATED = 1_000_000;
/** With fewer draws a 95 % interval has no draw beyond its bounds. */
const MIN_DRAWS = 100;
const MAX_DRAWS = 100_000;

interface RiskArgs {
  readonly file: string;
  readonly format: string | undefined;
  readonly json: boolean;
  readonly events: string | undefined;
  readonly weights: string | undefined;
  readonly generate: number | undefined;
  readonly property: string | undefined;
  readonly cases: number;
  readonly draws: number | undefined;
  readonly logEndMs: number | undefined;
  readonly matureMs: number | undefined;
  readonly silent: readonly string[];
  readonly seed: number;
  readonly maxStates: number;
  readonly timeoutMs: number;
}

export async function riskCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(RISK_HELP);
    return EXIT.ok;
  }
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const options = parsed.value;
  const submission = await readSubmission(options.file, options.format);
  if (!submission.ok) return printProblems(submission.problems, options.json, io);
  const inspected = await inspect(submission.value);
  if (!inspected.ok) return printProblems(inspected.problems, options.json, io);
  const signal = io.interrupted ?? new AbortController().signal;
  return options.generate === undefined
    ? assess(options, inspected.value, submission.value, signal, io)
    : generate(options, options.generate, inspected.value, signal, io);
}

async function assess(
  args: RiskArgs,
  inspected: Inspected,
  submission: Submission,
  signal: AbortSignal,
  io: Io,
): Promise<number> {
  const started = performance.now();
  const text = await readLargeText(args.events ?? '');
  const log = text.ok ? readEventLog(text.value) : text;
  if (!log.ok) return printProblems(log.problems, args.json, io);
  const quiet = await quietActions(args.silent, inspected, submission);
  if (!quiet.ok) return printProblems(quiet.problems, args.json, io);
  const { cases, draws, seed, maxStates, timeoutMs, logEndMs, matureMs } = args;
  const assessed = await assessRisk({
    semantics: inspected.semantics,
    modelDigest: inspected.digest,
    loss: { property: args.property ?? '' },
    log: log.value,
    options: { cases, draws, seed, maxStates, timeoutMs, logEndMs, matureMs, quiet: quiet.value },
    signal,
  });
  if (!assessed.ok) return printProblems(assessed.problems, args.json, io);
  io.stdout(
    args.json
      ? `${JSON.stringify(assessed.value, null, 2)}\n`
      : riskText(assessed.value, submission.format, performance.now() - started, io),
  );
  return EXIT.ok;
}

/** The log goes to standard output; with a property, the truth behind it goes to standard error. */
async function generate(
  args: RiskArgs,
  cases: number,
  { semantics }: Inspected,
  signal: AbortSignal,
  io: Io,
): Promise<number> {
  const text = await readLargeText(args.weights ?? '');
  const weights = text.ok ? readWeights(text.value, semantics) : text;
  if (!weights.ok) return printProblems(weights.problems, args.json, io);
  const property = semantics.model.properties.find((p) => p.name === args.property);
  if (args.property !== undefined && !property) {
    return printProblems(
      [problem('PROPERTY_UNKNOWN', 'property', `the model has no property \`${args.property}\``)],
      args.json,
      io,
    );
  }
  const loss: Loss = property ? { kind: 'property', property } : { kind: 'none' };
  const explored = await exploreLosses(
    semantics,
    loss,
    { ...RISK_DEFAULTS, maxStates: args.maxStates, timeoutMs: args.timeoutMs },
    signal,
  );
  if (!explored.ok) return printProblems(explored.problems, args.json, io);
  const chain = chainOfValuation(explored.value.graph, 0, explored.value.loss);
  const branches = branchWeights(chain, weights.value);
  if (!branches.ok) return printProblems(branches.problems, args.json, io);
  io.stdout(generateLog(chain, branches.value, cases, args.seed));
  if (property)
    io.stderr(
      `${property.name}: a case is lost with probability ${trueProbability(chain, branches.value)}\n`,
    );
  return EXIT.ok;
}

function readArgs(args: string[]): Result<RiskArgs> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: {
      events: { type: 'string' },
      property: { type: 'string' },
      cases: { type: 'string' },
      draws: { type: 'string' },
      seed: { type: 'string' },
      format: { type: 'string' },
      'max-states': { type: 'string' },
      timeout: { type: 'string' },
      generate: { type: 'string' },
      weights: { type: 'string' },
      'log-end': { type: 'string' },
      mature: { type: 'string' },
      silent: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one file: probity risk FILE');
  if ((values.events === undefined) === (values.generate === undefined))
    return wrong('give --events LOG to learn from a log, or --generate N to make one');
  if (values.events !== undefined && values.property === undefined)
    return wrong('give the property whose loss is asked about: --property NAME');
  if (values.generate !== undefined && values.weights === undefined)
    return wrong('give the weights to generate with: --weights WEIGHTS.json');
  const logEnd = values['log-end'] === undefined ? undefined : readInstant(values['log-end']);
  if (values['log-end'] !== undefined && !logEnd)
    return wrong(`--log-end takes an ISO 8601 time, not \`${values['log-end']}\``);
  const numbers: Record<string, number | undefined> = {};
  for (const [name, [least, most]] of Object.entries(NUMBERS)) {
    const text = values[name as keyof typeof NUMBERS];
    const value = text === undefined ? undefined : Number(text);
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least && value <= most))
      return wrong(`--${name} takes a whole number from ${least} to ${most}, not \`${text}\``);
    numbers[name] = value;
  }
  return ok({
    file,
    format: values.format,
    json: values.json === true,
    events: values.events,
    weights: values.weights,
    property: values.property,
    generate: numbers['generate'],
    cases: numbers['cases'] ?? RISK_DEFAULTS.cases,
    draws: numbers['draws'],
    logEndMs: logEnd?.ms,
    matureMs: numbers['mature'] === undefined ? undefined : numbers['mature'] * 86_400_000,
    silent: values.silent?.split(',').map((name) => name.trim()) ?? [],
    seed: numbers['seed'] ?? RISK_DEFAULTS.seed,
    maxStates: numbers['max-states'] ?? RISK_DEFAULTS.maxStates,
    timeoutMs:
      numbers['timeout'] === undefined ? RISK_DEFAULTS.timeoutMs : numbers['timeout'] * 1000,
  });
}

const NUMBERS = {
  generate: [1, MAX_GENERATED],
  cases: [1, 1_000_000_000],
  draws: [MIN_DRAWS, MAX_DRAWS],
  seed: [0, Number.MAX_SAFE_INTEGER],
  'max-states': [1, 50_000_000],
  timeout: [1, 86_400],
  mature: [0, 36_500],
} as const;
