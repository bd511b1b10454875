import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OtmMatches } from '../../src/checking/otm/matchOtm.ts';
import { repository } from '../golden.ts';
import { temporaryFolder } from '../servers.ts';
import { probity } from './run.ts';

const CHECKOUT = repository('specs/demo/checkout.yaml');
const SCENARIOS = repository('specs/scenarios');

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const fits = ajv.compile(
  JSON.parse(readFileSync(repository('schemas/otm-matches.schema.json'), 'utf8')) as object,
);

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const fileOf = (text: string): string => {
  const file = join(folder, 'model.otm.yaml');
  writeFileSync(file, text);
  return file;
};

async function beside(
  file: string,
  model: string,
  ...args: readonly string[]
): Promise<OtmMatches & { readonly exit: number }> {
  const { exit, stdout, stderr } = await probity('otm', file, model, '--json', ...args);
  expect(stderr).toBe('');
  const matches = JSON.parse(stdout) as OtmMatches;
  expect(fits(matches), ajv.errorsText(fits.errors)).toBe(true);
  return { ...matches, exit };
}

async function wrongWith(text: string): Promise<readonly string[]> {
  const { exit, stderr, stdout } = await probity('otm', fileOf(text), CHECKOUT);
  expect([exit, stdout]).toEqual([2, '']);
  return stderr.split('\n').filter((line) => line !== '');
}

/** As somebody would write it who has never seen the model. */
const FOREIGN = `
otmVersion: 0.2.0
project: { name: Web shop, id: ws-1, owner: Ann }
trustZones:
  - { id: internet, name: Internet, risk: { trustRating: 10 } }
  - { id: z2, name: trusted, risk: { trustRating: 100 } }
components:
  - { id: c1, name: Provider, type: service, parent: { trustZone: z2 } }
  - id: c2
    name: THE-SHOP
    type: web
    parent: { component: c1 }
  - { id: shop, name: Whatever, type: web, parent: { trustZone: internet } }
  - { id: c4, name: Buyer, type: browser, parent: { component: c2 } }
  - { id: c5, name: CDN, type: cdn, parent: { component: c5 } }
dataflows:
  - id: f1
    name: order to the bank
    source: c4
    destination: c1
    threats:
      - { threat: t1, state: exposed, mitigations: [{ mitigation: m1, state: required }] }
      - { threat: t1, state: exposed, mitigations: [{ mitigation: m1, state: rejected }] }
  - { id: f2, name: Notice, source: c1, destination: c5 }
  - { id: f3, name: tracking, source: c4, destination: c5 }
threats:
  - { id: t1, name: Tampering (CWE-472), categories: [Tampering] }
  - { id: t2, name: SQL injection, cwes: [CWE-89] }
  - { id: t3, name: Replay, attributes: { references: [CWE-294] } }
mitigations:
  - { id: m1, name: Amount matches }
  - { id: m2, name: Firewall }
`;

const SMALL = `
probity: 1
name: Bill
variables: { paid: { type: "int 0..2", init: 0 }, sent: { type: bool, init: false } }
actors: { shop: { trust: trusted }, bank: { trust: trusted } }
channels: { bill: { from: shop, to: bank, carries: { amount: "int 1..2" }, medium: public, order: bag, capacity: 1 } }
actions:
  send: { actor: shop, when: not(sent), then: { sent: true }, send: { bill: { amount: 2 } } }
  collect:
    actor: bank
    receive: { bill: b }
    controls: { right: b.amount = 2 }
    then: { paid: b.amount }
properties: { whole: { never: paid = 1 } }
`;

