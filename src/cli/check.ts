import { basename } from 'node:path';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { noneOf, parseArgs, wrong } from './arguments.ts';
import { printProblems } from './problems.ts';
import { loadConfig } from '../config/index.ts';
import { formatOf } from '../checking/inspect.ts';
import { REDUCTIONS, type Reduction } from '../model/engine.ts';
import {
  CHANNEL_SEMANTICS,
  isChannelSemantics,
  isOutside,
  OUTSIDES,
  type ChannelSemantics,
  type Outside,
} from '../frontends/bpmn/diagram.ts';
import type { Assurance, Report } from '../model/outcome.ts';
import { ASSURANCES } from '../checking/assurance.ts';
import {
  DEFAULT_OPTIONS,
  ENGINE_NAMES,
  FORMATS,
  type EngineName,
  type Format,
  type Progress,
  type Submission,
  type CheckOptions,
} from '../checking/types.ts';
import { checkSubmission } from '../checking/check.ts';
import type { Teller } from '../explain/teller.ts';
import { EXIT, type Io } from './io.ts';
import { jsonText } from './jsonText.ts';
import type { BesideModule } from './gather.ts';
import { CLEAR_LINE } from './terminal.ts';
import { reportText } from './reportText.ts';
import { readText } from './textFile.ts';
import { leftOf, timeOf, type Time } from '../time/time.ts';

export const CHECK_HELP = `probity check FILE [options]      check a model here, with no server and no database

  --property NAME      answer only this one (again for more); the implicit ones always stand
  --engines LIST       ${ENGINE_NAMES.join(',')}, or all · default: auto (or --engine NAME, again for more)
  --assurance LIST     what each answer must have: ${ASSURANCES.join(', ')}; engines are asked until it has it, else exit 3
  --format FORMAT      ${FORMATS.join(' | ')} · default: by the file's name
  --timeout SECONDS    for all of it (${DEFAULT_OPTIONS.timeoutMs / 1000})
  --max-states N       where explore stops (${DEFAULT_OPTIONS.maxStates})
  --memory MB          where an engine stops (${DEFAULT_OPTIONS.memoryMb})
  --reduction HOW      of explore: ${REDUCTIONS.join(' | ')} · default: auto, a part of a large graph where it is enough
  --artifacts DIR      keep what the engines read and wrote: modules, invariants, obligations
  --modules DIR        of a TLA+ module: where other modules lie (again for more) · before TLA_LIBRARY
  --config FILE        of a TLA+ module: the configuration for TLC · default: the .cfg of the same name beside it
  --channels HOW       of a diagram: how messages travel: ${CHANNEL_SEMANTICS.join(' | ')}
  --outside HOW        of a diagram: what comes from outside: ${OUTSIDES.join(' in the end (the default) | ')} perhaps for ever
  --strict             of a diagram: refuse what BPMN does not allow, also where it has a meaning
  --threat LIST        judge under these threats together, as \`probity threats\` names them (again for more)
  --annotations FILE   of a diagram: data, conditions and properties in a side file (YAML)
  --svg DIR            of a diagram: draw each finding into it, one SVG each
  --fixes              of a diagram: look for small changes that mend it, and show those that were verified
  --fix FILE           of a diagram: write it with the best of them made one after the other
  --json               the report as JSON

exit: 0 all hold · 1 something violated · 2 bad input · 3 something bounded or unknown · 4 a fault
`;

/** Where fixes are looked for, the part of the time that the check itself may take. */
const CHECK_BEFORE_FIXES = 0.6;
/** What explaining gets in any case, of the time that was given. */
const TELLING_SHARE = 0.1;

interface CheckArgs {
  readonly file: string;
  readonly json: boolean;
  readonly format: string | undefined;
  readonly artifacts: string | undefined;
  readonly svg: string | undefined;
  readonly channels: ChannelSemantics | undefined;
  readonly outside: Outside | undefined;
  readonly strict: boolean;
  readonly config: string | undefined;
  readonly modules: readonly string[];
  readonly annotations: string | undefined;
  readonly fixes: boolean;
  readonly fix: string | undefined;
  readonly options: CheckOptions;
}

