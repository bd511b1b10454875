import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import { submitCommand } from '../cli/run.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { BundleFiles } from '../../src/evidence/verify/step.ts';
import type { Report } from '../../src/model/outcome.ts';
import { recheck } from '../../src/checking/recheck.ts';
import { checkSubmission, identify, toolVersions } from '../../src/checking/check.ts';
import { CACHE_DIR, tlcAbsence } from '../conformance/checking.ts';
import { openTestApi, type TestApi, type TestService } from '../service/bench.ts';
import { type Answer, post, subscribe } from './client.ts';

/** Specifications and scripts through the whole service, with the real engines (ADR 010). */
let running: TestApi;
let opened: TestService;
let api: RunningApi;
let key: string;
let noTlc: string | undefined;

beforeAll(async () => {
  running = await openTestApi('specification-worker', {
    checker: { checkSubmission, inspect: identify, toolVersions },
    env: { PROBITY_CACHE_DIR: CACHE_DIR },
  });
  ({ opened, api } = running);
  key = (await opened.service.store.keys.create({ name: 'architect', role: 'architect' })).key;
  noTlc = await tlcAbsence();
}, 240_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

const COUNTER = `---- MODULE Counter ----
EXTENDS Naturals, Steps
VARIABLE x
Init == x = 0
Next == x < Limit /\\ x' = x + 1
Spec == Init /\\ [][Next]_x /\\ WF_x(Next)
Small == x < 2
Fine == x < 9
Ends == <>(x = Limit)
====
`;

const STEPS = { name: 'Steps.tla', text: '---- MODULE Steps ----\nLimit == 3\n====\n' };

const CONFIG = {
  name: 'Counter.cfg',
  text: 'SPECIFICATION Spec\nINVARIANTS Small Fine\nPROPERTY Ends\nCHECK_DEADLOCK FALSE\n',
};

const SCRIPT =
  '(declare-const x Int)\n(assert (> x 2))\n(check-sat)\n(get-value (x))\n(assert (< x 1))\n(check-sat)\n';

interface Input {
  readonly source: string;
  readonly format: string;
  readonly name: string;
  readonly files?: readonly { readonly name: string; readonly text: string }[];
}

const SUBMIT =
  'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id name digest format document } }';
const REQUEST =
  'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id state } }';
const WATCH = `subscription ($id: ID!) { runUpdated(id: $id) {
  state progress { engine } failure { code } verdict { id }
  report { properties { name kind outcome witness reason assurance trace evidence engines { name version states } } assumptions { abstractions } script { answers assurance results { command line answer text } engines { name version } } }
} }`;

interface Ended {
  readonly state: string;
  readonly failure: { readonly code: string } | null;
  readonly report: Report;
  readonly verdict: { readonly id: string };
}

const submit = (input: Input): Promise<Answer> => post(api.url, key, SUBMIT, { input });

const problemsOf = (answer: Answer): string[] =>
  (answer.errors ?? []).flatMap(({ extensions }) =>
    extensions.problems.map(({ code, path }) => `${code} ${path}`),
  );

/** Submits, asks, and follows to the end. */
async function run(input: Input, options: object = {}): Promise<Ended> {
  const { data, errors } = await submit(input);
  if (!data) throw new Error(JSON.stringify(errors));
  const requested = await post(api.url, key, REQUEST, {
    input: {
      modelId: (data as unknown as { submitModel: { id: string } }).submitModel.id,
      ...options,
    },
  });
  const { id } = (requested.data as unknown as { requestVerification: { id: string } })
    .requestVerification;
  const updates = await subscribe(api.url, key, WATCH, { id });
  const last = updates.at(-1) as unknown as { data: { runUpdated: Ended } };
  return last.data.runUpdated;
}

async function bundleOf(
  verdict: string,
): Promise<{ readonly files: BundleFiles; readonly policy: string }> {
  const { data } = await post(
    api.url,
    key,
    'query ($id: ID!) { verdict(id: $id) { files { path base64 } } trustPolicy }',
    { id: verdict },
  );
  const {
    verdict: { files },
    trustPolicy,
  } = data as unknown as {
    verdict: { files: { path: string; base64: string }[] };
    trustPolicy: string;
  };
  return {
    files: new Map(
      files.map(({ path, base64 }) => [path, new Uint8Array(Buffer.from(base64, 'base64'))]),
    ),
    policy: trustPolicy,
  };
}

async function accept(files: BundleFiles, policyText: string) {
  const policy = await parsePolicy(policyText, nodeCrypto.sha256);
  if (!policy.ok) throw new Error('policy');
  return verifyBundle(files, policy.value, { crypto: nodeCrypto });
}

const failing = (report: Awaited<ReturnType<typeof accept>>): string[] =>
  report.layers.filter(({ status }) => status === 'failed').map(({ code }) => code);

describe('a TLA+ specification', () => {
  it('is submitted with its modules and its configuration, checked by TLC, signed as its word, and asked again by whoever has TLC', async ({
    skip,
  }) => {
    if (noTlc !== undefined) skip(noTlc);
    const input = { source: COUNTER, format: 'tla', name: 'Counter.tla', files: [CONFIG, STEPS] };
    const { data } = await submit(input);
    expect((data as unknown as { submitModel: object }).submitModel).toMatchObject({
      format: 'tla',
      document: {
        specification: 1,
        format: 'tla',
        root: 'Counter',
        modules: { Counter: COUNTER, Steps: STEPS.text },
        configuration: CONFIG.text,
      },
    });
    const { state, report, verdict } = await run(input, { limits: { timeoutMs: 60_000 } });
    expect(state).toBe('sealed');
    expect(report.properties.map(({ name, kind, outcome }) => [name, kind, outcome])).toEqual([
      ['Small', 'invariant', 'violated'],
      ['Fine', 'invariant', 'holds'],
      ['Ends', 'temporal', 'holds'],
      ['assumptions', 'assumption', 'holds'],
    ]);
    expect(report.properties[0]?.trace?.steps.map(({ changed }) => changed)).toEqual([
      { x: ['0', '1'] },
      { x: ['1', '2'] },
    ]);
    expect(report.properties[1]?.evidence?.['distinctStates']).toBe(4);
    expect(report.properties.every(({ assurance }) => assurance.length === 0)).toBe(true);
    expect(report.assumptions.abstractions[0]).toContain('nothing else has checked them');

    const { files, policy } = await bundleOf(verdict.id);
    const accepted = await accept(files, policy);
    expect(accepted).toMatchObject({
      status: 'verified',
      statement: { predicate: { model: { name: 'Counter', format: 'tla' } } },
    });
    if (!accepted.statement) throw new Error('not verified');
    const again = await recheck(files, accepted.statement, undefined, CACHE_DIR);
    expect(again.map(({ property, status }) => [property, status])).toEqual([
      ['Small', 'rerun'],
      ['Fine', 'rerun'],
      ['Ends', 'rerun'],
      ['assumptions', 'rerun'],
    ]);

    // Forged on the way: another specification under the same answers, another answer under the
    // same signature.
    const text = (path: string): string => Buffer.from(files.get(path) as Uint8Array).toString();
    const swapped = new Map(files).set(
      'model.json',
      Buffer.from(text('model.json').replace('x < 2', 'x < 7')),
    );
    expect(failing(await accept(swapped, policy))).toContain('SUBJECT_DIGEST');
    const envelope = JSON.parse(text('envelope.json')) as { payload: string };
    const payload = Buffer.from(
      Buffer.from(envelope.payload, 'base64')
        .toString()
        .replace('"outcome":"violated"', '"outcome":"bounded"'),
    ).toString('base64');
    expect(
      failing(
        await accept(
          new Map(files).set(
            'envelope.json',
            Buffer.from(text('envelope.json').replace(envelope.payload, payload)),
          ),
          policy,
        ),
      ),
    ).toContain('ENVELOPE_SIGNATURE');
  }, 180_000);

  it('has no path that leads anywhere, no file that it does not need, and no module that is Java', async () => {
    const files = (...more: { name: string; text: string }[]): Input => ({
      source: COUNTER,
      format: 'tla',
      name: 'Counter.tla',
      files: [CONFIG, STEPS, ...more],
    });
    for (const name of [
      '../Steps.tla',
      '/etc/passwd.tla',
      'a/B.tla',
      'B\\C.tla',
      'Counter.class',
      'Steps',
      '.tla',
      `${'a'.repeat(200)}.tla`,
      'x\n.tla',
    ]) {
      expect([name, problemsOf(await submit(files({ name, text: '' })))]).toEqual([
        name,
        ['REQUEST_SHAPE files.2.name'],
      ]);
    }
    expect(problemsOf(await submit(files({ name: 'STEPS.tla', text: '' })))).toEqual([
      'NAME_TAKEN files.2.name',
    ]);
    expect(problemsOf(await submit(files({ name: 'Other.cfg', text: 'INIT Init' })))).toEqual([
      'REQUEST_SHAPE files',
    ]);
    expect(
      problemsOf(
        await submit(files({ name: 'Other.tla', text: '---- MODULE Other ----\n====\n' })),
      ),
    ).toEqual(['TLA_MODULE files.2']);
    expect(problemsOf(await submit({ ...files(), files: [CONFIG] }))).toEqual([
      'TLA_MODULE Counter',
    ]);
    expect(problemsOf(await submit({ ...files(), files: [STEPS] }))).toEqual([
      'REQUEST_SHAPE files',
    ]);
    expect(
      problemsOf(
        await submit({
          ...files({ name: 'IOExec.tla', text: '---- MODULE IOExec ----\n====\n' }),
          source: COUNTER.replace('Steps', 'Steps, IOExec'),
        }),
      ),
    ).toEqual(['TLA_MODULE Counter']);
    expect(
      problemsOf(
        await submit(
          files(...Array.from({ length: 70 }, (_, at) => ({ name: `M${at}.tla`, text: '' }))),
        ),
      ),
    ).toEqual(['INPUT_TOO_LARGE files']);
    expect(
      problemsOf(
        await submit({
          ...files(),
          files: [CONFIG, { ...STEPS, text: `${STEPS.text}${'x'.repeat(4 * 1024 * 1024)}` }],
        }),
      ),
    ).toEqual(['INPUT_TOO_LARGE input.source']);
    expect(
      problemsOf(await submit({ source: SCRIPT, format: 'smt', name: 'a.smt2', files: [STEPS] })),
    ).toEqual(['OPTION_INVALID files']);
    expect(
      problemsOf(
        await submit({ source: '(check-sat)', format: 'native', name: 'a.yaml', files: [STEPS] }),
      ),
    ).toEqual(['OPTION_INVALID files']);
  }, 60_000);

  it('that never ends, or prints without end, is unknown, and the worker goes on', async ({
    skip,
  }) => {
    if (noTlc !== undefined) skip(noTlc);
    const source =
      '---- MODULE Endless ----\nEXTENDS Naturals, TLC\nVARIABLE x\nInit == x = 0\nNext == /\\ \\A i \\in 1..200000000 : PrintT("no end")\n        /\\ x\' = 1\n====\n';
    const { state, report, verdict } = await run(
      {
        source,
        format: 'tla',
        name: 'Endless.tla',
        files: [{ name: 'Endless.cfg', text: 'INIT Init\nNEXT Next\n' }],
      },
      { limits: { timeoutMs: 4_000 } },
    );
    expect(state).toBe('sealed');
    expect(report.properties.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    expect(verdict.id).toMatch(/^ver_/);
  }, 120_000);

  it('is asked about what it has, by the tool whose it is', async () => {
    const { data } = await submit({
      source: COUNTER,
      format: 'tla',
      name: 'Counter.tla',
      files: [CONFIG, STEPS],
    });
    const modelId = (data as unknown as { submitModel: { id: string } }).submitModel.id;
    const ask = async (options: object): Promise<string[]> =>
      problemsOf(await post(api.url, key, REQUEST, { input: { modelId, ...options } }));
    expect(await ask({ properties: ['Tall'] })).toEqual(['PROPERTY_UNKNOWN input.properties']);
    expect(await ask({ engines: ['z3'] })).toEqual(['OPTION_INVALID input.engines']);
    expect(await ask({ risk: { property: 'Fine', events: 'case,activity\n1,Next\n' } })).toContain(
      'RISK_PROPERTY input.risk.property',
    );
  });
});

describe('an SMT-LIB script', () => {
  it('is answered, and its answers are signed as the word of the solver', async () => {
    const { state, report, verdict } = await run({ source: SCRIPT, format: 'smt', name: 'a.smt2' });
    expect(state).toBe('sealed');
    expect(report.properties).toEqual([]);
    expect(report.script).toMatchObject({
      answers: ['sat', 'unsat'],
      assurance: [],
      results: [{ command: 'check-sat', line: 3 }, { command: 'get-value', text: '((x 3))' }, {}],
    });
    const { files, policy } = await bundleOf(verdict.id);
    const accepted = await accept(files, policy);
    expect(accepted).toMatchObject({
      status: 'verified',
      statement: {
        predicate: {
          properties: [],
          script: { answers: ['sat', 'unsat'], results: 'evidence/results.json' },
        },
      },
    });
    if (!accepted.statement) throw new Error('not verified');
    expect(
      (await recheck(files, accepted.statement, undefined, CACHE_DIR)).map(
        ({ property, status }) => [property, status],
      ),
    ).toEqual([
      ['check-sat 1', 'rerun'],
      ['check-sat 2', 'rerun'],
    ]);
    const { data } = await post(
      api.url,
      key,
      'query ($id: ID!) { verdict(id: $id) { rendering(format: svr) } }',
      { id: verdict.id },
    );
    const svr = JSON.parse(
      (data as unknown as { verdict: { rendering: string } }).verdict.rendering,
    ) as { payload: string };
    // No properties are no reason to say that all hold.
    expect(Buffer.from(svr.payload, 'base64').toString()).toContain('"properties":[]');
  }, 120_000);

  it('reaches nothing outside of its solver', async () => {
    expect(
      problemsOf(
        await submit({
          source: '(set-option :regular-output-channel "/tmp/out")\n(check-sat)',
          format: 'smt',
          name: 'a.smt2',
        }),
      ),
    ).toEqual(['SMT_REFUSED :regular-output-channel']);
    expect(
      problemsOf(
        await submit({ source: '(include "/etc/passwd")', format: 'smt', name: 'a.smt2' }),
      ),
    ).toEqual(['SMT_REFUSED include']);
    expect(
      (
        await run({
          source: '(declare-const x Int)\n(assert y)\n(check-sat)',
          format: 'smt',
          name: 'b.smt2',
        })
      ).failure,
    ).toEqual({ code: 'SMT_SYNTAX' });
  }, 60_000);
});

describe('probity submit', () => {
  it('takes the modules and the configuration from beside the module, and prints what a script answers', async ({
    skip,
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'probity-submit-'));
    try {
      const files = {
        'Counter.tla': COUNTER,
        'Steps.tla': STEPS.text,
        'other.cfg': CONFIG.text,
        'a.smt2': SCRIPT,
      };
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      const command = async (
        ...args: string[]
      ): Promise<{ exit: number; out: string; err: string }> => {
        let [out, err] = ['', ''];
        const exit = await submitCommand([...args, '--server', api.url, '--key', key], {
          stdout: (text) => {
            out += text;
          },
          stderr: (text) => {
            err += text;
          },
        });
        return { exit, out, err };
      };
      const script = await command(join(folder, 'a.smt2'));
      expect(script).toMatchObject({
        exit: 0,
        err: '',
        out: expect.stringMatching(
          /check-sat +sat\n.*\n.*check-sat +unsat\n[^]*verdict ver_/,
        ) as string,
      });
      expect(await command(join(folder, 'Counter.tla'))).toMatchObject({
        exit: 2,
        err: expect.stringContaining('--config FILE') as string,
      });
      if (noTlc !== undefined) skip(noTlc);
      const known = await command(
        join(folder, 'Counter.tla'),
        '--config',
        join(folder, 'other.cfg'),
      );
      expect(known).toMatchObject({
        exit: 1,
        err: '',
        out: expect.stringMatching(/Small +violated[^]*verdict ver_/) as string,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
