import { sha256, type Json } from '../canonical/index.ts';
import { Fault, ok, type Problem, type Result } from '../errors/index.ts';
import { readEventLog, readEventLogFile } from '../eventLog/eventLog.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { LogOptions } from '../eventLog/rows.ts';
import { readLogMapping, readMappedLog, readMappedLogFile } from '../events/mappedLog.ts';
import type { Semantics } from '../model/semantics.ts';
import { assessRisk, RISK_DEFAULTS } from '../risk/index.ts';
import type { ProcessRequest } from '../risk/process/processRequest.ts';
import type { RiskRequest } from '../risk/request.ts';
import type { ModelRecord, RunRecord } from '../store/index.ts';
import { inspect, quietOf, type Inspected } from '../checking/inspect.ts';
import { readPredicate } from '../checking/predicate.ts';
import type { CheckOptions } from '../checking/types.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';
import { submissionOf } from './submission.ts';
import { bytesOfUpload, uploadOf } from './uploads.ts';

/** The risk of a run as its row keeps it: asked for, or assessed, or why it is not. */
export type KeptRisk =
  | {
      readonly kind: 'asked';
      /** The property whose breaking is the loss; or `where`. */
      readonly property?: string;
      /** The states that are a loss, as an expression over the model's names. */
      readonly where?: string;
      /** What more is asked of the process behind it. */
      readonly process?: ProcessRequest;
      /** The text of the log; empty where it is an upload. */
      readonly events: string;
      /** The digest of the upload that is the log. */
      readonly log?: string;
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

/** What is a loss, and the model that has a word for it. */
export function readLoss(
  { property, where }: Pick<AskedRisk, 'property' | 'where'>,
  { document, semantics }: Inspected,
): Result<{ readonly semantics: Semantics; readonly loss: RiskRequest['loss'] }> {
  if (where === undefined) return ok({ semantics, loss: { property: property ?? '' } });
  const read = readPredicate(document, where, 'input.risk.where');
  if (!read.ok) return read;
  const { predicate } = read.value;
  return ok({ semantics: read.value.semantics, loss: { name: where, predicate } });
}

/** The log of a run: out of its row, or what its digest names, for the one who asked. */
async function logOfRun(
  service: Service,
  owner: string,
  asked: AskedRisk,
  semantics: Semantics,
): Promise<Result<EventLog>> {
  if (asked.log === undefined) return mappedLogOf(asked, semantics);
  const upload = await uploadOf(service, owner, asked.log, 'input.risk.log');
  if (!upload.ok) return upload;
  const bytes = await bytesOfUpload(service, upload.value);
  const options = asked.reading ?? {};
  if (asked.mapping === undefined) return readEventLogFile(bytes, options);
  const mapping = readLogMapping(asked.mapping, semantics);
  return mapping.ok ? readMappedLogFile(bytes, options, mapping.value, semantics) : mapping;
}

/** The log that was asked about, by its mapping where there is one. */
export function mappedLogOf(
  { events, reading, mapping: text }: AskedRisk,
  semantics: Semantics,
): Result<EventLog> {
  if (text === undefined) return readEventLog(events, reading);
  const mapping = readLogMapping(text, semantics);
  return mapping.ok ? readMappedLog(events, reading ?? {}, mapping.value, semantics) : mapping;
}

/** What a risk adds to the key of a request: the log by its digest. */
export const riskKey = (asked: AskedRisk): Json => {
  const { property, where, process, events, log, reading, mapping, cases, seed } = asked;
  return {
    ...(property !== undefined && { property }),
    ...(where !== undefined && { where }),
    ...(process && { process: process as unknown as Json }),
    ...(reading && { reading: { ...reading } as Json }),
    ...(mapping !== undefined && { mapping: sha256(mapping) }),
    cases,
    seed,
    events: log ?? sha256(events),
  };
};

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
  service: Service,
  run: RunRecord,
  model: ModelRecord,
  signal: AbortSignal,
): Promise<KeptRisk | undefined> {
  const asked = keptRisk(run.risk);
  if (asked?.kind !== 'asked') return undefined;
  try {
    const limits = run.options as unknown as CheckOptions;
    const assessed = await assess(service, { asked, owner: run.owner, model, limits }, signal);
    if (!assessed.ok) return { kind: 'failed', problems: assessed.problems };
    return assessed.value;
  } catch (error) {
    if (signal.aborted) throw error;
    service.logger.warn('run.risk_failed', { run: run.id, ...describeError(error) });
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
  service: Service,
  {
    asked,
    owner,
    model,
    limits,
  }: {
    readonly asked: AskedRisk;
    readonly owner: string;
    readonly model: ModelRecord;
    readonly limits: CheckOptions;
  },
  signal: AbortSignal,
): Promise<Result<KeptRisk>> {
  const { cases, seed, process } = asked;
  const submission = submissionOf(model);
  const inspected = await inspect(submission);
  if (!inspected.ok) return inspected;
  const lost = readLoss(asked, inspected.value);
  if (!lost.ok) return lost;
  const { semantics, loss } = lost.value;
  const log = await logOfRun(service, owner, asked, semantics);
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
    semantics,
    modelDigest: model.digest,
    loss,
    log: log.value,
    options,
    ...(process && { process }),
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