export async function checkCommand(args: string[], io: Io): Promise<number> {
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const { file, json, options, artifacts, svg, fixes } = parsed.value;
  const config = loadConfig(process.env);
  if (!config.ok) return printProblems(config.problems, json, io);
  if (isScript(file, parsed.value.format)) return checkSmt(file, parsed.value, io);
  const read = await readSubmission(file, parsed.value.format, {
    configuration: parsed.value.config,
    modules: parsed.value.modules,
  });
  if (!read.ok) return printProblems(read.problems, json, io);
  const annotations =
    parsed.value.annotations === undefined ? undefined : await readText(parsed.value.annotations);
  if (annotations && !annotations.ok) return printProblems(annotations.problems, json, io);
  const submission = {
    ...read.value,
    ...(parsed.value.channels && { channels: parsed.value.channels }),
    ...(parsed.value.outside && { outside: parsed.value.outside }),
    ...(parsed.value.strict && { strict: true }),
    ...(annotations && { annotations: annotations.value }),
  };
  const progress = progressLine(io, json);
  const started = performance.now();
  const { cacheDir } = config.value;
  const time = timeOf(options.timeoutMs, io.interrupted, io.stopped);
  const verified = await checkSubmission(
    submission,
    fixes ? { ...options, timeoutMs: options.timeoutMs * CHECK_BEFORE_FIXES } : options,
    { ...time, cacheDir, onProgress: progress.show },
  );
  const durationMs = performance.now() - started;
  progress.clear();
  // Of what stands in a side file the place is one in that.
  const text = annotations ? undefined : read.value.source;
  if (!verified.ok) return printProblems(verified.problems, json, io, text);
  const report = await onDiagram(submission, verified.value.report, parsed.value, cacheDir, time);
  const exit = exitOf(report);
  if (svg !== undefined) await writeDrawings(svg, submission, report);
  if (parsed.value.fix !== undefined) await writeMended(parsed.value.fix, report, io);
  if (artifacts !== undefined) await writeArtifacts(artifacts, verified.value.artifacts);
  if (json) {
    for (const text of jsonText(report)) io.stdout(text);
    io.stdout('\n');
  } else io.stdout(reportText(report, durationMs, exit, io, await tellerFor(submission)));
  return exit;
}

/** Tells what is wrong with a diagram, and looks for fixes where they were asked for. */
async function onDiagram(
  submission: Submission,
  report: Report,
  { fixes, options }: CheckArgs,
  cacheDir: string,
  time: Time,
): Promise<Report> {
  // What is wrong with a diagram is told of the diagram alone, not of attacks on it.
  if (submission.format !== 'bpmn' || exitOf(report) !== EXIT.violated || options.threats)
    return report;
  const { tell, withTold } = await import('../explain/explain.ts');
  const left = Math.max(leftOf(time), options.timeoutMs * TELLING_SHARE);
  const telling = timeOf(left, time.signal, time.stopped);
  const told = withTold(report, await tell(submission.source, report, submission, telling));
  if (!fixes) return told;
  const [{ findFixes }, { FIX_BUDGET }] = await Promise.all([
    import('../explain/fixes.ts'),
    import('../explain/question.ts'),
  ]);
  const found = await findFixes(
    submission.source,
    report,
    { ...FIX_BUDGET, timeoutMs: leftOf(telling), cacheDir },
    telling.signal,
    submission,
  );
  const { fixes: each, mended } = found;
  return {
    ...told,
    fixes: each.map(({ source: _source, ...fix }) => fix),
    ...(mended && { mended }),
  };
}

/** A picture for each finding; of a diagram without one the diagram alone. */
async function writeDrawings(
  folder: string,
  submission: Submission,
  report: Report,
): Promise<void> {
  if (submission.format !== 'bpmn') return;
  const { drawFindings } = await import('../explain/pictures.ts');
  await writeArtifacts(folder, await drawFindings(submission.source, report, submission));
}

