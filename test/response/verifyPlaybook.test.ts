import { describe, expect, it } from 'vitest';
import { readPlaybook } from '../../src/response/readPlaybook.ts';
import {
  verifyPlaybook,
  type BindingReport,
  type PlaybookReport,
} from '../../src/response/verifyPlaybook.ts';
import { extensionOf, LIMITS, modelOf, NAMES, opened, reportOn, stepOf } from './playbooks.ts';

/** What is not so, by question; with the steps of the first counterexample of each. */
const broken = ({ answers }: BindingReport): Record<string, readonly string[]> =>
  Object.fromEntries(
    answers.flatMap(({ asks, outcome, trace }) =>
      outcome === 'violated' ? [[asks, (trace?.steps ?? []).map(({ action }) => action)]] : [],
    ),
  );
const first = ({ on }: PlaybookReport): BindingReport => on[0]!;

describe('the playbooks of this package', () => {
  for (const name of NAMES)
    it(`${name} is verified, for each alert that it answers`, async () => {
      const report = await reportOn(opened(name));
      for (const binding of report.on) {
        expect(binding.neverRaised).toBeUndefined();
        expect(broken(binding)).toEqual({});
        expect(binding.answers.map(({ asks }) => asks)).toContain('completes');
        for (const promise of report.promises)
          expect(binding.answers.map(({ asks }) => asks)).toContain(promise);
      }
      expect(report.verified).toBe(true);
      expect(report.assumptions[0]).toContain('weakly fair');
    });
});

describe('a playbook that does not help is shown the run in which it does not', () => {
  it('a new key alone mends nothing of what was believed before', async () => {
    const playbook = opened('rotate-webhook-key');
    const { step } = stepOf(playbook, 'Rotate the key');
    step['on_completion'] = Object.entries(playbook.workflow).find(
      ([, { type, name }]) => type === 'end' && name === 'Completed',
    )![0];
    const report = await reportOn(playbook);
    expect(report.verified).toBe(false);
    const steps = broken(first(report))['shippedIsTaken']!;
    expect(steps[0]).toBe('forge.callback');
    expect(steps.at(-1)).toBe('rotateTheKey');
    expect(steps.slice(steps.indexOf('alert'))).not.toContain('forge.callback');
  });

  it('a shipment that is held goes out again where the check stays off', async () => {
    const playbook = opened('hold-shipment');
    delete stepOf(playbook, 'Check the page before').said['blocks'];
    const steps = broken(first(await reportOn(playbook)))['shippedIsPaid']!;
    expect(steps.slice(steps.indexOf('alert'))).toEqual(
      expect.arrayContaining(['checkThePageBefore', 'finish', 'ship']),
    );
  });

  it('a batch that is quarantined is followed by the next one', async () => {
    const playbook = opened('replace-and-quarantine');
    stepOf(playbook, 'Send a genuine piece').said['then'] = { got: 'null' };
    delete stepOf(playbook, 'Send a genuine piece').said['when'];
    const steps = broken(first(await reportOn(playbook)))['asOrdered']!;
    expect(steps.slice(steps.indexOf('sendAGenuinePiece'))).toContain('pick');
  });

  it('a partner who is away carries out no step: the playbook waits for ever', async () => {
    const playbook = opened('switch-payment-partner');
    const { step, said } = stepOf(playbook, 'Send an invoice instead');
    for (const key of Object.keys(said)) delete said[key];
    said['action'] = 'charge';
    step['name'] = 'Charge once more';
    const report = await reportOn(playbook);
    const found = broken(first(report));
    expect(Object.keys(found)).toEqual(expect.arrayContaining(['completes', 'final']));
    expect(found['completes']).not.toContain('chargeOnceMore');
    expect(first(report).answers[0]?.trace?.loopStart).toBeDefined();
  });

  it('stock that is taken from a bot and from the shelf leaves the case without an end', async () => {
    const playbook = opened('release-held-stock');
    stepOf(playbook, 'Take it out of the cart').said['then'] = { held: 'nobody' };
    const found = broken(first(await reportOn(playbook)));
    expect(Object.keys(found)).toEqual(['stillForSale', 'final']);
  });
});

