import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assessRisk, readEventLog, type RiskRequest } from '../../src/risk/index.ts';
import { parcel, repository, value } from './fixture.ts';

async function request(options: RiskRequest['options'], signal: AbortSignal): Promise<RiskRequest> {
  const { semantics, digest } = await parcel();
  const property = semantics.model.properties.find(
    (p) => p.formula.kind === 'never' || p.formula.kind === 'always',
  );
  return {
    semantics,
    modelDigest: digest,
    log: value(readEventLog(await readFile(repository('specs/demo/parcel-events.csv'), 'utf8'))),
    loss: { property: property?.name ?? '' },
    options,
    signal,
  } as RiskRequest;
}

describe('an assessment that is not allowed to end', () => {
  it('is cancelled', async () => {
    await expect(assessRisk(await request({}, AbortSignal.abort()))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('reaches its time limit', async () => {
    await expect(
      assessRisk(
        await request({ draws: 10_000_000, timeoutMs: 300 }, new AbortController().signal),
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});
