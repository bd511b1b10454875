import type { AttackSet, ThreatenedProperty } from '../checking/attackSets/types.ts';
import { problem, type Problem, type Result } from '../errors/index.ts';
import { parseEnvelope } from '../evidence/formats/dsse.ts';
import { utf8 } from '../evidence/formats/encoding.ts';
import { answerInThread } from '../explain/thread.ts';
import {
  cancelRun,
  requestVerification,
  submitModel,
  visibleModelHead,
  visibleRun,
  type SubmitInput,
  type VerificationInput,
} from '../service/submit.ts';
import { explorerUrl } from '../evidence/statements/networks.ts';
import { cosignedCheckpoint } from '../service/cosign.ts';
import { anchorOf, verdictFiles, visibleVerdict } from '../service/verdict.ts';
import {
  isSealed,
  type SealedVerdict,
  isId,
  type AnchorRecord,
  type ModelHead,
  type RunHead,
  type ModelTexts,
  type RunState,
  type ShownProperty,
} from '../store/index.ts';
import { statusOfVerdict } from '../service/status.ts';
import { renderVerdict } from '../service/rendering.ts';
import { shownRisk } from '../service/risk.ts';
import { checkpointIn } from '../service/seal.ts';
import type { Service } from '../service/service.ts';
import { watchRun } from '../service/watch.ts';
import { askerOf, type Authenticator, type Principal } from './auth.ts';
import { audited, complianceMutations, complianceQueries, trustPolicy } from './compliance.ts';
import type { ApiContext } from './context.ts';
import { answerable, refusal } from './errors.ts';
import { ofDiagram, shownReport } from './shown.ts';
import { lesson, lessons, solution, type Lesson } from './lessons.ts';
import { LIMITS } from './limits.ts';
import { isRole, mayUse, operationsOf, ROLES } from './roles.ts';
import { LARGE_LOADS, LOADS } from './turns.ts';
import type { Resolver, Resolvers } from './schema.ts';

type Arguments = Record<string, unknown>;
type Operation = (args: Arguments, principal: Principal) => unknown;

/**
 * All resolvers. Root fields pass through `allow`: no operation runs without its line in the table
 * of roles.
 */
export function buildResolvers(
  service: Service,
  authenticator: Authenticator,
): Resolvers<ApiContext> {
  const allow = (
    fields: Readonly<Record<string, Operation>>,
  ): Record<string, Resolver<ApiContext>> =>
    Object.fromEntries(
      Object.entries(fields).map(([name, operation]) => [name, guarded(service, name, operation)]),
    );
  return {
    Query: allow(queries(service)),
    Mutation: allow(mutations(service, authenticator)),
    Subscription: allow({
      runUpdated: async ({ id }, principal) => {
        if (!(await visibleRun(service, askerOf(principal), String(id))))
          throw refusal([problem('NOT_FOUND', 'id', 'there is no such run')]);
        return watchRun(service, String(id));
      },
    }),
    ...below(service),
  };
}

function guarded(service: Service, name: string, operation: Operation): Resolver<ApiContext> {
  return async (_parent, args, { principal, trouble }) => {
    try {
      if (trouble) throw trouble;
      if (!principal)
        throw refusal([
          problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY'),
        ]);
      if (!mayUse(principal.role, name))
        throw refusal([problem('FORBIDDEN', '', `the role ${principal.role} may not use ${name}`)]);
      return await operation(args, principal);
    } catch (error) {
      throw answerable(error, service.logger, name);
    }
  };
}

