import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/errors/index.ts';
import type { Report } from '../../src/model/outcome.ts';
import { repository } from '../golden.ts';
import { modelText } from '../model/tiny.ts';
import { PROGRAM } from '../program.ts';
import { definitions, process as drawn } from '../frontends/bpmn/diagramXml.ts';
import { check, fileOf, type Ended } from './run.ts';

const HOLDS = modelText(
  'variables: { x: { type: bool, init: false } }\nactions: { turn: { actor: me, then: { x: not(x) } } }\nproperties: { p: { always: x or not(x) } }',
);
const BROKEN = HOLDS.replace('always: x or not(x)', 'never: x');
const WITHOUT_END = modelText(
  'variables: { n: { type: int, init: 0 } }\nactions: { up: { actor: me, then: { n: n + 1 } } }\nproperties: { p: { never: n = -1 } }',
);
const WRONG = HOLDS.replace('not(x) }', 'noot(x) }');

const problemsIn = (ended: Ended): Problem[] =>
  (JSON.parse(ended.stdout) as { problems: Problem[] }).problems;
const codes = (ended: Ended): string[] => problemsIn(ended).map(({ code }) => code);
const reportIn = (ended: Ended): Report => JSON.parse(ended.stdout) as Report;

describe('exit codes', () => {
  const CASES: readonly (readonly [
    exit: number,
    title: string,
    source: string,
    ...args: string[],
  ])[] = [
    [0, 'all hold', HOLDS],
    [1, 'something is violated', BROKEN],
    [
      1,
      'something is violated, and something bounded',
      WITHOUT_END.replace('n = -1', 'n = 3'),
      '--max-states',
      '20',
      '--engines',
      'explore',
    ],
    [2, 'bad input', WRONG],
    [2, 'a property that is not there', HOLDS, '--property', 'q'],
    [2, 'an engine that is not there', HOLDS, '--engines', 'oracle'],
    [2, 'an engine with a name from JavaScript', HOLDS, '--engines', 'constructor'],
    [2, 'an option that is not there', HOLDS, '--fast'],
    [2, 'a limit that is none', HOLDS, '--timeout', '-3'],
    [2, 'a format that is not there', HOLDS, '--format', 'promela'],
    [3, 'something is bounded', WITHOUT_END, '--max-states', '20', '--engines', 'explore'],
    [
      3,
      'something is unknown',
      HOLDS.replace('always: x or not(x)', 'ltl: "x U not(x)"'),
      '--engines',
      'z3',
    ],
  ];
  for (const [exit, title, source, ...args] of CASES) {
    it(`${exit}: ${title}`, async () => {
      const file = fileOf('model.yaml', source);
      const [plain, json] = [await check(file, ...args), await check(file, ...args, '--json')];
      expect([plain.exit, json.exit]).toEqual([exit, exit]);
      // Answers go to standard output; problems do too when they are asked for as JSON.
      expect(plain.stdout === '').toBe(exit === 2);
      expect(plain.stderr === '').toBe(exit !== 2);
      expect(json.stderr).toBe('');
      if (exit === 2) expect(problemsIn(json).length).toBeGreaterThan(0);
      else expect(reportIn(json).properties.length).toBeGreaterThan(4);
    });
  }

  it('reach the shell', () => {
    const ended = spawnSync(
      process.execPath,
      [...PROGRAM, 'check', fileOf('broken.yaml', BROKEN), '--json'],
      { cwd: repository('.'), encoding: 'utf8' },
    );
    expect(ended.status).toBe(1);
    expect((JSON.parse(ended.stdout) as Report).properties[0]?.outcome).toBe('violated');
  });
});

