import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import {
  check,
  complaints,
  installation,
  policyOf,
  sampleCheck,
  type Installation,
} from './fixture.ts';

/**
 * The forger has keys of his own, a log of his own, and makes a bundle in which everything agrees
 * with everything, down to a policy that trusts him. Nothing in the bundle may make a difference to
 * somebody who does not trust him.
 */
describe('a forger', () => {
  let honest: Installation;
  let forger: Installation;
  beforeAll(async () => {
    honest = await installation('honest');
    forger = await installation('forger');
  });

  it('is not trusted, however consistent his bundle', async () => {
    const { files } = await forger.issue(sampleCheck('verdict-1'));
    const report = await check(files, honest.policy);
    expect(report.status).toBe('untrusted');
    expect(complaints(report)).toEqual([
      'envelope: ENVELOPE_UNTRUSTED',
      'checkpoint: CHECKPOINT_UNTRUSTED',
    ]);
    expect(report.statement).toBeUndefined();
  });

  it('is trusted only by whoever chose to', async () => {
    const { files } = await forger.issue(sampleCheck('verdict-2'));
    expect((await check(files, forger.policy)).status).toBe('verified');
  });

  it('gains nothing by putting the honest policy and log key into his bundle', async () => {
    const { files } = await forger.issue(sampleCheck('verdict-3'));
    files.set('trust/policy', utf8(honest.policyText));
    files.set('trust/log.vkey', utf8(`${honest.keys.log.vkey}\n`));
    const report = await check(files, honest.policy);
    expect(report.status).toBe('failed');
    expect(complaints(report)).toContain('evidence: EVIDENCE_DIGEST');
  });

  it('cannot name the honest key as his', async () => {
    const { files, sealed } = await forger.issue(sampleCheck('verdict-4'));
    files.set(
      'envelope.json',
      utf8(sealed.envelope.replace(forger.keys.verdict.keyId, honest.keys.verdict.keyId)),
    );
    const report = await check(files, honest.policy);
    expect(report.status).toBe('failed');
    expect(complaints(report)).toContain('envelope: ENVELOPE_SIGNATURE');
  });

  it('cannot log his own verdict only in his own log', async () => {
    const parts = sampleCheck('verdict-5');
    const mine = await honest.issue(parts);
    // An honest envelope, logged by the forger: the checkpoint is by nobody that the policy knows.
    const { receipt } = await forger.log.append(utf8(mine.sealed.leaf));
    mine.files.set('receipt.tlog-proof', utf8(receipt));
    const report = await check(mine.files, honest.policy);
    expect(report.status).toBe('untrusted');
    expect(complaints(report)).toEqual(['checkpoint: CHECKPOINT_UNTRUSTED']);
  });

  it('cannot use a log key as a verdict key', async () => {
    const { files } = await honest.issue(sampleCheck('verdict-6'));
    const swapped = `verdict ${honest.keys.log.vkey}\nlog ${honest.keys.verdict.vkey}\nquorum none\n`;
    expect((await check(files, await policyOf(swapped))).status).toBe('untrusted');
  });

  it('finds nobody to fool under an empty policy', async () => {
    const { files } = await honest.issue(sampleCheck('verdict-7'));
    expect((await check(files, await policyOf('quorum none\n'))).status).toBe('untrusted');
  });
});