describe('probity otm', () => {
  it('finds everything again that probity threats wrote', async () => {
    const models = readdirSync(SCENARIOS)
      .map((name) => join(SCENARIOS, name))
      .flatMap((scenario) => {
        const files = readdirSync(scenario).filter((name) => /^vulnerable.*\.ya?ml$/u.test(name));
        return files.slice(0, 1).map((name) => join(scenario, name));
      })
      .slice(0, 3);
    expect(models.length).toBe(3);
    for (const model of [CHECKOUT, ...models]) {
      const file = join(folder, 'ours.otm.json');
      // What is written of a threat may be open; that it is there is not.
      await probity('threats', model, '--otm', file, '--budget', '1', '--timeout', '2');
      const written = JSON.parse(readFileSync(file, 'utf8')) as { threats: { id: string }[] };
      const matches = await beside(file, model);
      const { exit, select, unnamed } = matches;
      expect([model, select]).toEqual([model, written.threats.map(({ id }) => id)]);
      expect(matches.components.filter(({ actor, differs }) => actor === null || differs)).toEqual(
        [],
      );
      expect(unnamed).toMatchObject({ actors: [], channels: [], threats: [] });
      expect([model, exit]).toEqual([model, unnamed.controls.length === 0 ? 0 : 1]);
    }
  }, 120_000);

  it('holds a foreign file beside a model: what has one counterpart, and what has none', async () => {
    const matches = await beside(fileOf(FOREIGN), CHECKOUT);
    expect(matches.exit).toBe(1);
    const inZone = { name: 'trusted', rating: 100 };
    expect(matches.components).toMatchObject([
      { id: 'c1', actor: 'provider', zone: inZone, trust: 'trusted', differs: false },
      { id: 'c2', actor: null, zone: inZone, trust: null },
      { id: 'shop', actor: 'shop', zone: { name: 'Internet', rating: 10 }, differs: false },
      { id: 'c4', actor: 'buyer', zone: inZone, trust: 'untrusted', differs: true },
      { id: 'c5', actor: null, zone: null },
    ]);
    expect(matches.dataflows).toMatchObject([
      { id: 'f1', channel: 'redirect', by: 'ends' },
      { id: 'f2', channel: 'notice', by: 'name' },
      { id: 'f3', channel: null, by: null },
    ]);
    const tampers = ['tamper.redirect.amount', 'tamper.redirect.order'];
    expect(matches.threats).toMatchObject([
      { id: 't1', ids: tampers, by: 'reference', references: ['CWE-472'], candidates: [] },
      { id: 't2', ids: [], by: null, candidates: [] },
      {
        id: 't3',
        ids: [],
        by: null,
        candidates: ['replay.notice', 'replay.redirect', 'replay.refund'],
      },
    ]);
    expect(matches.mitigations).toEqual([
      {
        id: 'm1',
        name: 'Amount matches',
        control: 'confirm.amountMatches',
        states: ['required', 'rejected'],
      },
      { id: 'm2', name: 'Firewall', control: null, states: [] },
    ]);
    expect(matches.select).toEqual(tampers);
    expect(matches.unnamed).toMatchObject({ actors: [], channels: ['refund'], controls: [] });
    expect(matches.unnamed.threats).toContain('forge.redirect');
    expect(matches.unnamed.threats).not.toContain('tamper.redirect.amount');
    const { stdout } = await probity('otm', fileOf(FOREIGN), CHECKOUT);
    expect(stdout).toContain(
      'c4 → buyer, untrusted; it stands in trusted (trust 100): they differ',
    );
    expect(stdout).toContain('m2 → no control of the model');
    expect(stdout).toContain(`--threats ${tampers.join(',')}\n`);
  });

  it('what has two counterparts has none', async () => {
    const two = FOREIGN.replace(
      'name: tracking, source: c4, destination: c5',
      'name: x, source: c4, destination: c1',
    );
    expect((await beside(fileOf(two), CHECKOUT)).dataflows.map(({ by }) => by)).toEqual([
      null,
      'name',
      null,
    ]);
  });

  it('is at one with a model whose controls were judged', async () => {
    const file = join(folder, 'small.otm.json');
    const small = join(folder, 'small.yaml');
    writeFileSync(small, SMALL);
    expect(await probity('threats', small, '--otm', file, '--controls')).toMatchObject({ exit: 1 });
    const { exit, mitigations } = await beside(file, small);
    expect(exit).toBe(0);
    expect(mitigations).toMatchObject([{ control: 'collect.right', states: ['implemented'] }]);
  });

  it('knows a diagram by its message flows', async () => {
    const diagram = repository('specs/demo/order.bpmn');
    const file = join(folder, 'order.otm.json');
    await probity('threats', diagram, '--otm', file, '--threats', 'drop.Message_Order');
    const { dataflows, select } = await beside(file, diagram);
    expect(dataflows.every(({ channel, id }) => channel === id)).toBe(true);
    expect(select).toContain('drop.Message_Order');
  });

  it('refuses what it cannot read, with its place', async () => {
    const changed = (from: string, to: string): Promise<readonly string[]> => {
      expect(FOREIGN).toContain(from);
      return wrongWith(FOREIGN.replace(from, to));
    };
    expect((await wrongWith('a: 1'))[0]).toContain('OTM_SHAPE');
    expect((await changed('0.2.0', '2.0.0'))[0]).toContain('version `2.0.0` is not known');
    const dangling = await changed('destination: c1', 'destination: c11');
    expect(dangling.join(' ')).toMatch(/OTM_SHAPE.*nothing has the id `c11`; did you mean `c1`/u);
    expect(dangling.join(' ')).toContain('dataflows.0.destination');
    expect((await changed('threat: t1', 'threat: t9')).join(' ')).toContain(
      'nothing has the id `t9`',
    );
    expect((await changed('id: m2', 'id: m1')).join(' ')).toContain('have the id `m1`');
    expect((await changed('id: c4, ', '')).join(' ')).toContain('components.3.id');
    expect((await changed('name: Web shop, ', '')).join(' ')).toContain('project.name');
    const list = FOREIGN.replace(/mitigations:\n(.*\n)+$/u, 'mitigations: 5\n');
    expect((await wrongWith(list)).join(' ')).toContain('a list is needed');
    const entry = FOREIGN.replace(/mitigations:\n(.*\n)+$/u, 'mitigations: [5]\n');
    expect((await wrongWith(entry)).join(' ')).toContain('a mapping is needed');
    const module = repository('specs/demo/checkout.yaml');
    const { exit } = await probity('otm', join(folder, 'none.json'), module);
    expect(exit).toBe(2);
  });
});