describe('what is printed', () => {
  it('shows the shortest way in the words of the model', async () => {
    const { stdout } = await check(repository('test/golden/check/trace.yaml'));
    expect(stdout.replace(/sha256:\w+…/u, 'sha256:…').replace(/\d+\.\d+ s/u, '0.0 s'))
      .toMatchInlineSnapshot(`
      "One coupon, two orders · native · sha256:… · 9 states

        ✗ onceOnly      violated  in 4 steps · explore
             1  accept(o1)  stage[o1] open → accepted
             2  accept(o2)  stage[o2] open → accepted
             3  redeem(o1)  stage[o1] accepted → redeemed · uses 0 → 1
             4  redeem(o2)  stage[o2] accepted → redeemed · uses 1 → 2
        ✓ deadlockFree  holds     explore
        ✓ withinRange, withinCapacity, singleWrite, defined hold

      5 of 6 hold · 0.0 s   exit 1
      "
    `);
  });

  it('one property alone, with the implicit ones it rests on', async () => {
    const report = reportIn(
      await check(repository('specs/demo/checkout.yaml'), '--property', 'canShip', '--json'),
    );
    expect(report.properties.map((p) => p.name)).toEqual([
      'canShip',
      'withinRange',
      'withinCapacity',
      'singleWrite',
      'defined',
    ]);
  });

  it('keeps what the engines read and wrote, in the folder that is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probity-artifacts-'));
    await check(fileOf('holds.yaml', HOLDS), '--engines', 'z3', '--artifacts', folder);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files.some((name) => name.endsWith('invariant.smt2'))).toBe(true);
  });

  it('the demo model holds in every respect', async () => {
    expect((await check(repository('specs/demo/checkout.yaml'))).exit).toBe(0);
  });
});

