/** Models of any size, made here so that anybody can run the same. */

/**
 * `branches` independent tasks between a split and a join: 2^branches + 2 states, as a BPMN diagram
 * with that many parallel branches has.
 */
export function parallelModel(branches: number): string {
  const names = Array.from({ length: branches }, (_, i) => `b${i + 1}`);
  return [
    'probity: 1',
    `name: ${branches} parallel branches`,
    'variables:',
    '  phase: { type: "enum [before, during, after]", init: before }',
    ...names.map((b) => `  ${b}: { type: int 0..2, init: 0 }`),
    'actors: { engine: {} }',
    'actions:',
    `  split: { actor: engine, when: phase = before, then: { phase: during, ${names.map((b) => `${b}: 1`).join(', ')} } }`,
    ...names.map((b) => `  do_${b}: { actor: engine, when: ${b} = 1, then: { ${b}: 2 } }`),
    `  join: { actor: engine, when: ${names.map((b) => `${b} = 2`).join(' and ')}, then: { phase: after, ${names.map((b) => `${b}: 0`).join(', ')} } }`,
    'properties:',
    `  together: { always: "if phase = after then ${names.map((b) => `${b} = 0`).join(' and ')} else true" }`,
    'final: phase = after',
  ].join('\n');
}

/** Orders that are paid, packed and delivered over channels: maps, bags, messages. */
export function ordersModel(orders: number): string {
  return `
probity: 1
name: ${orders} orders at once
sets: { Order: ${orders} }
variables:
  status: { type: "map Order to enum [cart, placed, paid, packed, delivered]", init: cart }
actors: { customer: { trust: untrusted }, shop: {}, carrier: {} }
channels:
  payment: { from: customer, to: shop, carries: { order: Order }, capacity: ${orders} }
  parcel:  { from: shop, to: carrier, carries: { order: Order }, capacity: ${orders} }
actions:
  place: { actor: customer, for: { o: Order }, when: "status[o] = cart", then: { "status[o]": placed }, send: { payment: { order: o } } }
  accept: { actor: shop, receive: { payment: p }, when: "status[p.order] = placed", then: { "status[p.order]": paid } }
  pack: { actor: shop, for: { o: Order }, when: "status[o] = paid", then: { "status[o]": packed }, send: { parcel: { order: o } } }
  deliver: { actor: carrier, receive: { parcel: q }, then: { "status[q.order]": delivered } }
properties:
  paidFirst: { always: "every o in Order satisfies if status[o] = packed then count(payment[item.order = o]) = 0 else true" }
final: every o in Order satisfies status[o] = delivered
`;
}

/** The design's example, with a price that is any integer. */
export function everyPriceModel(): string {
  return `
probity: 1
name: Checkout for every price
sets: { Order: [o1, o2] }
parameters: { price: int }
variables:
  status: { type: "map Order to enum [cart, awaiting, paid, shipped]", init: cart }
  captured: { type: map Order to int, init: 0 }
actors: { customer: { trust: untrusted }, gateway: {}, shop: {} }
channels:
  redirect: { from: customer, to: gateway, carries: { order: Order, amount: int }, capacity: 2 }
  notice: { from: gateway, to: shop, carries: { order: Order, amount: int }, capacity: 2 }
actions:
  checkout: { actor: customer, for: { o: Order }, when: "status[o] = cart", then: { "status[o]": awaiting }, send: { redirect: { order: o, amount: price } } }
  capture: { actor: gateway, receive: { redirect: r }, when: "captured[r.order] = 0", then: { "captured[r.order]": r.amount }, send: { notice: { order: r.order, amount: r.amount } } }
  confirm: { actor: shop, receive: { notice: m }, when: "status[m.order] = awaiting", controls: { amountMatches: m.amount = price }, then: { "status[m.order]": paid } }
  ship: { actor: shop, for: { o: Order }, when: "status[o] = paid", then: { "status[o]": shipped } }
properties:
  paidInFull: { always: "every o in Order satisfies if status[o] = shipped then captured[o] = price else true" }
final: every o in Order satisfies status[o] = shipped
`;
}

/**
 * Twelve integers without bounds: an order's units from the cart to the customer and back, and the
 * money beside them. That nothing is shipped unpaid, and no more given back than taken, is
 * inductive only together with how the counts hang together, which no range says.
 */
export function twelveCountersModel(): string {
  const counters = [
    'cart',
    'ordered',
    'picked',
    'packed',
    'shipped',
    'delivered',
    'returned',
    'authorised',
    'captured',
    'refunded',
    'invoiced',
    'credited',
  ];
  const step = (name: string, when: string, then: string): string =>
    `  ${name}: { actor: shop, when: "${when}", then: { ${then} } }`;
  return `
probity: 1
name: Twelve counters
variables: { ${counters.map((name) => `${name}: { type: int, init: 0 }`).join(', ')} }
actors: { shop: {} }
actions:
${[
  step('add', 'cart >= 0', 'cart: cart + 1'),
  step('order', 'cart > 0', 'cart: cart - 1, ordered: ordered + 1, authorised: authorised + 1'),
  step('capture', 'authorised > 0', 'authorised: authorised - 1, captured: captured + 1'),
  step(
    'pick',
    'ordered > 0 and captured > picked + packed + shipped + delivered + returned',
    'ordered: ordered - 1, picked: picked + 1',
  ),
  step('pack', 'picked > 0', 'picked: picked - 1, packed: packed + 1'),
  step('ship', 'packed > 0', 'packed: packed - 1, shipped: shipped + 1'),
  step(
    'deliver',
    'shipped > 0',
    'shipped: shipped - 1, delivered: delivered + 1, invoiced: invoiced + 1',
  ),
  step('comeBack', 'delivered > 0', 'delivered: delivered - 1, returned: returned + 1'),
  step('refund', 'returned > refunded', 'refunded: refunded + 1'),
  step('credit', 'refunded > credited', 'credited: credited + 1'),
].join('\n')}
properties:
  paidBefore: { always: "shipped + delivered <= captured" }
  notOverpaid: { always: "refunded <= captured" }
  creditsBooked: { always: "credited <= invoiced" }
`;
}
