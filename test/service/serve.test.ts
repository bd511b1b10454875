import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alive } from '../../src/store/embedded/owner.ts';
import { post } from '../api/client.ts';
import { collaboration, definitions, process as pool } from '../frontends/bpmn/diagramXml.ts';
import { PROGRAM } from '../program.ts';
import { temporaryFolder, until } from '../servers.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const MODEL = `
probity: 1
name: Two steps
variables:
  step: { type: "int 0..2", init: 0 }
actors: { shop: { trust: trusted } }
actions:
  go: { actor: shop, when: "step < 2", then: { step: "step + 1" } }
properties:
  small: { always: "step < 2" }
  ends: { reachable: "step = 2" }
final: "step = 2"
`;

interface Started {
  readonly child: ChildProcess;
  readonly addresses: {
    readonly graphql: string;
    readonly firstAdminKey?: string;
    readonly dataDir: string;
  };
  readonly url: string;
}

let dataDir: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  dataDir = await temporaryFolder();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

function probity(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [...PROGRAM, ...args], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATABASE_URL: '',
      REDIS_URL: '',
      PROBITY_DATA_DIR: dataDir,
      PROBITY_PORT: '0',
      PROBITY_LOG_LEVEL: 'warn',
      PROBITY_IOTA_NETWORK: 'emulated',
      ...env,
    },
  });
  children.push(child);
  return child;
}

async function finished(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...texts };
}

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => finished(probity(args, env));

async function serve(): Promise<Started> {
  const child = probity(['serve', '--json']);
  let text = '';
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('\n')) resolve(text);
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    child.once('close', (code) => reject(new Error(`serve ended with ${code}: ${errors}`)));
  });
  const addresses = JSON.parse(line) as Started['addresses'];
  return { child, addresses, url: addresses.graphql.replace('/graphql', '') };
}

const postgresPid = (): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

const workersOf = (parent: number): Promise<number[]> => childrenOf(parent, 'workers/run');

async function childrenOf(parent: number, entry: string): Promise<number[]> {
  const { stdout } = await finished(
    spawn('ps', ['-o', 'pid=,args=', '--ppid', String(parent)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  return stdout
    .split('\n')
    .filter((line) => line.includes(entry))
    .map((line) => Number(line.trim().split(' ')[0]));
}

describe('probity serve, and the commands that talk to it', () => {
  let started: Started;
  let key: string;

  it('comes up with one command and shows the first admin key', async () => {
    started = await serve();
    key = started.addresses.firstAdminKey ?? '';
    expect((await post(started.url, key, '{ viewer { role } }')).data).toEqual({
      viewer: { role: 'admin' },
    });
    expect(await workersOf(started.child.pid ?? 0)).toHaveLength(2);
  }, 60_000);

  it('submit follows a run to its answer; verdict, certificate and verify go on from there', async () => {
    const { writeFile } = await import('node:fs/promises');
    const file = join(dataDir, 'two-steps.yaml');
    await writeFile(file, MODEL);
    const at = ['--server', started.url, '--key', key];
    const submitted = await run(['submit', file, '--engine', 'explore', '--json', ...at]);
    expect(submitted.code, submitted.stderr).toBe(1);
    const report = JSON.parse(submitted.stdout) as {
      verdict: string;
      properties: { name: string; outcome: string; agreement?: object }[];
    };
    expect(
      Object.fromEntries(report.properties.map(({ name, outcome }) => [name, outcome])),
    ).toMatchObject({ small: 'violated', ends: 'holds', deadlockFree: 'holds' });
    const checked = await run(['check', file, '--engine', 'explore', '--json']);
    const { properties } = JSON.parse(checked.stdout) as { properties: object[] };
    const timeless = (value: object[]): unknown =>
      JSON.parse(JSON.stringify(value).replaceAll(/"durationMs":[\d.]+/gu, '"durationMs":0'));
    // The command that checks signs nothing, and says of no answer whose word it is.
    const wordless = report.properties.map(({ agreement, ...rest }) => {
      expect(agreement).toMatchObject({ engines: ['explore'] });
      return rest;
    });
    expect(timeless(wordless)).toEqual(timeless(properties));
    expect((await run(['verdict', report.verdict, ...at])).stdout).toContain('violated');
    const bundle = join(dataDir, 'bundle');
    expect(
      (await run(['certificate', report.verdict, '--out', bundle, '--anchored', '30', ...at])).code,
    ).toBe(0);
    expect(existsSync(join(bundle, 'anchor.json'))).toBe(true);
    const policy = join(dataDir, 'policy');
    await writeFile(
      policy,
      ((await post(started.url, key, '{ trustPolicy }')).data as unknown as { trustPolicy: string })
        .trustPolicy,
    );
    expect((await run(['verify', bundle, '--policy', policy])).code).toBe(0);
    expect((await run(['verify', bundle])).code).toBe(3);
  }, 120_000);

  it('tells on a diagram why it breaks, and what would mend it', async () => {
    const source = readFileSync(join(repository, 'specs', 'demo', 'order-broken.bpmn'), 'utf8');
    const submitted = (
      await post(
        started.url,
        key,
        'mutation ($s: String!) { submitModel(input: { source: $s, format: bpmn, name: "order" }) { id } }',
        { s: source },
      )
    ).data as unknown as { submitModel: { id: string } };
    const asked = (
      await post(
        started.url,
        key,
        'mutation ($id: ID!) { requestVerification(input: { modelId: $id, engines: [explore] }) { id } }',
        { id: submitted.submitModel.id },
      )
    ).data as unknown as { requestVerification: { id: string } };
    const query =
      '{ run(id: $id) { state explanations { property why elements } findings { rule elements breaks } drawing(property: "deadlockFree") fixes { sentence mends leaves source } } }';
    const { run: told } = await until(async () => {
      const data = (
        await post(started.url, key, `query ($id: ID!) ${query}`, {
          id: asked.requestVerification.id,
        })
      ).data as unknown as {
        run: {
          state: string;
          explanations: { property: string; why: string }[];
          findings: { rule: string; elements: string[]; breaks: string[] }[];
          drawing: string;
          fixes: { mends: string[]; source: string }[];
        };
      };
      return data.run.state === 'sealed' ? data : undefined;
    });
    expect(told.explanations.map(({ property }) => property)).toEqual([
      'optionToComplete',
      'noDeadActivities',
      'noMessageLeft',
      'fairMessageSound',
      'fairSound',
      'deadlockFree',
    ]);
    expect(told.explanations[0]?.why).toContain('“Receive parcel” waits for a message');
    expect(told.findings).toEqual([
      {
        rule: 'stuck',
        elements: ['Shop_Ready', 'Customer_ReceiveParcel'],
        breaks: told.explanations.map(({ property }) => property),
      },
    ]);
    expect(told.drawing).toMatch(/^<svg [^]*data-element-id="Shop_Ready"/u);
    expect(told.fixes[0]).toMatchObject({
      mends: expect.arrayContaining(['optionToComplete']) as string[],
      leaves: [],
    });
    expect(told.fixes[0]?.source).not.toBe(source);
  }, 60_000);

  it('takes what is said of a diagram beside it: how messages travel', async () => {
    const { writeFile } = await import('node:fs/promises');
    // The second message is received first: in any order that works, in the order of sending it
    // never does.
    const file = join(dataDir, 'crossed.bpmn');
    await writeFile(
      file,
      definitions(
        collaboration(['P p', 'Q q'], ['a second', 'b first']) +
          pool(
            'p',
            ['startEvent s', 'sendTask a', 'sendTask b', 'endEvent e'],
            ['s a', 'a b', 'b e'],
          ) +
          pool(
            'q',
            ['startEvent qs', 'receiveTask first', 'receiveTask second', 'endEvent qe'],
            ['qs first', 'first second', 'second qe'],
          ),
      ),
    );
    const at = ['--server', started.url, '--key', key];
    const outcome = async (
      args: readonly string[],
    ): Promise<{ verdict: string; outcome: string | undefined }> => {
      const { stdout, stderr } = await run([
        'submit',
        file,
        '--engine',
        'explore',
        '--property',
        'optionToComplete',
        '--json',
        ...args,
        ...at,
      ]);
      if (stdout === '') throw new Error(stderr);
      const report = JSON.parse(stdout) as {
        verdict: string;
        properties: { name: string; outcome: string }[];
      };
      return {
        verdict: report.verdict,
        outcome: report.properties.find(({ name }) => name === 'optionToComplete')?.outcome,
      };
    };
    expect((await outcome([])).outcome).toBe('holds');
    const inOrder = await outcome(['--channels', 'fifo-pair']);
    expect(inOrder.outcome).toBe('violated');
    const { verdict } = (
      await post(
        started.url,
        key,
        'query ($id: ID!) { verdict(id: $id) { run { explanations { why } drawing model { annotations } } files { path base64 } } trustPolicy }',
        { id: inOrder.verdict },
      )
    ).data as unknown as {
      verdict: {
        run: { explanations: { why: string }[]; drawing: string; model: { annotations: string } };
        files: { path: string; base64: string }[];
      };
    };
    expect(verdict.run.model.annotations).toBe('channels: fifo-pair\n');
    expect(verdict.run.explanations[0]?.why).toContain('first');
    expect(
      verdict.files
        .filter(({ path }) => path.endsWith('-annotations.yaml'))
        .map(({ base64 }) => Buffer.from(base64, 'base64').toString()),
    ).toEqual(['channels: fifo-pair\n']);
    const both = await run(['submit', file, '--channels', 'inbox', '--annotations', file, ...at]);
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('OPTION_INVALID') });
    const wrong = await post(
      started.url,
      key,
      'mutation ($s: String!) { submitModel(input: { source: $s, format: bpmn, name: "x", annotations: "channels: pigeon" }) { id } }',
      { s: readFileSync(file, 'utf8') },
    );
    expect(wrong.codes).toEqual(['OPTION_INVALID']);
  }, 60_000);

  it('bad input and a wrong key exit 2, a server that is not there exits 4, each with a code', async () => {
    const { writeFile } = await import('node:fs/promises');
    const bad = join(dataDir, 'bad.yaml');
    await writeFile(bad, 'probity: 1\nname: x\n');
    const refused = await run(['submit', bad, '--server', started.url, '--key', key, '--json']);
    expect(refused.code).toBe(2);
    expect((JSON.parse(refused.stdout) as { problems: object[] }).problems[0]).toMatchObject({
      code: expect.any(String),
      path: expect.any(String),
    });
    expect(await run(['verdict', 'ver_none', '--server', started.url, '--key', key])).toMatchObject(
      { code: 2, stderr: expect.stringContaining('NOT_FOUND') },
    );
    expect(
      await run(['verdict', 'ver_none', '--server', started.url, '--key', 'pk_wrong']),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining('UNAUTHENTICATED') });
    expect(
      await run(['verdict', 'ver_none', '--server', 'http://127.0.0.1:9', '--key', key]),
    ).toMatchObject({ code: 4, stderr: expect.stringContaining('TOOL_UNAVAILABLE') });
    expect(
      (await run(['certificate', 'ver_none', '--server', started.url, '--key', key])).code,
    ).toBe(2);
    expect((await run(['submit'])).code).toBe(2);
  }, 120_000);

  it('a worker that is killed is replaced', async () => {
    const before = await workersOf(started.child.pid ?? 0);
    process.kill(before[0] ?? 0, 'SIGKILL');
    await until(async () => {
      const now = await workersOf(started.child.pid ?? 0);
      return now.length === 2 && !now.includes(before[0] ?? 0);
    });
  }, 60_000);

  it('makes an admin key where it is lost, beside the service, and an auditor sees it', async () => {
    const made = await run(['keys', 'admin', '--name', 'found again']);
    expect(made.code, made.stderr).toBe(0);
    const again = made.stdout.trim();
    const { data } = await post(
      started.url,
      again,
      '{ viewer { role name } auditEvents(first: 1) { nodes { actor operation detail } } }',
    );
    expect(data).toMatchObject({
      viewer: { role: 'admin', name: 'found again' },
      auditEvents: {
        nodes: [
          {
            actor: 'local',
            operation: 'createApiKey',
            detail: expect.stringContaining('probity keys admin') as string,
          },
        ],
      },
    });
  }, 60_000);

  it('exports and recomputes its log beside the service', async () => {
    const folder = join(dataDir, 'tiles');
    const exported = await run(['log', 'export', folder]);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(folder, 'checkpoint'))).toBe(true);
    expect(await run(['log', 'fsck'])).toMatchObject({ code: 0 });
    expect((await post(started.url, key, '{ viewer { role } }')).status).toBe(200);
  }, 60_000);

  it('says a variable that is misspelt, in serve and doctor, and doctor tells as it goes', async () => {
    const doctor = probity(['doctor'], { PROBITY_DATADIR: '/x' });
    const parts: string[] = [];
    doctor.stdout?.on('data', (chunk: Buffer) => parts.push(chunk.toString('utf8')));
    await new Promise((resolve) => doctor.once('close', resolve));
    expect(parts.join('')).toContain('did you mean `PROBITY_DATA_DIR`?');
    expect(parts[0]).toContain('node');
    expect(parts.length).toBeGreaterThan(2);
    const refused = await run(['serve'], { PROBITY_WORKER: '1' });
    expect(refused.stderr).toContain('did you mean `PROBITY_WORKERS`?');
  }, 120_000);

  it('the process that answers may end: it comes again at the same address, and the rest goes on', async () => {
    const parent = started.child.pid ?? 0;
    const [before] = await childrenOf(parent, 'workers/serve');
    const workers = await workersOf(parent);
    process.kill(before ?? 0, 'SIGKILL');
    await until(async () => {
      const answer = await post(started.url, key, '{ viewer { role } }').catch(() => undefined);
      return answer?.status === 200;
    });
    const [now] = await childrenOf(parent, 'workers/serve');
    expect(now).not.toBe(before);
    expect(await workersOf(parent)).toEqual(workers);
    expect(started.child.exitCode).toBeNull();
  }, 60_000);

  it('goes on when the reader of its log goes away', async () => {
    started.child.stderr?.destroy();
    const parent = started.child.pid ?? 0;
    // Each death is a line in a log that nobody reads.
    for (let round = 0; round < 2; round += 1) {
      const [worker] = await workersOf(parent);
      process.kill(worker ?? 0, 'SIGKILL');
      await until(async () => {
        const pids = await workersOf(parent);
        return pids.length === 2 && !pids.includes(worker ?? 0);
      });
    }
    expect((await post(started.url, key, '{ viewer { role } }')).status).toBe(200);
    expect(started.child.exitCode).toBeNull();
  }, 60_000);

  it('a port that is taken, and a data folder that is in use, are said with a code', async () => {
    expect(await run(['serve'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('DATA_DIR'),
    });
    const other = await temporaryFolder();
    const port = new URL(started.url).port;
    expect(await run(['serve', '--port', port], { PROBITY_DATA_DIR: other })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('PORT_TAKEN'),
    });
    await rm(other, { recursive: true, force: true });
    expect((await run(['serve', '--port', 'http'])).code).toBe(2);
  }, 120_000);

  it('Ctrl-C stops all of it: API, workers, Postgres', async () => {
    const postgres = postgresPid();
    const workers = [
      ...(await workersOf(started.child.pid ?? 0)),
      ...(await childrenOf(started.child.pid ?? 0, 'workers/serve')),
    ];
    const ended = finished(started.child);
    started.child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect([postgres, ...workers].filter(alive)).toEqual([]);
  }, 60_000);

  it('killed with -9, it comes up again with what it had, and does not show the key twice', async () => {
    const first = await serve();
    expect(first.addresses.firstAdminKey).toBeUndefined();
    const workers = [
      ...(await workersOf(first.child.pid ?? 0)),
      ...(await childrenOf(first.child.pid ?? 0, 'workers/serve')),
    ];
    first.child.kill('SIGKILL');
    await until(async () => workers.every((pid) => !alive(pid)));
    const again = await serve();
    const { data } = await post(again.url, key, '{ verdicts { nodes { id } } }');
    expect((data as unknown as { verdicts: { nodes: object[] } }).verdicts.nodes).toHaveLength(4);
    const postgres = postgresPid();
    const ended = finished(again.child);
    again.child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(alive(postgres)).toBe(false);
  }, 120_000);
});