/** Files that nobody means well with: each a code, in bounded time. */
describe('hostile input', () => {
  const many = (n: number, line: (i: number) => string): string =>
    Array.from({ length: n }, (_, i) => line(i)).join('\n');
  const INPUTS: Readonly<
    Record<string, readonly [content: string | Uint8Array, ...codes: string[]]>
  > = {
    'a file of 50 MB': [new Uint8Array(50 * 1024 * 1024).fill(0x61), 'INPUT_TOO_LARGE'],
    nothing: ['', 'MODEL_SHAPE'],
    'a number': ['42', 'MODEL_SHAPE'],
    'no UTF-8': [Uint8Array.of(0x61, 0x3a, 0xff, 0x80), 'INPUT_NOT_UTF8'],
    'NUL bytes': [HOLDS.replace('name: tiny', 'name: "ti\0ny"'), 'YAML_SYNTAX'],
    'a NUL that an escape makes': [HOLDS.replace('name: tiny', 'name: "ti\\0ny"'), 'MODEL_SHAPE'],
    'half of a surrogate pair': [HOLDS.replace('name: tiny', 'name: "ti\\ud800ny"'), 'MODEL_SHAPE'],
    'half of a surrogate pair in a key': [`${HOLDS}\nsets: { "\\udc00": 2 }`, 'MODEL_SHAPE'],
    'an alias bomb': [
      `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n${many(20, (i) => `d${i}: &d${i} [*c, *c]`)}`,
      'YAML_ALIAS',
    ],
    'a merge key': [`${HOLDS}\nsets: { <<: { A: 2 } }`, 'YAML_ALIAS'],
    'a key twice': [`${HOLDS}\nname: again`, 'YAML_DUPLICATE_KEY'],
    'two documents': [`${HOLDS}\n---\n${HOLDS}`, 'MODEL_SHAPE'],
    'brackets without end': ['['.repeat(1_000_000), 'MODEL_SHAPE'],
    'braces without end': [`a: ${'{a: '.repeat(100_000)}`, 'MODEL_SHAPE'],
    'lists without end': [`${'- '.repeat(100_000)}a`, 'MODEL_SHAPE'],
    'an expression without end': [
      HOLDS.replace('x or not(x)', `${'('.repeat(50)}${'not('.repeat(300)}x${')'.repeat(350)}`),
      'MODEL_SHAPE',
      'EXPRESSION_TOO_DEEP',
    ],
    'a tag that would make an object': [
      'probity: !!js/function "x"',
      'YAML_SYNTAX',
      'MODEL_SHAPE',
      'MISSING_KEY',
    ],
    'another format': ['<?xml version="1.0"?><a/>', 'YAML_SYNTAX', 'MODEL_SHAPE'],
  };
  for (const [title, [content, ...expected]] of Object.entries(INPUTS)) {
    it(title, async () => {
      const ended = await check(fileOf('hostile.yaml', content), '--json');
      expect(ended.exit).toBe(2);
      expect(expected).toContain(codes(ended)[0]);
    });
  }

  it('a file that is not there, and a folder', async () => {
    expect(codes(await check('/nowhere/model.yaml', '--json'))).toEqual(['INPUT_UNREADABLE']);
    expect(codes(await check(repository('test'), '--json', '--format', 'native'))).toEqual([
      'INPUT_UNREADABLE',
    ]);
  });

  it('no file, and two', async () => {
    expect(codes(await check('--json'))).toEqual(['OPTION_INVALID']);
    expect(codes(await check('a.yaml', 'b.yaml', '--json'))).toEqual(['OPTION_INVALID']);
  });

  it('of a diagram: how messages travel, as it is told or as the diagram says', async () => {
    const file = repository('specs/demo/order.bpmn');
    const outcome = async (...args: string[]): Promise<string | undefined> =>
      reportIn(await check(file, '--json', '--engines', 'explore', ...args)).properties.find(
        (property) => property.name === 'fairSound',
      )?.outcome;
    expect(await outcome()).toBe('holds');
    expect(await outcome('--channels', 'rsc')).toBe('holds');
    expect(codes(await check(file, '--json', '--channels', 'pigeons'))).toEqual(['OPTION_INVALID']);
    const report = reportIn(
      await check(file, '--json', '--engines', 'explore', '--channels', 'fifo-pair'),
    );
    expect(report.assumptions.channels[0]).toContain('fifo, capacity 10');
    expect(report.assumptions.abstractions).toContainEqual(
      expect.stringContaining('in order between each two participants (fifo-pair)'),
    );
  });

  it('an option that is not there comes with the nearest that is', async () => {
    const { exit, stderr } = await check('x.yaml', '--proprety', 'p');
    expect(exit).toBe(2);
    expect(stderr).toBe('OPTION_INVALID  unknown option --proprety; did you mean `--property`?\n');
  });

  it('of a diagram: what comes from outside, and how strictly it is read', async () => {
    const waiting = fileOf(
      'waiting.bpmn',
      definitions(
        drawn('p', ['startEvent s', 'receiveTask r', 'endEvent e'], ['s r', 'r e', 'r gone lost']),
      ),
    );
    expect((await check(waiting)).exit).toBe(0);
    const silent = reportIn(await check(waiting, '--json', '--outside', 'silent'));
    expect(silent.properties.find(({ name }) => name === 'fairSound')?.outcome).toBe('violated');
    expect(codes(await check(waiting, '--json', '--outside', 'loud'))).toEqual(['OPTION_INVALID']);
    const strict = await check(waiting, '--strict');
    expect(strict.exit).toBe(2);
    expect(strict.stderr).toMatch(/^BPMN_REFERENCE {2}lost · element lost · line \d+:\d+ /);
  });

  it('of a diagram: why, the drawing, and fixes where they are asked for', async () => {
    const [file, folder] = [
      repository('specs/demo/order-broken.bpmn'),
      mkdtempSync(join(tmpdir(), 'probity-svg-')),
    ];
    const plain = await check(file, '--fixes', '--svg', folder);
    expect(plain.stdout).toContain(
      '  1 The parallel gateway before “Hand parcel to carrier” waits for a token from “Pack parcel”, which never comes:',
    );
    expect(plain.stdout).toContain(
      '    fix Make the exclusive gateway after “Payment received” (Shop_Prepare) a parallel gateway.\n        verified: then optionToComplete, noDeadActivities, noMessageLeft, fairMessageSound, fairSound, deadlockFree hold, and nothing else breaks',
    );
    expect(plain.stdout).toContain('mended by 1 change: all that was violated holds');
    expect(plain.stdout).toMatch(/ 12 {2}Write invoice +→ parallel gateway before “Hand parcel/);
    expect(plain.stdout).toContain('explore · finding 1\n');
    expect(readdirSync(folder)).toEqual(['1-stuck.svg']);
    const report = reportIn(await check(file, '--json', '--fixes'));
    expect(report.fixes?.[0]).toEqual({
      sentence:
        'Make the exclusive gateway after “Payment received” (Shop_Prepare) a parallel gateway.',
      finding: 1,
      elements: ['Shop_Prepare'],
      mends: [
        'optionToComplete',
        'noDeadActivities',
        'noMessageLeft',
        'fairMessageSound',
        'fairSound',
        'deadlockFree',
      ],
      leaves: [],
    });
    expect(report.findings?.map(({ rule, elements, dead }) => [rule, elements, dead])).toEqual([
      [
        'stuck',
        ['Shop_Ready', 'Customer_ReceiveParcel'],
        ['Customer_ReceiveParcel', 'Shop_HandOver'],
      ],
    ]);
    expect(
      report.properties.find((property) => property.name === 'deadlockFree')?.elements,
    ).toEqual(['Shop_Ready', 'Customer_ReceiveParcel']);
    expect(reportIn(await check(file, '--json')).fixes).toBeUndefined();
    const mended = join(folder, 'mended.bpmn');
    expect((await check(file, '--fix', mended)).exit).toBe(1);
    expect((await check(mended)).exit).toBe(0);
    const sound = await check(repository('specs/demo/order.bpmn'), '--fix', `${mended}.not`);
    expect(sound.stderr).toContain('was not written');
    expect(existsSync(`${mended}.not`)).toBe(false);
    await check(repository('specs/demo/order.bpmn'), '--svg', folder);
    expect(sound.exit).toBe(0);
    expect(readdirSync(folder)).toContain('diagram.svg');
  });

  it('a state space without end is bounded at the limit that is named', async () => {
    const report = reportIn(
      await check(
        fileOf('endless.yaml', WITHOUT_END),
        '--json',
        '--max-states',
        '1000',
        '--engines',
        'explore',
      ),
    );
    expect(report.properties[0]).toMatchObject({
      name: 'p',
      outcome: 'bounded',
      bound: expect.stringContaining('1000 states') as string,
    });
  });

  it('a state space without end is bounded at the time limit', async () => {
    const started = Date.now();
    const report = reportIn(
      await check(
        fileOf('wide.yaml', WITHOUT_END),
        '--json',
        '--timeout',
        '1',
        '--engines',
        'explore',
      ),
    );
    expect(report.properties[0]?.outcome).toBe('bounded');
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  const NAMES = [
    '__proto__',
    'constructor',
    'toString',
    'EXCEPT',
    'SUBSET',
    'CHOOSE',
    'UNCHANGED',
    'Init',
    'Next',
    'vars',
    'error',
    'TRUE',
    'WF_x',
    'let',
    'forall',
    'store',
    'ite',
    'Int',
    'check_sat',
    'model',
    'self',
    'state',
  ];
  it('names that some language reserves come back as they were, from every engine that is here', async () => {
    const source = modelText(
      [
        `variables: {${NAMES.map((n) => ` ${n}: { type: bool, init: false }`).join(',')} }`,
        `actions: {${NAMES.map(
          (n) => ` set_${n}: { actor: me, when: "not(${n})", then: { ${n}: true } }`,
        )
          .slice(0, 3)
          .join(',')} }`,
        `properties: { p: { never: ${NAMES.slice(0, 3).join(' and ')} } }`,
      ].join('\n'),
    );
    for (const engine of ['explore', 'z3']) {
      const report = reportIn(
        await check(fileOf('names.yaml', source), '--json', '--engines', engine, '--property', 'p'),
      );
      const [p] = report.properties;
      expect(p, engine).toMatchObject({ outcome: 'violated' });
      expect(p?.assurance, engine).toContain('replayed');
      expect(p?.trace?.steps.flatMap((s) => Object.keys(s.changed)).sort()).toEqual([
        '__proto__',
        'constructor',
        'toString',
      ]);
      expect(Object.keys(p?.trace?.initial ?? {})).toEqual(NAMES);
    }
  });
});
