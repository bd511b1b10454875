import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../src/monitor/events.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { readMapping } from '../../src/events/mapping.ts';
import { Monitor, type CloudEvent } from '../../src/monitor/monitor.ts';
import { repository } from '../golden.ts';
import { event, MAPPING, mappingProblems, shown, standing, watched } from './shop.ts';

const HAPPY = (): readonly CloudEvent[] => [
  event('weighed', 0, { kg: 3 }),
  event('paid', 10, { cents: 200 }),
  event('sent', 20),
  event('given', 30),
];

describe('a case that the model foresees', () => {
  it('has no alert, whatever happened unseen, and says what comes next', async () => {
    expect(standing(await watched(HAPPY()))).toEqual([]);
    const [half] = await watched(HAPPY().slice(0, 2));
    expect(half?.legalNext).toEqual([{ action: 'send' }]);
    expect(half?.beliefSize.at(-1)?.size).toBe(1);
  });

  it('cases are apart, and an event may be of several', async () => {
    const mapping = MAPPING.replace('$.subject', '$.data.parcels');
    const [weighed, paid] = HAPPY();
    const both = (found: CloudEvent | undefined, parcels: unknown): CloudEvent => ({
      ...(found as CloudEvent),
      data: { ...(found?.data as object), parcels },
    });
    const answers = await watched([both(weighed, ['A', 7]), both(paid, 'A')], { mapping });
    expect(answers.map((found) => [found.case, found.events.length])).toEqual([
      ['A', 2],
      ['7', 1],
    ]);
  });
});

describe('a deviation', () => {
  it('is explained by all minimal sets of threats, and followed under the smallest', async () => {
    const answers = await watched([
      event('weighed', 0, { kg: 3 }),
      event('paid', 10, { cents: 100 }),
      event('sent', 20),
    ]);
    expect(standing(answers)).toEqual([
      // A forged bill needs the room of the one that is there.
      'deviation tamper.bill.amount|delay.bill+forge.bill|drop.bill+forge.bill',
      'broken paidInFull',
    ]);
    expect(answers[0]?.hypotheses).toEqual([['tamper.bill.amount']]);
  });

  it('that nothing explains is followed on from what its action leads to', async () => {
    const answers = await watched([event('weighed', 0, { kg: 3 }), event('given', 10)]);
    expect(answers[0]?.alerts[0]).toMatchObject({ unexplained: true, resynchronised: true });
    expect(standing(answers)).toEqual(['deviation', 'broken paidInFull', 'broken proven']);
    expect(answers[0]?.status).toBe('open');
  });

  it('of an untrusted actor is his to explain', async () => {
    const unsigned = (events: readonly CloudEvent[]): Promise<readonly string[]> =>
      watched(events, {
        mapping: MAPPING.replace('deadlines:', '  - { type: signed, action: sign }\ndeadlines:'),
      }).then(standing);
    expect(await unsigned(HAPPY())).toEqual(['deviation bypass.give.proof', 'broken proven']);
  });

  it('a value that the model has no place for is beyond it, and judged no further', async () => {
    const answers = await watched([
      event('weighed', 0, { kg: 3 }),
      event('paid', 10, { cents: 900 }),
      event('sent', 20),
    ]);
    expect(answers[0]).toMatchObject({ status: 'beyondModel', legalNext: [] });
    expect(standing(answers)).toEqual(['beyondModel']);
    expect(answers[0]?.flagged.map(({ why }) => why)).toEqual(['beyondModel']);
  });
});

describe('a diagram', () => {
  it('is followed by the ids and the names of its elements; gateways are silent', async () => {
    const inspected = await inspect({
      source: readFileSync(repository('specs/demo/order.bpmn'), 'utf8'),
      format: 'bpmn',
      name: 'order.bpmn',
    });
    if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
    const { model } = inspected.value.semantics;
    const mapping = readMapping(
      `probityMapping: 1
case: $.subject
events:
  - { type: ordered, action: Customer_PlaceOrder }
  - { type: checked, action: Check stock }
  - { type: confirmed, action: Shop_Confirm }
  - { type: handed, action: Hand parcel to carrier }
`,
      model,
    );
    if (!mapping.ok) throw new Error(JSON.stringify(mapping.problems));
    const told = (...types: string[]): readonly string[] => {
      const monitor = new Monitor(model, mapping.value, { threats: [], budget: 2 });
      types.forEach((type, i) => monitor.take(event(type, i)));
      return standing(monitor.answers());
    };
    expect(told('ordered', 'checked', 'confirmed', 'handed')).toEqual([]);
    expect(told('ordered', 'confirmed')[0]).toBe('deviation');
  });
});

