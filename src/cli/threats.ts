import { ownConfig } from '../config/index.ts';
import { analyseThreats, exitOfThreats } from '../checking/attackSets/analysis.ts';
import { readCatalogue } from '../checking/attackSets/catalogue.ts';
import { otmOf } from '../checking/otm/exportOtm.ts';
import { compareThreats, exitOfChanges } from '../checking/attackSets/compare.ts';
import type { ThreatOptions, ThreatReport } from '../checking/attackSets/types.ts';
import { inspect } from '../checking/inspect.ts';
import type { FormatName } from '../model/formats.ts';
import { DEFAULT_OPTIONS, type Submission } from '../checking/types.ts';
import { strayOptions } from '../checking/formats.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { flagOf } from './command.ts';
import { tellerFor, writeFiles } from './explained.ts';
import { attackPictures } from '../explain/attackPictures.ts';
import { explainerOf } from '../explain/formats.ts';
import type { Teller } from '../explain/teller.ts';
import type { Model } from '../model/model.ts';
import { MODEL } from './traceText.ts';
import { readText, writeOut } from './textFile.ts';
import { isSpecificationFormat } from '../model/formats.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { wrong } from './arguments.ts';
import type { CommandIo, Ended } from './command.ts';
import { readSubmission } from './submission.ts';
import { timeOf } from '../time/time.ts';
import { changesText } from './changesText.ts';
import { threatsText } from './threatsText.ts';

interface Asked {
  readonly file: string;
  readonly threats: 'all' | readonly string[];
  readonly budget: number | undefined;
  readonly against: string | undefined;
  readonly controls: boolean;
  readonly format: FormatName | undefined;
  readonly engines: 'auto' | 'explore' | 'z3' | undefined;
  readonly timeout: number;
  readonly maxStates: number;
  readonly annotations: string | undefined;
  readonly catalogue: readonly string[];
  readonly pictures: string | undefined;
  readonly otm: string | undefined;
}

/** `probity threats`. */
export async function threats(asked: Asked, io: CommandIo): Promise<Ended> {
  const started = performance.now();
  const answer = await analysed(asked.file, asked, io);
  if ('problems' in answer) return { ok: false, ...answer };
  const { report } = answer;
  const durationMs = (): number => performance.now() - started;
  if (asked.against !== undefined && asked.pictures !== undefined)
    return wrong('pictures are drawn of one analysis, not of a comparison', '--pictures');
  if (asked.against !== undefined && asked.otm !== undefined)
    return wrong('a threat model is of one analysis, not of a comparison', '--otm');
  if (asked.against === undefined) {
    const exit = exitOfThreats(report);
    const teller = await tellerFor(answer.submission);
    if (asked.pictures !== undefined)
      await writeFiles(asked.pictures, await picturesOf(answer, teller));
    if (asked.otm !== undefined) {
      const catalogue = readCatalogue(asked.catalogue);
      if (!catalogue.ok) return catalogue;
      await writeOut(
        asked.otm,
        `${JSON.stringify(otmOf(answer.model, report, catalogue.value), null, 2)}\n`,
      );
    }
    const text = (): string => threatsText(report, durationMs(), exit, io, teller);
    return { exit, json: report, text };
  }
  const earlier = await analysed(asked.against, asked, io, true);
  if ('problems' in earlier) return { ok: false, ...earlier };
  const changes = compareThreats(report, earlier.report);
  const exit = exitOfChanges(changes);
  return { exit, json: changes, text: () => changesText(changes, durationMs(), exit, io) };
}

type Analysed =
  | { readonly report: ThreatReport; readonly submission: Submission; readonly model: Model }
  | { readonly problems: readonly Problem[]; readonly source?: string };

/** Each attack as a sequence, and where the source is a diagram drawn into it. */
async function picturesOf(
  { submission, report, model }: Extract<Analysed, { readonly report: ThreatReport }>,
  teller: Teller | undefined,
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const drawn = await explainerOf(submission.format)?.attacks(
    submission.source,
    report,
    submission,
  );
  return [...attackPictures(model, report, teller ?? MODEL), ...(drawn ?? [])];
}

/** The analysis of a file; of an earlier version, of those of the named threats that it has. */
async function analysed(
  file: string,
  asked: Asked,
  io: CommandIo,
  isEarlier = false,
): Promise<Analysed> {
  const config = ownConfig();
  if (!config.ok) return config;
  const options = { ...optionsOf(asked), cacheDir: config.value.cacheDir };
  const read = await readSubmission(file, asked.format);
  if (!read.ok) return read;
  if (isSpecificationFormat(read.value.format))
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
  const beside = await annotationsOf(read.value.format, asked.annotations);
  if (!beside.ok) return beside;
  const submission = { ...read.value, ...beside.value };
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
  const { model } = inspected.value.semantics;
  return answer.ok ? { report: answer.value, submission, model } : answer;
}

/** The text of a side file, where the format knows one. */
async function annotationsOf(
  format: FormatName,
  file: string | undefined,
): Promise<Result<Pick<Submission, 'annotations'>>> {
  if (file === undefined) return ok({});
  const stray = strayOptions(format, ['annotations'], flagOf);
  if (stray.length > 0) return bad(...stray);
  const text = await readText(file);
  return text.ok ? ok({ annotations: text.value }) : text;
}

function optionsOf({
  threats,
  budget,
  controls,
  catalogue,
  engines,
  timeout,
  maxStates,
}: Asked): ThreatOptions {
  return {
    ...(engines !== undefined && engines !== 'auto' && { engine: engines }),
    threats,
    budget,
    controls,
    catalogue,
    timeoutMs: timeout * 1000,
    maxStates: Math.floor(maxStates),
    memoryMb: DEFAULT_OPTIONS.memoryMb,
  };
}