function queries(service: Service): Record<string, Operation> {
  const { store } = service;
  const model: Operation = ({ id }, principal) =>
    visibleModelHead(service, askerOf(principal), String(id));
  const run: Operation = ({ id }, principal) => visibleRun(service, askerOf(principal), String(id));
  const verdict: Operation = ({ id }, principal) =>
    visibleVerdict(service, askerOf(principal), String(id));
  const scenario: Operation = (args) => lesson(args);
  const byKind: Readonly<Record<string, Operation>> = { mdl: model, run, ver: verdict };
  return {
    viewer: (_args, principal) => ({ ...principal, operations: operationsOf(principal.role) }),
    node: (args, principal) =>
      (byKind[String(args['id']).split('_')[0] ?? ''] ?? scenario)(args, principal),
    model,
    run,
    verdict,
    scenario,
    runs: async (args, principal) => {
      const filter = {
        state: (args['state'] ?? undefined) as RunState | undefined,
        modelId: (args['modelId'] ?? undefined) as string | undefined,
      };
      return pageOf(await store.runs.list(page(args, principal), filter), args);
    },
    verdicts: async (args, principal) =>
      pageOf(await store.verdicts.list(page(args, principal)), args),
    scenarioSolution: (args) => solution(args),
    scenarios: (args) => lessons(args),
    trustPolicy: () => trustPolicy(service),
    ...complianceQueries(service),
    apiKeys: () => store.keys.list(),
  };
}

function mutations(service: Service, authenticator: Authenticator): Record<string, Operation> {
  const { store, logger } = service;
  return {
    submitModel: async ({ input }, principal) =>
      valueOf(await submitModel(service, askerOf(principal), input as SubmitInput)),
    requestVerification: async ({ input }, principal) =>
      valueOf(await requestVerification(service, askerOf(principal), input as VerificationInput)),
    ...complianceMutations(service),
    cancelRun: async ({ id }, principal) =>
      valueOf(await cancelRun(service, askerOf(principal), String(id))),
    createApiKey: async ({ input }, principal) => {
      const { name, role, owner } = input as { name: string; role: string; owner?: string | null };
      refuse(keyProblems(name, role, owner));
      const { key, record } = await store.keys.create({ name, role, owner: owner ?? undefined });
      await audited(service, principal, 'createApiKey', record.id, role);
      logger.info('key.created', { key: record.id, role, by: principal.keyId });
      return { key, apiKey: record };
    },
    revokeApiKey: async ({ id }, principal) => {
      if (id === principal.keyId)
        refuse([
          problem(
            'FORBIDDEN',
            'id',
            'a key cannot revoke itself: the last one would lock everybody out',
          ),
        ]);
      const record = isId(String(id)) ? await store.keys.revoke(String(id)) : undefined;
      if (!record) throw refusal([problem('NOT_FOUND', 'id', 'there is no such key')]);
      authenticator.forget();
      await audited(service, principal, 'revokeApiKey', record.id);
      logger.info('key.revoked', { key: record.id, by: principal.keyId });
      return record;
    },
  };
}

