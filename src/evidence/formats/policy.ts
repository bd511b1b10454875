import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { equalBytes, fromDecimal } from './encoding.ts';
import type { Hash } from './crypto.ts';
import { COSIGNATURE_ED25519, ED25519, parseVkey, type VerificationKey } from './note.ts';

/**
 * Whom somebody trusts, in one text file: C2SP tlog-policy (`log`, `witness`, `group`, `quorum`)
 * and lines of our own, which tlog-policy leaves to applications:
 *
 *     verdict <vkey> [until <index>]
 *         trusted to sign verdicts whose leaf comes before this one
 *     log <vkey> [<url>] [until <size>]
 *         a log; its key counts for checkpoints of at most this many leaves
 *     ledger <network> <address> [until <size>]
 *         trusted to send anchors, with `until` those of checkpoints of at most this many leaves
 *     tsa <sha256>
 *         trusted to stamp times: the SHA-256 of the certificate that it signs with
 *     max-age <days>
 *         how old a verdict may be
 */
export interface TrustPolicy {
  readonly verdicts: readonly TrustedKey[];
  readonly logs: readonly TrustedKey[];
  readonly witnesses: ReadonlyMap<string, VerificationKey>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The name of a witness or group, or `none`. */
  readonly quorum: string;
  readonly ledgers: readonly LedgerSender[];
  /** Time-stamping authorities (RFC 3161), each by the SHA-256 of its certificate, in hex. */
  readonly authorities: readonly string[];
  readonly maxAgeDays?: number;
}

/** A key, and where in the log its trust ends: it verifies the past and nothing after. */
export interface TrustedKey extends VerificationKey {
  readonly until?: number;
}

export interface Group {
  readonly threshold: number;
  readonly members: readonly string[];
}

export interface LedgerSender {
  readonly network: string;
  /** `0x` and 64 hexadecimal digits. */
  readonly address: string;
  /** The size of the largest checkpoint that it may anchor. */
  readonly until?: number;
}

/** A policy that trusts nobody: every bundle is untrusted under it. */
export const NO_TRUST: TrustPolicy = {
  verdicts: [],
  logs: [],
  witnesses: new Map(),
  groups: new Map(),
  quorum: 'none',
  ledgers: [],
  authorities: [],
};

interface Draft {
  readonly verdicts: TrustedKey[];
  readonly logs: TrustedKey[];
  readonly witnesses: Map<string, VerificationKey>;
  readonly groups: Map<string, Group>;
  readonly ledgers: LedgerSender[];
  readonly authorities: string[];
  readonly taken: Set<string>;
  quorum?: string;
  maxAgeDays?: number;
}

type Line = (
  words: readonly string[],
  draft: Draft,
  sha256: Hash,
) => Promise<string | undefined> | string | undefined;

/** One line kind, one reader; each says what is wrong, or nothing. */
const LINES: Readonly<Record<string, Line>> = {
  verdict: async (words, draft, sha256) => {
    const {
      rest: [vkey, ...more],
      until,
    } = untilOf(words);
    if (vkey === undefined || more.length > 0 || until === 'wrong')
      return 'verdict <vkey> [until <index>]';
    return addKey(draft.verdicts, draft, await parseVkey(vkey, sha256), ED25519, until);
  },
  log: async (words, draft, sha256) => {
    const {
      rest: [vkey, , ...more],
      until,
    } = untilOf(words);
    if (vkey === undefined || more.length > 0 || until === 'wrong')
      return 'log <vkey> [<url>] [until <size>]';
    return addKey(draft.logs, draft, await parseVkey(vkey, sha256), ED25519, until);
  },
  'max-age': ([days, ...rest], draft) => {
    const number = fromDecimal(days ?? '');
    if (number === undefined || number < 1 || rest.length > 0) return 'max-age <days>';
    if (draft.maxAgeDays !== undefined) return 'a second max-age';
    draft.maxAgeDays = number;
    return undefined;
  },
  witness: async ([name, vkey, , ...rest], draft, sha256) => {
    if (name === undefined || vkey === undefined || rest.length > 0)
      return 'witness <name> <vkey> [<url>]';
    if (isTaken(name, draft)) return `the name ${name} is taken`;
    const keys: VerificationKey[] = [];
    const wrong = addKey(keys, draft, await parseVkey(vkey, sha256), COSIGNATURE_ED25519);
    if (keys[0] !== undefined) draft.witnesses.set(name, keys[0]);
    return wrong;
  },
  group: ([name, count, ...members], draft) => {
    if (name === undefined || count === undefined || members.length === 0)
      return 'group <name> all|any|<k> <member>...';
    if (isTaken(name, draft)) return `the name ${name} is taken`;
    const unknown = members.find(
      (member) => !draft.witnesses.has(member) && !draft.groups.has(member),
    );
    if (unknown !== undefined) return `${unknown} is not defined above`;
    const twice = members.find(
      (member, at) => draft.taken.has(member) || members.indexOf(member) !== at,
    );
    if (twice !== undefined) return `${twice} is a member of a group already`;
    const threshold =
      count === 'all'
        ? members.length
        : count === 'any'
          ? 1
          : /^[1-9][0-9]*$/.test(count)
            ? Number(count)
            : 0;
    if (threshold < 1 || threshold > members.length)
      return `${count} is not all, any or a number up to ${members.length}`;
    for (const member of members) draft.taken.add(member);
    draft.groups.set(name, { threshold, members });
    return undefined;
  },
  quorum: ([name, ...rest], draft) => {
    if (name === undefined || rest.length > 0) return 'quorum <name>|none';
    if (draft.quorum !== undefined) return 'a second quorum';
    if (name !== 'none' && !draft.witnesses.has(name) && !draft.groups.has(name))
      return `${name} is not defined above`;
    draft.quorum = name;
    return undefined;
  },
  tsa: ([pin, ...rest], draft) => {
    if (pin === undefined || rest.length > 0 || !/^[0-9a-f]{64}$/.test(pin))
      return 'tsa <sha256 of a certificate, 64 hexadecimal digits>';
    if (draft.authorities.includes(pin)) return 'this certificate is listed already';
    draft.authorities.push(pin);
    return undefined;
  },
  ledger: (words, draft) => {
    const {
      rest: [network, address, ...more],
      until,
    } = untilOf(words);
    if (network === undefined || address === undefined || more.length > 0 || until === 'wrong')
      return 'ledger <network> <address> [until <size>]';
    if (!/^0x[0-9a-f]{64}$/.test(address))
      return `${address} is not an address of 0x and 64 hexadecimal digits`;
    if (draft.ledgers.some((other) => other.network === network && other.address === address))
      return 'this sender is listed already';
    draft.ledgers.push({ network, address, ...(until === undefined ? {} : { until }) });
    return undefined;
  },
};

