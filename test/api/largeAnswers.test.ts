import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import { readZip } from '../../src/evidence/formats/zip.ts';
import { isFinished } from '../../src/store/index.ts';
import { until } from '../servers.ts';
import { openTestApi, type TestApi, type TestService } from '../service/bench.ts';
import { post } from './client.ts';

let running: TestApi;
let opened: TestService;
let api: RunningApi;
let [mine, foreign] = ['', ''];

beforeAll(async () => {
  running = await openTestApi('large-worker');
  ({ opened, api } = running);
  const { keys } = opened.service.store;
  mine = (await keys.create({ name: 'mine', role: 'architect' })).key;
  foreign = (await keys.create({ name: 'foreign', role: 'architect' })).key;
}, 60_000);
afterAll(() => running?.stop(), 60_000);

async function ask<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await post(api.url, mine, query, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data as T;
}

async function submit(source: string): Promise<string> {
  const query = 'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id } }';
  const input = { source, format: 'native', name: 'large' };
  return (await ask<{ submitModel: { id: string } }>(query, { input })).submitModel.id;
}

async function sealed(source: string): Promise<string> {
  const query =
    'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id } }';
  const input = { modelId: await submit(source) };
  const { id } = (await ask<{ requestVerification: { id: string } }>(query, { input }))
    .requestVerification;
  await until(async () => {
    const run = await opened.service.store.runs.head(id);
    return run && isFinished(run.state) ? run : undefined;
  });
  return id;
}

const REPORT = `query ($id: ID!) { run(id: $id) {
  verdict { id } report { model { name } properties { name outcome trace traceSteps traceAddress } } } }`;
interface Shown {
  readonly run: {
    readonly verdict: { readonly id: string };
    readonly report: {
      readonly properties: readonly {
        readonly trace: { readonly steps: readonly unknown[] } | null;
        readonly traceSteps: number;
        readonly traceAddress: string | null;
      }[];
    };
  };
}

const get = (path: string, key: string): Promise<Response> =>
  fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${key}` } });

describe('large answers', () => {
  it('a trace that is too large has an address, and a small one none', async () => {
    const long = await ask<Shown>(REPORT, { id: await sealed('trace 20000') });
    const [property] = long.run.report.properties;
    expect(property).toMatchObject({ trace: null, traceSteps: 20_000 });
    const address = property?.traceAddress ?? '';
    const response = await get(address, mine);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { steps: unknown[] }).steps).toHaveLength(20_000);
    expect((await get(address, foreign)).status).toBe(404);
    expect((await get(address, 'nobody')).status).toBe(401);
    const short = await ask<Shown>(REPORT, { id: await sealed('trace 7') });
    expect(short.run.report.properties[0]).toMatchObject({ traceSteps: 7, traceAddress: null });
    expect(short.run.report.properties[0]?.trace?.steps).toHaveLength(7);
  }, 60_000);

  it('a field that is asked thirty times is loaded once, and counted each time', async () => {
    const id = await submit(`sleep 1\n# ${'x'.repeat(2 * 1024 * 1024)}`);
    const texts = vi.spyOn(opened.service.store.models, 'texts');
    const query = (count: number): string =>
      `query ($id: ID!) { ${Array.from({ length: count }, (_, at) => `a${at}: model(id: $id) { source }`).join(' ')} }`;
    expect((await post(api.url, mine, query(5), { id })).codes).toEqual([]);
    expect(texts).toHaveBeenCalledTimes(1);
    const refused = await post(api.url, mine, query(30), { id });
    expect(new Set(refused.codes)).toEqual(new Set(['ANSWER_TOO_LARGE']));
    expect(texts).toHaveBeenCalledTimes(2);
    expect((await post(api.url, mine, query(1), { id })).codes).toEqual([]);
  }, 60_000);

  it('lists load no report, and no text that is not asked for', async () => {
    await sealed('trace 3');
    const spies = [
      vi.spyOn(opened.service.store.shownReports, 'get'),
      vi.spyOn(opened.service.store.models, 'texts').mockClear(),
      vi.spyOn(opened.service.store.models, 'get'),
      vi.spyOn(opened.service.store.runs, 'get'),
    ];
    for (const spy of spies) spy.mockClear();
    await ask('{ runs(first: 100) { nodes { id state model { name } } } }');
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  }, 60_000);

  it('a bundle is there as one file, of any size', async () => {
    const { run } = await ask<Shown>(REPORT, { id: await sealed('trace 9') });
    const path = `/verdicts/${run.verdict.id}/bundle.zip`;
    const files = readZip(new Uint8Array(await (await get(path, mine)).arrayBuffer()));
    const { verdict } = await ask<{ verdict: { files: { path: string; base64: string }[] } }>(
      'query ($id: ID!) { verdict(id: $id) { files { path base64 } } }',
      { id: run.verdict.id },
    );
    expect([...(files?.keys() ?? [])].sort()).toEqual(
      verdict.files.map(({ path: at }) => at).sort(),
    );
    expect((await get(path, foreign)).status).toBe(404);
    expect((await get(path, 'nobody')).status).toBe(401);
  }, 60_000);

  it('costly fields weigh in every list and alias', async () => {
    const traces = '{ runs(first: 100) { nodes { report { properties { trace } } drawing } } }';
    expect((await post(api.url, mine, traces)).codes).toEqual(['QUERY_TOO_COMPLEX']);
  });
});
