import { ok, type Result } from '../errors/index.ts';
import {
  CHANNEL_SEMANTICS,
  isChannelSemantics,
  isOutside,
  OUTSIDES,
} from '../frontends/bpmn/diagram.ts';
import { noneOf, wrong } from './arguments.ts';
import { exitOf, namedEngines, readSubmission, tellerFor, writeMended } from './check.ts';
import { printProblems } from './problems.ts';
import { scriptText } from './checkScript.ts';
import { ask, followRun, serverFrom, toldReport, type RunView, type Server } from './client.ts';
import type { Teller } from '../explain/teller.ts';
import { EXIT, type Io } from './io.ts';
import { CLEAR_LINE } from './terminal.ts';
import { readOne, SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';
import { readText } from './textFile.ts';
import { reportText } from './reportText.ts';
import type { Submission } from '../checking/types.ts';

export const SUBMIT_HELP = `probity submit FILE [options]      send a model to a server and follow its run

  --format NAME     native, bpmn, tla or smt · default: by the file's name and beginning
  --config FILE     of a TLA+ module: the configuration for TLC · default: the .cfg of the same name beside it
  --modules DIR     of a TLA+ module: where other modules lie; may be repeated, before TLA_LIBRARY
  --annotations FILE  of a diagram: data, conditions and properties in a side file (YAML)
  --fixes           of a diagram: look for small changes that mend it, and show those that were verified
  --fix FILE        of a diagram: write it with the best of them made one after the other
  --channels HOW    of a diagram: how messages travel: ${CHANNEL_SEMANTICS.join(' | ')}
  --outside HOW     of a diagram: what comes from outside: ${OUTSIDES.join(' in the end (the default) | ')} perhaps for ever
  --strict          of a diagram: refuse what BPMN does not allow, also where it has a meaning
  --property NAME   answer only this one; may be repeated
  --engines LIST    explore,tlc,z3, or all · default: auto (or --engine NAME, again for more)
  --timeout S       seconds for the check
  --max-states N    states that may be explored
  --memory MB       memory for the check
  --no-wait         print the run's id and go
${SERVER_HELP}
exit: 0 all hold, or a script has its answers · 1 something violated · 2 bad input · 3 something bounded or unknown, or cancelled · 4 a fault
`;

const OPTIONS = {
  ...SERVER_OPTIONS,
  format: { type: 'string' },
  config: { type: 'string' },
  modules: { type: 'string', multiple: true },
  annotations: { type: 'string' },
  channels: { type: 'string' },
  outside: { type: 'string' },
  strict: { type: 'boolean' },
  property: { type: 'string', multiple: true },
  engines: { type: 'string' },
  engine: { type: 'string', multiple: true },
  timeout: { type: 'string' },
  'max-states': { type: 'string' },
  memory: { type: 'string' },
  fixes: { type: 'boolean' },
  fix: { type: 'string' },
  'no-wait': { type: 'boolean' },
} as const;

export async function submitCommand(args: string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(SUBMIT_HELP);
    return EXIT.ok;
  }
  const parsed = readOne(args, 'FILE', OPTIONS);
  if (!parsed.ok) return printProblems(parsed.problems, json, io);
  const { only: file, values } = parsed.value;
  const submission = await readSubmission(file, values.format, {
    configuration: values.config,
    modules: values.modules,
  });
  if (!submission.ok) return printProblems(submission.problems, json, io);
  const annotations = await sideFile(values.annotations, values);
  if (!annotations.ok) return printProblems(annotations.problems, json, io);
  const server = serverFrom(values);
  const number = (text: string | undefined, factor = 1): number | undefined =>
    text === undefined ? undefined : Math.round(Number(text) * factor);
  return talking(io, json, async () => {
    const started = performance.now();
    const engines = namedEngines(values.engines, values.engine);
    const model = {
      ...submission.value,
      ...(annotations.value !== undefined && { annotations: annotations.value }),
    };
    const run = await requestRun(server, model, {
      properties: values.property,
      engines: engines === 'auto' ? undefined : engines,
      limits: {
        timeoutMs: number(values.timeout, 1_000),
        maxStates: number(values['max-states']),
        memoryMb: number(values.memory),
      },
    });
    if (values['no-wait']) {
      io.stdout(json ? `${JSON.stringify(run)}\n` : `${run.id}\n`);
      return EXIT.ok;
    }
    const progress = progressLine(io, json);
    const ended = await followRun(server, run.id, progress.show);
    progress.clear();
    const durationMs = performance.now() - started;
    const wantsFixes = values.fixes === true || values.fix !== undefined;
    const report = ended.report && (await toldReport(server, ended.id, ended.report, wantsFixes));
    if (report && values.fix !== undefined) await writeMended(values.fix, report, io);
    return printEnded({ ...ended, report }, durationMs, json, io, await tellerFor(model));
  });
}

/** What goes beside a diagram, as one text: a server knows no flags. */
async function sideFile(
  file: string | undefined,
  { channels, outside, strict }: BesideFlags,
): Promise<Result<string | undefined>> {
  if (channels !== undefined && !isChannelSemantics(channels))
    return wrong(noneOf('channels', CHANNEL_SEMANTICS, channels), '--channels');
  if (outside !== undefined && !isOutside(outside))
    return wrong(noneOf('outside', OUTSIDES, outside), '--outside');
  const said = Object.entries({ channels, outside, strict }).filter(([, value]) => value);
  const [flag] = said;
  if (!flag) return file === undefined ? ok(undefined) : readText(file);
  if (file !== undefined)
    return wrong(
      `give --annotations or --${flag[0]}: a side file says itself \`${flag[0]}: ${flag[1]}\``,
      `--${flag[0]}`,
    );
  return ok(said.map(([name, value]) => `${name}: ${value}\n`).join(''));
}

interface BesideFlags {
  readonly channels?: string | undefined;
  readonly outside?: string | undefined;
  readonly strict?: boolean | undefined;
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

function printEnded(
  run: RunView,
  durationMs: number,
  json: boolean,
  io: Io,
  teller: Teller | undefined,
): number {
  if (run.failure) {
    if (run.failure.problems.length > 0) return printProblems(run.failure.problems, json, io);
    if (json) io.stdout(`${JSON.stringify({ fault: run.failure }, null, 2)}\n`);
    else io.stderr(`${run.failure.code}  ${run.failure.message}\n`);
    return EXIT.fault;
  }
  if (!run.report) {
    io.stderr(`the run is ${run.state}\n`);
    return EXIT.open;
  }
  const exit = exitOf(run.report);
  if (json)
    io.stdout(
      `${JSON.stringify({ run: run.id, verdict: run.verdict?.id ?? null, ...run.report }, null, 2)}\n`,
    );
  else
    io.stdout(
      `${run.report.script ? scriptText(run.report.script, exit) : reportText(run.report, durationMs, exit, io, teller)}verdict ${run.verdict?.id ?? 'none'} · probity certificate ${run.verdict?.id ?? 'ID'} --out DIR\n`,
    );
  return exit;
}

/** One line that is written over, on a terminal only. */
function progressLine(io: Io, json: boolean): { show(run: RunView): void; clear(): void } {
  if (!io.isTTY || json) return { show: () => undefined, clear: () => undefined };
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
