import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { threatsCommand } from './run.ts';
import { repository } from '../golden.ts';
import { fileOf, type Ended } from './run.ts';

async function threats(...args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const exit = await threatsCommand([...args], {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  });
  return { exit, stdout, stderr };
}

const SIGNED = `probity: 1
name: Shop
variables: { paid: { type: int 0..2, init: 0 }, state: { type: "enum [new, asked, done]", init: new } }
actors: { shop: {}, bank: {} }
channels: { bill: { from: shop, to: bank, carries: { amount: int 1..2 }, medium: signed, signed: [amount], capacity: 1 } }
actions:
  ask: { actor: shop, when: state = new, then: { state: asked }, send: { bill: { amount: 2 } } }
  pay: { actor: bank, receive: { bill: b }, when: state = asked, then: { paid: b.amount, state: done } }
properties: { full: { always: "if state = done then paid = 2 else true" } }
final: state = done
`;
const signed = fileOf('signed.yaml', SIGNED);
const open = fileOf(
  'open.yaml',
  SIGNED.replace('medium: signed, signed: [amount]', 'medium: public'),
);

describe('probity threats NEW --against OLD', () => {
  it('tells the attacks that are new, with their steps, and fails on them', async () => {
    const { exit, stdout } = await threats(open, '--against', signed);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/ new {3}tamper\.bill\.amount · in 3 steps\n +1 {2}ask/);
    expect(stdout).toContain('withinRange, withinCapacity, singleWrite, defined as before');
    expect(stdout).toMatch(/4 new, 0 gone/);
  });

  it('and those that are gone; of the same model nothing', async () => {
    const mended = await threats(signed, '--against', open);
    expect(mended.exit).toBe(0);
    expect(mended.stdout).toMatch(/ gone {2}tamper\.bill\.amount\n/);
    const same = await threats(signed, '--against', signed);
    expect(same).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('0 new, 0 gone') as string,
    });
  });

  it('a longer attack of the same threats is no new one', async () => {
    const longer = fileOf(
      'longer.yaml',
      SIGNED.replace('medium: signed, signed: [amount]', 'medium: public')
        .replace('[new, asked, done]', '[start, new, asked, done]')
        .replace('init: new', 'init: start')
        .replace(
          'actions:',
          'actions:\n  begin: { actor: shop, when: state = start, then: { state: new } }',
        ),
    );
    const { exit, stdout } = await threats(
      longer,
      '--against',
      open,
      '--threats',
      'tamper.bill.amount',
    );
    expect(exit).toBe(0);
    expect(stdout).toContain('longer  tamper.bill.amount · in 4 steps, 3 before');
  });

  it('what was not judged leaves it open; named threats that the old one had not are new', async () => {
    const named = await threats(
      open,
      '--against',
      signed,
      '--threats',
      'forge.bill,tamper.bill.amount',
      '--budget',
      '1',
      '--json',
    );
    expect(named.exit).toBe(1);
    const changes = JSON.parse(named.stdout) as { changes: { property: string; open: boolean }[] };
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(
      JSON.parse(readFileSync(repository('schemas/trace.schema.json'), 'utf8')) as object,
    );
    const valid = ajv.validate(
      JSON.parse(readFileSync(repository('schemas/threat-changes.schema.json'), 'utf8')) as object,
      changes,
    );
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(changes.changes.every((change) => !change.open)).toBe(true);
    expect((await threats(open, '--against', 'nowhere.yaml')).exit).toBe(2);
  });
});

describe('probity threats --otm', () => {
  interface Otm {
    readonly components: readonly { id: string; parent: { trustZone: string } }[];
    readonly dataflows: readonly {
      id: string;
      source: string;
      destination: string;
      threats: readonly { threat: string; state: string; mitigations: readonly object[] }[];
    }[];
    readonly threats: readonly { id: string; cwes: string[]; risk: { impact: number } }[];
    readonly mitigations: readonly { id: string; riskReduction: number }[];
    readonly trustZones: readonly { id: string }[];
  }
  const otmOfFile = async (model: string, ...args: readonly string[]): Promise<Otm> => {
    const out = fileOf('model.otm.json', '');
    await threats(model, '--otm', out, ...args);
    const otm = JSON.parse(readFileSync(out, 'utf8')) as Otm;
    const schema = JSON.parse(
      readFileSync(repository('schemas/otm.schema.json'), 'utf8'),
    ) as object;
    const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
    const fits = ajv.compile(schema);
    expect(fits(otm), ajv.errorsText(fits.errors)).toBe(true);
    return otm;
  };

  it('keeps ids, and refers to nothing that is not in it', async () => {
    const otm = await otmOfFile(
      repository('specs/demo/checkout.yaml'),
      '--controls',
      '--budget',
      '2',
    );
    const ids = (of: readonly { readonly id: string }[]): ReadonlySet<string> =>
      new Set(of.map(({ id }) => id));
    const [zones, components, known, controls] = [
      ids(otm.trustZones),
      ids(otm.components),
      ids(otm.threats),
      ids(otm.mitigations),
    ];
    expect(otm.components.every(({ parent }) => zones.has(parent.trustZone))).toBe(true);
    expect(controls.size).toBeGreaterThan(0);
    for (const { source, destination, threats: here } of otm.dataflows) {
      expect([components.has(source), components.has(destination)]).toEqual([true, true]);
      for (const { threat, mitigations } of here) {
        expect(known.has(threat), threat).toBe(true);
        for (const each of mitigations as { mitigation: string }[])
          expect(controls.has(each.mitigation), each.mitigation).toBe(true);
      }
    }
  });

  it('says of each threat whether it breaks something, and where it acts', async () => {
    const otm = await otmOfFile(open);
    expect(otm.threats.find(({ id }) => id === 'tamper.bill.amount')).toMatchObject({
      cwes: ['CWE-472', 'CWE-353'],
      risk: { likelihood: null, impact: 100 },
    });
    expect(otm.dataflows).toMatchObject([{ id: 'bill', source: 'shop', destination: 'bank' }]);
    expect(otm.dataflows[0]?.threats).toContainEqual({
      threat: 'tamper.bill.amount',
      state: 'exposed',
      mitigations: [],
    });
  });

  it('of a diagram has its message flows; of a comparison there is none', async () => {
    const otm = await otmOfFile(
      repository('specs/demo/order.bpmn'),
      '--threats',
      'drop.Message_Order',
    );
    expect(otm.dataflows.map(({ id }) => id)).toContain('Message_Order');
    const { exit, stderr } = await threats(open, '--against', signed, '--otm', 'x.json');
    expect([exit, stderr]).toEqual([2, expect.stringContaining('OPTION_INVALID')]);
  });
});