/** Fields that are fetched or worked out. Whoever sees the parent may see these. */
function below(service: Service): Resolvers<ApiContext> {
  const { store, logger, notary } = service;
  const coded = (
    fields: Readonly<
      Record<string, (parent: never, args: Arguments, context: ApiContext) => unknown>
    >,
  ): Record<string, Resolver<ApiContext>> =>
    Object.fromEntries(
      Object.entries(fields).map(([name, get]) => [
        name,
        async (parent: unknown, args: Arguments, context: ApiContext) => {
          try {
            return await get(parent as never, args, context);
          } catch (error) {
            throw answerable(error, logger, name);
          }
        },
      ]),
    );
  const told = (run: RunHead, context: ApiContext) =>
    context.answer.once(`told ${run.id}`, () =>
      ofDiagram(service, run, (asked) => answerInThread({ ask: 'told', ...asked })),
    );
  const fixes = (run: RunHead, context: ApiContext) =>
    context.answer.once(`fixes ${run.id}`, () =>
      ofDiagram(service, run, (asked) =>
        answerInThread({ ask: 'fixes', cacheDir: service.config.cacheDir, ...asked }),
      ),
    );
  const texts = ({ id }: ModelHead, { answer }: ApiContext): Promise<ModelTexts | undefined> =>
    answer.once(`model ${id}`, () => store.models.texts(id), LOADS);
  return {
    Run: coded({
      model: (run: RunHead) => store.models.head(run.modelId),
      report: (run: RunHead, _args, { answer }) => shownReport(service, run, answer),
      risk: async (run: RunHead, _args, { answer }) =>
        answer.json(
          shownRisk(await answer.once(`risk ${run.id}`, () => store.runs.risk(run.id), LOADS)),
        ),
      explanations: async (run: RunHead, _args, context) =>
        (await told(run, context))?.explanations ?? [],
      findings: async (run: RunHead, _args, context) =>
        context.answer.json((await told(run, context))?.findings ?? []),
      fixes: async (run: RunHead, _args, context) =>
        context.answer.json((await fixes(run, context))?.fixes ?? []),
      mended: async (run: RunHead, _args, context) =>
        context.answer.json((await fixes(run, context))?.mended),
      drawing: async (run: RunHead, { property }, { answer }) =>
        answer.text(
          await answer.once(`drawing ${run.id} ${String(property)}`, () =>
            ofDiagram(service, run, (asked) =>
              answerInThread({
                ask: 'drawing',
                property: (property ?? undefined) as string | undefined,
                ...asked,
              }),
            ),
          ),
        ),
      verdict: async (run: RunHead) => {
        const verdict = run.state === 'sealed' ? await store.verdicts.ofRun(run.id) : undefined;
        return verdict && isSealed(verdict) ? verdict : null;
      },
    }),
    Model: coded({
      source: async (model: ModelHead, _args, context) =>
        context.answer.text((await texts(model, context))?.source),
      annotations: async (model: ModelHead, _args, context) =>
        context.answer.text((await texts(model, context))?.annotations),
      document: async (model: ModelHead, _args, context) =>
        context.answer.json((await texts(model, context))?.document),
    }),
    PropertyReport: coded({
      trace: ({ trace }: ShownProperty, _args, { answer }) => answer.json(trace),
      traceSteps: ({ trace, traceSteps }: ShownProperty) => traceSteps ?? trace?.steps.length,
      evidence: ({ evidence }: ShownProperty, _args, { answer }) => answer.json(evidence),
    }),
    ThreatenedProperty: coded({
      complete: ({ complete }: ThreatenedProperty) => complete === true,
      completeUpTo: ({ complete }: ThreatenedProperty) =>
        complete === true ? null : complete.upTo,
      resilience: ({ resilience }: ThreatenedProperty) =>
        resilience === 'all' ? null : resilience,
      resistsAll: ({ resilience }: ThreatenedProperty) => resilience === 'all',
    }),
    AttackSet: coded({
      trace: ({ trace }: AttackSet, _args, { answer }) => answer.json(trace),
    }),
    Failure: coded({
      problems: ({ problems }: { problems?: readonly Problem[] }) => problems ?? [],
    }),
    Verdict: coded({
      run: (verdict: SealedVerdict) => store.runs.head(verdict.runId),
      statement: (verdict: SealedVerdict, _args, { answer }) =>
        answer.json(statementIn(verdict.envelope)),
      envelope: (verdict: SealedVerdict, _args, { answer }) =>
        verdict.erasedAt ? null : answer.text(verdict.envelope),
      status: async (verdict: SealedVerdict, { since }) => {
        const from = Number(since ?? checkpointIn(verdict.receipt).size);
        if (from <= verdict.logIndex || from > (await notary.log.size()))
          throw refusal([
            problem(
              'OPTION_INVALID',
              'since',
              'the log has no checkpoint of this size that covers the verdict',
            ),
          ]);
        return verdict.erasedAt ? null : statusOfVerdict(service, verdict, from);
      },
      rendering: async (verdict: SealedVerdict, { format }, { principal }) => {
        if (principal) await audited(service, principal, 'rendering', verdict.id, String(format));
        return valueOf(await renderVerdict(service, verdict, String(format)));
      },
      checkpoint: (verdict: SealedVerdict) => checkpointIn(verdict.receipt).note,
      anchor: (verdict: SealedVerdict) => anchorOf(service, verdict),
      cosigned: (verdict: SealedVerdict) => cosignedCheckpoint(service, verdict),
      files: async (verdict: SealedVerdict, _args, { principal, answer }) => {
        if (verdict.erasedAt) return [];
        if (principal) await audited(service, principal, 'certificate', verdict.id);
        const files = await answer.once(
          `files ${verdict.id}`,
          () => verdictFiles(service, verdict),
          LARGE_LOADS,
        );
        for (const bytes of files.values()) answer.take((bytes.length * 4) / 3);
        return [...files].map(([path, bytes]) => ({
          path,
          base64: Buffer.from(bytes).toString('base64'),
        }));
      },
    }),
    Anchor: coded({
      network: (anchor: AnchorRecord) => inRecord(anchor, 'network'),
      transactionDigest: (anchor: AnchorRecord) =>
        inRecord(anchor, 'transactionDigest') ?? inRecord(anchor, 'blockId'),
      objectId: (anchor: AnchorRecord) => inRecord(anchor, 'objectId'),
      explorer: (anchor: AnchorRecord) => explorerOf(service, anchor),
    }),
  };
}

