import type { Submission } from '../checking/types.ts';
import { ok, type Result } from '../errors/index.ts';
import { OUTCOMES, type Report } from '../model/outcome.ts';
import { wrong } from './arguments.ts';
import {
  ask,
  followRun,
  serverFrom,
  toldReport,
  type RunView,
  type Server,
  type ServerValues,
} from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import { tellerFor, writeDrawings, writeMended } from './explained.ts';
import { exitOf } from './exit.ts';
import { EXIT } from './io.ts';
import type { CheckValues, SubmissionValues } from './options.ts';
import { reportText } from './reportText.ts';
import { submissionFrom } from './submission.ts';
import { CLEAR_LINE } from './terminal.ts';

type Asked = SubmissionValues &
  CheckValues &
  ServerValues & {
    readonly file: string;
    readonly noWait: boolean;
    readonly noSeal: boolean;
    readonly noCrossCheck: boolean;
  };

/** `probity submit`: what `check` does, by a server, with a verdict at its end. */
export async function submit(asked: Asked, io: CommandIo): Promise<Ended> {
  const read = await submissionFrom(asked.file, asked);
  const sent = read.ok ? asSent(read.value) : read;
  if (!sent.ok) return sent;
  const submission = sent.value;
  const server = serverFrom(asked);
  const started = performance.now();
  const run = await requestRun(server, submission, requestOf(asked));
  if (asked.noWait) return { exit: EXIT.ok, json: run, text: () => `${run.id}\n` };
  const progress = progressLine(io);
  const first = new FirstAnswer(io, started);
  const ended = await followRun(server, run.id, (now) => {
    if (first.isNew(now)) {
      progress.clear();
      first.tell(now);
    }
    progress.show(now);
  });
  progress.clear();
  const durationMs = performance.now() - started;
  if (!ended.report || ended.provisional) return endedWithoutReport(ended, io);
  first.compare(ended.report);
  const { fix, fixes, svg } = asked;
  const report = await toldReport(server, ended.id, ended.report, fixes || fix !== undefined);
  if (svg !== undefined) await writeDrawings(svg, submission, report);
  if (fix !== undefined) await writeMended(fix, report, io);
  const [exit, verdict, teller] = [exitOf(report), ended.verdict?.id, await tellerFor(submission)];
  return {
    exit,
    json: { run: ended.id, verdict: verdict ?? null, ...report },
    text: () =>
      `${reportText(report, durationMs, exit, io, teller)}verdict ${verdict ?? 'none'} · probity certificate ${verdict ?? 'ID'} --out DIR\n`,
  };
}

/** What goes beside a diagram as one text, its side file: a server knows no flags. */
function asSent({ channels, outside, strict, ...submission }: Submission): Result<Submission> {
  const said = Object.entries({ channels, outside, strict }).filter(([, value]) => value);
  const [flag] = said;
  if (!flag) return ok(submission);
  if (submission.annotations !== undefined)
    return wrong(
      `give --annotations or --${flag[0]}: a side file says itself \`${flag[0]}: ${flag[1]}\``,
      `--${flag[0]}`,
    );
  return ok({
    ...submission,
    annotations: said.map(([name, value]) => `${name}: ${value}\n`).join(''),
  });
}

function requestOf(asked: Asked) {
  const { property, engines, assurance, timeout, maxStates, memory } = asked;
  return {
    ...(asked.noSeal && { seal: false }),
    ...(asked.noCrossCheck && { crossCheck: false }),
    properties: property,
    ...(engines !== 'auto' && { engines }),
    ...(assurance && { assurance }),
    limits: {
      ...(timeout !== undefined && { timeoutMs: Math.round(timeout * 1_000) }),
      ...(maxStates !== undefined && { maxStates: Math.floor(maxStates) }),
      ...(memory !== undefined && { memoryMb: Math.round(memory) }),
    },
  };
}

/** `submitModel`, then `requestVerification`. */
export async function requestRun(
  server: Server,
  model: Pick<Submission, 'source' | 'format' | 'name' | 'files' | 'annotations'>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly state: string }> {
  const { submitModel } = await ask<{ submitModel: { id: string } }>(
    server,
    'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id } }',
    { input: model },
  );
  const { requestVerification } = await ask<{ requestVerification: { id: string; state: string } }>(
    server,
    'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id state } }',
    { input: { modelId: submitModel.id, ...options } },
  );
  return requestVerification;
}

/** The first answer of a run, on stderr as soon as it is there; and what became of it. */
class FirstAnswer {
  readonly #io: CommandIo;
  readonly #started: number;
  #first: Report | undefined;

  constructor(io: CommandIo, started: number) {
    this.#io = io;
    this.#started = started;
  }

  isNew({ provisional, report }: RunView): boolean {
    return provisional && report !== null && this.#first === undefined;
  }

  tell({ report }: RunView): void {
    if (!report || this.#io.json) return;
    this.#first = report;
    const seconds = ((performance.now() - this.#started) / 1_000).toFixed(1);
    const counts = OUTCOMES.flatMap((outcome) => {
      const count = report.properties.filter((each) => each.outcome === outcome).length;
      return count === 0 ? [] : [`${count} ${outcome}`];
    });
    this.#io.stderr(
      `first answer after ${seconds} s: ${counts.join(', ')} · provisional: the other engines are asked\n`,
    );
  }

  /** Says which answers are not what they were said to be at first. */
  compare(last: Report): void {
    for (const { name, outcome, message } of last.properties) {
      const before = this.#first?.properties.find((each) => each.name === name)?.outcome;
      if (before !== undefined && before !== outcome)
        this.#io.stderr(
          `${name}: ${before} at first, now ${outcome}${message === undefined ? '' : ` (${message})`}\n`,
        );
    }
  }
}

/** One that failed, or was cancelled. */
function endedWithoutReport({ state, failure }: RunView, io: CommandIo): Ended {
  if (!failure) {
    io.stderr(`the run is ${state}\n`);
    return { exit: EXIT.open };
  }
  const { code, message, problems } = failure;
  if (problems.length > 0) return { ok: false, problems };
  if (!io.json) io.stderr(`${code}  ${message}\n`);
  return { exit: EXIT.fault, json: { fault: failure } };
}

/** One line that is written over, on a terminal only. */
function progressLine(io: CommandIo): { show(run: RunView): void; clear(): void } {
  if (!io.isTTY || io.json) return { show: () => undefined, clear: () => undefined };
  return {
    show: ({ state, progress }) => {
      const what = progress
        ? ` · ${progress.engine} ${progress.phase}${progress.states === null ? '' : ` · ${progress.states} states`}`
        : '';
      io.stderr(`${CLEAR_LINE}${state}${what}`);
    },
    clear: () => io.stderr(CLEAR_LINE),
  };
}
