import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import {
  requestVerification,
  submitModel,
  type VerificationInput,
} from '../../src/service/submit.ts';
import { eraseOldUploads, upload } from '../../src/service/uploads.ts';
import { verdictFiles, visibleVerdict } from '../../src/service/verdict.ts';
import type { Checker } from '../../src/service/service.ts';
import { isFinished, type RunRecord } from '../../src/store/index.ts';
import { inspect, checkSubmission } from '../../src/checking/check.ts';
import { renderPolicy } from '../../src/evidence/formats/policy.ts';
import type { RiskAssessment } from '../../src/risk/index.ts';
import type { ProcessFindings } from '../../src/risk/process/askProcess.ts';
import { post } from '../api/client.ts';
import { probity } from '../cli/run.ts';
import { policyOf } from '../evidence/fixture.ts';
import { repository } from '../golden.ts';
import { temporaryFolder, until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi, type TestService } from './bench.ts';

const MODEL = readFileSync(repository('specs/demo/parcel-risk.yaml'), 'utf8');
const EVENTS_FILE = repository('specs/demo/parcel-events.csv');
const EVENTS = readFileSync(EVENTS_FILE, 'utf8');
/**
 * Breaks an implicit property: there is no risk to learn, and its verdict is a verdict all the
 * same.
 */
const ERRING = `
probity: 1
name: Erring
variables: { n: { type: "int 0..2", init: 0 } }
actors: { a: {} }
actions: { grow: { actor: a, then: { n: n + 1 } } }
properties: { small: { always: n < 3 } }
`;

const real: Checker = { checkSubmission, inspect, toolVersions: async () => ({ explore: '1' }) };

let running: TestApi;
let opened: TestService;
let api: RunningApi;
let key: string;
let parcel: string;

