import { sha256, type Json } from '../canonical/index.ts';
import { bad, Fault, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isSpecification, type CheckedDocument } from '../model/specification.ts';
import { readEventLog } from '../eventLog/eventLog.ts';
import { formatOf, LOG_FORMATS } from '../eventLog/formats.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { LogOptions } from '../eventLog/rows.ts';
import { readLogMapping, readMappedLog } from '../events/mappedLog.ts';
import type { Semantics } from '../model/semantics.ts';
import { assessRisk, RISK_DEFAULTS } from '../risk/index.ts';
import type { ModelRecord, RunRecord } from '../store/index.ts';
import { inspect, quietOf } from '../checking/inspect.ts';
import type { CheckOptions } from '../checking/types.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';
import { submissionOf } from './submission.ts';

/** The largest event log that a request may carry. */
export const MAX_EVENTS_BYTES = 1024 * 1024;
/** The most characters of a mapping. */
const MAX_MAPPING = 256 * 1024;

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
  /** The text of a mapping: which events are which steps of the model. */
  readonly mapping?: string | null;
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
      readonly mapping?: string;
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
export async function readRisk(
  requested: RequestedRisk,
  model: ModelRecord,
): Promise<Result<AskedRisk>> {
  const { property, events, format, mapping } = requested;
  const problems = propertyProblems(property, model.document);
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
    ...(mapping && { mapping }),
    cases: whole('cases'),
    seed: whole('seed'),
  };
  const texts = textProblems(asked);
  problems.push(...formatProblems(format, events), ...texts);
  if (texts.length === 0) problems.push(...(await logProblems(asked, model)));
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

function textProblems({ events, mapping }: AskedRisk): Problem[] {
  const bytes = Buffer.byteLength(events, 'utf8');
  if (bytes > MAX_EVENTS_BYTES)
    return [
      problem(
        'INPUT_TOO_LARGE',
        'input.risk.events',
        `the event log has ${bytes} bytes; the limit is ${MAX_EVENTS_BYTES}`,
      ),
    ];
  if (mapping !== undefined && mapping.length > MAX_MAPPING)
    return [
      problem(
        'INPUT_TOO_LARGE',
        'input.risk.mapping',
        `the mapping has ${mapping.length} characters; the limit is ${MAX_MAPPING}`,
      ),
    ];
  return (['events', 'mapping'] as const)
    .filter((name) => isBroken(name === 'events' ? events : (mapping ?? '')))
    .map((name) =>
      problem(
        'INPUT_NOT_UTF8',
        `input.risk.${name}`,
        `the ${name === 'events' ? 'event log' : 'mapping'} has a NUL character or half of a surrogate pair`,
      ),
    );
}

const isBroken = (text: string): boolean => text.includes('\0') || /\p{Surrogate}/u.test(text);

async function logProblems(asked: AskedRisk, model: ModelRecord): Promise<Problem[]> {
  const { events, reading } = asked;
  // What a mapping means, the model tells; a specification has none.
  const log =
    asked.mapping === undefined || isSpecification(model.document)
      ? readEventLog(events, reading)
      : await inspect(submissionOf(model)).then((inspected) =>
          inspected.ok ? mappedLogOf(asked, inspected.value.semantics) : inspected,
        );
  return log.ok
    ? []
    : log.problems.map((each) => ({
        ...each,
        path:
          each.code === 'MAPPING_SHAPE'
            ? ['input.risk.mapping', each.path].filter((part) => part !== '').join('.')
            : 'input.risk.events',
      }));
}

/** The log that was asked about, by its mapping where there is one. */
function mappedLogOf(
  { events, reading, mapping: text }: AskedRisk,
  semantics: Semantics,
): Result<EventLog> {
  if (text === undefined) return readEventLog(events, reading);
  const mapping = readLogMapping(text, semantics);
  return mapping.ok ? readMappedLog(events, reading ?? {}, mapping.value, semantics) : mapping;
}

/** What a risk adds to the key of a request: the log by its digest. */
export const riskKey = ({ property, events, reading, mapping, cases, seed }: AskedRisk): Json => ({
  property,
  ...(reading && { reading: { ...reading } as Json }),
  ...(mapping !== undefined && { mapping: sha256(mapping) }),
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
  const { property, cases, seed } = asked;
  const submission = submissionOf(model);
  const inspected = await inspect(submission);
  if (!inspected.ok) return inspected;
  const log = mappedLogOf(asked, inspected.value.semantics);
  if (!log.ok) return log;
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
