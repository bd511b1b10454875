/** Models of any size, made here so that anybody can run the same. */

/** `branches` independent tasks between a split and a join: 2^branches + 2 states, as a BPMN diagram with that many parallel branches has. */
export function parallelModel(branches: number): string {
  const names = Array.from({ length: branches }, (_, i) => `b${i + 1}`);
  return [
    'probity: 1', `name: ${branches} parallel branches`,
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
