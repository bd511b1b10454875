import { ownConfig } from '../config/index.ts';
import type { Reduction } from '../model/engine.ts';

import { DEFAULT_OPTIONS, type CheckOptions, type Progress } from '../checking/types.ts';
import { checkSubmission } from '../checking/check.ts';
import type { CommandIo, Ended } from './command.ts';
import { underThreats, type CheckValues, type SubmissionValues } from './options.ts';
import { explained, tellerFor, writeDrawings, writeFiles, writeMended } from './explained.ts';
import { exitOf } from './exit.ts';
import { CLEAR_LINE } from './terminal.ts';
import { reportText } from './reportText.ts';
import { submissionFrom } from './submission.ts';
import { timeOf } from '../time/time.ts';

/** Where fixes are looked for, the part of the time that the check itself may take. */
const CHECK_BEFORE_FIXES = 0.6;

type Asked = SubmissionValues &
  CheckValues & {
    readonly file: string;
    readonly reduction: Reduction | undefined;
    readonly artifacts: string | undefined;
  };

/** `probity check`: no server, no database. */
export async function check(asked: Asked, io: CommandIo): Promise<Ended> {
  const { svg, fix, artifacts } = asked;
  const config = ownConfig();
  if (!config.ok) return config;
  const read = await submissionFrom(asked.file, asked);
  if (!read.ok) return read;
  const submission = read.value;
  const options = optionsOf(asked);
  const fixes = asked.fixes || fix !== undefined;
  const progress = progressLine(io);
  const started = performance.now();
  const { cacheDir } = config.value;
  const time = timeOf(options.timeoutMs, io.interrupted, io.stopped);
  const checked = await checkSubmission(
    submission,
    fixes ? { ...options, timeoutMs: options.timeoutMs * CHECK_BEFORE_FIXES } : options,
    { ...time, cacheDir, onProgress: progress.show },
  );
  const durationMs = performance.now() - started;
  progress.clear();
  // Of what stands in a side file the place is one in that.
  const source = submission.annotations === undefined ? submission.source : undefined;
  if (!checked.ok) return { ...checked, source };
  const { timeoutMs } = options;
  // What is wrong with a diagram is told of the diagram alone, not of attacks on it.
  const report = options.threats
    ? checked.value.report
    : await explained(submission, checked.value.report, fixes, { timeoutMs, time, cacheDir });
  const exit = exitOf(report);
  if (svg !== undefined) await writeDrawings(svg, submission, report);
  if (fix !== undefined) await writeMended(fix, report, io);
  if (artifacts !== undefined) await writeFiles(artifacts, checked.value.artifacts);
  const teller = await tellerFor(submission);
  return {
    exit,
    // What is asked of a script is only its answers (answers.schema.json).
    json: report.script ?? report,
    text: () => reportText(report, durationMs, exit, io, teller),
  };
}

function optionsOf(asked: Asked): CheckOptions {
  const { property, engines, assurance, timeout, maxStates, memory, reduction } = asked;
  const threats = underThreats(asked);
  return {
    properties: property,
    engines,
    timeoutMs: timeout === undefined ? DEFAULT_OPTIONS.timeoutMs : timeout * 1000,
    maxStates: maxStates === undefined ? DEFAULT_OPTIONS.maxStates : Math.floor(maxStates),
    memoryMb: memory ?? DEFAULT_OPTIONS.memoryMb,
    ...(assurance && { assurance }),
    ...(reduction && { reduction }),
    ...(threats.length > 0 && { threats }),
  };
}

/** One line on a terminal that appears only after the first second. */
function progressLine(io: CommandIo): { show(progress: Progress): void; clear(): void } {
  const started = Date.now();
  let shown = false;
  return {
    show: (p) => {
      if (io.isTTY !== true || io.json || Date.now() - started < 1000) return;
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
