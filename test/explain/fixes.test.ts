import { describe, expect, it } from 'vitest';
import {
  drawSequenceFlow,
  giveUp,
  joinBefore,
  makeDefault,
  retype,
  terminate,
} from '../../src/explain/edits.ts';
import { tell } from '../../src/explain/explain.ts';
import { findFixes, type Fix } from '../../src/explain/fixes.ts';
import {
  collaboration,
  definitions,
  MISMATCH,
  process,
  readBpmn,
  reportOf,
  SOUND,
  TWO_FAULTS,
  UNJOINED,
} from './diagram.ts';

const BUDGET = { timeoutMs: 20_000, maxStates: 5_000, cacheDir: '' };
const search = async (source: string): ReturnType<typeof findFixes> =>
  findFixes(source, await reportOf(source), BUDGET, new AbortController().signal);
const fixesOf = async (source: string): Promise<readonly Fix[]> => (await search(source)).fixes;

describe('fixes are verified', () => {
  it.each([
    ['a choice before a parallel join', MISMATCH, 'join'],
    ['a parallel split before a merge', UNJOINED, 'join'],
  ])('%s', async (_, source, gateway) => {
    const fixes = await fixesOf(source);
    expect(fixes.map((fix) => fix.elements)).toContainEqual([gateway]);
    for (const fix of fixes) {
      const after = await reportOf(fix.source);
      const holding = after.properties
        .filter((property) => property.outcome === 'holds')
        .map((property) => property.name);
      expect(holding).toEqual(expect.arrayContaining([...fix.mends]));
      expect(fix.mends.length).toBeGreaterThan(0);
      for (const left of fix.leaves) expect(holding).not.toContain(left);
      for (const before of (await reportOf(source)).properties)
        if (before.outcome === 'holds') expect(holding).toContain(before.name);
    }
  });

  it('ways that meet at an end event', async () => {
    const source = definitions(
      process(
        'p',
        ['startEvent s', 'parallelGateway g', 'task a', 'task b', 'endEvent e'],
        ['s g', 'g a', 'g b', 'a e', 'b e'],
      ),
    );
    expect((await fixesOf(source)).map((fix) => fix.sentence)).toContain(
      'Join the 2 ways into the end event e by a parallel gateway before it.',
    );
  });

  it('an activity that nothing leads to', async () => {
    const source = definitions(
      process('p', ['startEvent s', 'task a', 'task lost', 'endEvent e'], ['s a', 'lost e']),
    );
    const [fix] = await fixesOf(source);
    expect(fix).toMatchObject({
      sentence: 'Draw a sequence flow from the activity a to the activity lost.',
      mends: ['noDeadActivities'],
      leaves: [],
    });
  });

  it('waiting for what need not come', async () => {
    const source = definitions(
      collaboration(['P p', 'Q q'], ['send receive']) +
        process(
          'p',
          ['startEvent s', 'exclusiveGateway x', 'sendTask send', 'task other', 'endEvent e'],
          ['s x', 'x send', 'x other', 'send e', 'other e'],
        ) +
        process(
          'q',
          ['startEvent qs', 'receiveTask receive', 'endEvent qe'],
          ['qs receive', 'receive qe'],
        ),
    );
    expect((await fixesOf(source)).map((fix) => fix.sentence)).toContain(
      'Let the activity receive give up after a time: a timer on its border that leads to an end event.',
    );
  });

  it('nothing is offered that breaks something, or where nothing is broken', async () => {
    expect(await fixesOf(SOUND)).toEqual([]);
    const hopeless = definitions(process('p', ['startEvent s', 'eventBasedGateway x'], ['s x']));
    expect(await fixesOf(hopeless)).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await findFixes(MISMATCH, await reportOf(MISMATCH), BUDGET, stop.signal)).toEqual({
      fixes: [],
      mended: undefined,
    });
  });

  it('two faults are mended one by one, and then together', async () => {
    const { fixes, mended } = await search(TWO_FAULTS);
    expect([...new Set(fixes.map(({ finding }) => finding))]).toEqual([1, 2]);
    for (const fix of fixes) expect(fix.leaves).not.toEqual([]);
    expect(mended?.changes).toEqual([
      'Make the exclusive gateway choice a parallel gateway.',
      'Make the exclusive gateway merge a parallel gateway.',
    ]);
    expect(mended?.leaves).toEqual([]);
    const after = await reportOf(mended?.source ?? '');
    expect(after.properties.filter(({ outcome }) => outcome !== 'holds')).toEqual([]);
  });

  it('what is said beside the diagram does not stand in for the changed one', async () => {
    const report = await reportOf(MISMATCH);
    const said = { source: MISMATCH, format: 'bpmn', name: 'x', channels: 'rsc' } as const;
    const { mended } = await findFixes(
      MISMATCH,
      report,
      BUDGET,
      new AbortController().signal,
      said,
    );
    expect(mended?.leaves).toEqual([]);
  });

  it('a way out where no condition holds; another way to end before a looser join', async () => {
    const source = definitions(
      process(
        'p',
        ['startEvent s', 'exclusiveGateway x', 'task small', 'task large', 'endEvent e'],
        ['s x', 'x small f1 n&lt;2', 'x large f2 n>2', 'small e', 'large e'],
      ),
    ).replace(
      '<bpmn:process id="p">',
      '$&<bpmn:extensionElements xmlns:probity="urn:probity:bpmn:v1"><probity:variable name="n" type="int 1..3"/></bpmn:extensionElements>',
    );
    const [told] = (await tell(source, await reportOf(source))).findings;
    expect(told?.why).toBe(
      'The exclusive gateway x waits until a condition on one of its ways out holds, and none does.',
    );
    const [first] = await fixesOf(source);
    expect(first?.sentence).toBe(
      'Make the way from the exclusive gateway x to the activity small the default: it is taken where no condition holds.',
    );
    expect(first?.leaves).toEqual([]);
  });
});

