import { isDuplicate, type AllRows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import type { OrganisationRecord } from './records.ts';

/** All but when it was its turn. */
const SHOWN = { id: true, name: true, publishes: true, createdAt: true } as const;

export type NewOrganisation = Pick<OrganisationRecord, 'name' | 'publishes'>;

/** The tenants of the installation. */
export class Organisations {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** Nothing where another one has the name. */
  async create(input: NewOrganisation): Promise<OrganisationRecord | undefined> {
    const data = { id: newId('org'), ...input };
    return unlessTaken(this.all.in((rows) => rows.organisation.create({ data, select: SHOWN })));
  }

  /** Nothing where there is no such one, or another one has the name. */
  async update(
    id: string,
    data: Partial<NewOrganisation>,
  ): Promise<OrganisationRecord | undefined> {
    return unlessTaken(
      this.all.in(async (rows) => {
        await rows.organisation.updateMany({ where: { id }, data });
        return rows.organisation.findUnique({ where: { id }, select: SHOWN });
      }),
    );
  }

  /** In the order in which they were made. */
  list(): Promise<OrganisationRecord[]> {
    return this.all.in((rows) =>
      rows.organisation.findMany({ orderBy: { id: 'asc' }, select: SHOWN }),
    );
  }

  async get(id: string): Promise<OrganisationRecord | undefined> {
    return (
      (await this.all.in((rows) =>
        rows.organisation.findUnique({ where: { id }, select: SHOWN }),
      )) ?? undefined
    );
  }
}

/** What an organisation may know of itself. */
export const ownOrganisation = async (
  tenant: TenantRows,
): Promise<OrganisationRecord | undefined> =>
  (await tenant.in((rows) =>
    rows.organisation.findUnique({ where: { id: tenant.organisationId }, select: SHOWN }),
  )) ?? undefined;

async function unlessTaken<T>(write: Promise<T | null>): Promise<T | undefined> {
  try {
    return (await write) ?? undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return undefined;
  }
}
