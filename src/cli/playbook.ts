import { inspect, type Inspected } from '../checking/inspect.ts';
import { ownConfig } from '../config/index.ts';
import { ok, type Refusal, type Result } from '../errors/index.ts';
import type { FormatName } from '../model/formats.ts';
import { readPlaybooks } from '../response/playbookLibrary.ts';
import { readPlaybook } from '../response/readPlaybook.ts';
import { recommended } from '../response/recommend.ts';
import {
  verifyPlaybook,
  type BindingReport,
  type PlaybookReport,
} from '../response/verifyPlaybook.ts';
import { timeOf, type Time } from '../time/time.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { readSubmission } from './submission.ts';
import { readText } from './textFile.ts';
import { traceLines } from './traceText.ts';

interface Limits {
  readonly timeout: number;
  readonly maxStates: number;
}

interface AskedModel extends Limits {
  readonly model: string;
  readonly format: FormatName | undefined;
}

/** `probity playbook check`. */
export async function checkPlaybook(
  asked: AskedModel & { readonly file: string },
  io: CommandIo,
): Promise<Ended> {
  const text = await readText(asked.file);
  if (!text.ok) return text;
  const playbook = readPlaybook(text.value);
  if (!playbook.ok) return { ...playbook, source: text.value };
  const inspected = await inspectedOf(asked);
  if (!inspected.ok) return inspected;
  const report = await verifyPlaybook(playbook.value, inspected.value, playbookLimits(asked, io));
  if (!report.ok) return { ...report, source: text.value };
  return {
    exit: exitOf(report.value),
    json: report.value,
    text: () => playbookText(report.value, io),
  };
}

/** `probity playbook list`. */
export function listPlaybooks({ folder }: { readonly folder: string | undefined }): Ended {
  const read = readPlaybooks(folder);
  if (!read.ok) return read;
  const rows = read.value.map(({ file, playbook: { id, name, model, on, promises } }) => ({
    id,
    name,
    model,
    on,
    promises,
    file,
  }));
  return {
    exit: EXIT.ok,
    json: rows,
    text: () =>
      rows
        .map(
          ({ name, model, on, file }) =>
            `${name}\n  for ${model}\n${on.map((binding) => `  on ${alertText(binding)}\n`).join('')}  ${file}\n`,
        )
        .join('\n'),
  };
}

interface AskedAlert extends AskedModel {
  readonly folder: string | undefined;
  readonly alert: string;
  readonly property: string | undefined;
  readonly explainedBy: readonly (readonly string[])[];
}

/** `probity playbook recommend`. */
export async function recommendPlaybook(asked: AskedAlert, io: CommandIo): Promise<Ended> {
  const inspected = await inspectedOf(asked);
  if (!inspected.ok) return inspected;
  const reports = await verifiedPlaybooks(asked.folder, inspected.value, playbookLimits(asked, io));
  if (!reports.ok) return reports;
  const { alert: kind, property, explainedBy } = asked;
  const found = recommended(
    reports.value,
    {
      kind,
      ...(property !== undefined && { property }),
      ...(kind === 'deviation' && { explainedBy }),
    },
    explainedBy,
  );
  return {
    exit: found.length > 0 ? EXIT.ok : EXIT.violated,
    json: found,
    text: () =>
      found.length === 0
        ? `no verified playbook answers ${alertText({ alert: kind, property, threats: [] })}\n`
        : found
            .map(
              ({ name, under, playbook }) =>
                `${name}\n  verified under ${under.map(setText).join('; ')}\n  ${playbook}\n`,
            )
            .join('\n'),
  };
}

/** The playbooks of a folder that are for a model, each with what was found out about it. */
export async function verifiedPlaybooks(
  folder: string | undefined,
  inspected: Inspected,
  limits: Time & { readonly maxStates: number },
): Promise<Result<readonly PlaybookReport[]>> {
  const read = readPlaybooks(folder);
  if (!read.ok) return read;
  const { name } = inspected.semantics.model;
  const reports: PlaybookReport[] = [];
  for (const { playbook } of read.value.filter((each) => each.playbook.model === name)) {
    const report = await verifyPlaybook(playbook, inspected, limits);
    if (!report.ok) return report;
    reports.push(report.value);
  }
  return ok(reports);
}

async function inspectedOf({
  model,
  format,
}: Pick<AskedModel, 'model' | 'format'>): Promise<
  Result<Inspected> | (Refusal & { readonly source: string })
> {
  const config = ownConfig();
  if (!config.ok) return config;
  const read = await readSubmission(model, format);
  if (!read.ok) return read;
  const inspected = await inspect(read.value);
  return inspected.ok ? inspected : { ...inspected, source: read.value.source };
}

/** What a playbook is verified within. */
export const playbookLimits = (
  { timeout, maxStates }: Limits,
  io: CommandIo,
): Time & { readonly maxStates: number } => ({
  ...timeOf(timeout * 1000, io.interrupted, io.stopped),
  maxStates: Math.floor(maxStates),
});

/** 0 verified, 1 it does not help after some alert, 3 something was left open. */
function exitOf({ verified, on }: PlaybookReport): number {
  if (verified) return EXIT.ok;
  const isRefuted = on.some(
    ({ neverRaised, answers }) =>
      neverRaised === true || answers.some(({ outcome }) => outcome === 'violated'),
  );
  return isRefuted ? EXIT.violated : EXIT.open;
}

const setText = (set: readonly string[]): string =>
  set.length === 0 ? 'no threat' : set.join(' and ');

function alertText({
  alert,
  property,
  threats,
}: {
  readonly alert: string;
  readonly property?: string | undefined;
  readonly threats: readonly string[];
}): string {
  return `${alert}${property === undefined ? '' : ` ${property}`}${threats.length === 0 ? '' : ` under ${setText(threats)}`}`;
}

const ASKS: Readonly<Record<string, string>> = {
  completes: 'every fair run completes the playbook',
  final: 'the case can be completed, from completion of the playbook on',
};

function playbookText(report: PlaybookReport, io: Io): string {
  const paint = painter(io);
  const mark = (good: boolean): string => (good ? paint('green', '✓') : paint('red', '✗'));
  const bindingLines = (binding: BindingReport): string[] => [
    `  ${mark(binding.verified)} on ${alertText(binding)}  ${paint('dim', `${binding.states} states`)}`,
    ...(binding.neverRaised
      ? ['      the alert is never raised under these threats: nothing was shown']
      : []),
    ...binding.answers.flatMap(({ asks, outcome, trace, why }) => [
      `    ${mark(outcome === 'holds')} ${ASKS[asks] ?? asks}${outcome === 'holds' ? '' : `: ${outcome}`}${why === undefined ? '' : ` (${why})`}`,
      ...(trace ? traceLines(trace) : []),
    ]),
  ];
  return [
    `${paint('bold', report.playbook.name)} · ${report.verified ? 'verified' : 'not verified'} on ${report.model.name}`,
    '',
    ...report.on.flatMap(bindingLines),
    '',
    ...report.assumptions.map((each) => `  assuming  ${each}`),
    '',
  ].join('\n');
}
