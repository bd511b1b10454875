import fc from 'fast-check';

/** A small model with channels of every medium, controls, sensors, keepers and outages. */
export const randomModels = fc
  .record({
    trust: fc.constantFrom('trusted', 'insider', 'untrusted'),
    recovers: fc.boolean(),
    sensor: fc.boolean(),
    kept: fc.boolean(),
    medium: fc.constantFrom('public', 'signed', 'private'),
    signed: fc.boolean(),
    order: fc.constantFrom('bag', 'fifo'),
    capacity: fc.constantFrom(1, 2),
    fresh: fc.boolean(),
    unguessable: fc.boolean(),
    when: fc.constantFrom('a = 0', 'a < 2 and count(c) = 0', 'a = b and count(c) = 0'),
    take: fc.constantFrom('true', 'b < 2', 'm.n = 1 and b < 2'),
    value: fc.constantFrom('m.n', 'if b < 2 then b + 1 else b', 'a'),
    control: fc.constantFrom('a > 0', 'm.n = a', 'm.n = 1'),
    second: fc.constantFrom('b = 0', 'a > b'),
    sequence: fc.boolean(),
    fair: fc.tuple(fc.boolean(), fc.constantFrom(undefined, 'weak', 'strong')),
    final: fc.constantFrom('true', 'b > 0', 'false'),
    always: fc.constantFrom('b <= a', 'b < 2', 'if b > 0 then a > 0 else true'),
    goal: fc.constantFrom('b > 0', 'b = a', 'b = 2'),
  })
  .map((r) => ({
    probity: 1,
    name: 'Random',
    variables: {
      a: { type: 'int 0..2', init: 0, sensor: r.sensor },
      b: { type: 'int 0..2', init: 0, ...(r.kept ? { keptBy: 'shop' } : {}) },
    },
    actors: { bank: { recovers: r.recovers }, shop: { trust: r.trust } },
    channels: {
      c: {
        from: 'bank',
        to: 'shop',
        carries: { n: 'int 1..2' },
        medium: r.medium,
        order: r.order,
        capacity: r.capacity,
        ...(r.medium === 'signed' && !r.signed ? { signed: [] } : {}),
        ...(r.fresh ? { fresh: ['n'] } : {}),
        ...(r.unguessable ? { unguessable: ['n'] } : {}),
      },
    },
    actions: {
      give: {
        actor: 'bank',
        when: `${r.when} and count(c) < ${r.capacity}`,
        then: { a: 'if a < 2 then a + 1 else a' },
        send: { c: { n: 'if a = 0 then 1 else 2' } },
        ...(r.fair[0] ? { fair: 'weak' } : {}),
      },
      take: {
        actor: 'shop',
        receive: { c: 'm' },
        when: r.take,
        controls: {
          known: r.sequence ? { check: r.control, sequence: true } : r.control,
          inTime: r.second,
        },
        then: { b: r.value },
        ...(r.fair[1] === undefined ? {} : { fair: r.fair[1] }),
      },
    },
    properties: {
      safe: { always: r.always },
      comes: { leadsTo: { from: 'a > 0', to: r.goal } },
      stays: { eventuallyAlways: r.goal },
      formula: { ltl: `G (a > 0 -> F (${r.goal}))` },
      back: { recoverable: r.goal },
    },
    final: r.final,
  }));
