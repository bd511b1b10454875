import { digestOf, sha256, type Json } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { unknownName } from '../errors/nearest.ts';
import { SEMANTICS_VERSION } from '../evidence/statements/statement.ts';
import {
  isFinished,
  isId,
  newId,
  type ModelHead,
  type ModelRecord,
  type RunHead,
  type RunRecord,
  type WaitingRun,
} from '../store/index.ts';
import type { Config } from '../config/index.ts';
import { strayOptions } from '../checking/formats.ts';
import { propertyNames, specificationOptionProblems, threatIds } from '../checking/identify.ts';
import { MAX_SOURCE_BYTES } from '../checking/inspect.ts';
import {
  FORMAT_NAMES,
  isFormat,
  isSpecificationFormat,
  type FormatName,
} from '../model/formats.ts';
import type { CompanionFile } from '../checking/types.ts';
import { describeError } from './observe.ts';
import { idOnce, keyProblems, usedOtherwise } from './once.ts';
import { readOptions, type RequestedOptions, type RunOptions } from './options.ts';
import { openRunsProblem, storageProblem } from './quotas.ts';
import { riskKey, type AskedRisk } from './risk.ts';
import { readRisk, type RequestedRisk } from './riskRequest.ts';
import type { Service } from './service.ts';

const MAX_NAME = 200;

export interface SubmitInput {
  readonly source: string;
  readonly format: string;
  readonly name: string;
  /** Of a diagram: the text of a side file. */
  readonly annotations?: string | null;
  /** Of a TLA+ specification: the modules that the source needs, and its configuration. */
  readonly files?: readonly CompanionFile[] | null;
  readonly idempotencyKey?: string | null;
}

export interface VerificationInput extends RequestedOptions {
  readonly modelId: string;
  readonly risk?: RequestedRisk | null;
  readonly idempotencyKey?: string | null;
}

/** Whose request it is, and whether it may see what is others'. */
export interface Asker {
  readonly owner: string;
  readonly seesAll: boolean;
}

/**
 * A text becomes a model row: read and type-checked, all problems at once. The same text of the
 * same owner is the same model; the same idempotency key with another input is refused.
 */
export async function submitModel(
  service: Service,
  asker: Asker,
  input: SubmitInput,
): Promise<Result<ModelRecord>> {
  const { store, checker } = service;
  const problems = inputProblems(input);
  if (problems.length > 0) return bad(...problems);
  const { source, name, idempotencyKey } = input;
  const files = input.files ?? [];
  const format = input.format as FormatName;
  const annotations = input.annotations ? { annotations: input.annotations } : {};
  const beside = {
    ...annotations,
    ...(files.length > 0 && { files: files.map((file) => ({ name: file.name, text: file.text })) }),
  };
  const inputDigest = digestOf({ source: sha256(source), format, name, ...beside });
  if (idempotencyKey) {
    const known = await store.idempotency.find(asker.owner, 'submitModel', idempotencyKey);
    if (known) return rememberedModel(service, known, inputDigest);
  }
  const inspected = await checker.inspect({ source, format, name, ...beside });
  if (!inspected.ok) return inspected;
  const { digest, document } = inspected.value;
  const full = await storageProblem(service);
  if (full) return bad(full);
  const model = await store.models.put({
    owner: asker.owner,
    digest,
    sourceDigest: sha256(source),
    name,
    format,
    source,
    document,
    ...annotations,
  });
  if (!idempotencyKey) return ok(model);
  const kept = await store.idempotency.remember(asker.owner, 'submitModel', idempotencyKey, {
    inputDigest,
    resultId: model.id,
  });
  return rememberedModel(service, kept, inputDigest);
}

async function rememberedModel(
  service: Service,
  known: { inputDigest: string; resultId: string },
  inputDigest: string,
): Promise<Result<ModelRecord>> {
  const model =
    known.inputDigest === inputDigest ? await service.store.models.get(known.resultId) : undefined;
  return model ? ok(model) : bad(usedOtherwise());
}

function inputProblems({
  source,
  format,
  name,
  files,
  annotations,
  idempotencyKey,
}: SubmitInput): Problem[] {
  const problems: Problem[] = [];
  const texts = [
    source,
    annotations ?? '',
    ...(files ?? []).flatMap((file) => [file.name, file.text]),
  ];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text, 'utf8'), 0);
  if (bytes > MAX_SOURCE_BYTES)
    problems.push(
      problem(
        'INPUT_TOO_LARGE',
        'input.source',
        `the source and what comes with it have ${bytes} bytes; the limit is ${MAX_SOURCE_BYTES}`,
      ),
    );
  else if (!texts.every(isStorable))
    problems.push(
      problem(
        'INPUT_NOT_UTF8',
        'input.source',
        'the source or what comes with it has a NUL character or half of a surrogate pair',
      ),
    );
  if (!isFormat(format)) {
    problems.push(
      problem('FORMAT_UNKNOWN', 'input.format', unknownName('format', format, FORMAT_NAMES)),
    );
  }
  if (annotations)
    problems.push(...strayOptions(format, ['annotations'], (option) => `input.${option}`));
  if (name.trim() === '' || name.length > MAX_NAME || !isPlain(name)) {
    problems.push(
      problem('REQUEST_SHAPE', 'input.name', `a name has 1 to ${MAX_NAME} printable characters`),
    );
  }
  return [...problems, ...keyProblems(idempotencyKey)];
}

/**
 * Postgres keeps no NUL, UTF-8 no lone surrogate: either would come back as another text than was
 * signed.
 */
const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text);
const isPlain = (text: string): boolean => isStorable(text) && !/\p{Cc}/u.test(text);

