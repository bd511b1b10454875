import { digestOf } from '../../src/canonical/index.ts';
import { bundleFiles, type BundleAnchor } from '../../src/evidence/bundle/write.ts';
import type { VerifierCrypto } from '../../src/evidence/formats/crypto.ts';
import type { InstallationKeys } from '../../src/evidence/signing/keys.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { seal } from '../../src/evidence/log/seal.ts';
import type { Sealable, Sealed } from '../../src/evidence/bundle/contents.ts';
import { parsePolicy, renderPolicy, type TrustPolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { VerifyReport } from '../../src/evidence/verify/report.ts';
import type { ModelDocument } from '../../src/model/document.ts';
import type { Report } from '../../src/model/outcome.ts';
import { testKeys } from './fixtureKeys.ts';

export { testKeys };

/**
 * A model of two states, a violated and a held property, with a trace, an artifact and risk: one of
 * everything.
 */
export function sampleCheck(id: string, name = 'Door'): Sealable {
  const document: ModelDocument = {
    probity: 1,
    name,
    variables: { open: { type: 'bool', init: false } },
    actors: { visitor: { trust: 'untrusted' } },
    actions: { enter: { actor: 'visitor', when: 'not(open)', then: { open: true } } },
    properties: { shut: { always: 'not(open)' }, canOpen: { reachable: 'open' } },
  };
  const trace = {
    params: {},
    initial: { open: false },
    steps: [{ action: 'enter', binding: {}, changed: { open: [false, true] as const } }],
  };
  const engines = [
    { name: 'explore', version: '1', outcome: 'violated' as const, states: 2, durationMs: 3 },
  ];
  const report: Report = {
    model: { name, digest: digestOf(document), format: 'native' },
    properties: [
      {
        name: 'shut',
        kind: 'always',
        outcome: 'violated',
        witness: 'trace',
        assurance: ['replayed'],
        threats: [],
        engines,
        trace,
      },
      {
        name: 'canOpen',
        kind: 'reachable',
        outcome: 'holds',
        method: 'witness',
        assurance: ['replayed', 'crossChecked'],
        threats: [],
        engines: [],
        trace,
        evidence: { states: 2, digest: 'sha256:00' },
      },
    ],
    assumptions: { fairness: [], bounds: [], channels: [], abstractions: [] },
  };
  return {
    id,
    source: { text: `# ${name}\nprobity: 1\n`, format: 'native' },
    report,
    document,
    artifacts: [
      { name: 'Door.tla', mediaType: 'text/plain', text: '---- MODULE Door ----\n====\n' },
    ],
    options: { engines: 'auto', maxStates: 1000, timeoutMs: 60000 },
    risk: {
      scores: { shut: { mean: 0.1, low: 0.05, high: 0.2 } },
      card: { prior: '1/k', events: 100 },
    },
  };
}

export interface Issued {
  readonly parts: Sealable;
  readonly sealed: Sealed;
  readonly files: Map<string, Uint8Array>;
}

/** An installation that issues verdicts into a log of its own. */
export interface Installation {
  readonly keys: InstallationKeys;
  readonly log: TransparencyLog;
  readonly policyText: string;
  readonly policy: TrustPolicy;
  issue(parts: Sealable, anchor?: BundleAnchor): Promise<Issued>;
}

export async function installation(who: string): Promise<Installation> {
  const keys = await testKeys(who);
  const log = await TransparencyLog.open(memoryLogStore(), keys.log);
  const policyText = renderPolicy({
    verdicts: [keys.verdict.vkey],
    logs: [keys.log.vkey],
    ledgers: [],
  });
  const sealer = {
    signer: keys.verdict,
    issuer: `${who}.example`,
    software: { name: 'probity', version: '0.1.0' },
    now: () => new Date('2026-01-02T03:04:05.678Z'),
  };
  return {
    keys,
    log,
    policyText,
    policy: await policyOf(policyText),
    async issue(parts, anchor) {
      const sealed = await seal(parts, sealer, log);
      return { parts, sealed, files: bundleFiles(parts, sealed, anchor) };
    },
  };
}

export async function policyOf(text: string): Promise<TrustPolicy> {
  const parsed = await parsePolicy(text, nodeCrypto.sha256);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

const remembered = <Args extends readonly Uint8Array[], T>(
  work: (...args: Args) => T,
): ((...args: Args) => T) => {
  const known = new Map<string, T>();
  return (...args) => {
    const key = args.map((bytes) => Buffer.from(bytes).toString('latin1')).join('|');
    const value = known.get(key) ?? work(...args);
    known.set(key, value);
    return value;
  };
};

/**
 * The verifier's own cryptography, asked once for the same bytes: for thousands of bundles that are
 * nearly the same.
 */
export const rememberingCrypto = (): VerifierCrypto => ({
  ...nodeCrypto,
  sha256: remembered(nodeCrypto.sha256),
  blake2b256: remembered(nodeCrypto.blake2b256),
  verifyEd25519: remembered(nodeCrypto.verifyEd25519),
});

export function check(
  files: ReadonlyMap<string, Uint8Array>,
  policy: TrustPolicy,
  compliance = false,
): Promise<VerifyReport> {
  return verifyBundle(files, policy, { crypto: nodeCrypto, compliance });
}

/**
 * `layer: code` of every layer that is neither proved nor signed nor skipped for want of an anchor.
 */
export function complaints(report: VerifyReport): string[] {
  return report.layers
    .filter(
      ({ status, code }) =>
        (status === 'failed' || status === 'untrusted') && code !== 'NOT_REACHED',
    )
    .map(({ layer, code }) => `${layer}: ${code}`);
}