/** Writes the changed diagram, if anything was mended; says so where nothing was. */
export async function writeMended(file: string, { mended }: Report, io: Io): Promise<void> {
  if (!mended) {
    io.stderr(`nothing to mend, or no change was found: ${file} was not written\n`);
    return;
  }
  const { writeFile } = await import('node:fs/promises');
  await writeFile(file, mended.source);
}

/** Who tells runs of a diagram in its own names. */
export async function tellerFor(submission: Submission): Promise<Teller | undefined> {
  if (submission.format !== 'bpmn') return undefined;
  const [{ readAgain }, { tellerOf }] = await Promise.all([
    import('../explain/explain.ts'),
    import('../explain/teller.ts'),
  ]);
  const reading = await readAgain(submission.source, submission);
  return reading.ok ? tellerOf(reading.value) : undefined;
}

function isScript(file: string, format: string | undefined): boolean {
  return format === 'smt' || (format === undefined && /\.smt2?$/i.test(file));
}

async function checkSmt(file: string, { options, json }: CheckArgs, io: Io): Promise<number> {
  const text = await readText(file);
  if (!text.ok) return printProblems(text.problems, json, io);
  const { answerScript, print } = await import('./checkScript.ts');
  const { signal } = timeOf(options.timeoutMs, io.interrupted);
  const checked = await answerScript(text.value, options, signal);
  return checked.ok ? print(checked.value, json, io) : printProblems(checked.problems, json, io);
}

export function exitOf(report: Report): number {
  // Neither sat nor unsat is what a script hopes for: that there is an answer is all that can be
  // said.
  if (report.script) return report.script.answers.includes('unknown') ? EXIT.open : EXIT.ok;
  if (report.properties.some((p) => p.outcome === 'violated')) return EXIT.violated;
  return report.properties.every(
    (p) => p.outcome === 'holds' && p.evidence?.['lacks'] === undefined,
  )
    ? EXIT.ok
    : EXIT.open;
}

function readArgs(args: string[]): Result<CheckArgs> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: {
      property: { type: 'string', multiple: true },
      engines: { type: 'string' },
      assurance: { type: 'string' },
      engine: { type: 'string', multiple: true },
      format: { type: 'string' },
      timeout: { type: 'string' },
      'max-states': { type: 'string' },
      memory: { type: 'string' },
      artifacts: { type: 'string' },
      reduction: { type: 'string' },
      svg: { type: 'string' },
      channels: { type: 'string' },
      outside: { type: 'string' },
      strict: { type: 'boolean' },
      config: { type: 'string' },
      modules: { type: 'string', multiple: true },
      annotations: { type: 'string' },
      threat: { type: 'string', multiple: true },
      fixes: { type: 'boolean' },
      fix: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one file: probity check FILE');
  const { channels } = values;
  if (channels !== undefined && !isChannelSemantics(channels))
    return wrong(noneOf('channels', CHANNEL_SEMANTICS, channels));
  const { outside } = values;
  if (outside !== undefined && !isOutside(outside))
    return wrong(noneOf('outside', OUTSIDES, outside));
  const { reduction } = values;
  if (reduction !== undefined && !isReduction(reduction))
    return wrong(noneOf('reduction', REDUCTIONS, reduction));
  const named = namedEngines(values.engines, values.engine);
  const assurance = values.assurance?.split(',').map((name) => name.trim()) ?? [];
  const strange = assurance.find((name) => !(ASSURANCES as readonly string[]).includes(name));
  if (strange !== undefined)
    return wrong(`--assurance is a list of ${ASSURANCES.join(', ')}, not \`${strange}\``);
  const threats = (values.threat ?? []).flatMap((list) => list.split(',')).map((id) => id.trim());
  const numbers = {
    timeout: values.timeout,
    'max-states': values['max-states'],
    memory: values.memory,
  };
  for (const [name, text] of Object.entries(numbers)) {
    if (text !== undefined && !(Number(text) > 0 && Number.isFinite(Number(text))))
      return wrong(`--${name} takes a positive number, not \`${text}\``);
  }
  return ok({
    file,
    json: values.json === true,
    format: values.format,
    artifacts: values.artifacts,
    svg: values.svg,
    channels,
    outside,
    strict: values.strict === true,
    config: values.config,
    modules: values.modules ?? [],
    annotations: values.annotations,
    fixes: values.fixes === true || values.fix !== undefined,
    fix: values.fix,
    options: {
      ...DEFAULT_OPTIONS,
      properties: values.property ?? [],
      engines: named,
      ...(assurance.length > 0 ? { assurance: assurance as Assurance[] } : {}),
      ...(values.timeout === undefined ? {} : { timeoutMs: Number(values.timeout) * 1000 }),
      ...(values['max-states'] === undefined
        ? {}
        : { maxStates: Math.floor(Number(values['max-states'])) }),
      ...(values.memory === undefined ? {} : { memoryMb: Number(values.memory) }),
      ...(reduction === undefined ? {} : { reduction }),
      ...(threats.length === 0 ? {} : { threats }),
    },
  });
}

