import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/checking/inspect.ts';
import { modelOfDiagram } from '../../src/checking/diagram.ts';
import { CASE_PACKS } from '../../src/frontends/native/packs/casePack.ts';
import { repository } from '../golden.ts';

const source = readFileSync(
  repository('specs/scenarios/dose-never-checked/vulnerable.bpmn'),
  'utf8',
);
const beside = (annotations: string) =>
  ({ source, format: 'bpmn', name: 'dose.bpmn', annotations }) as const;
const problemsOf = async (annotations: string) => {
  const read = await inspect(beside(annotations));
  return read.ok ? [] : read.problems;
};

describe('packs in the side file of a diagram', () => {
  it('bring what a pack asks of each element, asked of the one case of the diagram', async () => {
    const read = await modelOfDiagram(
      beside(`
use:
  checkout:
    order: 1
    accepted: handed
    paidFor: 1
    delivered: handed
    held: seen and not(handed)
    sold: 1
    stock: 1
`),
    );
    expect(read.ok && read.value.document.properties).toMatchObject({
      handedIsSeen: { never: 'handed and not(seen)' },
      orderIsIntegral: { always: 'if (handed) then (1) = (1) else true' },
      goodsOnlyForPayment: { always: 'if (handed) then (handed) else true' },
      holdsEnd: { leadsTo: { from: '(seen and not(handed))', to: 'not((seen and not(handed)))' } },
      stockNotOversold: { always: '(1) <= (1)' },
    });
    expect(await problemsOf('use: { checkout: { accepted: handed, delivered: handed } }')).toEqual(
      [],
    );
  });

  it('leave out what compares cases with one another', () => {
    const [checkout] = CASE_PACKS;
    expect(checkout?.properties.map(({ name }) => name)).toEqual([
      'orderIsIntegral',
      'totalIsIntegral',
      'payeeIsIntegral',
      'currencyIsIntegral',
      'refundsWithinPayments',
      'stockNotOversold',
      'goodsOnlyForPayment',
      'holdsEnd',
    ]);
    const texts = JSON.stringify(checkout?.properties);
    for (const term of ['{payment', '{item', '.name}', ' in Order'])
      expect(texts).not.toContain(term);
  });

  it('say what is wrong where the term stands', async () => {
    const unknown = 'use:\n  checkout:\n    accepted: handd\n    delivered: handed\n';
    expect(await problemsOf(unknown)).toMatchObject([
      { code: 'NAME_UNKNOWN', line: 3, column: 15 },
    ]);
    expect(await problemsOf('use:\n  checkout:\n    sold: 1\n')).toMatchObject([
      {
        code: 'MODEL_SHAPE',
        message: 'nothing is asked of `sold` yet: stockNotOversold needs stock',
        line: 3,
      },
    ]);
    expect(await problemsOf('use: { checkout: { payment: p in Payment } }')).toMatchObject([
      { code: 'UNKNOWN_KEY' },
    ]);
    const taken =
      'properties: { holdsEnd: { always: "true" } }\nuse: { checkout: { held: seen } }\n';
    expect(await problemsOf(taken)).toMatchObject([{ code: 'NAME_TAKEN', line: 1 }]);
  });
});
