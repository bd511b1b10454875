import type { Submission } from '../checking/types.ts';
import { ok, type Result } from '../errors/index.ts';
import { OUTCOMES, type Report } from '../model/outcome.ts';
import { exitOfThreats } from '../checking/attackSets/analysis.ts';
import type { ThreatReport } from '../checking/attackSets/types.ts';
import { accepted, USER_ERRORS } from './accepted.ts';
import { wrong } from './arguments.ts';
import { attacksOf } from './attacksOf.ts';
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
import {
  underThreats,
  type AttackValues,
  type CheckValues,
  type SubmissionValues,
} from './options.ts';
import { reportText } from './reportText.ts';
import { submissionFrom } from './submission.ts';
import { CLEAR_LINE } from './terminal.ts';
import { threatsText } from './threatsText.ts';

type Asked = SubmissionValues &
  CheckValues &
  AttackValues &
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
  // What is wrong with a diagram is told of the diagram alone, not of attacks on it.
  const report =
    asked.threat.length > 0
      ? ended.report
      : await toldReport(server, ended.id, ended.report, fixes || fix !== undefined);
  const attacks = asksForAttacks(asked) ? await attacksOf(server, ended.id, report) : undefined;
  if (svg !== undefined) await writeDrawings(svg, submission, report);
  if (fix !== undefined) await writeMended(fix, report, io);
  const [verdict, teller] = [ended.verdict?.id, await tellerFor(submission)];
  const exit = worse(exitOf(report), attacks ? exitOfThreats(attacks) : EXIT.ok);
  const { model: _model, ...told } = attacks ?? {};
  const attacksText = (): string =>
    attacks ? threatsText(shown(attacks, asked), durationMs, exit, io, teller) : '';
  return {
    exit,
    json: { run: ended.id, verdict: verdict ?? null, ...report, ...(attacks && { attacks: told }) },
    text: () =>
      `${reportText(report, durationMs, exit, io, teller)}${attacksText()}verdict ${verdict ?? 'none'} · probity certificate ${verdict ?? 'ID'} --out DIR\n`,
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

/** A budget, or the wish to see controls, is one for all threats, as `probity threats` has it. */
const asksForAttacks = ({ threats, budget, controls }: Asked): boolean =>
  threats !== undefined || budget !== undefined || controls;

/** Controls are judged by a service in any case: they are shown where they were asked for. */
const shown = (attacks: ThreatReport, { controls }: Asked): ThreatReport =>
  controls ? attacks : { ...attacks, controls: [], sufficientControls: [] };

/** What is violated weighs more than what is open. */
const worse = (a: number, b: number): number =>
  a === EXIT.violated || b === EXIT.violated ? EXIT.violated : Math.max(a, b);

function requestOf(asked: Asked) {
  const { property, engines, assurance, timeout, maxStates, memory, budget } = asked;
  const [under, threats] = [underThreats(asked), asked.threats ?? 'all'];
  return {
    ...(under.length > 0 && { underThreats: under }),
    ...(asksForAttacks(asked) && { threats: threats === 'all' ? ['all'] : threats }),
    ...(budget !== undefined && { budget }),
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

/** `modelSubmit`, then `verificationRequest`. Throws what `ask` throws. */
export async function requestRun(
  server: Server,
  model: Pick<Submission, 'source' | 'format' | 'name' | 'files' | 'annotations'>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly state: string }> {
  type Payload = Parameters<typeof accepted>[0];
  const { modelSubmit } = await ask<{ modelSubmit: Payload & { model: { id: string } } }>(
    server,
    `mutation ($input: SubmitModelInput!) { modelSubmit(input: $input) { model { id } ${USER_ERRORS} } }`,
    { input: model },
  );
  const { id: modelId } = accepted(modelSubmit).model;
  const { verificationRequest } = await ask<{
    verificationRequest: Payload & { run: { id: string; state: string } };
  }>(
    server,
    `mutation ($input: RequestVerificationInput!) { verificationRequest(input: $input) { run { id state } ${USER_ERRORS} } }`,
    { input: { modelId, ...options } },
  );
  return accepted(verificationRequest).run;
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
