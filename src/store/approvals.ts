import type { TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { reading, sliceOf, type Page, type Slice } from './listing.ts';

/** `approved`: it is being done, or waits for whoever asked to fetch it. */
export type ApprovalState = 'pending' | 'approved' | 'declined' | 'done' | 'failed';

export interface NewApproval {
  readonly operation: string;
  /** All arguments, as JSON. */
  readonly input: string;
  readonly inputDigest: string;
  /** The key, or the subject of a token. */
  readonly requestedBy: string;
  readonly owner: string;
  readonly role: string;
  readonly expiresAt: Date;
}

export interface ApprovalRecord extends NewApproval {
  readonly id: string;
  readonly state: ApprovalState;
  readonly createdAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
}

const COLUMNS = {
  id: true,
  operation: true,
  input: true,
  inputDigest: true,
  state: true,
  requestedBy: true,
  owner: true,
  role: true,
  createdAt: true,
  expiresAt: true,
  decidedBy: true,
  decidedAt: true,
} as const;

/** What waits for a second person in an organisation, and whether anything has to. */
export class Approvals {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async required(): Promise<boolean> {
    const { organisationId } = this.tenant;
    const where = { organisationId };
    const rule = await this.tenant.in((rows) => rows.approvalRule.findUnique({ where }));
    return rule?.required ?? false;
  }

  async require(required: boolean): Promise<void> {
    const { organisationId } = this.tenant;
    await this.tenant.in(
      (rows) => rows.$executeRaw`
        INSERT INTO "approval_rules" ("organisation_id", "required")
        VALUES (${organisationId}, ${required})
        ON CONFLICT ("organisation_id") DO UPDATE SET "required" = ${required}`,
    );
  }

  async keep(asked: NewApproval): Promise<string> {
    const { organisationId } = this.tenant;
    const data = { ...asked, id: newId('apr'), organisationId };
    return (await this.tenant.in((rows) => rows.approvalRequest.create({ data }))).id;
  }

  async get(id: string): Promise<ApprovalRecord | undefined> {
    const found = await this.tenant.in((rows) =>
      rows.approvalRequest.findUnique({ where: { id }, select: COLUMNS }),
    );
    return (found ?? undefined) as ApprovalRecord | undefined;
  }

  async list(page: Omit<Page, 'owner'>): Promise<Slice<ApprovalRecord>> {
    const { behind, order, take } = reading(page, page.cursor);
    const found = await this.tenant.in((rows) =>
      rows.approvalRequest.findMany({
        where: { ...(behind && { id: behind }) },
        orderBy: { id: order },
        take,
        select: COLUMNS,
      }),
    );
    return sliceOf(found as ApprovalRecord[], page);
  }

  /** Whether this was the one who decided: of many at once one is. */
  async decide(id: string, state: 'approved' | 'declined', decidedBy: string): Promise<boolean> {
    const now = new Date();
    const where = { id, state: 'pending', expiresAt: { gt: now } };
    const data = { state, decidedBy, decidedAt: now, ...(state === 'declined' && { input: '' }) };
    return this.changed(where, data);
  }

  /**
   * What was approved to whoever asked the same, and was not fetched yet; it is
   * fetched now, and `failed` until `settle` says otherwise.
   */
  async fetch(
    asked: Pick<NewApproval, 'operation' | 'inputDigest' | 'requestedBy'>,
  ): Promise<string | undefined> {
    const { operation, inputDigest, requestedBy } = asked;
    const where = {
      operation,
      inputDigest,
      requestedBy,
      state: 'approved',
      expiresAt: { gt: new Date() },
    };
    const found = await this.tenant.in((rows) =>
      rows.approvalRequest.findFirst({ where, orderBy: { id: 'asc' }, select: { id: true } }),
    );
    if (!found) return undefined;
    const isMine = await this.changed({ ...where, id: found.id }, { state: 'failed', input: '' });
    return isMine ? found.id : undefined;
  }

  /** What came of it. */
  async settle(id: string, state: 'done' | 'failed', madeOwner?: string): Promise<void> {
    await this.changed({ id }, { state, input: '', ...(madeOwner && { madeOwner }) });
  }

  /** Whether one of two made a key of the other's, and so knew its text. */
  async madeBetween(one: string, other: string): Promise<boolean> {
    const where = {
      OR: [
        { owner: one, madeOwner: other },
        { owner: other, madeOwner: one },
      ],
    };
    return (await this.tenant.in((rows) => rows.approvalRequest.count({ where }))) > 0;
  }

  private async changed(where: object, data: object): Promise<boolean> {
    const { count } = await this.tenant.in((rows) =>
      rows.approvalRequest.updateMany({ where, data }),
    );
    return count === 1;
  }
}
