import { describe, expect, it } from 'vitest';
import { repository } from '../golden.ts';
import { extensionOf, opened, stepOf } from '../response/playbooks.ts';
import { fileOf, probity } from './run.ts';

const scenario = (name: string): string => repository(`specs/scenarios/${name}/vulnerable.yaml`);
const playbook = (name: string): string => repository(`specs/playbooks/${name}.json`);
const CALLBACK = scenario('unauthenticated-callback');

describe('probity playbook', () => {
  it('check tells what makes it verified, and what it leans on', async () => {
    const { exit, stdout } = await probity(
      'playbook',
      'check',
      playbook('hold-shipment'),
      '--model',
      scenario('checkout-step-skipped'),
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(/Hold the shipment · verified on Address, payment, thanks/);
    expect(stdout).toContain('every fair run completes the playbook');
    expect(stdout).toContain('Each approval is given in the end: Check the page before (admin)');
  });

  it('check shows the run in which it does not help', async () => {
    const changed = opened('hold-shipment');
    delete stepOf(changed, 'Check the page before').said['blocks'];
    const file = fileOf('hold.json', JSON.stringify(changed, null, 2));
    const model = scenario('checkout-step-skipped');
    const { exit, stdout } = await probity('playbook', 'check', file, '--model', model);
    expect(exit).toBe(1);
    expect(stdout).toContain('not verified');
    expect(stdout).toMatch(/shippedIsPaid: violated\n +1 {2}finish/);
    expect(stdout).toMatch(/\d+ {2}alert +playbook 0 → 1/);
    extensionOf(changed).on = [{ alert: 'broken', property: 'shippedIsPaid' }];
    const never = fileOf('never.json', JSON.stringify(changed));
    expect((await probity('playbook', 'check', never, '--model', model)).stdout).toContain(
      'the alert is never raised under these threats: nothing was shown',
    );
  });

  it('check refuses what it does not read, and leaves open what is too large', async () => {
    const file = fileOf('no.json', '{}');
    expect(await probity('playbook', 'check', file, '--model', CALLBACK)).toMatchObject({
      exit: 2,
    });
    const rotate = ['playbook', 'check', playbook('rotate-webhook-key'), '--model', CALLBACK];
    expect((await probity(...rotate, '--max-states', '20')).exit).toBe(3);
    const other = scenario('checkout-step-skipped');
    expect(
      await probity('playbook', 'check', playbook('rotate-webhook-key'), '--model', other),
    ).toMatchObject({ exit: 2 });
  });

  it('list names them with their alerts', async () => {
    const { exit, stdout } = await probity('playbook', 'list');
    expect(exit).toBe(0);
    expect(stdout).toContain('on broken shippedIsTaken under forge.callback and tamper');
    const json = JSON.parse((await probity('playbook', 'list', '--json')).stdout) as unknown[];
    expect(json.length).toBeGreaterThanOrEqual(10);
    expect((await probity('playbook', 'list', '--folder', 'nowhere')).exit).toBe(2);
  });

  it('recommend answers an alert, or says that nothing does', async () => {
    const ask = (...more: string[]): ReturnType<typeof probity> =>
      probity('playbook', 'recommend', '--model', CALLBACK, ...more);
    const found = await ask('--alert', 'deviation', '--explained-by', 'forge.callback');
    expect(found).toMatchObject({ exit: 0 });
    expect(found.stdout).toContain('Rotate the webhook key\n  verified under forge.callback');
    expect(await ask('--alert', 'broken', '--property', 'canShip')).toMatchObject({
      exit: 1,
      stdout: 'no verified playbook answers broken canShip\n',
    });
    expect((await ask('--alert', 'deviation', '--explained-by', 'a+,b')).exit).toBe(2);
  });
});

describe('probity monitor --playbooks', () => {
  it('names what to do about each alert', async () => {
    const mapping = fileOf(
      'callback.yaml',
      `probityMapping: 1
case: $.subject
events:
  - { type: believed, action: believe, receive: { callback: { order: $.data.order } } }
  - { type: shipped, action: ship, for: { o: $.data.order } }
`,
    );
    const event = (id: string, type: string): object => ({
      id,
      source: 'shop',
      type,
      subject: 'A',
      time: `2026-03-01T0${id}:00:00Z`,
      data: { order: '77' },
    });
    const events = fileOf(
      'callback.json',
      JSON.stringify([event('1', 'believed'), event('2', 'shipped')]),
    );
    const args = ['monitor', CALLBACK, '--mapping', mapping, '--events', events];
    // `pay` is silent here: whoever believed may have been paid.
    expect((await probity(...args)).exit).toBe(0);
    const seen = fileOf(
      'seen.yaml',
      `probityMapping: 1
case: $.subject
events:
  - { type: paid, action: pay, for: { o: $.data.order } }
  - { type: believed, action: believe, receive: { callback: { order: $.data.order } } }
  - { type: shipped, action: ship, for: { o: $.data.order } }
`,
    );
    args[3] = seen;
    const { exit, stdout } = await probity(...args, '--playbooks', repository('specs/playbooks'));
    expect(exit).toBe(1);
    expect(stdout.match(/do {2}Rotate the webhook key/gu)).toHaveLength(2);
    const json = JSON.parse(
      (await probity(...args, '--playbooks', repository('specs/playbooks'), '--json')).stdout,
    ) as { cases: { alerts: { playbooks: { coversAll: boolean }[] }[] }[] };
    expect(json.cases[0]?.alerts.map(({ playbooks }) => playbooks[0]?.coversAll)).toEqual([
      true,
      true,
    ]);
  });
});
