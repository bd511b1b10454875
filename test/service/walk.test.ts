import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinished, type RunHead, type RunRecord } from '../../src/store/index.ts';
import {
  cancelRun,
  requestVerification,
  submitModel,
  type Asker,
} from '../../src/service/submit.ts';
import { watchRun } from '../../src/service/watch.ts';
import { statementOf, verdictFiles, visibleVerdict } from '../../src/service/verdict.ts';
import { startWorker, type RunningWorker } from '../../src/service/worker.ts';
import { createDatabase, startPostgres, until, type TestServer } from '../servers.ts';
import { ALICE, BOB, openTestService, type TestService } from './bench.ts';

let postgres: TestServer;
let opened: TestService;
let worker: RunningWorker;

beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openTestService(await createDatabase(postgres));
  worker = await startWorker(opened.installation, 'worker-1');
}, 60_000);

afterAll(async () => {
  await worker?.stop();
  await opened?.close();
  await postgres?.stop();
}, 60_000);

async function submit(asker: Asker, source: string, name = 'demo'): Promise<string> {
  const model = await submitModel(opened.service, asker, { source, format: 'native', name });
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  return model.value.id;
}

async function ask(asker: Asker, modelId: string, limits = {}): Promise<RunRecord> {
  const run = await requestVerification(opened.service, asker, { modelId, limits });
  if (!run.ok) throw new Error(JSON.stringify(run.problems));
  return run.value;
}

const ended = (id: string): Promise<RunRecord> =>
  until(async () => {
    const run = await opened.service.store.runs.get(id);
    return run && isFinished(run.state) ? run : undefined;
  });

describe('the walk from a submitted text to a sealed verdict', () => {
  it('seals a run: signed, logged, with a bundle', async () => {
    const run = await ended((await ask(ALICE, await submit(ALICE, 'sleep 10'))).id);
    expect(run.state).toBe('sealed');
    const kept = await opened.service.store.verdicts.ofRun(run.id);
    const verdict = await visibleVerdict(opened.service, ALICE, kept?.id ?? '');
    expect(verdict?.receipt).toContain('c2sp.org/tlog-proof@v1');
    expect(await visibleVerdict(opened.service, BOB, kept?.id ?? '')).toBeUndefined();
    const files = await verdictFiles(opened.service, verdict!);
    expect([...files.keys()].sort()).toMatchInlineSnapshot(`
      [
        "README.md",
        "bundle.json",
        "envelope.json",
        "evidence/artifacts/001-module.tla",
        "evidence/artifacts/002-module.tla",
        "evidence/traces/001-finishes.json",
        "leaf.bin",
        "model.json",
        "receipt.tlog-proof",
        "salt.bin",
        "source.yaml",
        "status.json",
        "trust/log.vkey",
        "trust/policy",
      ]
    `);
  }, 30_000);

  it('answers the same question with the same run, and another owner with a run and verdict of his own', async () => {
    const first = await ended((await ask(ALICE, await submit(ALICE, 'sleep 1'))).id);
    expect((await ask(ALICE, await submit(ALICE, 'sleep 1'))).id).toBe(first.id);
    const other = await ask(BOB, await submit(BOB, 'sleep 1'));
    expect(other.id).not.toBe(first.id);
    const sealed = await ended(other.id);
    expect(sealed.report).toEqual(first.report);
    // Nobody took it up, but nothing that its owner sees tells so.
    expect(sealed).toMatchObject({ worker: null, attempt: 1, startedAt: expect.any(Date) });
    expect((await opened.service.store.verdicts.ofRun(other.id))?.id).not.toBe(
      (await opened.service.store.verdicts.ofRun(first.id))?.id,
    );
  }, 30_000);

  it('never answers from memory with an unknown, nor with a bounded under another budget', async () => {
    const unknown = await submit(ALICE, 'unknown');
    const first = await ended((await ask(ALICE, unknown)).id);
    const second = await ask(ALICE, unknown);
    expect(second.id).not.toBe(first.id);
    await ended(second.id);
    const bounded = await submit(ALICE, 'bounded');
    const small = await ended((await ask(ALICE, bounded, { maxStates: 10 })).id);
    expect((await ask(ALICE, bounded, { maxStates: 10 })).id).toBe(small.id);
    const large = await ask(ALICE, bounded, { maxStates: 20 });
    expect(large.id).not.toBe(small.id);
    expect((await ended(large.id)).attempt).toBe(1);
  }, 30_000);

  it('cancels a run that is being checked; its worker goes on to the next', async () => {
    const run = await ask(ALICE, await submit(ALICE, 'forever'));
    await until(async () => (await opened.service.store.runs.get(run.id))?.state === 'running');
    expect((await cancelRun(opened.service, BOB, run.id)).ok).toBe(false);
    expect((await cancelRun(opened.service, ALICE, run.id)).ok).toBe(true);
    expect((await ended((await ask(ALICE, await submit(ALICE, 'sleep 2'))).id)).state).toBe(
      'sealed',
    );
    expect((await opened.service.store.runs.get(run.id))?.state).toBe('cancelled');
    const late = await cancelRun(
      opened.service,
      ALICE,
      (await ended((await ask(ALICE, await submit(ALICE, 'sleep 2'))).id)).id,
    );
    expect(late).toMatchObject({ ok: false, problems: [{ code: 'RUN_FINISHED' }] });
  }, 30_000);

  it('fails a run on a bug, with a code and without the stack', async () => {
    const run = await ended((await ask(ALICE, await submit(ALICE, 'bug'))).id);
    expect(run).toMatchObject({ state: 'failed', failure: { code: 'INTERNAL' } });
    expect(JSON.stringify(run.failure)).not.toContain('TypeError');
  }, 30_000);
});

