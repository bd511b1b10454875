import { explorerUrl } from '../../evidence/statements/networks.ts';
import { audited } from '../../service/auditTrail.ts';
import { cosignedCheckpoint } from '../../service/cosign.ts';
import { listVerdicts, runOfVerdict } from '../../service/read.ts';
import { renderVerdict } from '../../service/rendering.ts';
import { checkpointIn } from '../../service/seal.ts';
import { statusOfVerdict } from '../../service/status.ts';
import { anchorOf, statementOf, verdictFiles, visibleVerdict } from '../../service/verdict.ts';
import { eraseVerdict, withdrawVerdict } from '../../service/withdraw.ts';
import type { AnchorRow, SealedVerdict } from '../../store/index.ts';
import { given, refuse, valueOf, type Api, type Area } from '../area.ts';
import { askerOf, type Principal } from '../auth.ts';
import { connection, CONNECTION_FIELDS, DEFAULT_PAGE, filterFrom, pageFor } from '../connection.ts';
import { withReason } from '../compliance.ts';
import { payload } from '../payload.ts';
import { OFFICERS, STAFF } from '../roles.ts';
import { LARGE_LOADS } from '../turns.ts';

/** What the schema calls the forms of a verdict. */
const RENDERINGS: Readonly<Record<string, string>> = { svr: 'svr', vc: 'vc', vcJwt: 'vc-jwt' };

const withdraw = (
  { service }: Api,
  operation: string,
  principal: Principal,
  id: string,
  change: Parameters<typeof withdrawVerdict>[4],
) =>
  withReason(service, principal, operation, id, change.reason, () =>
    withdrawVerdict(service, askerOf(principal), principal.keyId, id, change),
  );

export const verdicts: Area = {
  operations: {
    verdict: {
      on: 'Query',
      roles: STAFF,
      run: ({ service }, { id }, principal) =>
        visibleVerdict(service, askerOf(principal), String(id)),
    },
    verdicts: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const page = pageFor(args, principal);
        return connection(await listVerdicts(service, page, filterFrom(args)), page);
      },
    },
    revokeVerdict: {
      on: 'Mutation',
      roles: OFFICERS,
      run: (api, { id, reason }, principal) =>
        withdraw(api, 'revokeVerdict', principal, String(id), {
          state: 'revoked',
          reason: String(reason),
        }),
    },
    supersedeVerdict: {
      on: 'Mutation',
      roles: OFFICERS,
      run: (api, { id, by, reason }, principal) =>
        withdraw(api, 'supersedeVerdict', principal, String(id), {
          state: 'superseded',
          by: String(by),
          reason: String(reason),
        }),
    },
    eraseVerdict: {
      on: 'Mutation',
      roles: OFFICERS,
      run: ({ service }, { id, reason }, principal) =>
        withReason(service, principal, 'eraseVerdict', String(id), String(reason), () =>
          eraseVerdict(service, askerOf(principal), principal.keyId, String(id)),
        ),
    },
    verdictRevoke: {
      on: 'Mutation',
      roles: OFFICERS,
      run: (api, { input }, principal) =>
        payload(async () => {
          const { id, reason } = input as { readonly id: string; readonly reason: string };
          const change = { state: 'revoked', reason } as const;
          return { verdict: await withdraw(api, 'revokeVerdict', principal, id, change) };
        }),
    },
    verdictSupersede: {
      on: 'Mutation',
      roles: OFFICERS,
      run: (api, { input }, principal) =>
        payload(async () => {
          const { id, by, reason } = input as Readonly<Record<'id' | 'by' | 'reason', string>>;
          const change = { state: 'superseded', by, reason } as const;
          return { verdict: await withdraw(api, 'supersedeVerdict', principal, id, change) };
        }),
    },
    verdictErase: {
      on: 'Mutation',
      roles: OFFICERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { id, reason } = input as { readonly id: string; readonly reason: string };
          const erase = () => eraseVerdict(service, askerOf(principal), principal.keyId, id);
          return {
            verdict: await withReason(service, principal, 'eraseVerdict', id, reason, erase),
          };
        }),
    },
  },
  fields: {
    Verdict: {
      run: ({ service }, verdict: SealedVerdict) => runOfVerdict(service, verdict),
      statement: (_api, verdict: SealedVerdict, _args, { answer }) =>
        verdict.erasedAt ? null : answer.json(statementOf(verdict.envelope)),
      envelope: (_api, verdict: SealedVerdict, _args, { answer }) =>
        verdict.erasedAt ? null : answer.text(verdict.envelope),
      status: async ({ service }, verdict: SealedVerdict, args) => {
        const from = Number(given(args, 'since') ?? checkpointIn(verdict.receipt).size);
        if (from <= verdict.logIndex || from > (await service.notary.log.size()))
          throw refuse(
            'OPTION_INVALID',
            'since',
            'the log has no checkpoint of this size that covers the verdict',
          );
        return verdict.erasedAt ? null : statusOfVerdict(service, verdict, from);
      },
      rendering: async ({ service }, verdict: SealedVerdict, { format }, { principal }) => {
        const form = RENDERINGS[String(format)] ?? String(format);
        if (principal) await audited(service, principal, 'rendering', verdict.id, form);
        return valueOf(await renderVerdict(service, verdict, form));
      },
      checkpoint: (_api, verdict: SealedVerdict) => checkpointIn(verdict.receipt).note,
      anchor: ({ service }, verdict: SealedVerdict) => anchorOf(service, verdict),
      cosigned: ({ service }, verdict: SealedVerdict) => cosignedCheckpoint(service, verdict),
      files: async ({ service }, verdict: SealedVerdict, _args, { principal, answer }) => {
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
    },
    VerdictConnection: CONNECTION_FIELDS,
    Anchor: {
      network: (_api, anchor: AnchorRow) => inRecord(anchor, 'network'),
      transactionDigest: (_api, anchor: AnchorRow) =>
        inRecord(anchor, 'transactionDigest') ?? inRecord(anchor, 'blockId'),
      objectId: (_api, anchor: AnchorRow) => inRecord(anchor, 'objectId'),
      explorer: ({ service }, anchor: AnchorRow) => {
        const network = inRecord(anchor, 'network');
        const digest = inRecord(anchor, 'transactionDigest');
        return typeof network === 'string' && typeof digest === 'string'
          ? explorerUrl(network, digest, service.config.iota.explorer)
          : undefined;
      },
    },
  },
  costs: { files: 25, statement: 5, status: 5, rendering: 5, envelope: 5 },
  lists: { verdicts: DEFAULT_PAGE },
};

function inRecord({ record }: AnchorRow, name: string): unknown {
  return (record as Record<string, unknown> | null)?.[name];
}
