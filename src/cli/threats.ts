import { loadConfig } from '../config/index.ts';
import { analyseThreats, exitOfThreats } from '../checking/attackSets/analysis.ts';
import { compareThreats, exitOfChanges } from '../checking/attackSets/compare.ts';
import type { ThreatOptions, ThreatReport } from '../checking/attackSets/types.ts';
import { inspect } from '../checking/inspect.ts';
import { DEFAULT_OPTIONS, FORMATS, type Submission } from '../checking/types.ts';
import { ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isRawFormat } from '../model/specification.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { parseArgs, wrong } from './arguments.ts';
import { readSubmission, tellerFor } from './check.ts';
import { printProblems } from './problems.ts';
import { readText } from './textFile.ts';
import { timeOf } from '../time/time.ts';
import { EXIT, type Io } from './io.ts';
import { changesText } from './changesText.ts';
import { threatsText } from './threatsText.ts';

/** A larger graph of all threats is left, and the sets are judged one by one. */
const MAX_ATTACKED_STATES = 200_000;

const THREATS_HELP = `probity threats FILE [options]      which attacks break which properties, and which controls hold them up

  --threats LIST       all, or ids such as tamper.redirect.amount,drop.notice · default: all threats proper
  --budget K           attacks of at most so many threats · default: any number
  --against OLD        which attacks are new, gone, shorter or longer than in this version of the model
  --controls           what each control carries, and which sets of controls suffice
  --annotations FILE   of a diagram: trust and media, data and properties in a side file (YAML)
  --catalogue DIR      a folder of your own entries for the catalogue of threats (again for more)
  --format FORMAT      ${FORMATS.filter((format) => !isRawFormat(format)).join(' | ')} · default: by the file's name
  --timeout SECONDS    for the whole analysis (${DEFAULT_OPTIONS.timeoutMs / 1000}); what was completed stays
  --max-states N       where one exploration stops (${MAX_ATTACKED_STATES})
  --json               the answer as JSON

exit: 0 nothing breaks within the budget · 1 something does · 2 bad input · 3 something was left open · 4 a fault
with --against: 0 no attack is new · 1 one is · 3 one may be that was not judged
`;

interface ThreatsArgs {
  readonly file: string;
  readonly json: boolean;
  readonly format: string | undefined;
  readonly against: string | undefined;
  readonly annotations: string | undefined;
  readonly options: ThreatOptions;
}

export async function threatsCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(THREATS_HELP);
    return EXIT.ok;
  }
  const asJson = args.includes('--json');
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, asJson, io);
  const { file, against, json } = parsed.value;
  const config = loadConfig(process.env);
  if (!config.ok) return printProblems(config.problems, json, io);
  const started = performance.now();
  const answer = await analysed(file, parsed.value, io);
  if ('problems' in answer) return printProblems(answer.problems, json, io, answer.source);
  const durationMs = (): number => performance.now() - started;
  if (against === undefined) {
    const exit = exitOfThreats(answer.report);
    io.stdout(
      json
        ? `${JSON.stringify(answer.report, null, 2)}\n`
        : threatsText(answer.report, durationMs(), exit, io, await tellerFor(answer.submission)),
    );
    return exit;
  }
  const earlier = await analysed(against, parsed.value, io, true);
  if ('problems' in earlier) return printProblems(earlier.problems, json, io, earlier.source);
  const changes = compareThreats(answer.report, earlier.report);
  const exit = exitOfChanges(changes);
  io.stdout(
    json ? `${JSON.stringify(changes, null, 2)}\n` : changesText(changes, durationMs(), exit, io),
  );
  return exit;
}

type Analysed =
  | { readonly report: ThreatReport; readonly submission: Submission }
  | { readonly problems: readonly Problem[]; readonly source?: string };

/** The analysis of a file; of an earlier version, of those of the named threats that it has. */
async function analysed(
  file: string,
  { format, options, annotations }: ThreatsArgs,
  io: Io,
  isEarlier = false,
): Promise<Analysed> {
  const read = await readSubmission(file, format);
  if (!read.ok) return read;
  if (isRawFormat(read.value.format))
    return {
      problems: [
        problem(
          'OPTION_INVALID',
          file,
          `threats are found in models, not in ${read.value.format}, which has no actors and channels`,
        ),
      ],
    };
  const { source } = read.value;
  const beside = annotations === undefined ? undefined : await readText(annotations);
  if (beside && !beside.ok) return beside;
  const submission = { ...read.value, ...(beside && { annotations: beside.value }) };
  const inspected = await inspect(submission);
  if (!inspected.ok) return { problems: inspected.problems, source };
  const existing = threatsOf(inspected.value.semantics.model).map(({ id }) => id);
  const threats =
    isEarlier && options.threats !== 'all'
      ? options.threats.filter((id) => existing.includes(id))
      : options.threats;
  const answer = await analyseThreats(
    inspected.value,
    read.value.format,
    { ...options, threats },
    timeOf(options.timeoutMs, io.interrupted, io.stopped),
  );
  return answer.ok ? { report: answer.value, submission } : answer;
}

function readArgs(args: string[]): Result<ThreatsArgs> {
  const given = parseArgs({
    // `--budget -1` is a number that is wrong, no option.
    args: args.flatMap((arg, i) =>
      args[i - 1] === '--budget'
        ? []
        : arg === '--budget'
          ? [`${arg}=${args[i + 1] ?? ''}`]
          : [arg],
    ),
    allowPositionals: true,
    options: {
      threats: { type: 'string' },
      budget: { type: 'string' },
      controls: { type: 'boolean' },
      against: { type: 'string' },
      annotations: { type: 'string' },
      catalogue: { type: 'string', multiple: true },
      format: { type: 'string' },
      timeout: { type: 'string' },
      'max-states': { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one file: probity threats FILE');
  const { budget } = values;
  if (budget !== undefined && !/^\d{1,6}$/.test(budget))
    return wrong(`--budget takes a whole number from 0, not \`${budget}\``);
  for (const name of ['timeout', 'max-states'] as const) {
    const text = values[name];
    if (text !== undefined && !(Number(text) > 0 && Number.isFinite(Number(text))))
      return wrong(`--${name} takes a positive number, not \`${text}\``);
  }
  const named = (values.threats ?? 'all').split(',').map((id) => id.trim());
  return ok({
    file,
    json: values.json === true,
    format: values.format,
    against: values.against,
    annotations: values.annotations,
    options: {
      threats: named.includes('all') ? 'all' : named,
      budget: budget === undefined ? undefined : Number(budget),
      controls: values.controls === true,
      catalogue: values.catalogue ?? [],
      timeoutMs: Number(values.timeout ?? DEFAULT_OPTIONS.timeoutMs / 1000) * 1000,
      maxStates: Math.floor(Number(values['max-states'] ?? MAX_ATTACKED_STATES)),
      memoryMb: DEFAULT_OPTIONS.memoryMb,
    },
  });
}