/** `until <number>` at the end of a line, and the words before it. */
function untilOf(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly until: number | 'wrong' | undefined;
} {
  if (words.at(-2) !== 'until')
    return { rest: words, until: words.includes('until') ? 'wrong' : undefined };
  return { rest: words.slice(0, -2), until: fromDecimal(words.at(-1) ?? '') ?? 'wrong' };
}

function isTaken(name: string, draft: Draft): boolean {
  return name === 'none' || draft.witnesses.has(name) || draft.groups.has(name);
}

/**
 * One key has one office: what it signed as a log must never count as a verdict, whatever the
 * formats say.
 */
function addKey(
  keys: TrustedKey[],
  draft: Draft,
  key: VerificationKey | undefined,
  type: number,
  until?: number,
): string | undefined {
  if (key === undefined) return 'not a vkey of an Ed25519 key';
  if (key.type !== type) return `a key of signature type ${key.type}, where ${type} is needed`;
  const known = [...draft.verdicts, ...draft.logs, ...draft.witnesses.values()];
  if (known.some((other) => equalBytes(other.publicKey, key.publicKey)))
    return 'this public key is listed already';
  keys.push(until === undefined ? key : { ...key, until });
  return undefined;
}

/** Reads a trust policy; all problems at once, each with its line. */
export async function parsePolicy(text: string, sha256: Hash): Promise<Result<TrustPolicy>> {
  const draft: Draft = {
    verdicts: [],
    logs: [],
    witnesses: new Map(),
    groups: new Map(),
    ledgers: [],
    authorities: [],
    taken: new Set(),
  };
  const problems: Problem[] = [];
  const report = (message: string, line?: number): void => {
    problems.push(problem('POLICY_SHAPE', '', message, line === undefined ? {} : { line }));
  };
  // eslint-disable-next-line no-control-regex -- tlog-policy, "Character set"
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text))
    report('a control character other than tab and newline');
  for (const [at, line] of text.split('\n').entries()) {
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const read = Object.hasOwn(LINES, keyword) ? LINES[keyword] : undefined;
    const wrong =
      read === undefined
        ? `"${keyword}" is no keyword of a policy`
        : await read(words, draft, sha256);
    if (wrong !== undefined) report(wrong, at + 1);
  }
  if (draft.quorum === undefined && problems.length === 0)
    report('no quorum line; "quorum none" asks for no witnesses');
  const { quorum = 'none', taken: _, ...rest } = draft;
  return problems.length > 0 ? bad(...problems) : ok({ ...rest, quorum });
}

/** Whether the witnesses that cosigned a checkpoint are enough. */
export function meetsQuorum(
  policy: TrustPolicy,
  cosigned: ReadonlySet<string>,
  name = policy.quorum,
): boolean {
  if (name === 'none') return true;
  const group = policy.groups.get(name);
  if (group === undefined) return cosigned.has(name);
  return (
    group.members.filter((member) => meetsQuorum(policy, cosigned, member)).length >=
    group.threshold
  );
}

/** The policy that trusts exactly these, with a word on each line for whoever reads it. */
export function renderPolicy(trusted: {
  readonly verdicts: readonly string[];
  readonly logs: readonly string[];
  readonly ledgers: readonly LedgerSender[];
  /** Whole lines, for keys of the past. */
  readonly retired?: readonly string[];
  /**
   * Whole lines for witnesses and groups, and the one of the quorum; nobody is asked for when left
   * out.
   */
  readonly witnesses?: readonly string[];
}): string {
  const current = [
    ...trusted.verdicts.map((vkey) => `verdict ${vkey}`),
    ...trusted.logs.map((vkey) => `log ${vkey}`),
    ...trusted.ledgers.map(({ network, address }) => `ledger ${network} ${address}`),
  ];
  return [
    '# Trust policy of Probity: C2SP tlog-policy, with "verdict" and "ledger" lines.',
    '# Whoever gave you a bundle must not be who gave you this file.',
    // Killed while it was replaced, a key is written down as retired and is still the one in use.
    ...(trusted.retired ?? []).filter((line) => !current.includes(line.split(' until ')[0] ?? '')),
    ...current,
    ...(trusted.witnesses?.length ? trusted.witnesses : ['quorum none']),
    '',
  ].join('\n');
}