describe('a step that may fail', () => {
  const failing = () => {
    const playbook = opened('hold-shipment');
    const { id, step } = stepOf(playbook, 'Hold the shipment');
    step['on_success'] = step['on_completion'];
    delete step['on_completion'];
    return { playbook, id, step };
  };

  it('is verified where what is done then helps too', async () => {
    const { playbook, step } = failing();
    const again = structuredClone(step);
    delete again['on_failure'];
    playbook.workflow['action--by-hand'] = { ...again, name: 'Hold it by hand' };
    step['on_failure'] = 'action--by-hand';
    const report = await reportOn(playbook);
    expect(report.on.map(broken)).toEqual([{}, {}]);
    expect(report.verified).toBe(true);
    expect(report.assumptions).toContain(
      'Where “Hold the shipment” fails it did nothing, or all that it does.',
    );
  });

  it('is shown to fail where nothing is done then', async () => {
    const { playbook, step } = failing();
    step['on_failure'] = step['on_success'];
    const steps = broken(first(await reportOn(playbook)))['shippedIsPaid']!;
    expect(steps).toContain('holdTheShipment_failed');
  });

  it('may have done all that it does: what comes then is judged from there too', async () => {
    const { playbook, step } = failing();
    // Whoever takes for granted that nothing was done sends it out once more.
    const resend = { name: 'Ask for the money', then: { page: 'payment' }, when: 'order != none' };
    playbook.workflow['action--ask'] = {
      type: 'action',
      name: resend.name,
      on_completion: step['on_success'],
      step_extensions: {
        [Object.keys(playbook.playbook_extensions)[0]!]: { when: resend.when, then: resend.then },
      },
    };
    step['on_failure'] = 'action--ask';
    const found = broken(first(await reportOn(playbook)));
    expect(found['completes']).toContain('holdTheShipment_failedAfterAll');
  });

  it('and is tried again for ever completes never', async () => {
    const { playbook, id, step } = failing();
    step['on_failure'] = id;
    expect(broken(first(await reportOn(playbook)))).toHaveProperty('completes');
  });
});

describe('what is asked of a playbook', () => {
  it('the threats act on until a step blocks them', async () => {
    const playbook = opened('correct-the-log');
    const { said } = stepOf(playbook, 'Take away the right to write');
    said['blocks'] = [];
    const steps = broken(first(await reportOn(playbook)))['noFalseRefund']!;
    expect(steps.slice(steps.indexOf('alert'))).toContain('alter.log');
  });

  it('what was broken before is judged from completion on', async () => {
    const playbook = opened('freeze-account');
    const { answers } = first(await reportOn(playbook));
    expect(answers.find(({ asks }) => asks === 'moneyToOwner')?.outcome).toBe('holds');
  });

  it('an alert that no run raises shows nothing', async () => {
    const playbook = opened('hold-shipment');
    extensionOf(playbook).on = [{ alert: 'broken', property: 'shippedIsPaid' }];
    const report = await reportOn(playbook);
    expect(report.verified).toBe(false);
    expect(first(report)).toMatchObject({ neverRaised: true, verified: false });
  });

  it('what is late, or perhaps broken, may stand anywhere', async () => {
    const playbook = opened('switch-payment-partner');
    extensionOf(playbook).on = [
      { alert: 'late', property: 'shipping', threats: ['unavailable.partner'] },
    ];
    // Somebody orders after all was looked at, and waits for the partner.
    expect(broken(first(await reportOn(playbook)))).toHaveProperty('served');
  });

  it('a step that cannot be taken and has nothing beside it is waited for', async () => {
    const playbook = opened('take-back-credit');
    delete stepOf(playbook, 'Put the receipt aside').said['unless'];
    expect(broken(first(await reportOn(playbook)))).toHaveProperty('completes');
  });

  it('too small a search is bounded, and verifies nothing', async () => {
    const playbook = opened('rotate-webhook-key');
    const read = readPlaybook(JSON.stringify(playbook));
    if (!read.ok) throw new Error('it is read');
    const limits = { ...LIMITS, maxStates: 20 };
    const report = await verifyPlaybook(read.value, await modelOf(playbook), limits);
    expect(report).toMatchObject({ ok: true, value: { verified: false } });
    const outcomes = report.ok ? report.value.on.flatMap(({ answers }) => answers) : [];
    expect(outcomes.map(({ outcome }) => outcome)).not.toContain('holds');
  });
});
