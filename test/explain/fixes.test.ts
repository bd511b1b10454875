import { describe, expect, it } from 'vitest';
import { connect, giveUp, joinBefore, retype } from '../../src/explain/edits.ts';
import { findFixes } from '../../src/explain/fixes.ts';
import {
  collaboration,
  definitions,
  MISMATCH,
  process,
  readBpmn,
  reportOf,
  SOUND,
  UNJOINED,
} from './diagram.ts';

const BUDGET = { timeoutMs: 20_000, maxStates: 5_000, cacheDir: '' };
const fixesOf = async (source: string): ReturnType<typeof findFixes> =>
  findFixes(source, await reportOf(source), BUDGET, new AbortController().signal);

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
      'Join the 2 ways into e by a parallel gateway before it.',
    );
  });

  it('an activity that nothing leads to', async () => {
    const source = definitions(
      process('p', ['startEvent s', 'task a', 'task lost', 'endEvent e'], ['s a', 'lost e']),
    );
    const [fix] = await fixesOf(source);
    expect(fix).toMatchObject({
      sentence: 'Draw a sequence flow from a to lost.',
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
      'Let receive give up after a time: a timer on its border that leads to an end event.',
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
    expect(await findFixes(MISMATCH, await reportOf(MISMATCH), BUDGET, stop.signal)).toEqual([]);
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

  it('a flow, a timer: what comes out is a diagram', async () => {
    const source = definitions(
      process('p', ['startEvent s', 'receiveTask a', 'endEvent e'], ['s a']),
    );
    const changed = giveUp(connect(source, 'a', 'e') ?? '', 'a') ?? '';
    expect((await readBpmn(changed)).ok).toBe(true);
    expect(
      changed.replaceAll(
        /<bpmn:[^<]*id="Probity[^<>]*>(<bpmn:timerEventDefinition\/><\/bpmn:boundaryEvent>)?/g,
        '',
      ),
    ).toBe(source);
  });
});
