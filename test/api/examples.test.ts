import { execFile, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, finished, graphql, ProbityError } from '../../clients/typescript/probity.ts';
import { checkSubmission, identify, toolVersions } from '../../src/checking/check.ts';
import { CACHE_DIR } from '../conformance/checking.ts';
import { fileOf, probity } from '../cli/run.ts';
import { repository } from '../golden.ts';
import { temporaryFolder } from '../servers.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';

/** The examples of docs/examples for architects and compliance officers, as their pages show them. */
let running: TestApi;
let keys: Record<'architect' | 'officer', string>;

const BROKEN = `probity: 1
name: Two to pay
variables: { paid: { type: int 0..2, init: 0 } }
actors: { buyer: {} }
actions:
  pay: { actor: buyer, when: paid < 2, then: { paid: paid + 1 } }
properties:
  once: { never: paid = 2 }
  payable: { reachable: paid = 1 }
final: paid > 0
`;

interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (program: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, args, { cwd: repository('.') }, (error, stdout, stderr) =>
      resolve({ exit: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

const tsx = (file: string): [string, string[]] => [process.execPath, ['--import', 'tsx', file]];

beforeAll(async () => {
  running = await openTestApi('examples-worker', {
    checker: { checkSubmission, inspect: identify, toolVersions },
    env: { PROBITY_CACHE_DIR: CACHE_DIR },
  });
  const { store } = running.opened.service;
  const make = async (role: 'architect' | 'compliance'): Promise<string> =>
    (await store.keys.create({ name: role, role })).key;
  keys = { architect: await make('architect'), officer: await make('compliance') };
}, 240_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

describe('an architect', () => {
  it.each([
    ['TypeScript', tsx('docs/examples/architect.ts')],
    ['Python', ['python3', ['docs/examples/architect.py']] as [string, string[]]],
  ])(
    'is told what breaks a design, by the example in %s',
    async (_, [program, args]) => {
      const { url } = running.api;
      const asked = (file: string): Promise<Ended> =>
        run(program, [...args, url, keys.architect, file]);
      const broken = await asked(fileOf('two.yaml', BROKEN));
      expect(broken).toMatchObject({ exit: 1, stderr: '' });
      expect(broken.stdout).toMatch(/^two\.yaml: unsigned$/mu);
      expect(broken.stdout).toMatch(/^violated once, shown in 2 steps$/mu);
      expect(broken.stdout).toMatch(/^holds {4}payable/mu);
      const fixed = await asked(fileOf('one.yaml', BROKEN.replace('paid < 2', 'paid < 1')));
      expect(fixed.exit).toBe(0);
      const wrong = await asked(fileOf('wrong.yaml', BROKEN.replace('paid < 2', 'payed < 2')));
      expect(wrong.exit).toBe(2);
      expect(`${wrong.stdout}${wrong.stderr}`).toMatch(/wrong\.yaml:6:\d+: NAME_UNKNOWN/u);
    },
    120_000,
  );
});

describe('a compliance officer', () => {
  let verdict: string;
  beforeAll(async () => {
    const service = { url: running.api.url, key: keys.architect };
    const { modelSubmit } = await ask(
      service,
      graphql(`
        mutation ($input: SubmitModelInput!) {
          modelSubmit(input: $input) {
            model {
              id
            }
          }
        }
      `),
      { input: { name: 'two.yaml', format: 'native', source: BROKEN } },
    );
    const { verificationRequest } = await ask(
      service,
      graphql(`
        mutation ($input: RequestVerificationInput!) {
          verificationRequest(input: $input) {
            run {
              id
            }
          }
        }
      `),
      { input: { modelId: modelSubmit.model?.id ?? '', crossCheck: false } },
    );
    const sealed = await finished(service, verificationRequest.run?.id ?? '');
    if (sealed.state !== 'sealed' || !sealed.verdict) throw new Error(`it is ${sealed.state}`);
    verdict = sealed.verdict.id;
  }, 120_000);

  /** As somebody does who has the bundle and the policy, and nothing else. */
  async function verify(file: string | undefined): Promise<number> {
    const { trustPolicy } = await ask(
      { url: running.api.url, key: keys.officer },
      graphql(`
        query {
          trustPolicy
        }
      `),
      {},
    );
    return (await probity('verify', file ?? '', '--policy', fileOf('policy', trustPolicy))).exit;
  }

  it.each([
    ['TypeScript', tsx('docs/examples/officer.ts')],
    ['Python', ['python3', ['docs/examples/officer.py']] as [string, string[]]],
  ])(
    'gets verdicts that can be verified offline, by the example in %s',
    async (_, [program, args]) => {
      const asked = async (property: string): Promise<string[]> => {
        const folder = await temporaryFolder();
        const key = keys.officer;
        const ended = await run(program, [
          ...args,
          running.api.url,
          key,
          property,
          'violated',
          folder,
        ]);
        expect(ended).toMatchObject({ exit: 0, stderr: '' });
        return readdirSync(folder).map((file) => join(folder, file));
      };
      const [file, ...more] = await asked('once');
      expect(more).toEqual([]);
      expect(file).toContain(verdict);
      expect(await verify(file)).toBe(0);
      expect(await asked('payable')).toEqual([]);
    },
    120_000,
  );

  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  it.skipIf(!hasCurl && !process.env['CI'])(
    'the same with curl (where it is installed)',
    async () => {
      const bundle = join(await temporaryFolder(), 'officer.zip');
      const args = [running.api.url, keys.officer, 'once', 'violated', bundle];
      const ended = await run('sh', ['docs/examples/officer.sh', ...args]);
      expect(ended).toMatchObject({ exit: 0, stderr: '' });
      expect(ended.stdout).toContain(verdict);
      expect(await verify(bundle)).toBe(0);
      const none = await run('sh', ['docs/examples/officer.sh', ...args.with(2, 'other')]);
      expect(none).toMatchObject({ exit: 1, stderr: 'no verdict in which other is violated\n' });
    },
  );
});

describe('the client for TypeScript', () => {
  const VIEWER = graphql(`
    query {
      viewer {
        role
      }
    }
  `);

  it('throws what the service refuses, with its code', async () => {
    const { url } = running.api;
    await expect(ask({ url, key: 'pk_wrong' }, VIEWER, {})).rejects.toMatchObject({
      name: 'ProbityError',
      code: 'UNAUTHENTICATED',
    });
    const { viewer } = await ask({ url, key: keys.officer }, VIEWER, {});
    expect(viewer.role).toBe('compliance');
    await expect(finished({ url, key: keys.architect }, 'none')).rejects.toThrow(ProbityError);
  });
});