describe('an answer that other engines are asked about', () => {
  const watched = async (id: string): Promise<RunHead[]> => {
    const seen: RunHead[] = [];
    for await (const run of watchRun(opened.service, id)) seen.push(run);
    return seen;
  };

  it('is shown at once, provisional, and sealed when the others have agreed', async () => {
    const { id } = await ask(ALICE, await submit(ALICE, 'first\nsleep 1500'));
    const watching = watched(id);
    const first = await until(async () => {
      const run = await opened.service.store.runs.get(id);
      return run?.provisional ? run : undefined;
    });
    expect(first).toMatchObject({ state: 'checked', provisional: true });
    expect(first.report?.properties[0]).toMatchObject({ outcome: 'holds' });
    expect(await opened.service.store.verdicts.ofRun(id)).toBeUndefined();
    const last = await ended(id);
    expect(last).toMatchObject({ state: 'sealed', provisional: false, attempt: 1 });
    const told = (await watching).map(({ state, provisional }) => `${state} ${provisional}`);
    expect(told).toContain('checked true');
    expect(told.at(-1)).toBe('sealed false');
  }, 30_000);

  it('that is contradicted becomes unknown before anything is signed, and whoever follows hears it', async () => {
    const { id } = await ask(ALICE, await submit(ALICE, 'first\nsleep 500\ndisputed'));
    const outcomes: (string | undefined)[] = [];
    for await (const { version } of watchRun(opened.service, id)) {
      expect(version).toBeGreaterThanOrEqual(0);
      const { report } = (await opened.service.store.runs.get(id)) ?? {};
      outcomes.push(report?.properties[0]?.outcome);
    }
    expect(outcomes).toContain('holds');
    expect(outcomes.at(-1)).toBe('unknown');
    const verdict = await opened.service.store.verdicts.ofRun(id);
    const { predicate } = statementOf(verdict?.envelope ?? '');
    expect(predicate.properties[0]).toMatchObject({ outcome: 'unknown', reason: 'disagreement' });
    // It is no answer to anybody else.
    const again = await ask(ALICE, await submit(ALICE, 'first\nsleep 500\ndisputed'));
    expect(again.id).not.toBe(id);
    await cancelRun(opened.service, ALICE, again.id);
  }, 30_000);

  it('can be cancelled while they are asked, and stays unsigned', async () => {
    const { id } = await ask(ALICE, await submit(ALICE, 'first\nforever'));
    await until(async () => (await opened.service.store.runs.get(id))?.provisional);
    expect((await cancelRun(opened.service, ALICE, id)).ok).toBe(true);
    // The worker goes on to the next.
    expect((await ended((await ask(ALICE, await submit(ALICE, 'sleep 4'))).id)).state).toBe(
      'sealed',
    );
    expect(await opened.service.store.runs.get(id)).toMatchObject({
      state: 'cancelled',
      provisional: true,
    });
    expect(await opened.service.store.verdicts.ofRun(id)).toBeUndefined();
  }, 30_000);
});

