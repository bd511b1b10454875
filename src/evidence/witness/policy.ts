import { type Result, bad, ok, problem } from '../../errors/index.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import type { VerificationKey } from '../formats/note.ts';
import { parsePolicy, type TrustPolicy } from '../formats/policy.ts';

/** Somebody who is asked to cosign. */
export interface KnownWitness {
  /** As the policy calls it. */
  readonly name: string;
  readonly key: VerificationKey;
  /** The submission prefix. */
  readonly url: string;
}

export interface WitnessPolicy {
  readonly witnesses: readonly KnownWitness[];
  /** The lines about witnesses, groups and quorum, for whoever verifies. */
  readonly lines: readonly string[];
  /** The quorum, in the terms of https://c2sp.org/tlog-policy. */
  readonly policy: TrustPolicy;
}

/**
 * Reads a C2SP tlog-policy as a log reads it: every witness must have an address to be asked at.
 */
export async function parseWitnessPolicy(text: string): Promise<Result<WitnessPolicy>> {
  const parsed = await parsePolicy(text, nodeCrypto.sha256);
  if (!parsed.ok) return parsed;
  const urls = new Map(
    text
      .split('\n')
      .map((line) => line.trim().split(/[ \t]+/u))
      .filter(([keyword]) => keyword === 'witness')
      .map(([, name = '', , url]) => [name, url]),
  );
  const witnesses: KnownWitness[] = [];
  for (const [name, key] of parsed.value.witnesses) {
    const url = urls.get(name);
    if (url === undefined || !/^https?:\/\//u.test(url) || !URL.canParse(url)) {
      return bad(
        problem(
          'POLICY_SHAPE',
          '',
          `witness ${name} has no address (http:// or https://) to be asked at`,
        ),
      );
    }
    witnesses.push({ name, key, url: url.replace(/\/+$/u, '') });
  }
  if (witnesses.length === 0) return bad(problem('POLICY_SHAPE', '', 'no witness is listed'));
  const { groups, quorum } = parsed.value;
  const lines = [
    ...witnesses.map(({ name, key, url }) => `witness ${name} ${key.vkey} ${url}`),
    ...[...groups].map(
      ([name, { threshold, members }]) => `group ${name} ${threshold} ${members.join(' ')}`,
    ),
    `quorum ${quorum}`,
  ];
  return ok({ witnesses, lines, policy: parsed.value });
}
