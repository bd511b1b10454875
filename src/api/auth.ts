import { createHash } from 'node:crypto';
import { FIRST_ORGANISATION, type KeyRecord, type LaunchRecord } from '../store/index.ts';
import type { Asker } from '../service/submit.ts';
import type { LaunchedBearer } from '../service/lti/launch.ts';
import type { TokenBearer } from '../service/tokens.ts';
import { WrongKeys } from './budget.ts';
import { tooMuch } from './errors.ts';
import { isRole, seesAll, type Role } from './roles.ts';

/** Who asks, by the key that was sent. */
export interface Principal {
  readonly keyId: string;
  readonly organisationId: string;
  readonly name: string;
  readonly role: Role;
  readonly owner: string;
  /** Operations that the key is for, or `read`; absent: all of its role. */
  readonly scopes?: ReadonlySet<string>;
  readonly expiresAt?: Date;
  /** Of somebody whom a learning platform has sent: what he came for. */
  readonly launch?: LaunchRecord;
  /** Where this request came from, where that is known. */
  readonly address?: string | undefined;
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

function principalOf(record: KeyRecord): Principal | undefined {
  const { id: keyId, organisationId, name, role, owner, scopes, expiresAt } = record;
  if (!isRole(role)) return undefined;
  return {
    keyId,
    organisationId,
    name,
    role,
    owner,
    ...(scopes !== '' && { scopes: new Set(scopes.split(' ')) }),
    ...(expiresAt && { expiresAt }),
  };
}

/** What somebody may use whom a learning platform has sent, as far as his role has it. */
export const LAUNCHED_SCOPES: ReadonlySet<string> = new Set([
  'viewer',
  'scenarios',
  'scenario',
  'scenarioSolution',
  'exercise',
  'exerciseSolution',
  'play',
  'enabledSteps',
  'takeStep',
  'undoStep',
  'simulate',
  'gradeAttempt',
  'generateExercise',
  'learnerProgress',
]);

/** A subject of an issuer's: the first of its words that is a role says what it may do. */
function bearerPrincipal(bearer: TokenBearer | LaunchedBearer): Principal | undefined {
  const { id, roles, organisationId, expiresAt } = bearer;
  const role = roles.find(isRole);
  const said = { keyId: id, organisationId, name: id, owner: id, expiresAt };
  if (!role) return undefined;
  if (!('launch' in bearer)) return { ...said, role };
  return { ...said, role, scopes: LAUNCHED_SCOPES, launch: bearer.launch };
}

/** The parts of a signed token, each base64url; what is no such text is no token. */
const TOKEN = /^[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,12000}\.[A-Za-z0-9_-]{0,2000}$/u;
const KEY = /^[A-Za-z0-9_-]{1,200}$/u;

/** Finds the principal of an `Authorization` header, and remembers it for a moment. */
export class Authenticator {
  private readonly find: (key: string) => Promise<KeyRecord | undefined>;
  private readonly bearer: ((token: string) => Promise<TokenBearer | undefined>) | undefined;
  private readonly wrong = new WrongKeys();
  private readonly known = new Map<
    string,
    { readonly principal: Principal | undefined; readonly until: number }
  >();

  /** `find`: the living key with a text. `bearer`: of a good token, where some are believed. */
  constructor(
    find: (key: string) => Promise<KeyRecord | undefined>,
    bearer?: (token: string) => Promise<TokenBearer | undefined>,
  ) {
    this.find = find;
    this.bearer = bearer;
  }

  /** `address`: where it comes from, if that is known. Throws `RATE_LIMITED`. */
  async principal(
    authorization: string | undefined,
    address?: string,
  ): Promise<Principal | undefined> {
    const text = /^Bearer ([\w.-]+)$/iu.exec(authorization?.trim() ?? '')?.[1];
    if (text === undefined || !(KEY.test(text) || TOKEN.test(text))) return undefined;
    const hash = createHash('sha256').update(text).digest('hex');
    const known = this.known.get(hash);
    if (known && known.until > Date.now()) return known.principal;
    const waitS = this.wrong.lockedS(address);
    if (waitS > 0) throw tooMuch('', 'too many wrong keys came from this address', waitS);
    const principal = await this.look(text);
    if (!principal) this.wrong.note(address);
    if (this.known.size >= REMEMBERED) this.known.clear();
    const until = Math.min(
      Date.now() + REMEMBER_MS,
      principal?.expiresAt?.getTime() ?? Number.MAX_SAFE_INTEGER,
    );
    if (principal) this.known.set(hash, { principal, until });
    return principal;
  }

  private async look(text: string): Promise<Principal | undefined> {
    if (KEY.test(text)) {
      const record = await this.find(text);
      return record && principalOf(record);
    }
    const bearer = await this.bearer?.(text);
    return bearer && bearerPrincipal(bearer);
  }

  /** After a revocation in this process. */
  forget(): void {
    this.known.clear();
  }
}
