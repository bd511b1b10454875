import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { ModelDocument } from '../model/document.ts';
import { isSpecification } from '../model/specification.ts';
import { readEventLog } from '../eventLog/eventLog.ts';
import { formatOf, LOG_FORMATS } from '../eventLog/formats.ts';
import type { LogOptions } from '../eventLog/rows.ts';
import { readLogMapping } from '../events/mappedLog.ts';
import { RISK_DEFAULTS } from '../risk/index.ts';
import type { ModelRecord } from '../store/index.ts';
import { inspect } from '../checking/inspect.ts';
import { readLoss, mappedLogOf, type AskedRisk } from './risk.ts';
import { readProcess, type RequestedProcess } from './riskProcess.ts';
import type { Service } from './service.ts';
import { submissionOf } from './submission.ts';
import { uploadOf } from './uploads.ts';

/** The largest event log that a request may carry. */
export const MAX_EVENTS_BYTES = 1024 * 1024;
/** The most characters of a mapping. */
const MAX_MAPPING = 256 * 1024;
/** The most characters of an expression. */
const MAX_WHERE = 4_096;

/** What a request may ask of risk, beside the verdict (`docs/risk.md`). */
export interface RequestedRisk {
  /** The property whose breaking is the loss; or `where`. */
  readonly property?: string | null;
  /** The states that are a loss, as an expression over the model's names. */
  readonly where?: string | null;
  readonly process?: RequestedProcess | null;
  /** The text of an event log; or `log`. */
  readonly events?: string | null;
  /** The digest of an upload that is an event log. */
  readonly log?: string | null;
  /** One of `LOG_FORMATS`, by name; absent, the text tells. */
  readonly format?: string | null;
  /** Of an object-centric log: the type of the objects that are cases. */
  readonly caseType?: string | null;
  /** Of a table: which column is what, where its first line does not say so. */
  readonly columns?: readonly { readonly name: string; readonly column: string }[] | null;
  /** How the log writes its times, where not as ISO 8601. */
  readonly timeFormat?: string | null;
  /** The text of a mapping: which events are which steps of the model. */
  readonly mapping?: string | null;
  readonly cases?: number | null;
  readonly seed?: number | null;
}

const LIMITS = {
  cases: { least: 1, most: 1_000_000_000 },
  seed: { least: 0, most: Number.MAX_SAFE_INTEGER },
} as const;

/**
 * What is asked, with defaults written out; or all problems that can be known before the model is
 * explored.
 */
export async function readRisk(
  service: Service,
  owner: string,
  requested: RequestedRisk,
  model: ModelRecord,
): Promise<Result<AskedRisk>> {
  const { format, mapping } = requested;
  const events = requested.events ?? '';
  const log = requested.log ?? undefined;
  const said = await readQuestion(requested, model);
  const problems = said.ok ? [] : [...said.problems];
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
    ...(said.ok && said.value),
    events,
    ...(log !== undefined && { log }),
    ...(reading && { reading }),
    ...(mapping && { mapping }),
    cases: whole('cases'),
    seed: whole('seed'),
  };
  const texts = [...sourceProblems(requested), ...textProblems(asked)];
  problems.push(...texts);
  if (log === undefined) problems.push(...formatProblems(format, events));
  else if (texts.length === 0) {
    const upload = await uploadOf(service, owner, log, 'input.risk.log');
    if (!upload.ok) problems.push(...upload.problems);
  }
  if (texts.length === 0) problems.push(...(await logProblems(asked, model)));
  return problems.length > 0 ? bad(...problems) : ok(asked);
}

/** What is a loss, and what more is asked of the process. */
async function readQuestion(
  requested: RequestedRisk,
  model: ModelRecord,
): Promise<Result<Pick<AskedRisk, 'property' | 'where' | 'process'>>> {
  const { document } = model;
  if (isSpecification(document))
    return bad(
      problem(
        'RISK_PROPERTY',
        'input.risk.property',
        `there is no risk of ${document.format}: its states are not ours to count`,
      ),
    );
  const [property, where] = [requested.property ?? undefined, requested.where ?? undefined];
  if ((property === undefined) === (where === undefined))
    return bad(
      problem(
        'OPTION_INVALID',
        'input.risk.property',
        'give `property`, whose breaking is the loss, or `where`, the states that are a loss',
      ),
    );
  const problems = property === undefined ? [] : propertyProblems(property, document);
  const loss = {
    ...(property !== undefined && { property }),
    ...(where !== undefined && { where }),
  };
  if (where === undefined && !requested.process)
    return problems.length > 0 ? bad(...problems) : ok(loss);
  if (where !== undefined && (where.length > MAX_WHERE || isBroken(where)))
    return bad(
      problem(
        'OPTION_INVALID',
        'input.risk.where',
        `an expression of at most ${MAX_WHERE} characters, without NUL or half of a surrogate pair`,
      ),
    );
  const inspected = await inspect(submissionOf(model));
  if (!inspected.ok) return bad(...problems, ...inspected.problems);
  const lost = readLoss(loss, inspected.value);
  if (!lost.ok) problems.push(...lost.problems);
  const process = readProcess(requested.process ?? {}, inspected.value.semantics);
  if (!process.ok) problems.push(...process.problems);
  if (problems.length > 0 || !process.ok) return bad(...problems);
  return ok({ ...loss, ...(process.value && { process: process.value }) });
}

function propertyProblems(name: string, document: ModelDocument): Problem[] {
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

function readingOf({ caseType, columns, timeFormat }: RequestedRisk): LogOptions | undefined {
  if (!caseType && !columns?.length && !timeFormat) return undefined;
  return {
    ...(caseType && { caseType }),
    ...(timeFormat && { timeFormat }),
    ...(columns?.length && {
      columns: Object.fromEntries(columns.map(({ name, column }) => [name, column])),
    }),
  };
}

/** A log comes in the request, or was sent before: one of both. */
function sourceProblems({ events, log, format }: RequestedRisk): Problem[] {
  const [hasEvents, hasLog] = [events, log].map((each) => each !== undefined && each !== null);
  if (hasEvents === hasLog)
    return [
      problem(
        'OPTION_INVALID',
        'input.risk.events',
        'give `events`, the text of a log, or `log`, the digest of one that was sent to PUT /uploads/DIGEST',
      ),
    ];
  return hasLog && format
    ? [
        problem(
          'OPTION_INVALID',
          'input.risk.format',
          'what format an upload has, its beginning tells: leave `format` out',
        ),
      ]
    : [];
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
  const { events, reading, log: digest } = asked;
  // A large log is read by the worker: here only what it is read by.
  if (digest !== undefined) return mappingProblems(asked, model);
  // What a mapping means, the model tells; a specification has none.
  const log =
    asked.mapping === undefined || isSpecification(model.document)
      ? readEventLog(events, reading)
      : await inspect(submissionOf(model)).then((inspected) =>
          inspected.ok ? mappedLogOf(asked, inspected.value.semantics) : inspected,
        );
  return log.ok ? [] : log.problems.map(placed);
}

const placed = (each: Problem): Problem => ({
  ...each,
  path:
    each.code === 'MAPPING_SHAPE'
      ? ['input.risk.mapping', each.path].filter((part) => part !== '').join('.')
      : 'input.risk.events',
});

async function mappingProblems({ mapping }: AskedRisk, model: ModelRecord): Promise<Problem[]> {
  if (mapping === undefined || isSpecification(model.document)) return [];
  const inspected = await inspect(submissionOf(model));
  const read = inspected.ok ? readLogMapping(mapping, inspected.value.semantics) : inspected;
  return read.ok ? [] : read.problems.map(placed);
}