/** The same without its texts. */
export async function visibleModelHead(
  { store }: Service,
  asker: Asker,
  id: string,
): Promise<ModelHead | undefined> {
  const model = isId(id) ? await store.models.head(id) : undefined;
  return model && (asker.seesAll || model.owner === asker.owner) ? model : undefined;
}

/** A model that the asker may see; to anybody else it does not exist. */
export async function visibleModel(
  { store }: Service,
  asker: Asker,
  id: string,
): Promise<ModelRecord | undefined> {
  const model = isId(id) ? await store.models.get(id) : undefined;
  return model && (asker.seesAll || model.owner === asker.owner) ? model : undefined;
}

export async function visibleRun(
  { store }: Service,
  asker: Asker,
  id: string,
): Promise<RunHead | undefined> {
  const run = isId(id) ? await store.runs.head(id) : undefined;
  return run && (asker.seesAll || run.owner === asker.owner) ? run : undefined;
}

async function optionsFor(
  { limits }: Config,
  { document, format }: ModelRecord,
  input: VerificationInput,
): Promise<Result<RunOptions>> {
  // What is checked as it is has one tool: nobody else can be asked.
  const requested = isSpecificationFormat(format)
    ? { ...input, crossCheck: input.crossCheck ?? false }
    : input;
  const properties = await propertyNames(document);
  const options = readOptions(requested, properties, () => threatIds(document), limits);
  if (!options.ok) return options;
  const refused = specificationOptionProblems(format, options.value);
  return refused.length === 0
    ? options
    : bad(...refused.map((each) => ({ ...each, path: `input.${each.path}` })));
}

/**
 * A request becomes a run row, and a job that names it. If the same model was answered under the
 * same options by the same tools before, the answer is there at once: the asker's own run, or a new
 * one with the known report, which is sealed for him anew, so that nothing tells him of the other.
 */
export async function requestVerification(
  service: Service,
  asker: Asker,
  input: VerificationInput,
): Promise<Result<RunRecord>> {
  const { store } = service;
  const model = await visibleModel(service, asker, input.modelId);
  if (!model) return bad(problem('NOT_FOUND', 'input.modelId', 'there is no such model'));
  const options = await optionsFor(service.config, model, input);
  const risk = input.risk ? await readRisk(service, asker.owner, input.risk, model) : undefined;
  const problems = [options, risk].flatMap((read) => (read && !read.ok ? read.problems : []));
  problems.push(...keyProblems(input.idempotencyKey));
  if (!options.ok || risk?.ok === false || problems.length > 0) return bad(...problems);
  const cacheKey = await cacheKeyOf(service, model, options.value, risk?.value);
  const cached = await store.runs.findCached(cacheKey, asker.owner);
  const { seal } = options.value;
  const isOwn = cached?.owner === asker.owner && cached.modelId === model.id;
  // One that is signed also serves who asks for no signature.
  const own = isOwn && (cached.state === 'sealed' || !seal) ? cached : undefined;
  let id = own?.id ?? newId('run');
  if (input.idempotencyKey) {
    // The id is kept before there is a run: whoever repeats a request that was cut off makes the
    // same one.
    const inputDigest = digestOf({
      model: model.id,
      options: options.value,
      ...(risk ? { risk: riskKey(risk.value) } : {}),
    });
    const kept = await idOnce(
      store,
      asker.owner,
      'requestVerification',
      input.idempotencyKey,
      inputDigest,
      { id },
    );
    if (!kept.ok) return kept;
    id = kept.value;
    const known = await store.runs.get(id);
    if (known) return ok(known);
  }
  if (own) return ok(own);
  const busy = await openRunsProblem(service);
  if (busy) return bad(busy);
  const fresh = {
    id,
    owner: asker.owner,
    modelId: model.id,
    options: options.value as unknown as Json,
    cacheKey,
    ...(risk ? { risk: risk.value as unknown as Json } : {}),
  };
  const run = cached
    ? await store.runs.createChecked(fresh, cached, seal !== false)
    : await store.runs.create(fresh);
  if (!isFinished(run.state)) await deliver(service, run);
  return ok(run);
}

/** Hands a run to the queue. If the queue is away the row stays, and a sweep delivers it later. */
export async function deliver(
  { queues, logger }: Pick<Service, 'queues' | 'logger'>,
  run: WaitingRun,
): Promise<void> {
  try {
    await queues.sendRun(
      run.id,
      run.state === 'checked' && !run.provisional ? `seal-${run.attempt}` : String(run.attempt),
    );
  } catch (error) {
    logger.warn('run.delivery_postponed', { run: run.id, ...describeError(error) });
  }
}

/**
 * What makes two requests the same answer. Options stand there with their defaults written out, so
 * a bound is part of the key; whether it is signed changes no answer.
 */
async function cacheKeyOf(
  { config, checker }: Service,
  model: ModelRecord,
  { seal: _seal, ...options }: RunOptions,
  risk: AskedRisk | undefined,
): Promise<string> {
  const tools = await checker.toolVersions(config.cacheDir);
  return digestOf({
    model: model.digest,
    format: model.format,
    options,
    tools,
    semantics: SEMANTICS_VERSION,
    ...(risk ? { risk: riskKey(risk) } : {}),
  });
}

/** Ends a run that has no answer yet; its worker notices and stops. */
export async function cancelRun(
  service: Service,
  asker: Asker,
  id: string,
): Promise<Result<RunHead>> {
  const run = await visibleRun(service, asker, id);
  if (!run) return bad(problem('NOT_FOUND', 'id', 'there is no such run'));
  const cancelled = await service.store.runs.cancel(id);
  const now = await service.store.runs.head(id);
  if (now && (cancelled || now.state === 'cancelled')) return ok(now);
  return bad(
    problem('RUN_FINISHED', 'id', `the run is ${now?.state ?? 'gone'} and cannot be cancelled`),
  );
}
