import { join } from 'node:path';
import type { Submission } from '../checking/types.ts';
import type { Teller } from '../explain/teller.ts';
import type { Report } from '../model/outcome.ts';
import { leftOf, timeOf, type Time } from '../time/time.ts';
import { exitOf } from './exit.ts';
import { EXIT, type Io } from './io.ts';
import { writeOut } from './textFile.ts';

/** What explaining gets in any case, of the time that was given. */
const TELLING_SHARE = 0.1;

/** Tells what is wrong with a diagram, and looks for fixes where they were asked for. */
export async function onDiagram(
  submission: Submission,
  report: Report,
  fixes: boolean,
  {
    timeoutMs,
    time,
    cacheDir,
  }: { readonly timeoutMs: number; readonly time: Time; readonly cacheDir: string },
): Promise<Report> {
  if (submission.format !== 'bpmn' || exitOf(report) !== EXIT.violated) return report;
  const { tell, withTold } = await import('../explain/explain.ts');
  const left = Math.max(leftOf(time), timeoutMs * TELLING_SHARE);
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
export async function writeDrawings(
  folder: string,
  submission: Submission,
  report: Report,
): Promise<void> {
  if (submission.format !== 'bpmn') return;
  const { drawFindings } = await import('../explain/pictures.ts');
  await writeFiles(folder, await drawFindings(submission.source, report, submission));
}

/** Writes the changed diagram, if anything was mended; says so where nothing was. */
export async function writeMended(file: string, { mended }: Report, io: Io): Promise<void> {
  if (!mended) {
    io.stderr(`nothing to mend, or no change was found: ${file} was not written\n`);
    return;
  }
  await writeOut(file, mended.source);
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

export async function writeFiles(
  folder: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  for (const { name, text } of files) await writeOut(join(folder, name), text);
}