beforeAll(async () => {
  running = await openTestApi('worker-risk', { checker: real });
  ({ opened, api } = running);
  key = (
    await opened.service.store.keys.create({ name: 'alice', role: 'architect', owner: ALICE.owner })
  ).key;
  parcel = await submit(MODEL);
}, 60_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

async function submit(source: string): Promise<string> {
  const model = await submitModel(opened.service, ALICE, {
    source,
    format: 'native',
    name: 'risk',
  });
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  return model.value.id;
}

async function ended(input: VerificationInput): Promise<RunRecord> {
  const run = await requestVerification(opened.service, ALICE, { engines: ['explore'], ...input });
  if (!run.ok) throw new Error(JSON.stringify(run.problems));
  return until(async () => {
    const now = await opened.service.store.runs.get(run.value.id);
    return now && isFinished(now.state) ? now : undefined;
  });
}

async function codes(risk: object): Promise<string[]> {
  const run = await requestVerification(opened.service, ALICE, {
    modelId: parcel,
    risk: { property: 'notStolen', events: EVENTS, ...risk },
  });
  return run.ok ? [] : run.problems.map(({ code, path }) => `${code} ${path}`);
}

const shown = async (id: string): Promise<unknown> => {
  const { data } = await post(api.url, key, 'query ($id: ID!) { run(id: $id) { risk } }', { id });
  return (data as unknown as { run: { risk: unknown } }).run.risk;
};

describe('risk in a run', () => {
  it('is assessed beside the verdict, shown, signed, and its model card in the bundle', async () => {
    const run = await ended({
      modelId: parcel,
      risk: { property: 'notStolen', events: EVENTS, format: 'csv', cases: 200, seed: 7 },
    });
    const without = await ended({ modelId: parcel });
    expect(without.id).not.toBe(run.id);
    expect(run.report?.properties.map(({ name, outcome }) => [name, outcome])).toEqual(
      without.report?.properties.map(({ name, outcome }) => [name, outcome]),
    );
    const typed = await post(
      api.url,
      key,
      'query ($id: ID!) { run(id: $id) { learnedRisk { property headline { kind because } probability { mean lower upper meanBy } direct { lost cases } perCases { n predictive { lower upper } } problems { code } card } } }',
      { id: run.id },
    );
    const { learnedRisk } = (typed.data as unknown as { run: { learnedRisk: { card: unknown } } })
      .run;
    const risk = (await shown(run.id)) as {
      scores: { property: string; perCases: { n: number }; probability: { mean: number } };
      card: object;
    };
    expect(Object.keys(risk).sort()).toEqual(['card', 'scores']);
    const { headline, probability } = risk.scores as unknown as Record<string, object>;
    expect(learnedRisk).toMatchObject({
      property: 'notStolen',
      problems: [],
      perCases: { n: 200 },
      card: risk.card,
      headline: { kind: (headline as { kind: string }).kind },
      probability: { mean: (probability as { mean: number }).mean },
    });
    expect(risk.scores).toMatchObject({ property: 'notStolen', perCases: { n: 200 } });
    expect(risk.scores.probability.mean).toBeGreaterThan(0);
    expect(await shown(without.id)).toBeNull();

    const verdict = await visibleVerdict(
      opened.service,
      ALICE,
      (await opened.service.store.verdicts.ofRun(run.id))?.id ?? '',
    );
    const files = await verdictFiles(opened.service, verdict!);
    const { keys, log } = opened.service.notary;
    const policy = await policyOf(
      renderPolicy({ verdicts: [keys.verdict.vkey], logs: [log.vkey], ledgers: [] }),
    );
    const report = await verifyBundle(files, policy, { crypto: nodeCrypto });
    expect(report.status).toBe('verified');
    expect(report.statement?.predicate.risk).toEqual({
      scores: risk.scores,
      card: 'evidence/model-card.json',
    });
    expect(JSON.parse(new TextDecoder().decode(files.get('evidence/model-card.json')))).toEqual(
      risk.card,
    );
    for (const bytes of files.values())
      expect(new TextDecoder().decode(bytes)).not.toContain('case-001');
  }, 60_000);

  it('is learned from an object-centric log as from a table of the same cases', async () => {
    const [, ...lines] = EVENTS.trim().split('\n');
    const rows = lines.map((line) => line.split(',') as [string, string, string]);
    const ids = [...new Set(rows.map(([id]) => id))];
    const ocel = JSON.stringify({
      objectTypes: [{ name: 'parcel' }, { name: 'van' }],
      objects: [...ids.map((id) => ({ id, type: 'parcel' })), { id: 'van-1', type: 'van' }],
      events: rows.map(([objectId, type, time], i) => ({
        id: `e${i}`,
        type,
        time,
        relationships: [{ objectId }, { objectId: 'van-1' }],
      })),
    });
    const risk = { property: 'notStolen', events: ocel, format: 'ocelJson' };
    expect(await codes(risk)).toEqual(['EVENT_LOG_CASE_TYPE input.risk.events']);
    const [table, objects] = [
      await ended({ modelId: parcel, risk: { property: 'notStolen', events: EVENTS, seed: 91 } }),
      await ended({ modelId: parcel, risk: { ...risk, caseType: 'parcel', seed: 91 } }),
    ].map(({ risk: assessed }) => (assessed as { scores?: unknown }).scores);
    expect(objects).toBeDefined();
    expect(objects).toEqual(table);
  }, 60_000);

  it('is learned by a mapping, which is refused with its place', async () => {
    const mapping = `probityMapping: 1\ncase: $.data.case\nevents:\n${[
      'cancel',
      'load',
      'handOver',
      'missed',
      'toNeighbour',
      'leaveOnPorch',
      'bringBack',
      'collect',
      'keep',
      'steal',
    ]
      .map((name) => `  - { type: ${name}, action: ${name} }\n`)
      .join('')}`;
    expect(await codes({ mapping: mapping.replace('action: steal', 'action: stael') })).toEqual([
      'MAPPING_SHAPE input.risk.mapping.events.9.action',
    ]);
    const [mapped, plain] = [
      await ended({
        modelId: parcel,
        risk: { property: 'notStolen', events: EVENTS, seed: 92, mapping },
      }),
      await ended({ modelId: parcel, risk: { property: 'notStolen', events: EVENTS, seed: 92 } }),
    ];
    expect(mapped.id).not.toBe(plain.id);
    const scores = ({ risk }: RunRecord): unknown => (risk as { scores?: unknown }).scores;
    expect(scores(mapped)).toBeDefined();
    expect(scores(mapped)).toEqual(scores(plain));
  }, 60_000);

  describe('from a log that was sent before', () => {
    const digestOf = (bytes: Uint8Array): string =>
      `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const put = async (digest: string, body: Uint8Array, with_ = key): Promise<unknown[]> => {
      const answer = await fetch(`${api.url}/uploads/${digest}`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${with_}` },
        body: Buffer.from(body),
      });
      const { errors, size } = (await answer.json()) as {
        errors?: { extensions: { code: string } }[];
        size?: number;
      };
      return [answer.status, errors?.[0]?.extensions.code ?? size];
    };
    const columns = 'a'.repeat(200);
    const large = Buffer.from(
      EVENTS.trim()
        .split('\n')
        .flatMap((line, i) => (i === 0 ? [`${line},note`] : [`${line},${columns}`]))
        .join('\n')
        .replace(/$/u, `\n${`case-pad,load,2026-01-01T00:00:00.000Z,${columns}\n`.repeat(9_000)}`),
    );

    it('is the same, larger than a request may be, and gone when it is erased', async () => {
      const digest = digestOf(large);
      expect(large.length).toBeGreaterThan(2 * 1024 * 1024);
      const asked = { events: undefined, log: digest };
      expect(await codes(asked)).toEqual(['UPLOAD_UNKNOWN input.risk.log']);
      expect(await put(digest, large)).toEqual([201, large.length]);
      expect(await put(digest, large)).toEqual([200, large.length]);
      const run = await ended({ modelId: parcel, risk: { property: 'notStolen', log: digest } });
      expect(run.risk).toMatchObject({ kind: 'assessed' });
      const { card } = (await shown(run.id)) as {
        card: { data: { digest: string; events: number } };
      };
      expect(card.data).toMatchObject({ digest, events: 9_726 });
      const listed = await post(api.url, key, '{ uploads { digest size } }');
      expect(listed.data).toMatchObject({ uploads: [{ digest, size: large.length }] });
      expect(await codes({ ...asked, events: EVENTS })).toEqual([
        'OPTION_INVALID input.risk.events',
      ]);
      expect(await codes({ ...asked, format: 'csv' })).toEqual([
        'OPTION_INVALID input.risk.format',
      ]);
      const erased = await post(
        api.url,
        key,
        'mutation ($digest: String!) { uploadErase(input: { digest: $digest }) { erased } }',
        { digest },
      );
      expect(erased.data).toMatchObject({ uploadErase: { erased: true } });
      expect(await codes(asked)).toEqual(['UPLOAD_UNKNOWN input.risk.log']);
      expect(await opened.service.store.uploads.storedBytes()).toBe(0);
    }, 60_000);

    it('is kept for who sent it, for some days, and refused where it is not what it says', async () => {
      const bytes = Buffer.from(EVENTS);
      const digest = digestOf(bytes);
      expect(await put(digest, Buffer.from('something else'))).toEqual([400, 'UPLOAD_DIGEST']);
      expect(await put('sha256:12', bytes)).toEqual([400, 'UPLOAD_DIGEST']);
      expect(await put(digest, bytes, 'nobody')).toEqual([401, 'UNAUTHENTICATED']);
      expect(await opened.service.store.uploads.storedBytes()).toBe(0);
      expect(await put(digest, bytes)).toEqual([201, bytes.length]);
      expect(await opened.service.store.uploads.use('somebody else', digest)).toBeUndefined();
      const { installation } = opened;
      expect(await eraseOldUploads(installation)).toBe(0);
      expect(await eraseOldUploads(installation, Date.now() + 8 * 86_400_000)).toBe(1);
      expect(await codes({ events: undefined, log: digest })).toEqual([
        'UPLOAD_UNKNOWN input.risk.log',
      ]);
    }, 60_000);

    it('has a limit, for each and for all of an organisation', async () => {
      const body = new Uint8Array(3 * 1024 * 1024);
      const small = { ...opened.service.config.limits, uploadMb: 2 };
      const service = (limits: object) => ({
        ...opened.service,
        config: { ...opened.service.config, limits: { ...small, ...limits } },
      });
      async function* sent(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < body.length; at += 100_000) yield body.subarray(at, at + 100_000);
      }
      const refused = async (limits: object): Promise<string[]> => {
        const taken = await upload(service(limits), ALICE.owner, digestOf(body), {
          bytes: sent(),
          announced: undefined,
        });
        return taken.ok ? [] : taken.problems.map(({ code }) => code);
      };
      expect(await refused({})).toEqual(['INPUT_TOO_LARGE']);
      expect(await refused({ uploadMb: 9, uploadsMb: 1 })).toEqual(['QUOTA_EXCEEDED']);
      expect(await opened.service.store.uploads.storedBytes()).toBe(0);
    });
  });

  it('is part of what makes two requests the same', async () => {
    const asked = { modelId: parcel, risk: { property: 'notStolen', events: EVENTS } };
    const first = await ended(asked);
    expect((await ended(asked)).id).toBe(first.id);
    expect((await ended({ ...asked, risk: { ...asked.risk, seed: 2 } })).id).not.toBe(first.id);
  }, 60_000);

  it('of states that no property names is that of the property that names them', async () => {
    const named = { property: 'notStolen', events: EVENTS, seed: 5 };
    const { property: _, ...log } = named;
    const where = { ...log, where: 'place = stolen' };
    const [first, second] = [
      await ended({ modelId: parcel, risk: named }),
      await ended({ modelId: parcel, risk: where }),
    ];
    expect(second.id).not.toBe(first.id);
    const of = async ({ id }: RunRecord): Promise<RiskAssessment> =>
      ((await shown(id)) as { scores: RiskAssessment }).scores;
    expect((await of(second)).property).toBe('place = stolen');
    expect((await of(second)).probability).toEqual((await of(first)).probability);
    expect(await codes({ where: 'place = stolen' })).toEqual([
      'OPTION_INVALID input.risk.property',
    ]);
    expect(await codes({ property: null })).toEqual(['OPTION_INVALID input.risk.property']);
    const only = (expr: string): object => ({ property: null, where: expr });
    expect(await codes(only('place = stole'))).toEqual(['NAME_UNKNOWN input.risk.where']);
    expect(await codes(only('attempts'))).toEqual(['TYPE_MISMATCH input.risk.where']);
    expect(await codes(only('place = stolen\0'))).toEqual(['OPTION_INVALID input.risk.where']);
    expect(await codes(only(' '.repeat(5_000)))).toEqual(['OPTION_INVALID input.risk.where']);
  }, 60_000);

  it('says of the process behind it what the command says', async () => {
    const process = {
      within: 4,
      costs: [
        { action: 'missed', cost: 3 },
        { action: 'bringBack', cost: 5 },
      ],
      robust: true,
      attackers: ['all'],
    };
    const run = await ended({
      modelId: parcel,
      risk: { property: 'notStolen', events: EVENTS, seed: 6, process },
    });
    const fields = `process {
      within { steps atMeanRates lower upper level }
      expected {
        steps { atMeanRates lower upper level } cost { atMeanRates lower upper level }
        days { atMeanRates lower upper level }
      }
      robust { lower upper level branches }
      attackers {
        threats states unknownStates errs worst { lower upper met } best { lower upper met }
      }
    }`;
    const query = `query ($id: ID!) { run(id: $id) { learnedRisk { ${fields} } } }`;
    const shows = await post(api.url, key, query, { id: run.id });
    expect(shows.errors?.map(({ message }) => message)).toBeUndefined();
    const costs = join(await temporaryFolder(), 'costs.json');
    writeFileSync(costs, JSON.stringify({ costs: { missed: 3, bringBack: 5 } }));
    const model = repository('specs/demo/parcel-risk.yaml');
    const asked = ['--property', 'notStolen', '--seed', '6', '--robust', '--attackers', 'all'];
    const more = ['--within', '4', '--costs', costs, '--json'];
    const { stdout } = await probity('risk', model, '--events', EVENTS_FILE, ...asked, ...more);
    const said = JSON.parse(stdout) as { process: Required<ProcessFindings> };
    expect(said.process.within.atMeanRates).toBeGreaterThan(0);
    expect(said.process.expected.cost?.atMeanRates).toBeGreaterThan(0);
    const { data } = shows as unknown as { data: { run: { learnedRisk: RiskAssessment } } };
    expect(data.run.learnedRisk.process).toEqual(said.process);
  }, 60_000);

  it('of a process is refused where it asks for what there is not', async () => {
    const wrong = async (process: object): Promise<string[]> => codes({ process });
    expect(await wrong({ within: -1, attackers: ['drop.nobody'] })).toEqual([
      'OPTION_INVALID input.risk.process.within',
      'THREAT_UNKNOWN input.risk.process.attackers.0',
    ]);
    const cost = (action: string, each: number): object => ({ action, cost: each });
    expect(await wrong({ costs: [cost('missed', 1), cost('mised', 1)] })).toEqual([
      'WEIGHTS_SHAPE input.risk.process.costs.1',
    ]);
    expect(await wrong({ costs: [cost('missed', -1)] })).toEqual([
      'WEIGHTS_SHAPE input.risk.process.costs.0',
    ]);
    expect(await wrong({ costs: [cost('missed', 1), cost('missed', 2)] })).toEqual([
      'WEIGHTS_SHAPE input.risk.process.costs',
    ]);
    const asked = { modelId: parcel, risk: { property: 'notStolen', events: EVENTS, seed: 8 } };
    const nothing = { within: null, expected: false, costs: [], robust: false, attackers: [] };
    const plain = await ended(asked);
    const same = await ended({ ...asked, risk: { ...asked.risk, process: nothing } });
    expect(same.id).toBe(plain.id);
    const other = await ended({ ...asked, risk: { ...asked.risk, process: { within: 3 } } });
    expect(other.id).not.toBe(plain.id);
  }, 60_000);

  it('is refused with all problems that can be known at once', async () => {
    expect(await codes({ property: 'canBeHanded', events: '', cases: 0, seed: -1 })).toEqual([
      'RISK_PROPERTY input.risk.property',
      'OPTION_INVALID input.risk.cases',
      'OPTION_INVALID input.risk.seed',
      expect.stringMatching(/^EVENT_LOG_\w+ input\.risk\.events$/u),
    ]);
    expect(await codes({ property: 'nobody' })).toEqual(['PROPERTY_UNKNOWN input.risk.property']);
    expect(await codes({ property: 'toString' })).toEqual(['PROPERTY_UNKNOWN input.risk.property']);
    expect(await codes({ format: 'xlsx' })).toEqual(['OPTION_INVALID input.risk.format']);
    expect(await codes({ format: 'xes' })).toEqual(['EVENT_LOG_SYNTAX input.risk.events']);
    expect(await codes({ format: 'json' })).toEqual(['EVENT_LOG_SYNTAX input.risk.events']);
    expect(await codes({ events: `${EVENTS}\0` })).toEqual(['INPUT_NOT_UTF8 input.risk.events']);
    expect(await codes({ events: 'x'.repeat(1024 * 1024 + 1) })).toEqual([
      'INPUT_TOO_LARGE input.risk.events',
    ]);
  });

  it('is asked for through GraphQL', async () => {
    const request =
      'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id risk } }';
    const refused = await post(api.url, key, request, {
      input: { modelId: parcel, risk: { property: 'nobody', events: EVENTS } },
    });
    expect(refused.codes).toEqual(['PROPERTY_UNKNOWN']);
    const asked = await post(api.url, key, request, {
      input: {
        modelId: parcel,
        engines: ['explore'],
        risk: { property: 'notStolen', events: EVENTS, seed: 3 },
      },
    });
    const { id, risk } = (
      asked.data as unknown as { requestVerification: { id: string; risk: unknown } }
    ).requestVerification;
    expect(risk).toBeNull();
    expect(await until(async () => (await shown(id)) ?? undefined)).toMatchObject({
      scores: { property: 'notStolen' },
    });
  }, 60_000);

  it('that cannot be assessed says why, and changes no verdict', async () => {
    const run = await ended({
      modelId: await submit(ERRING),
      risk: { property: 'small', events: 'case,activity\n1,grow\n' },
    });
    expect(run.state).toBe('sealed');
    expect(run.report?.properties.find(({ name }) => name === 'withinRange')?.outcome).toBe(
      'violated',
    );
    expect(await shown(run.id)).toMatchObject({ problems: [{ code: 'RISK_MODEL_BROKEN' }] });
    const verdict = await opened.service.store.verdicts.ofRun(run.id);
    expect(
      Buffer.from(
        (JSON.parse(verdict?.envelope ?? '{}') as { payload: string }).payload,
        'base64',
      ).toString(),
    ).not.toContain('"risk"');
  }, 60_000);
});
