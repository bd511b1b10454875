import { sha256, type Json } from '../canonical/index.ts';
import { bad, Fault, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isSpecification, type CheckedDocument } from '../model/specification.ts';
import { readEventLog } from '../eventLog/eventLog.ts';
import { formatOf, LOG_FORMATS } from '../eventLog/formats.ts';
import type { LogOptions } from '../eventLog/rows.ts';
import { assessRisk, RISK_DEFAULTS } from '../risk/index.ts';
import type { ModelRecord, RunRecord } from '../store/index.ts';
import { inspect, quietOf } from '../checking/inspect.ts';
import type { CheckOptions } from '../checking/types.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';
import { submissionOf } from './submission.ts';

/** The largest event log that a request may carry. */
export const MAX_EVENTS_BYTES = 1024 * 1024;

/** What a request may ask of risk, beside the verdict (`docs/risk.md`). */
export interface RequestedRisk {
  readonly property: string;
  /** The text of an event log. */
  readonly events: string;
  /** One of `LOG_FORMATS`, by name; absent, the text tells. */
  readonly format?: string | null;
  /** Of an object-centric log: the type of the objects that are cases. */
  readonly caseType?: string | null;
  /** Of a table: which column is what, where its first line does not say so. */
  readonly columns?: readonly { readonly name: string; readonly column: string }[] | null;
  readonly cases?: number | null;
  readonly seed?: number | null;
}

/** The risk of a run as its row keeps it: asked for, or assessed, or why it is not. */
export type KeptRisk =
  | {
      readonly kind: 'asked';
      readonly property: string;
      readonly events: string;
      /** How the log is to be read, where that was said. */
      readonly reading?: LogOptions;
      readonly cases: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'assessed';
      readonly scores: Readonly<Record<string, Json>>;
      readonly card: Json;
    }
  | { readonly kind: 'failed'; readonly problems: readonly Complaint[] };

export type AskedRisk = Extract<KeptRisk, { kind: 'asked' }>;

/** A problem, or a fault told like one. */
type Complaint = Omit<Problem, 'code'> & { readonly code: string };

const LIMITS = {
  cases: { least: 1, most: 1_000_000_000 },
  seed: { least: 0, most: Number.MAX_SAFE_INTEGER },
} as const;

/**
 * What is asked, with defaults written out; or all problems that can be known before the model is
 * explored.
 */
export function readRisk(requested: RequestedRisk, document: CheckedDocument): Result<AskedRisk> {
  const { property, events, format } = requested;
  const problems = propertyProblems(property, document);
  const whole = (name: keyof typeof LIMITS): number => {
    const value = requested[name] ?? RISK_DEFAULTS[name];
    const { least, most } = LIMITS[name];
    if (!Number.isSafeInteger(value) || value < least || value > most)
      problems.push(
        problem(
          'OPTION_INVALID',
          `input.risk.${name}`,
          `${name} is a whole number from ${least} to ${most}`,
        ),
      );
    return value;
  };
  const reading = readingOf(requested);
  const asked: AskedRisk = {
    kind: 'asked',
    property,
    events,
    ...(reading && { reading }),
    cases: whole('cases'),
    seed: whole('seed'),
  };
  problems.push(...formatProblems(format, events), ...logProblems(events, reading));
  return problems.length > 0 ? bad(...problems) : ok(asked);
}

function propertyProblems(name: string, document: CheckedDocument): Problem[] {
  if (isSpecification(document))
    return [
      problem(
        'RISK_PROPERTY',
        'input.risk.property',
        `there is no risk of ${document.format}: its states are not ours to count`,
      ),
    ];
  const given = Object.hasOwn(document.properties ?? {}, name)
    ? document.properties?.[name]
    : undefined;
  if (
    name === 'deadlockFree' ||
    given?.always !== undefined ||
    given?.never !== undefined ||
    given?.deadlockFree !== undefined
  )
    return [];
  return given
    ? [
        problem(
          'RISK_PROPERTY',
          'input.risk.property',
          `"${name}" is not broken by reaching a state; risk is computed for always, never and deadlockFree`,
        ),
      ]
    : [
        problem(
          'PROPERTY_UNKNOWN',
          'input.risk.property',
          `the model has no property "${name.slice(0, 80)}"`,
        ),
      ];
}

