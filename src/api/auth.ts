import { createHash } from 'node:crypto';
import { FIRST_ORGANISATION, type KeyRecord } from '../store/index.ts';
import type { Asker } from '../service/submit.ts';
import { isRole, seesAll, type Role } from './roles.ts';

/** Who asks, by the key that was sent. */
export interface Principal {
  readonly keyId: string;
  readonly organisationId: string;
  readonly name: string;
  readonly role: Role;
  readonly owner: string;
}

export const askerOf = ({ owner, role }: Principal): Asker => ({ owner, seesAll: seesAll(role) });

/** Whether the organisation of a key runs the installation. */
export const runsInstallation = ({ organisationId }: Principal): boolean =>
  organisationId === FIRST_ORGANISATION;

/**
 * A key that was good a moment ago is good: revoking takes at most this long in other processes.
 */
const REMEMBER_MS = 2_000;
const REMEMBERED = 1_000;

function principalOf({ id, organisationId, name, role, owner }: KeyRecord): Principal | undefined {
  return isRole(role) ? { keyId: id, organisationId, name, role, owner } : undefined;
}

/** Finds the principal of an `Authorization` header, and remembers it for a moment. */
export class Authenticator {
  private readonly find: (key: string) => Promise<KeyRecord | undefined>;
  private readonly known = new Map<
    string,
    { readonly principal: Principal | undefined; readonly until: number }
  >();

  /** `find`: the living key with a text. */
  constructor(find: (key: string) => Promise<KeyRecord | undefined>) {
    this.find = find;
  }

  async principal(authorization: string | undefined): Promise<Principal | undefined> {
    const key = /^Bearer ([A-Za-z0-9_-]{1,200})$/iu.exec(authorization?.trim() ?? '')?.[1];
    if (key === undefined) return undefined;
    const hash = createHash('sha256').update(key).digest('hex');
    const known = this.known.get(hash);
    if (known && known.until > Date.now()) return known.principal;
    const record = await this.find(key);
    const principal = record && principalOf(record);
    if (this.known.size >= REMEMBERED) this.known.clear();
    if (principal) this.known.set(hash, { principal, until: Date.now() + REMEMBER_MS });
    return principal;
  }

  /** After a revocation in this process. */
  forget(): void {
    this.known.clear();
  }
}
