import { describe, expect, it } from 'vitest';
import { analyseThreats } from '../../src/checking/attackSets/analysis.ts';
import { subsetsOf } from '../../src/checking/attackSets/minimal.ts';
import { roomFor } from '../../src/checking/attackSets/room.ts';
import { judgeUnder } from '../../src/checking/attackSets/underThreats.ts';
import { Graphs } from '../../src/checking/attackSets/search.ts';
import { withoutSimulated } from '../../src/checking/attackSets/simulated.ts';
import type { ThreatReport } from '../../src/checking/attackSets/types.ts';
import { readBeside } from '../../src/checking/diagram.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { tellerOf } from '../../src/explain/teller.ts';
import { readWhole } from '../../src/frontends/bpmn/index.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { collaboration, definitions, process } from '../frontends/bpmn/diagramXml.ts';
import { OPTIONS } from './model.ts';

/** A customer orders and pays; a clerk checks and packs, the warehouse ships. */
const DIAGRAM = definitions(
  [
    collaboration(['Buyer customer', 'Seller shop'], ['order ordered', 'pay paid', 'ship parcel']),
    process(
      'customer',
      ['startEvent s', 'sendTask order', 'sendTask pay', 'receiveTask parcel', 'endEvent e'],
      ['s order', 'order pay', 'pay parcel', 'parcel e'],
    ),
    process(
      'shop',
      [
        'startEvent ordered message',
        'receiveTask paid',
        'task check',
        'sendTask ship',
        'endEvent f',
      ],
      ['ordered paid', 'paid check received', 'check ship checked', 'ship f'],
    ).replace(
      '<bpmn:process id="shop">',
      '$&<bpmn:laneSet id="ls"><bpmn:lane id="clerk" name="Clerk"><bpmn:flowNodeRef>ordered</bpmn:flowNodeRef><bpmn:flowNodeRef>paid</bpmn:flowNodeRef><bpmn:flowNodeRef>check</bpmn:flowNodeRef></bpmn:lane><bpmn:lane id="hall" name="Hall"><bpmn:flowNodeRef>ship</bpmn:flowNodeRef><bpmn:flowNodeRef>f</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>',
    ),
  ].join('\n'),
);
const DATA = `
variables: { money: { type: bool, init: false }, looked: { type: bool, init: false } }
sets: { pay: { money: true }, check: { looked: true } }
properties:
  paidFirst: { never: checked > 0 and not(money) }
  lookedAt: { never: checked > 0 and not(looked) }
`;