/** Which type of the schema a value of `node` is. */
export function nodeType(value: unknown): string {
  const node = value as Partial<ModelHead & RunHead & SealedVerdict & Lesson>;
  if (node.receipt !== undefined) return 'Verdict';
  if (node.story !== undefined) return 'Scenario';
  return node.cacheKey === undefined ? 'Model' : 'Run';
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw refusal(result.problems);
  return result.value;
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw refusal(problems);
}

function keyProblems(name: string, role: string, owner: string | null | undefined): Problem[] {
  const problems: Problem[] = [];
  const plain = (text: string): boolean =>
    text.trim() !== '' && text.length <= 100 && !/[\p{Cc}\p{Surrogate}]/u.test(text);
  if (!plain(name))
    problems.push(
      problem('REQUEST_SHAPE', 'input.name', 'a name has 1 to 100 printable characters'),
    );
  if (!isRole(role))
    problems.push(problem('OPTION_INVALID', 'input.role', `a role is one of ${ROLES.join(', ')}`));
  if (owner !== null && owner !== undefined && !plain(owner))
    problems.push(
      problem('REQUEST_SHAPE', 'input.owner', 'an owner has 1 to 100 printable characters'),
    );
  return problems;
}

function page(args: Arguments, principal: Principal) {
  const first = Number(args['first'] ?? 20);
  for (const name of ['after', 'modelId']) {
    const id = args[name] ?? undefined;
    if (id !== undefined && !isId(String(id)))
      throw refusal([problem('OPTION_INVALID', name, 'this is no id')]);
  }
  if (first < 1 || first > LIMITS.pageSize)
    throw refusal([
      problem('OPTION_INVALID', 'first', `a page has 1 to ${LIMITS.pageSize} entries`),
    ]);
  const { owner, seesAll } = askerOf(principal);
  return {
    first,
    after: (args['after'] ?? undefined) as string | undefined,
    owner: seesAll ? undefined : owner,
  };
}

function pageOf(nodes: readonly { readonly id: string }[], args: Arguments) {
  const full = nodes.length === Number(args['first'] ?? 20);
  return { nodes, endCursor: full ? nodes.at(-1)?.id : null };
}

function statementIn(envelope: string): unknown {
  const parsed = parseEnvelope(utf8(envelope));
  return parsed.ok ? JSON.parse(Buffer.from(parsed.envelope.payload).toString('utf8')) : null;
}

function explorerOf({ config }: Service, anchor: AnchorRecord): string | undefined {
  const [network, digest] = [inRecord(anchor, 'network'), inRecord(anchor, 'transactionDigest')];
  return typeof network === 'string' && typeof digest === 'string'
    ? explorerUrl(network, digest, config.iota.explorer)
    : undefined;
}

function inRecord({ record }: AnchorRecord, name: string): unknown {
  return (record as Record<string, unknown> | null)?.[name];
}