describe('a run that asks for no seal', () => {
  const unsigned = async (asker: Asker, source: string): Promise<RunRecord> => {
    const modelId = await submit(asker, source);
    const run = await requestVerification(opened.service, asker, { modelId, seal: false });
    if (!run.ok) throw new Error(JSON.stringify(run.problems));
    return run.value;
  };

  it('ends unsigned, with its report and nothing in the log', async () => {
    const before = await opened.service.notary.log.size();
    const run = await ended((await unsigned(ALICE, 'sleep 5')).id);
    expect(run).toMatchObject({
      state: 'unsigned',
      finishedAt: expect.any(Date),
      options: { seal: false, crossCheck: false },
    });
    expect(run.report?.properties).toHaveLength(1);
    expect(await opened.service.notary.log.size()).toBe(before);
    // The same again is known; another owner gets one of his own.
    expect((await unsigned(ALICE, 'sleep 5')).id).toBe(run.id);
    const other = await unsigned(BOB, 'sleep 5');
    expect(other).toMatchObject({ state: 'unsigned', report: run.report });
    expect(other.id).not.toBe(run.id);
  }, 30_000);

  it('is sealed for who asks for it later, without being checked again', async () => {
    const modelId = await submit(ALICE, 'sleep 6');
    const options = { modelId, crossCheck: false };
    const request = (seal: boolean) =>
      requestVerification(opened.service, ALICE, { ...options, seal });
    const first = await request(false);
    if (!first.ok) throw new Error(JSON.stringify(first.problems));
    await ended(first.value.id);
    const second = await request(true);
    if (!second.ok) throw new Error(JSON.stringify(second.problems));
    expect(second.value.id).not.toBe(first.value.id);
    const sealed = await ended(second.value.id);
    expect(sealed).toMatchObject({ state: 'sealed', worker: null });
    // Who then asks for none has the signed one.
    const third = await request(false);
    expect(third).toMatchObject({ ok: true, value: { id: sealed.id } });
  }, 30_000);

  it('refuses to cross-check what is left to one engine by name', async () => {
    const modelId = await submit(ALICE, 'sleep 7');
    const named = { modelId, engines: ['explore'] };
    expect(
      await requestVerification(opened.service, ALICE, { ...named, crossCheck: true }),
    ).toMatchObject({
      ok: false,
      problems: [{ code: 'OPTION_INVALID', path: 'input.crossCheck' }],
    });
    const alone = await requestVerification(opened.service, ALICE, named);
    expect(alone).toMatchObject({
      ok: true,
      value: { options: { seal: true, crossCheck: false } },
    });
  });
});

describe('bad input', () => {
  const base = { source: 'sleep 1', format: 'native', name: 'demo' };
  it.each([
    [
      'a source over the limit',
      { ...base, source: 'x'.repeat(4 * 1024 * 1024 + 1) },
      'INPUT_TOO_LARGE',
    ],
    ['a NUL', { ...base, source: 'a\0b' }, 'INPUT_NOT_UTF8'],
    ['half a surrogate pair', { ...base, source: 'a\ud800b' }, 'INPUT_NOT_UTF8'],
    ['a format that is none', { ...base, format: 'visio' }, 'FORMAT_UNKNOWN'],
    ['an empty name', { ...base, name: ' ' }, 'REQUEST_SHAPE'],
    ['a name with a NUL', { ...base, name: 'a\0' }, 'REQUEST_SHAPE'],
    ['an endless idempotency key', { ...base, idempotencyKey: 'k'.repeat(500) }, 'REQUEST_SHAPE'],
    ['what the frontend refuses', { ...base, source: 'bad' }, 'MODEL_SHAPE'],
  ])('refuses %s', async (_name, input, code) => {
    const result = await submitModel(opened.service, ALICE, input);
    expect(result).toMatchObject({ ok: false, problems: [{ code }] });
  });

  it('refuses options that mean nothing, all at once', async () => {
    const modelId = await submit(ALICE, 'sleep 1');
    const result = await requestVerification(opened.service, ALICE, {
      modelId,
      properties: ['no'],
      engines: ['nuxmv'],
      threats: ['forge.x'],
      budget: -1,
      assurance: ['sworn'],
      limits: { timeoutMs: 0 },
    });
    expect(result.ok ? [] : result.problems.map(({ code }) => code)).toEqual([
      'PROPERTY_UNKNOWN',
      'ENGINE_UNKNOWN',
      'OPTION_INVALID',
      'OPTION_INVALID',
      'THREAT_UNKNOWN',
      'OPTION_INVALID',
    ]);
    expect(await requestVerification(opened.service, BOB, { modelId })).toMatchObject({
      ok: false,
      problems: [{ code: 'NOT_FOUND' }],
    });
  });

  it('keeps an idempotency key to one input', async () => {
    const input = { ...base, source: 'sleep 3', idempotencyKey: 'k1' };
    const [first, again] = [
      await submitModel(opened.service, ALICE, input),
      await submitModel(opened.service, ALICE, input),
    ];
    expect(first.ok && again.ok && first.value.id === again.value.id).toBe(true);
    expect(await submitModel(opened.service, ALICE, { ...input, source: 'sleep 4' })).toMatchObject(
      { ok: false, problems: [{ code: 'IDEMPOTENCY_CONFLICT' }] },
    );
    expect((await submitModel(opened.service, BOB, { ...input, source: 'sleep 4' })).ok).toBe(true);
  });
});
