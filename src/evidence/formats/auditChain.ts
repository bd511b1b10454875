import { canonicalJson, sha256, type Json } from '../../canonical/index.ts';

/**
 * A chain over what was asked for: each link covers its place, its time, the link before and two
 * salted digests, of who asked and of what was asked. So a row cannot be changed, removed or put
 * elsewhere without all later links changing, and who it was (or what) can be erased beside the
 * chain, which stays whole: without its salt a digest says nothing.
 */
export interface AuditLink {
  /** 1, 2, 3, … */
  readonly position: number;
  /** ISO 8601 in UTC, milliseconds. */
  readonly at: string;
  /** The link before; of the first: `GENESIS`. */
  readonly previous: string;
  /** `sha256:…` of salt and canonical JSON. */
  readonly whoDigest: string;
  readonly whatDigest: string;
  readonly link: string;
}

/** Beside a link: what its digests are of. Null: erased. */
export interface AuditOpened {
  readonly who: { readonly salt: string; readonly value: Json } | null;
  readonly what: { readonly salt: string; readonly value: Json } | null;
}

export type AuditRow = AuditLink & AuditOpened;

export const GENESIS = `sha256:${'0'.repeat(64)}`;

/** What the digest of who asked is of; the key's id, or the token's subject, and the address. */
export const whoOf = ({ actor, address }: { actor: string; address?: string | null }): Json => ({
  actor,
  address: address ?? null,
});
export const whatOf = (event: {
  readonly role: string;
  readonly operation: string;
  readonly subject: string;
  readonly detail?: string | null;
}): Json => ({
  role: event.role,
  operation: event.operation,
  subject: event.subject,
  detail: event.detail ?? null,
});

/** A row as stores and archives have it, of whose chain nothing is known yet. */
export interface AuditFields {
  readonly at: Date | string;
  readonly actor: string;
  readonly role: string;
  readonly operation: string;
  readonly subject: string;
  readonly detail: string | null;
  readonly address: string | null;
  /** Null, with all below: from before there was a chain. */
  readonly position: number | null;
  readonly previous: string | null;
  readonly link: string | null;
  /** Null where it was erased. */
  readonly whoSalt: string | null;
  readonly whoDigest: string | null;
  readonly whatSalt: string | null;
  readonly whatDigest: string | null;
}

/** A row as its chain has it; nothing for those from before there was one. */
export function auditRow(fields: AuditFields): AuditRow | undefined {
  const { position, at, previous, link, whoSalt, whatSalt, whoDigest, whatDigest } = fields;
  if (position === null || previous === null || link === null) return undefined;
  return {
    position,
    at: at instanceof Date ? at.toISOString() : at,
    previous,
    link,
    whoDigest: whoDigest ?? '',
    whatDigest: whatDigest ?? '',
    who: whoSalt === null ? null : { salt: whoSalt, value: whoOf(fields) },
    what: whatSalt === null ? null : { salt: whatSalt, value: whatOf(fields) },
  };
}

export const saltedDigest = (salt: string, value: Json): string =>
  sha256(`${salt}\n${canonicalJson(value)}`);

export function linkOf({
  position,
  at,
  previous,
  whoDigest,
  whatDigest,
}: Omit<AuditLink, 'link'>): string {
  return sha256(canonicalJson({ v: 1, position, at, previous, who: whoDigest, what: whatDigest }));
}

export type AuditFault =
  /** Rows are missing before this one, or after the last. */
  | 'removed'
  /** It stands at a place that another one has, or out of order. */
  | 'reordered'
  /** Its link, or one of its digests, is of something else. */
  | 'changed'
  /** It does not follow the one before: that, or this one, is another than it was. */
  | 'unlinked';

export interface AuditFinding {
  readonly position: number;
  readonly fault: AuditFault;
}

/** Where a chain stands: the last position and its link. */
export interface AuditHead {
  readonly position: number;
  readonly link: string;
}

export interface JudgedChain {
  readonly findings: readonly AuditFinding[];
  readonly rows: number;
  /** Of which who, or what, was erased. */
  readonly erased: number;
  readonly head: AuditHead | undefined;
}

/**
 * Judges rows in their order. `after`: what is known to stand before the first of them; `until`:
 * what must be the last. Without `after` a part of a chain is judged from its first row on.
 */
export class AuditJudge {
  private readonly findings: AuditFinding[] = [];
  private last: AuditHead | undefined;
  private rows = 0;
  private erased = 0;

  constructor(after?: AuditHead) {
    this.last = after;
  }

  add(row: AuditRow): void {
    const { position, previous, link, who, what } = row;
    const find = (fault: AuditFault): unknown => this.findings.push({ position, fault });
    if (this.last) {
      const expected = this.last.position + 1;
      if (position > expected) find('removed');
      else if (position < expected) find('reordered');
      else if (previous !== this.last.link) find('unlinked');
    }
    const isOfIt =
      linkOf(row) === link &&
      (who === null || saltedDigest(who.salt, who.value) === row.whoDigest) &&
      (what === null || saltedDigest(what.salt, what.value) === row.whatDigest);
    if (!isOfIt) find('changed');
    this.rows += 1;
    if (who === null || what === null) this.erased += 1;
    this.last = { position, link };
  }

  end(until?: AuditHead): JudgedChain {
    const { findings, last, rows, erased } = this;
    const at = last?.position ?? 0;
    if (until && at < until.position) findings.push({ position: at + 1, fault: 'removed' });
    else if (until && (at > until.position || last?.link !== until.link))
      findings.push({ position: at, fault: 'unlinked' });
    return { findings, rows, erased, head: last };
  }
}
