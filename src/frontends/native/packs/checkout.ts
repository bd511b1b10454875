import type { Pack } from './pack.ts';

const WANG = 'Wang et al., How to Shop for Free Online, IEEE S&P 2011';

/** What a shop promises whoever builds its checkout. */
export const CHECKOUT: Pack = {
  name: 'checkout',
  about: 'orders are paid as they are due, goods reach who paid, and nothing is held for ever',
  terms: {
    order: { about: 'the orders, `o in Order`', isElement: true },
    payment: { about: 'the payments, `p in Payment`', isElement: true },
    item: { about: 'what is sold, `i in Item`', isElement: true },
    accepted: { about: 'the shop takes the order for paid' },
    paidFor: { about: 'the order that the payment was made for' },
    total: { about: 'what is due for the order' },
    paid: { about: 'what was captured for the order' },
    payee: { about: 'who was paid' },
    merchant: { about: 'who should have been' },
    currency: { about: 'the currency of what was captured' },
    price: { about: 'the currency of what is due' },
    completedBy: { about: 'the payment that completed the order, or null' },
    refunded: { about: 'what was given back for the order' },
    sold: { about: 'how many of the item are sold or held' },
    stock: { about: 'how many of it there are' },
    delivered: { about: 'the goods of the order have reached somebody' },
    held: { about: 'something is held for the order' },
  },
  properties: [
    {
      name: 'orderIsIntegral',
      label: 'an order is accepted by a payment for that order',
      references: [WANG],
      terms: ['order', 'accepted', 'paidFor'],
      always: 'every {order} satisfies if {accepted} then {paidFor} = {order.name} else true',
    },
    {
      name: 'totalIsIntegral',
      label: 'what is captured for an accepted order is what is due',
      references: [WANG, 'CWE-472'],
      terms: ['order', 'accepted', 'paid', 'total'],
      always: 'every {order} satisfies if {accepted} then {paid} = {total} else true',
    },
    {
      name: 'payeeIsIntegral',
      label: 'an accepted order was paid to the merchant',
      references: [WANG],
      terms: ['order', 'accepted', 'payee', 'merchant'],
      always: 'every {order} satisfies if {accepted} then {payee} = {merchant} else true',
    },
    {
      name: 'currencyIsIntegral',
      label: 'an accepted order was paid in its currency',
      references: [WANG],
      terms: ['order', 'accepted', 'currency', 'price'],
      always: 'every {order} satisfies if {accepted} then {currency} = {price} else true',
    },
    {
      name: 'paymentCompletesOneOrder',
      label: 'each payment completes at most one order',
      references: [WANG, 'CWE-837'],
      terms: ['payment', 'order', 'completedBy'],
      always:
        'every {payment} satisfies sum(for {order} return if {completedBy} = {payment.name} then 1 else 0) <= 1',
    },
    {
      name: 'refundsWithinPayments',
      label: 'no more is given back for an order than was captured',
      references: ['CWE-837'],
      terms: ['order', 'refunded', 'paid'],
      always: 'every {order} satisfies {refunded} <= {paid}',
    },
    {
      name: 'stockNotOversold',
      label: 'no more is sold than there is',
      references: ['CWE-362'],
      terms: ['item', 'sold', 'stock'],
      always: 'every {item} satisfies {sold} <= {stock}',
    },
    {
      name: 'goodsOnlyForPayment',
      label: 'goods are handed over for accepted orders alone',
      references: ['CWE-841'],
      terms: ['order', 'delivered', 'accepted'],
      always: 'every {order} satisfies if {delivered} then {accepted} else true',
    },
    {
      name: 'holdsEnd',
      label: 'what is held for an order is let go',
      references: ['OAT-021'],
      terms: ['order', 'held'],
      leadsTo: { from: '{held}', to: 'not({held})' },
    },
  ],
};
