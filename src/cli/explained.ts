import { join } from 'node:path';
import type { Submission } from '../checking/types.ts';
import { withTold } from '../explain/told.ts';
import { explainerOf, FIX_BUDGET } from '../explain/formats.ts';
import type { Teller } from '../explain/teller.ts';
import type { Report } from '../model/outcome.ts';
import { leftOf, timeOf, type Time } from '../time/time.ts';
import { exitOf } from './exit.ts';
import { EXIT, type Io } from './io.ts';
import { writeOut } from './textFile.ts';

/** What explaining gets in any case, of the time that was given. */
const TELLING_SHARE = 0.1;

/** Tells what is wrong, and looks for fixes where they were asked for. */
export async function explained(
  submission: Submission,
  report: Report,
  fixes: boolean,
  {
    timeoutMs,
    time,
    cacheDir,
  }: { readonly timeoutMs: number; readonly time: Time; readonly cacheDir: string },
): Promise<Report> {
  const explainer = explainerOf(submission.format);
  if (!explainer || exitOf(report) !== EXIT.violated) return report;
  const { source } = submission;
  const left = Math.max(leftOf(time), timeoutMs * TELLING_SHARE);
  const telling = timeOf(left, time.signal, time.stopped);
  const told = withTold(report, await explainer.tell(source, report, submission, telling));
  if (!fixes) return told;
  const { fixes: each, mended } = await explainer.fixes(
    source,
    report,
    { ...FIX_BUDGET, timeoutMs: leftOf(telling), cacheDir },
    telling.signal,
    submission,
  );
  return {
    ...told,
    fixes: each.map(({ source: _source, ...fix }) => fix),
    ...(mended && { mended }),
  };
}

/** A picture for each finding; of a diagram without one the diagram alone. */
export async function writeDrawings(
  folder: string,
  submission: Submission,
  report: Report,
): Promise<void> {
  const explainer = explainerOf(submission.format);
  if (explainer)
    await writeFiles(folder, await explainer.pictures(submission.source, report, submission));
}

/** Writes the changed source, if anything was mended; says so where nothing was. */
export async function writeMended(file: string, { mended }: Report, io: Io): Promise<void> {
  if (!mended) {
    io.stderr(`nothing to mend, or no change was found: ${file} was not written\n`);
    return;
  }
  await writeOut(file, mended.source);
}

/** Who tells runs in the submission's own names, where its format has some. */
export const tellerFor = async (submission: Submission): Promise<Teller | undefined> =>
  explainerOf(submission.format)?.teller(submission);

export async function writeFiles(
  folder: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  for (const { name, text } of files) await writeOut(join(folder, name), text);
}