async function inspected(annotations: string, source = DIAGRAM) {
  const read = await inspect({ source, format: 'bpmn', name: 'shop.bpmn', annotations });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

async function analyse(annotations: string, source = DIAGRAM): Promise<ThreatReport> {
  const answer = await analyseThreats(
    await inspected(annotations, source),
    'bpmn',
    { ...OPTIONS, timeoutMs: 60_000 },
    timeOf(60_000),
  );
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.value;
}

const setsOf = (report: ThreatReport, property: string): readonly string[] =>
  report.properties
    .find(({ name }) => name === property)
    ?.minimalAttackSets.map(({ threats }) => threats.join(' + ')) ?? [];

const idsOf = ({ ids }: ThreatReport): readonly string[] => ids.map(({ id }) => id);

describe('threats on a diagram', () => {
  it('are those of its message flows and of whoever acts; what is not said is named', async () => {
    const report = await analyse(DATA);
    expect(idsOf(report)).toEqual(
      ['delay', 'drop', 'forge', 'replay']
        .flatMap((operator) => ['m0', 'm1', 'm2'].map((flow) => `${operator}.${flow}`))
        .concat('unavailable.Buyer', 'unavailable.clerk', 'unavailable.hall'),
    );
    expect(report.assumptions).toEqual([
      'Anybody can read and write what travels as order to ordered (m0), pay to paid (m1), ship to parcel (m2): its medium is public.',
      'Buyer (Buyer), Clerk (clerk), Hall (hall) can be relied on: trusted.',
      'At most 3 messages of order to ordered (m0), pay to paid (m1), ship to parcel (m2) are under way at once, and 2 after an attacker has added one; a sender waits for room.',
    ]);
    expect(setsOf(report, 'paidFirst')).toEqual(['forge.m1']);
    expect(setsOf(report, 'lookedAt')).toEqual([]);
    expect(report.properties.every(({ complete }) => complete === true)).toBe(true);
    expect(setsOf(report, 'optionToComplete')).toContain('drop.m1');
    expect(setsOf(report, 'sound')).toContain('drop.m1');
  });

  it('follow media and trust, in a side file or in the diagram', async () => {
    const side = `${DATA}
messages: { m0: { medium: private }, m1: { medium: signed }, m2: { medium: private } }
actors: { clerk: { trust: insider }, Buyer: { recovers: true } }
`;
    const within = DIAGRAM.replace('id="m0"', '$& probity:medium="private"')
      .replace('id="m1"', '$& probity:medium="signed"')
      .replace('id="m2"', '$& probity:medium="private"')
      .replace('id="clerk"', '$& probity:trust="insider"')
      .replace('id="Buyer"', '$& probity:recovers="true"')
      .replace('<bpmn:definitions', '$& xmlns:probity="urn:probity:bpmn:v1"');
    const beside = await inspected(side);
    expect((await inspected(DATA, within)).digest).toBe(beside.digest);
    const report = await analyse(side);
    expect(idsOf(report)).toEqual([
      'delay.m1',
      'drop.m1',
      'replay.m1',
      'skip.check',
      'skip.paid',
      'unavailable.Buyer',
      'unavailable.clerk',
      'unavailable.hall',
    ]);
    expect(setsOf(report, 'paidFirst')).toEqual(['skip.paid']);
    expect(setsOf(report, 'lookedAt')).toEqual(['skip.check']);
  });

  it('are forged by a sender who is not trusted; lanes are as their pool', async () => {
    const report = await analyse(
      `${DATA}\nmessages: { m2: { medium: private } }\nactors: { Seller: { trust: untrusted }, hall: { trust: trusted } }`,
    );
    expect(idsOf(report)).toContain('skip.check');
    expect(idsOf(report)).not.toContain('skip.ship');
    expect(idsOf(report)).not.toContain('forge.m2');
    const untrusted = await analyse(
      `${DATA}\nmessages: { m2: { medium: private } }\nactors: { hall: { trust: untrusted } }`,
    );
    expect(idsOf(untrusted)).toContain('forge.m2');
    expect(idsOf(untrusted)).toContain('skip.ship');
  });

  it('are told in the names of the diagram', async () => {
    const side = `${DATA}\nactors: { clerk: { trust: insider, recovers: true } }`;
    const report = await analyse(side);
    const beside = readBeside({ annotations: side });
    const reading = beside.ok && (await readWhole(DIAGRAM, beside.value));
    if (!reading || !reading.ok) throw new Error('unreadable');
    const teller = tellerOf(reading.value);
    const told = (property: string, threats: string): readonly string[] =>
      report.properties
        .find(({ name }) => name === property)
        ?.minimalAttackSets.find((set) => set.threats.join() === threats)
        ?.trace?.steps.flatMap((step) => teller.effects(step)) ?? [];
    expect(told('paidFirst', 'forge.m1')).toContain(
      'a message comes to activity paid, and nobody sent it',
    );
    expect(told('paidFirst', 'skip.paid')).toContain('paid is passed over');
    expect(told('optionToComplete', 'drop.m1').at(-1)).toBe('a message to activity paid is lost');
    expect(told('fairSound', 'unavailable.clerk')).toContain('Clerk does nothing from now on');
    expect(told('fairSound', 'unavailable.clerk')).toContain('Clerk is back');
  });

  it('hold up only what was looked at with so many messages', async () => {
    const { semantics } = await inspected(DATA);
    const limits = { maxStates: 200_000, deadline: Infinity, signal: new AbortController().signal };
    const under = async (id: string) => {
      const threats = threatsOf(semantics.model).filter((threat) => threat.id === id);
      const { outcomes } = await judgeUnder(semantics.model, threats, limits);
      return outcomes.get('lookedAt');
    };
    // Whoever forges can send more than there is room for; who drops brings none.
    expect(await under('forge.m1')).toMatchObject({
      outcome: 'bounded',
      bound: expect.stringMatching(/^so many messages under way at once: .*3 of pay to paid/u),
    });
    expect(await under('drop.m1')).toMatchObject({ outcome: 'holds', method: 'exhaustive' });
  });

  it('say what they do not reach', async () => {
    const second = DIAGRAM.replace(
      '<bpmn:messageFlow id="m1"',
      '<bpmn:messageFlow id="again" sourceRef="pay" targetRef="ordered"/>$&',
    );
    const { assumptions, ids } = await analyse(`${DATA}\nchannels: fifo-pair`, second);
    expect(ids.map(({ id }) => id)).not.toContain('forge.m1');
    expect(assumptions.at(-1)).toMatch(/^Nobody touches the queues customer_to_shop: /);
  });

  it('need trust and media that there are', async () => {
    const problems = async (annotations: string, source = DIAGRAM) => {
      const read = await inspect({ source, format: 'bpmn', name: 'shop.bpmn', annotations });
      return read.ok ? [] : read.problems.map(({ code, path }) => `${code} ${path}`);
    };
    expect(await problems('actors: { Nobody: { trust: insider } }')).toEqual([
      'BPMN_REFERENCE actors.Nobody',
    ]);
    expect(await problems('messages: { order: { medium: public } }')).toEqual([
      'BPMN_REFERENCE messages.order',
    ]);
    expect(await problems('actors: { clerk: { trust: some } }')).toEqual([
      'MODEL_SHAPE actors.clerk.trust',
    ]);
    const wrong = DIAGRAM.replace('id="m1"', '$& probity:medium="open"').replace(
      '<bpmn:definitions',
      '$& xmlns:probity="urn:probity:bpmn:v1"',
    );
    expect(await problems('{}', wrong)).toEqual(['OPTION_INVALID m1']);
  });
});

it('messages that disable nothing are brought at once, and break the same', async () => {
  const { semantics } = await inspected(`${DATA}\nactors: { clerk: { trust: insider } }`);
  const open = { maxStates: 50_000, deadline: Infinity, signal: new AbortController().signal };
  const model = await roomFor(semantics.model, open);
  const threats = threatsOf(model).filter(({ operator }) => operator !== 'unavailable');
  const graphs = new Graphs(model, threats);
  const universe = threats.map(({ id }) => id);
  const judged = model.properties.filter(
    ({ formula: { kind } }) => kind === 'always' || kind === 'never' || kind === 'implicit',
  );
  let fewer = 0;
  for (const size of [0, 1, 2])
    for (const ids of subsetsOf(universe, size)) {
      const plain = await graphs.of(ids, open);
      const needed = withoutSimulated(model, ids);
      const fused = await graphs.fused(needed, open);
      if (fused.graph.store.count < plain.graph.store.count) fewer += 1;
      for (const property of judged) {
        const attack = fused.restriction(needed).attack(property);
        const told = `${property.name} under ${ids.join(' + ')}`;
        expect(attack !== undefined, told).toBe(
          plain.restriction(ids).attack(property) !== undefined,
        );
        const used = attack && [...fused.restriction(needed).idsOf(attack)].sort();
        if (used) expect(plain.restriction(used).attack(property), told).toBeDefined();
      }
    }
  expect(fewer).toBeGreaterThan(20);
});