describe('edits leave the rest of the file as it is', () => {
  it('another type, with a prefix or without, closed or not, with a default flow or without', () => {
    expect(
      retype(
        '<a:x id="n"/><a:exclusiveGateway  default="f" id="g">\n<a:incoming>f</a:incoming></a:exclusiveGateway >',
        'g',
        'parallelGateway',
      ),
    ).toBe(
      '<a:x id="n"/><a:parallelGateway id="g">\n<a:incoming>f</a:incoming></a:parallelGateway >',
    );
    expect(retype("<exclusiveGateway id='g'/>", 'g', 'inclusiveGateway')).toBe(
      "<inclusiveGateway id='g'/>",
    );
    expect(
      retype('<exclusiveGateway name="id=&quot;g&quot;" id="h"/>', 'g', 'inclusiveGateway'),
    ).toBeUndefined();
  });

  it('a gateway before an element', () => {
    expect(
      joinBefore(
        '<endEvent id="e"/><sequenceFlow id="f" sourceRef="a" targetRef="e"/>',
        'e',
        ['f'],
        'parallelGateway',
      ),
    ).toBe(
      '<parallelGateway id="Probity_before_e"/><sequenceFlow id="Probity_before_e_out" sourceRef="Probity_before_e" targetRef="e"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="a" targetRef="Probity_before_e"/>',
    );
    expect(joinBefore('<endEvent id="e"/>', 'e', ['gone'], 'parallelGateway')).toBeUndefined();
  });

  it('an end of everything, a default flow', () => {
    expect(terminate('<a:endEvent id="e" />', 'e')).toBe(
      '<a:endEvent id="e"><a:terminateEventDefinition/></a:endEvent>',
    );
    expect(
      terminate('<endEvent id="e">\n<incoming>f</incoming>\n</endEvent><task id="t"></task>', 'e'),
    ).toBe(
      '<endEvent id="e">\n<incoming>f</incoming>\n<terminateEventDefinition/></endEvent><task id="t"></task>',
    );
    expect(makeDefault('<exclusiveGateway id="x"/>', 'x', 'f')).toBe(
      '<exclusiveGateway default="f" id="x"/>',
    );
    expect(makeDefault('<exclusiveGateway id="x"/>', 'y', 'f')).toBeUndefined();
    expect(terminate('<endEvent id="x"/>', 'y')).toBeUndefined();
  });

  it('a flow, a timer: what comes out is a diagram', async () => {
    const source = definitions(
      process('p', ['startEvent s', 'receiveTask a', 'endEvent e'], ['s a']),
    );
    const changed = giveUp(drawSequenceFlow(source, 'a', 'e') ?? '', 'a') ?? '';
    expect((await readBpmn(changed)).ok).toBe(true);
    expect(
      changed.replaceAll(
        /<bpmn:[^<]*id="Probity[^<>]*>(<bpmn:timerEventDefinition\/><\/bpmn:boundaryEvent>)?/g,
        '',
      ),
    ).toBe(source);
  });
});