describe('order and repetition', () => {
  it('what is told stands, however the events are shuffled within the lateness and repeated', async () => {
    const stories = [
      HAPPY(),
      [event('weighed', 0, { kg: 3 }), event('paid', 10, { cents: 100 }), event('sent', 20)],
      [event('weighed', 0, { kg: 9 }), event('sent', 10), event('given', 20)],
    ];
    for (const story of stories) {
      const told = standing(await watched(story));
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray([...story, ...story], { minLength: story.length * 2 }),
          async (shuffled) => {
            expect([...standing(await watched(shuffled))].sort()).toEqual([...told].sort());
          },
        ),
        { numRuns: 15, seed: 7 },
      );
    }
  });

  it('one that comes too late, or from the future, is told and moves nothing', async () => {
    const [first, ...rest] = HAPPY();
    const late = await watched([event('sent', 200), first as CloudEvent]);
    expect(late[0]?.flagged.map(({ why }) => why)).toContain('tooLate');
    const now = Date.UTC(2026, 2, 2, 9, 30);
    const ahead = await watched([first as CloudEvent, ...rest, event('paid', 60 * 24 * 9)], {
      now,
    });
    expect(ahead[0]?.flagged.map(({ why }) => why)).toContain('ahead');
    expect(standing(ahead)).not.toContain('late delivery');
  });

  it('a deadline is past only after its time, and over with what closes it', async () => {
    const [weighed, paid, sent] = HAPPY() as [CloudEvent, CloudEvent, CloudEvent];
    const day = 24 * 60;
    expect(standing(await watched([weighed, paid, sent, event('given', 10 + day)]))).toEqual([]);
    const [late] = await watched([weighed, paid, sent, event('given', 11 + day)]);
    expect(late?.alerts).toMatchObject([
      { kind: 'late', at: paid.id, resolved: expect.any(String) as string },
    ]);
    // The clock is that of the whole stream.
    const other = await watched([weighed, paid, sent, event('weighed', 11 + day, { kg: 1 }, 'Q')]);
    expect(standing(other)).toEqual(['late delivery']);
  });
});

describe('bad input', () => {
  it.each([
    [
      'an action that is not there',
      MAPPING.replace('action: send', 'action: sned'),
      'MAPPING_SHAPE events.2.action:7 the model has no action `sned`; did you mean `send`?',
    ],
    [
      'a name that the action has not',
      MAPPING.replace('{ w: {', '{ weight: {'),
      'MAPPING_SHAPE events.0.for.weight:5 the model has no `for` name `weight`',
    ],
    [
      'a field that the message has not',
      MAPPING.replace('amount:', 'amuont:'),
      'MAPPING_SHAPE events.1.receive.bill.amuont:6 the model has no field `amuont`; did you mean `amount`?',
    ],
    [
      'no path',
      MAPPING.replace('$.subject', 'subject'),
      'MAPPING_SHAPE case:2 `subject` is no path',
    ],
    [
      'no duration',
      MAPPING.replace('PT1H', '1 hour'),
      'MAPPING_SHAPE lateness:3 `1 hour` is no duration',
    ],
    [
      'cuts that fall',
      MAPPING.replace('[2, 5]', '[5, 2]'),
      'MAPPING_SHAPE events.0.for.w.cuts:5 `cuts` are numbers that rise',
    ],
    [
      'another model',
      `model: Letter\n${MAPPING}`,
      'MAPPING_SHAPE model:1 the mapping is for the model `Letter`, and this is `Parcel`',
    ],
    [
      'a key that nobody knows',
      MAPPING.replace('lateness', 'latenes'),
      'UNKNOWN_KEY latenes:3 `latenes` is not a key of a mapping; known',
    ],
  ])('%s', async (_, mapping, problem) => {
    expect((await mappingProblems(mapping))[0]).toContain(problem);
  });

  it.each([
    ['no JSON', '[', 'EVENTS_SHAPE  the events are no JSON'],
    ['no list', '{}', 'EVENTS_SHAPE  the events are a list'],
    ['no object', '[1]', 'EVENTS_SHAPE 0 an event is an object'],
    [
      'without an id',
      '[{"source":"s","type":"t","time":"2026-03-02T09:00:00Z"}]',
      'EVENTS_SHAPE 0.id an event has `id`',
    ],
    [
      'a time without a zone',
      '[{"id":"1","source":"s","type":"t","time":"2026-03-02T09:00:00"}]',
      'EVENTS_SHAPE 0.time',
    ],
    [
      'the 30th of February',
      '[{"id":"1","source":"s","type":"t","time":"2026-02-30T09:00:00Z"}]',
      'EVENTS_SHAPE 0.time',
    ],
  ])('events: %s', (_, text, problem) => {
    const read = readEvents(text);
    expect(read.ok ? '' : shown(read.problems[0] as never)).toContain(problem);
  });

  it('what cannot be read or is of no entry is told, and the stream goes on', async () => {
    const [first, ...rest] = HAPPY();
    const answers = await watched([
      event('weighed', 0, { kg: 'heavy' }),
      event('seen', 1),
      first as CloudEvent,
      ...rest,
    ]);
    expect(answers[0]?.flagged.map(({ why }) => why)).toEqual(['unreadable', 'unmapped']);
    expect(standing(answers)).toEqual([]);
  });
});