function formatProblems(format: string | null | undefined, events: string): Problem[] {
  if (format === undefined || format === null) return [];
  const asked = LOG_FORMATS.find(({ name }) => name === format);
  if (!asked)
    return [
      problem(
        'OPTION_INVALID',
        'input.risk.format',
        `"${format.slice(0, 40)}" is no format of an event log; there are ${LOG_FORMATS.map(({ name }) => name).join(', ')}`,
      ),
    ];
  const found = formatOf(events);
  return found === asked
    ? []
    : [
        problem(
          'EVENT_LOG_SYNTAX',
          'input.risk.events',
          `the event log is not ${asked.title}: it looks like ${found.title}`,
        ),
      ];
}

function readingOf({ caseType, columns }: RequestedRisk): LogOptions | undefined {
  if (!caseType && !columns?.length) return undefined;
  return {
    ...(caseType && { caseType }),
    ...(columns?.length && {
      columns: Object.fromEntries(columns.map(({ name, column }) => [name, column])),
    }),
  };
}

function logProblems(events: string, reading: LogOptions | undefined): Problem[] {
  const bytes = Buffer.byteLength(events, 'utf8');
  if (bytes > MAX_EVENTS_BYTES)
    return [
      problem(
        'INPUT_TOO_LARGE',
        'input.risk.events',
        `the event log has ${bytes} bytes; the limit is ${MAX_EVENTS_BYTES}`,
      ),
    ];
  if (events.includes('\0') || /\p{Surrogate}/u.test(events))
    return [
      problem(
        'INPUT_NOT_UTF8',
        'input.risk.events',
        'the event log has a NUL character or half of a surrogate pair',
      ),
    ];
  const log = readEventLog(events, reading);
  return log.ok ? [] : log.problems.map((each) => ({ ...each, path: 'input.risk.events' }));
}

/** What a risk adds to the key of a request: the log by its digest. */
export const riskKey = ({ property, events, reading, cases, seed }: AskedRisk): Json => ({
  property,
  ...(reading && { reading: { ...reading } as Json }),
  cases,
  seed,
  events: sha256(events),
});

export const keptRisk = (risk: Json | null): KeptRisk | undefined =>
  risk === null ? undefined : (risk as unknown as KeptRisk);

/** Risk as the API shows it: nothing while it is only asked for, and never the log. */
export function shownRisk(kept: Json | null): Json {
  const risk = keptRisk(kept);
  if (risk === undefined || risk.kind === 'asked') return null;
  const { kind: _kind, ...shown } = risk;
  return shown as unknown as Json;
}

/**
 * The risk that a run asked for, under the limits of the run. It stands beside the verdict:
 * whatever goes wrong here is told in its own place, and changes no answer (DESIGN 4). Only an
 * interruption of the whole run goes on up.
 */
export async function assessRun(
  { logger }: Service,
  run: RunRecord,
  model: ModelRecord,
  signal: AbortSignal,
): Promise<KeptRisk | undefined> {
  const asked = keptRisk(run.risk);
  if (asked?.kind !== 'asked') return undefined;
  try {
    const assessed = await assess(asked, model, run.options as unknown as CheckOptions, signal);
    if (!assessed.ok) return { kind: 'failed', problems: assessed.problems };
    return assessed.value;
  } catch (error) {
    if (signal.aborted) throw error;
    logger.warn('run.risk_failed', { run: run.id, ...describeError(error) });
    const known = error instanceof Fault;
    return {
      kind: 'failed',
      problems: [
        {
          code: known ? error.code : 'INTERNAL',
          path: 'input.risk',
          message: known ? error.message : 'a fault of ours; the log has it',
        },
      ],
    };
  }
}

async function assess(
  asked: AskedRisk,
  model: ModelRecord,
  limits: CheckOptions,
  signal: AbortSignal,
): Promise<Result<KeptRisk>> {
  const { property, events, reading, cases, seed } = asked;
  const log = readEventLog(events, reading);
  if (!log.ok) return log;
  const submission = submissionOf(model);
  const inspected = await inspect(submission);
  if (!inspected.ok) return inspected;
  const { maxStates, memoryMb, timeoutMs } = limits;
  const options = {
    cases,
    seed,
    memoryMb,
    timeoutMs,
    maxStates: Math.min(maxStates, RISK_DEFAULTS.maxStates),
    quiet: await quietOf(submission),
  };
  const assessed = await assessRisk({
    semantics: inspected.value.semantics,
    modelDigest: model.digest,
    loss: { property },
    log: log.value,
    options,
    signal,
  });
  if (!assessed.ok) return assessed;
  const { card, ...scores } = assessed.value;
  return ok({
    kind: 'assessed',
    scores: scores as unknown as Readonly<Record<string, Json>>,
    card: card as unknown as Json,
  });
}
