import { describe, expect, it } from 'vitest';
import { readNative } from '../../../src/frontends/native/index.ts';
import type { Problem } from '../../../src/errors/index.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { reportOn } from '../../conformance/checking.ts';

const ALL = `
    order: o in Order
    payment: p in Payment
    item: i in Item
    accepted: status[o] = paid or status[o] = shipped
    paidFor: named[o]
    total: price
    paid: captured[o]
    payee: payee[o]
    merchant: ours
    currency: coin[o]
    price: EUR
    completedBy: by[o]
    refunded: refunded[o]
    sold: sold[i]
    stock: stock[i]
    delivered: status[o] = shipped
    held: status[o] = waiting`;

/** A shop; in `checked` ones the step compares what was paid for with what is due. */
const shop = (use: string, { checked = true } = {}): string => `
probity: 1
name: Shop
sets: { Order: 2, Payment: [p1, p2], Item: [i1] }
parameters: { price: int 1..2 }
variables:
  status: { type: "map Order to enum [cart, waiting, paid, shipped]", init: cart }
  named: { type: map Order to Order or null, init: null }
  captured: { type: map Order to int 0..2, init: 0 }
  payee: { type: "map Order to enum [none, ours, theirs]", init: none }
  coin: { type: "map Order to enum [NIL, EUR, JPY]", init: NIL }
  by: { type: map Order to Payment or null, init: null }
  used: { type: map Payment to bool, init: false }
  refunded: { type: map Order to int 0..2, init: 0 }
  sold: { type: map Item to int 0..2, init: 0 }
  stock: { type: map Item to int 0..2, init: 2 }
actors: { customer: { trust: untrusted }, shop: {} }
actions:
  order: { actor: customer, for: { o: Order }, when: "status[o] = cart", then: { "status[o]": waiting } }
  pay:
    actor: shop
    for: { o: Order, p: Payment, amount: int 1..2 }
    when: status[o] = waiting
    controls: ${checked ? '{ amountMatches: amount = price, once: "not(used[p])" }' : '{}'}
    then: { "status[o]": paid, "named[o]": o, "captured[o]": amount, "payee[o]": ours, "coin[o]": EUR, "by[o]": p, "used[p]": true }
    fair: weak
  ship: { actor: shop, for: { o: Order }, when: "status[o] = paid", then: { "status[o]": shipped, "sold[i1]": "sold[i1] + 1" }, fair: weak }
${use}
final: every o in Order satisfies status[o] = shipped
`;

const use = (terms: string): string => `use:\n  checkout:${terms}`;

async function outcomes(source: string): Promise<Record<string, string>> {
  const { properties } = await reportOn(source, ['explore']);
  return Object.fromEntries(properties.map(({ name, outcome }) => [name, outcome]));
}

function problemsOf(source: string): readonly Problem[] {
  const read = readNative(source);
  if (!read.ok) return read.problems;
  const checked = typecheck(read.value.document, read.value.locate);
  return checked.ok ? [] : checked.problems;
}

const lineOf = (source: string, text: string): number =>
  source.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('the pack for checkouts', () => {
  it('asks what a model has the terms for, and all of it holds of a shop that checks', async () => {
    expect(await outcomes(shop(use(ALL)))).toMatchObject({
      orderIsIntegral: 'holds',
      totalIsIntegral: 'holds',
      payeeIsIntegral: 'holds',
      currencyIsIntegral: 'holds',
      paymentCompletesOneOrder: 'holds',
      refundsWithinPayments: 'holds',
      stockNotOversold: 'holds',
      goodsOnlyForPayment: 'holds',
      holdsEnd: 'holds',
      holdsEnd_o1: 'holds',
      holdsEnd_o2: 'holds',
    });
  });

  it('finds what is wrong with one that does not, and where', async () => {
    const found = await outcomes(shop(use(ALL), { checked: false }));
    expect(found).toMatchObject({
      totalIsIntegral: 'violated',
      paymentCompletesOneOrder: 'violated',
      orderIsIntegral: 'holds',
      goodsOnlyForPayment: 'holds',
    });
  });

  it('is the same model as one that says the properties itself', () => {
    const said = readNative(
      shop(use('\n    order: o in Order\n    refunded: refunded[o]\n    paid: captured[o]')),
    );
    expect(said).toMatchObject({
      ok: true,
      value: {
        document: {
          properties: {
            refundsWithinPayments: {
              always: 'every o in Order satisfies (refunded[o]) <= (captured[o])',
              label: 'no more is given back for an order than was captured',
              references: ['CWE-837'],
            },
          },
        },
      },
    });
    expect(said.ok && Object.keys(said.value.document)).not.toContain('use');
  });

  it('is refused with the place of the term, and the cure', () => {
    const terms = '\n    order: o in Order\n    refunded: refunded[q]\n    paid: captured[o]';
    const unknown = shop(use(terms));
    expect(problemsOf(unknown)).toMatchObject([
      { code: 'NAME_UNKNOWN', line: lineOf(unknown, 'refunded[q]'), column: 24 },
    ]);
    const lonely = shop(use('\n    order: o in Order\n    paid: captured[o]\n    total: price'));
    expect(problemsOf(lonely).map(({ code, message, line }) => [code, message, line])).toEqual([
      [
        'MODEL_SHAPE',
        expect.stringContaining('totalIsIntegral needs accepted'),
        lineOf(lonely, 'order: o in'),
      ],
      [
        'MODEL_SHAPE',
        expect.stringContaining('refundsWithinPayments needs refunded'),
        lineOf(lonely, 'paid: captured'),
      ],
      [
        'MODEL_SHAPE',
        'nothing is asked of `total` yet: totalIsIntegral needs accepted',
        lineOf(lonely, 'total: price'),
      ],
    ]);
    expect(problemsOf(shop(use('\n    order: Order\n    held: true')))).toMatchObject([
      { code: 'MODEL_SHAPE', message: '`order` is the orders, `o in Order`' },
    ]);
    expect(problemsOf(shop(use('\n    ordr: o in Order')))).toMatchObject([
      { code: 'UNKNOWN_KEY', message: expect.stringContaining('order') as string },
    ]);
    expect(problemsOf(shop('use: { checkuot: {} }'))).toMatchObject([{ code: 'UNKNOWN_KEY' }]);
    expect(problemsOf(shop('use: { checkout: {} }'))).toMatchObject([{ code: 'MISSING_KEY' }]);
    expect(problemsOf(shop(use('\n    order: o in Ordr\n    held: true')))).toMatchObject([
      { code: 'NAME_UNKNOWN' },
    ]);
    const taken = shop(
      `${use('\n    item: i in Item\n    sold: sold[i]\n    stock: stock[i]')}\nproperties: { stockNotOversold: { always: true } }`,
    );
    expect(problemsOf(taken)).toMatchObject([
      {
        code: 'NAME_TAKEN',
        path: 'properties.stockNotOversold',
        line: lineOf(taken, 'properties:'),
      },
    ]);
  });
});