function isReduction(text: string): text is Reduction {
  return (REDUCTIONS as readonly string[]).includes(text);
}

/**
 * `--engines a,b`, `--engines all`, or `--engine a --engine b`; unknown names are refused by the
 * check itself, with its list.
 */
export function namedEngines(
  list: string | undefined,
  single: readonly string[] | undefined,
): readonly EngineName[] | 'auto' {
  const names = [...(list?.split(',') ?? []), ...(single ?? [])].map((name) => name.trim());
  if (names.length === 0 || names.includes('auto')) return 'auto';
  return names.includes('all') ? [...ENGINE_NAMES] : (names as EngineName[]);
}

/**
 * Reads a file as a submission, refusing early what is too large or no text; a TLA+ module with
 * what it needs.
 */
export async function readSubmission(
  file: string,
  format: string | undefined,
  beside: BesideModule = {},
): Promise<Result<Submission>> {
  if (format === 'tla' || (format === undefined && /\.tla$/i.test(file)))
    return (await import('./gather.ts')).gatherSpecification(file, beside);
  const source = await readText(file);
  if (!source.ok) return source;
  const known = format ?? formatOf(file, source.value);
  if (known === undefined || !(FORMATS as readonly string[]).includes(known)) {
    return bad(
      problem(
        'FORMAT_UNKNOWN',
        file,
        `the format of ${file} is not known; say --format ${FORMATS.join(' or --format ')}`,
      ),
    );
  }
  return ok({ source: source.value, format: known as Format, name: basename(file) });
}

/** One line on a terminal that appears only after the first second. */
function progressLine(io: Io, json: boolean): { show(progress: Progress): void; clear(): void } {
  const started = Date.now();
  let shown = false;
  return {
    show: (p) => {
      if (io.isTTY !== true || json || Date.now() - started < 1000) return;
      shown = true;
      const counts = [
        p.states === undefined ? '' : `${p.states} states`,
        p.statesPerSecond === undefined ? '' : `${p.statesPerSecond}/s`,
        p.queue === undefined ? '' : `${p.queue} waiting`,
        p.depth === undefined ? '' : `depth ${p.depth}`,
      ]
        .filter((s) => s !== '')
        .join(', ');
      io.stderr(`${CLEAR_LINE}${p.engine}: ${p.phase}${counts === '' ? '' : ` · ${counts}`}`);
    },
    clear: () => {
      if (shown) io.stderr(CLEAR_LINE);
    },
  };
}

async function writeArtifacts(
  folder: string,
  artifacts: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  for (const artifact of artifacts) {
    const path = join(folder, artifact.name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, artifact.text);
  }
}
