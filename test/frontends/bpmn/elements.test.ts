import { describe, expect, it } from 'vitest';
import type { ModelDocument } from '../../../src/model/document.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { collaboration, definitions, process } from './diagramXml.ts';

async function read(body: string): Promise<ModelDocument> {
  const result = await readBpmn(definitions(body));
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}

async function refused(body: string): Promise<readonly string[]> {
  const result = await readBpmn(definitions(body));
  return result.ok ? [] : result.problems.map((found) => `${found.code} ${found.elementId ?? ''}`);
}

/** The conditions of fairness that an action serves. */
const fairOf = ({ fairness = [] }: Pick<ModelDocument, 'fairness'>, name: string): string[] =>
  fairness.flatMap(({ weak, strong }) => [
    ...(weak?.includes(name) ? [`weak: ${weak.join(' or ')}`] : []),
    ...(strong?.includes(name) ? [`strong: ${strong.join(' or ')}`] : []),
  ]);
const between = (element: string): string =>
  process('p', ['startEvent s', `${element}`, 'endEvent e'], ['s x', 'x e']);
/** An activity `x` with the event `b` on its border. */
const on = (activity: string, trigger: string, more = ''): string =>
  process(
    'p',
    ['startEvent s', `${activity} x`, `boundaryEvent b ${trigger}`, 'endEvent e', 'endEvent e2'],
    ['s x', 'x e', 'b e2'],
  ).replace('<bpmn:boundaryEvent', `<bpmn:boundaryEvent attachedToRef="x"${more}`);
const TALK = process('q', ['startEvent qs', 'sendTask qt', 'endEvent qe'], ['qs qt', 'qt qe']);

describe('activities', () => {
  it.each([
    'task',
    'userTask',
    'serviceTask',
    'sendTask',
    'manualTask',
    'scriptTask',
    'businessRuleTask',
    'receiveTask',
  ])('%s is one step', async (element) => {
    const model = await read(between(`${element} x`));
    expect(model.actions['x']).toMatchObject({
      when: 'p_f0 > 0',
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
      elementId: 'x',
    });
    expect(model.variables['p_f0']).toMatchObject({ type: 'int', init: 1, elementId: 'p_f0' });
    expect(model.properties?.['noDeadActivities']?.reachableEach).toEqual({ x: 'p_f0 > 0' });
  });

  it('several flows out are a parallel split, several in are merged one token at a time', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'task a', 'task b', 'endEvent e'],
        ['s a', 'a b', 'a b', 'b e'],
      ),
    );
    expect(model.actions['a']?.then).toEqual({
      p_f0: 'p_f0 - 1',
      p_f1: 'p_f1 + 1',
      p_f2: 'p_f2 + 1',
    });
    expect(Object.keys(model.actions)).toEqual(['a', 'b_from_a', 'b_from_a_2', 'e']);
  });

  it('conditional flows may be taken in any way, the default flow if none is', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'task a', 'task b', 'task c', 'task d', 'endEvent e'],
        ['s a', 'a b f1 yes', 'a c f2 no', 'a d f3', 'b e', 'c e', 'd e'],
      ).replace('id="a"', 'id="a" default="f3"'),
    );
    expect(Object.keys(model.actions).filter((name) => name.startsWith('a'))).toEqual([
      'a_to_d',
      'a_to_b',
      'a_to_c',
      'a_to_b_c',
    ]);
    expect(model.abstractions).toContainEqual(expect.stringMatching(/^Choices are free.*: a\.$/));
  });

  it('a loop on itself changes nothing', async () => {
    const model = await read(
      process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a a', 'a e']),
    );
    expect(model.actions['a_from_a']?.then).toEqual({ p_f2: 'p_f2 + 1' });
  });
});

describe('gateways', () => {
  it('an exclusive gateway has one action per way out, strongly fair', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'exclusiveGateway g', 'endEvent e1', 'endEvent e2'],
        ['s g', 'g e1', 'g e2'],
      ),
    );
    expect(model.actions['g_to_e1']).toMatchObject({
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
    });
    expect(fairOf(model, 'g_to_e1')).toEqual(['weak: g_to_e1 or g_to_e2', 'strong: g_to_e1']);
  });

  it('a parallel gateway needs all and gives all', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'task a', 'parallelGateway g', 'endEvent e'],
        ['s a', 'a g', 'a g', 'g e', 'g e'],
      ),
    );
    expect(model.actions['g']).toMatchObject({
      when: 'p_f1 > 0 and p_f2 > 0',
      then: { p_f1: 'p_f1 - 1', p_f2: 'p_f2 - 1', p_f3: 'p_f3 + 1', p_f4: 'p_f4 + 1' },
    });
  });

  it('an event-based gateway waits where the token is, for a message or a timer', async () => {
    const model = await read(
      collaboration(['P p', 'Q q'], ['qt r']) +
        TALK +
        process(
          'p',
          [
            'startEvent s',
            'eventBasedGateway g',
            'receiveTask r',
            'intermediateCatchEvent t timer',
            'endEvent e1',
            'endEvent e2',
          ],
          ['s g', 'g r', 'g t', 'r e1', 't e2'],
        ),
    );
    expect(model.actions['r']).toMatchObject({
      when: 'p_f0 > 0 and m0 > 0',
      then: { p_f0: 'p_f0 - 1', m0: 'm0 - 1', p_f3: 'p_f3 + 1' },
      elementId: 'r',
    });
    expect(fairOf(model, 'r')).toEqual(['weak: r', 'strong: r']);
    expect(model.actions['t']).toMatchObject({
      when: 'p_f0 > 0',
      then: { p_f0: 'p_f0 - 1', p_f4: 'p_f4 + 1' },
      elementId: 't',
    });
    expect(model.variables).not.toHaveProperty('p_f1');
    expect(model.abstractions).toContainEqual(expect.stringMatching(/^A timer may go off.*t\.$/));
  });

  it('an inclusive gateway takes any ways out but none, the default one if there is no other', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'inclusiveGateway g', 'endEvent e1', 'endEvent e2', 'endEvent e3'],
        ['s g', 'g e1', 'g e2', 'g e3 f3'],
      ).replace('id="g"', 'id="g" default="f3"'),
    );
    expect(Object.keys(model.actions).filter((name) => name.startsWith('g'))).toEqual([
      'g_to_e3',
      'g_to_e1',
      'g_to_e2',
      'g_to_e1_e2',
    ]);
    expect(model.actions['g_to_e1_e2']).toMatchObject({
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1', p_f2: 'p_f2 + 1' },
    });
    expect(fairOf(model, 'g_to_e1_e2')).toEqual([
      'weak: g_to_e3 or g_to_e1 or g_to_e2 or g_to_e1_e2',
    ]);
    expect(fairOf(model, 'g_to_e1')).toContain('strong: g_to_e1');
    expect(model.abstractions).toContainEqual(expect.stringMatching(/^Choices are free.*: g\.$/));
  });

  it('an inclusive gateway waits for what can still come to an empty flow and to no other', async () => {
    const model = await read(
      process(
        'p',
        [
          'startEvent s',
          'inclusiveGateway g',
          'task a',
          'task b',
          'task c',
          'inclusiveGateway j',
          'endEvent e',
        ],
        ['s g', 'g a', 'g b', 'a j', 'b c', 'c j', 'j e'],
      ),
    );
    expect(model.actions['j']).toMatchObject({
      when: '(p_f3 > 0 or p_f5 > 0) and (p_f5 > 0 or (p_f4 = 0 and p_f2 = 0)) and (p_f3 > 0 or p_f1 = 0)',
      then: { p_f3: 'p_f3 - min(p_f3, 1)', p_f5: 'p_f5 - min(p_f5, 1)', p_f6: 'p_f6 + 1' },
    });
  });

  it('an inclusive gateway waits for a sub-process, by its own way out and not by those of its border', async () => {
    const body = process(
      'p',
      [
        'startEvent s',
        'inclusiveGateway g',
        'subProcess x',
        'boundaryEvent b timer',
        'inclusiveGateway j',
        'endEvent e',
      ],
      ['s g', 'g x', 'g j', 'x j', 'b e', 'j e'],
    );
    const inside =
      '<bpmn:startEvent id="is"/><bpmn:task id="it"/><bpmn:sequenceFlow id="if" sourceRef="is" targetRef="it"/>';
    const model = await read(
      body
        .replace('<bpmn:subProcess id="x">', `$&${inside}`)
        .replace('<bpmn:boundaryEvent', '$& attachedToRef="x"'),
    );
    expect(model.actions['j']?.when).toBe(
      '(p_f2 > 0 or p_f3 > 0) and (p_f3 > 0 or (x_active = 0 and p_f1 = 0))',
    );
    const escape = await read(
      body
        .replace('sourceRef="b" targetRef="e"', 'sourceRef="b" targetRef="j"')
        .replace('sourceRef="x" targetRef="j"', 'sourceRef="x" targetRef="e"')
        .replace('<bpmn:boundaryEvent', '$& attachedToRef="x"'),
    );
    expect(escape.actions['j']?.when).toBe('(p_f2 > 0 or p_f4 > 0) and (p_f2 > 0 or p_f0 = 0)');
    const beside = await read(
      body
        .replace('sourceRef="b" targetRef="e"', 'sourceRef="b" targetRef="j"')
        .replace('<bpmn:boundaryEvent', '$& attachedToRef="x" cancelActivity="false"'),
    );
    expect(beside.actions['j']?.when).toContain('(p_f3 > 0 or (x_active = 0 and p_f1 = 0))');
  });

  it('a gateway without a way out ends its tokens', async () => {
    const model = await read(process('p', ['startEvent s', 'exclusiveGateway g'], ['s g']));
    expect(model.actions['g']).toMatchObject({ then: { p_f0: 'p_f0 - 1' } });
  });
});

describe('events', () => {
  it.each([
    'intermediateThrowEvent x',
    'intermediateThrowEvent x message',
    'intermediateCatchEvent x',
    'intermediateCatchEvent x message',
    'intermediateCatchEvent x timer',
  ])('%s passes the token on', async (element) => {
    expect((await read(between(element))).actions['x']).toMatchObject({
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
    });
  });

  it('an end event counts, a terminate end event empties its process', async () => {
    const model = await read(
      process(
        'p',
        ['startEvent s', 'task a', 'endEvent e', 'endEvent t terminate'],
        ['s a', 'a e', 'a t'],
      ),
    );
    expect(model.actions['e']?.then).toEqual({ p_f1: 'p_f1 - 1', e_count: 'min(e_count + 1, 2)' });
    expect(model.actions['t']?.then).toEqual({
      p_f0: 0,
      p_f1: 0,
      p_f2: 0,
      t_count: 'min(t_count + 1, 2)',
    });
  });

  it('a message starts a process that is not running', async () => {
    const model = await read(
      collaboration(['P p', 'Q q'], ['qt s']) +
        TALK +
        process('p', ['startEvent s message', 'endEvent e'], ['s e']),
    );
    expect(model.variables['p_f0']?.init).toBe(0);
    expect(model.actions['s']).toMatchObject({
      when: 'm0 > 0 and p_f0 = 0',
      then: { e_count: 'if e_count = 2 then 2 else 0', m0: 'm0 - 1', p_f0: 'p_f0 + 1' },
    });
    expect(model.abstractions).toContainEqual(
      expect.stringContaining('One instance at a time runs of: P'),
    );
  });

  it.each(['conditional', 'signal'])(
    'a %s comes in the end, unless the outside is silent',
    async (trigger) => {
      const {
        actions,
        abstractions,
        fairness = [],
      } = await read(between(`intermediateCatchEvent x ${trigger}`));
      expect(actions['x']).toMatchObject({ then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' } });
      expect(fairOf({ fairness }, 'x')).toEqual(['weak: x']);
      expect(abstractions).toContainEqual(expect.stringMatching(/at any moment: x\.$/));
      expect(abstractions).toContainEqual(
        expect.stringMatching(/the outside answers in the end: x\.$/),
      );
      const silent = await readBpmn(definitions(between(`intermediateCatchEvent x ${trigger}`)), {
        annotations: { outside: 'silent' },
      });
      if (!silent.ok) throw new Error(JSON.stringify(silent.problems));
      expect(fairOf(silent.value, 'x')).toEqual([]);
      expect(silent.value.abstractions).toContainEqual(
        expect.stringMatching(/may stay silent for ever, whoever waits for it: x\.$/),
      );
    },
  );

  it('an end event with a signal or an error that nobody catches ends its token', async () => {
    for (const trigger of ['signal', 'error']) {
      const model = await read(process('p', ['startEvent s', `endEvent e ${trigger}`], ['s e']));
      expect(model.actions['e']?.then).toEqual({
        p_f0: 'p_f0 - 1',
        e_count: 'min(e_count + 1, 2)',
      });
    }
  });

  it('a pair of link events is a flow', async () => {
    const line = process(
      'p',
      [
        'startEvent s',
        'intermediateThrowEvent a link',
        'intermediateThrowEvent a2 link',
        'intermediateCatchEvent b link',
        'endEvent e',
      ],
      ['s a', 's a2', 'b e'],
    ).replaceAll('<bpmn:linkEventDefinition/>', '<bpmn:linkEventDefinition name="there"/>');
    const { actions, variables } = await read(line);
    expect(actions['a']).toMatchObject({ then: { p_f0: 'p_f0 - 1', a_b: 'a_b + 1' } });
    expect(actions['b_from_a2']).toMatchObject({
      when: 'a2_b > 0',
      then: { a2_b: 'a2_b - 1', p_f2: 'p_f2 + 1' },
    });
    expect(variables['a_b']?.elementId).toBe('a');
  });

  it.each([
    'startEvent s',
    'startEvent s timer',
    'startEvent s conditional',
    'startEvent s signal',
    'startEvent s message',
  ])('%s alone has happened, if nobody in the diagram sends its message', async (start) => {
    const model = await read(process('p', [start, 'endEvent e'], ['s e']));
    expect(model.variables['p_f0']?.init).toBe(1);
  });

  it('of several start events one starts the process', async () => {
    const model = await read(
      process('p', ['startEvent s1', 'startEvent s2', 'endEvent e'], ['s1 e', 's2 e']),
    );
    expect(model.variables['start_p']).toMatchObject({ init: 1 });
    expect(model.actions['s1']).toMatchObject({ when: 'start_p > 0 and p_f0 = 0 and p_f1 = 0' });
    expect(model.final).toContain('start_p = 0');
  });

  it('without a start event all that nothing leads to begins', async () => {
    const model = await read(
      process('p', ['task a', 'task b', 'parallelGateway g'], ['a g', 'b g']),
    );
    expect(model.variables['a_entry']).toMatchObject({ init: 1, elementId: 'a' });
    expect(model.actions['b']).toMatchObject({ when: 'b_entry > 0' });
  });

  it('with a start event, what nothing leads to never happens', async () => {
    const model = await read(
      process('p', ['startEvent s', 'task lost', 'endEvent e'], ['s e', 'lost e']),
    );
    expect(model.actions).not.toHaveProperty('lost');
    expect(model.properties?.['noDeadActivities']?.reachableEach).toEqual({ lost: false });
  });
});

describe('sub-processes', () => {
  const inside =
    '<bpmn:startEvent id="is"/><bpmn:task id="it"/><bpmn:endEvent id="ie"/><bpmn:sequenceFlow id="if1" sourceRef="is" targetRef="it"/><bpmn:sequenceFlow id="if2" sourceRef="it" targetRef="ie"/>';
  const nest = (content: string): string =>
    between('subProcess x').replace('id="x">', `id="x">${content}`);

  it('runs once at a time, until nothing is left inside', async () => {
    const model = await read(nest(inside));
    expect(model.actions['x']).toMatchObject({
      when: 'p_f0 > 0 and x_active = 0',
      then: {
        p_f0: 'p_f0 - 1',
        x_active: 'x_active + 1',
        if1: 'if1 + 1',
        ie_count: 'if ie_count = 2 then 2 else 0',
      },
    });
    expect(model.actions['x_done']).toMatchObject({
      when: 'x_active > 0 and if1 = 0 and if2 = 0',
      then: { x_active: 'x_active - 1', p_f1: 'p_f1 + 1' },
    });
    expect(model.properties?.['noDeadActivities']?.reachableEach).toMatchObject({
      x: '(p_f0 > 0 and x_active = 0)',
      it: 'if1 > 0',
    });
    expect(model.abstractions).toContainEqual(expect.stringMatching(/runs once at a time.*: x\.$/));
    expect(model.actions['it']?.actor).toBe(model.actions['x']?.actor);
  });

  it('without a start event it begins everywhere, with several at one of them; empty it is a task', async () => {
    expect(
      (await read(nest('<bpmn:task id="i1"/><bpmn:task id="i2"/>'))).actions['x']?.then,
    ).toMatchObject({ i1_entry: 'i1_entry + 1', i2_entry: 'i2_entry + 1' });
    const two = await read(
      nest(`${inside}<bpmn:startEvent id="is2"><bpmn:timerEventDefinition/></bpmn:startEvent>`),
    );
    expect(two.actions['x_with_is2']?.then).toMatchObject({ is2_entry: 'is2_entry + 1' });
    expect(two.actions['is2']?.when).toBe('is2_entry > 0');
    expect((await read(between('subProcess x'))).actions['x']).toMatchObject({
      when: 'p_f0 > 0',
      then: { p_f1: 'p_f1 + 1' },
    });
  });

  it('a terminate end event empties its sub-process only', async () => {
    const model = await read(
      nest(
        inside.replace(
          '<bpmn:endEvent id="ie"/>',
          '<bpmn:endEvent id="ie"><bpmn:terminateEventDefinition/></bpmn:endEvent>',
        ),
      ),
    );
    expect(model.actions['ie']?.then).toEqual({ if1: 0, if2: 0, ie_count: 'min(ie_count + 1, 2)' });
  });

  it('an error ends the sub-process that catches it; without one it ends its token', async () => {
    const thrown = inside.replace(
      '<bpmn:endEvent id="ie"/>',
      '<bpmn:endEvent id="ie"><bpmn:errorEventDefinition errorRef="E1"/></bpmn:endEvent>',
    );
    const caught = (ref: string): string =>
      `<bpmn:error id="E1" errorCode="a"/><bpmn:error id="E2" errorCode="b"/><bpmn:error id="E3" errorCode=" a "/><bpmn:error id="E4"/>${on(
        'subProcess',
        'error',
      )
        .replace('id="x">', `id="x">${thrown}`)
        .replace('<bpmn:errorEventDefinition/>', `<bpmn:errorEventDefinition${ref}/>`)}`;
    // By its code, whatever declares it; without one, any.
    for (const ref of ['', ' errorRef="E1"', ' errorRef="E3"', ' errorRef="E4"']) {
      const model = await read(caught(ref));
      expect(model.actions['ie']?.then).toEqual({
        if1: 0,
        if2: 0,
        x_active: 0,
        p_f2: 'p_f2 + 1',
        ie_count: 'min(ie_count + 1, 2)',
      });
      expect(model.actions).not.toHaveProperty('b');
    }
    const other = await read(caught(' errorRef="E2"'));
    expect(other.actions['ie']?.then).toEqual({ if2: 'if2 - 1', ie_count: 'min(ie_count + 1, 2)' });
    expect(other.abstractions).toContain(
      'Nothing in the diagram catches the error; it ends its token, and nothing else: ie.',
    );
    expect(other.actions['b']).toMatchObject({ when: 'x_active > 0' });
    expect(fairOf(other, 'b')).toEqual([]);
  });
});

describe('escalations', () => {
  const inside =
    '<bpmn:startEvent id="is"/><bpmn:intermediateThrowEvent id="it"><bpmn:escalationEventDefinition/></bpmn:intermediateThrowEvent><bpmn:endEvent id="ie"/><bpmn:sequenceFlow id="if1" sourceRef="is" targetRef="it"/><bpmn:sequenceFlow id="if2" sourceRef="it" targetRef="ie"/>';
  const caught = (more: string): string =>
    on('subProcess', 'escalation', more).replace('id="x">', `id="x">${inside}`);

  it('end the sub-process or go on besides', async () => {
    expect((await read(caught(''))).actions['it']?.then).toEqual({
      if1: 0,
      if2: 0,
      x_active: 0,
      p_f2: 'p_f2 + 1',
    });
    const besides = await read(caught(' cancelActivity="false"'));
    expect(besides.actions['it']?.then).toEqual({
      if1: 'if1 - 1',
      if2: 'if2 + 1',
      p_f2: 'p_f2 + 1',
    });
    expect(besides.actions).not.toHaveProperty('b');
  });

  it('that nobody catches change nothing', async () => {
    const model = await read(between('subProcess x').replace('id="x">', `id="x">${inside}`));
    expect(model.actions['it']?.then).toEqual({ if1: 'if1 - 1', if2: 'if2 + 1' });
  });
});

describe('events on the border of an activity', () => {
  it('one that interrupts happens instead of the end', async () => {
    const model = await read(on('task', 'timer'));
    expect(model.actions['x']).toMatchObject({
      when: 'p_f0 > 0 and x_active = 0',
      then: { p_f0: 'p_f0 - 1', x_active: 'x_active + 1' },
    });
    expect(model.actions['x_done']).toMatchObject({
      when: 'x_active > 0',
      then: { x_active: 'x_active - 1', p_f1: 'p_f1 + 1' },
    });
    expect(model.actions['b']).toMatchObject({
      when: 'x_active > 0',
      then: { x_active: 0, p_f2: 'p_f2 + 1' },
    });
    expect(fairOf(model, 'b')).toEqual(['weak: b']);
  });

  it('one that does not happens besides: a timer once, with a cycle and all others any number of times', async () => {
    const border = on('task', 'timer', ' cancelActivity="false"');
    const said = (what: string): Promise<ModelDocument> =>
      read(
        border.replace(
          '<bpmn:timerEventDefinition/>',
          `<bpmn:timerEventDefinition>${what}</bpmn:timerEventDefinition>`,
        ),
      );
    const once = await said('<bpmn:timeDuration>PT10M</bpmn:timeDuration>');
    expect(once.bounds).toBeUndefined();
    for (const unknown of [
      '',
      '<bpmn:timeDuration/>',
      '<bpmn:timeDuration>R3/PT10M</bpmn:timeDuration>',
    ]) {
      const paced = await said(unknown);
      expect(paced.actions['b']).toMatchObject({ when: 'x_active > 0 and p_f2 = 0' });
      expect(paced.bounds).toEqual([
        expect.stringMatching(/^A timer that does not say when.*: b\.$/),
      ]);
    }
    expect(once.actions['b']).toMatchObject({
      when: 'b_armed > 0',
      then: { b_armed: 'b_armed - 1', p_f2: 'p_f2 + 1' },
    });
    expect(once.actions['x_done']?.then).toMatchObject({ b_armed: 0 });
    const cycle = on('task', 'timer', ' cancelActivity="false"').replace(
      '<bpmn:timerEventDefinition/>',
      '<bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>',
    );
    for (const body of [
      cycle,
      on('task', 'conditional', ' cancelActivity="false"'),
      on('task', 'message', ' cancelActivity="false"'),
    ]) {
      expect((await read(body)).actions['b']).toMatchObject({
        when: 'x_active > 0',
        then: { p_f2: 'p_f2 + 1' },
      });
    }
  });

  it('a message reaches it while the activity runs', async () => {
    const model = await read(
      collaboration(['P p', 'Q q'], ['qt b']) + TALK + on('receiveTask', 'message'),
    );
    expect(model.actions['b']).toMatchObject({
      when: 'x_active > 0 and m0 > 0',
      then: { x_active: 0, m0: 'm0 - 1', p_f2: 'p_f2 + 1' },
    });
    expect(model.properties?.['noDeadActivities']?.reachableEach).toMatchObject({
      x: 'x_active > 0',
    });
  });

  it('an error may happen at any moment, or never', async () => {
    expect((await read(on('task', 'error'))).actions['b']).toMatchObject({ when: 'x_active > 0' });
    expect(fairOf(await read(on('task', 'error')), 'b')).toEqual([]);
  });
});

describe('who acts', () => {
  it('the innermost lane, else the pool, else the process', async () => {
    const lanes =
      '<bpmn:laneSet><bpmn:lane id="Outer" name="Shop"><bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:flowNodeRef>b</bpmn:flowNodeRef>' +
      '<bpmn:childLaneSet><bpmn:lane id="Inner" name="Till"><bpmn:flowNodeRef>b</bpmn:flowNodeRef></bpmn:lane></bpmn:childLaneSet></bpmn:lane></bpmn:laneSet>';
    const line = process(
      'p',
      ['startEvent s', 'task a', 'task b', 'endEvent e'],
      ['s a', 'a b', 'b e'],
    ).replace('id="p">', `id="p">${lanes}`);
    const model = await read(collaboration(['P p'], []) + line);
    expect([
      model.actions['a']?.actor,
      model.actions['b']?.actor,
      model.actions['e']?.actor,
    ]).toEqual(['Outer', 'Inner', 'P']);
    expect(model.actors['Inner']).toEqual({ trust: 'trusted', label: 'Till' });
    expect((await read(line)).actions['e']?.actor).toBe('p');
  });
});

describe('messages', () => {
  const receiver = process(
    'p',
    ['startEvent s', 'receiveTask r', 'task plain', 'endEvent e'],
    ['s r', 'r plain', 'plain e'],
  );

  it('a send adds a message that a receive needs', async () => {
    const model = await read(collaboration(['P p', 'Q q'], ['qt r']) + TALK + receiver);
    expect(model.actions['qt']?.then).toMatchObject({ m0: 'm0 + 1' });
    expect(model.actions['r']).toMatchObject({ when: 'p_f0 > 0 and m0 > 0' });
    expect(fairOf(model, 'r')).toEqual(['weak: r']);
  });

  it('from a black pool a message may come at any moment; to one it is gone', async () => {
    const model = await read(collaboration(['P p', 'Bank'], ['Bank r', 'plain Bank']) + receiver);
    expect(model.actions['r']).toMatchObject({ when: 'p_f0 > 0' });
    expect(fairOf(model, 'r')).toEqual(['weak: r']);
    expect(model.abstractions).toEqual([
      'A message flow comes from a pool as a whole; its message may arrive at any moment: m0.',
      'A message flow ends at a pool as a whole; nothing waits for its message: m1.',
      'Where something from outside is waited for, the outside answers in the end: r.',
    ]);
  });

  it('a task that does not wait for messages is not held up by one', async () => {
    const model = await read(collaboration(['P p', 'Q q'], ['qt plain']) + TALK + receiver);
    expect(model.actions['plain']).toMatchObject({ when: 'p_f1 > 0' });
    expect(model.abstractions).toContainEqual(
      expect.stringContaining('does not wait for messages; it changes nothing there: m0'),
    );
  });

  it('a process fires on a message of any of its flows', async () => {
    const model = await read(collaboration(['P p', 'Q q'], ['qt r', 'qe r']) + TALK + receiver);
    expect(Object.keys(model.actions)).toEqual(expect.arrayContaining(['r_on_m0', 'r_on_m1']));
  });
});

describe('what is not supported yet is named, all of it', () => {
  it.each(['startEvent x compensate', 'globalUserTask x'])('%s', async (element) => {
    expect(await refused(process('p', ['startEvent s', element, 'endEvent e'], ['s e']))).toEqual([
      expect.stringMatching(/^BPMN_(UNSUPPORTED|STRUCTURE) /),
    ]);
  });

  it('a call of something that is not in the file is a task', async () => {
    const { actions, abstractions } = await read(
      between('callActivity x').replace('id="x"', 'id="x" calledElement="q"'),
    );
    expect(actions['x']).toMatchObject({
      when: 'p_f0 > 0',
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
    });
    expect(abstractions).toEqual([
      'What is called here is not in the file; the call is taken for a task: x.',
    ]);
  });

  it('choreographies', async () => {
    expect(await refused(`<bpmn:choreography id="x"/>${between('task y')}`)).toContain(
      'BPMN_UNSUPPORTED x',
    );
  });

  it('many conditional flows out of one activity', async () => {
    const ends = [1, 2, 3, 4, 5, 6];
    expect(
      await refused(
        process(
          'p',
          ['startEvent s', 'task a', ...ends.map((i) => `endEvent e${i}`)],
          ['s a', ...ends.map((i) => `a e${i} f${i} c`)],
        ),
      ),
    ).toEqual(['BPMN_UNSUPPORTED a']);
  });

  it('many ways into or out of one inclusive gateway', async () => {
    const many = Array.from({ length: 31 }, (_, i) => i);
    expect(
      await refused(
        process(
          'p',
          ['startEvent s', 'inclusiveGateway g', ...many.slice(0, 7).map((i) => `endEvent e${i}`)],
          ['s g', ...many.slice(0, 7).map((i) => `g e${i}`)],
        ),
      ),
    ).toEqual(['BPMN_UNSUPPORTED g']);
    expect(
      await refused(
        process(
          'p',
          ['startEvent s', 'inclusiveGateway g', 'endEvent e'],
          [...many.map(() => 's g'), 'g e'],
        ),
      ),
    ).toEqual(['BPMN_UNSUPPORTED g']);
  });

  it('many events that catch one signal', async () => {
    const many = Array.from({ length: 9 }, (_, i) => i);
    expect(
      await refused(
        process(
          'p',
          [
            'startEvent s',
            'endEvent x signal',
            ...many.map((i) => `intermediateCatchEvent c${i} signal`),
          ],
          ['s x'],
        ),
      ),
    ).toEqual(['BPMN_UNSUPPORTED x']);
  });

  it('all at once, those inside of a sub-process too', async () => {
    const nested =
      '<bpmn:subProcess id="sub" triggeredByEvent="true"><bpmn:task id="fine"/><bpmn:intermediateCatchEvent id="inner"><bpmn:compensateEventDefinition/></bpmn:intermediateCatchEvent></bpmn:subProcess>';
    expect(
      await refused(
        process('p', ['startEvent s', 'startEvent g compensate'], []).replace(
          '</bpmn:process>',
          `${nested}</bpmn:process>`,
        ),
      ),
    ).toEqual(['BPMN_STRUCTURE inner', 'BPMN_STRUCTURE g']);
  });
});

describe('what BPMN does not allow', () => {
  const two = (messages: readonly string[], flows: readonly string[] = []): string =>
    collaboration(['P p', 'Q q'], messages) +
    process(
      'p',
      ['startEvent s', 'task a', 'exclusiveGateway g', 'endEvent e'],
      ['s a', 'a g', 'g e', ...flows],
    ) +
    TALK;

  it.each([
    ['a message flow to nowhere', two(['a nowhere']), 'BPMN_REFERENCE m0'],
    [
      'a default flow that is missing',
      two([]).replace('id="g"', 'id="g" default="nowhere"'),
      'BPMN_REFERENCE g',
    ],
    ['an id used twice', two([]).replace('id="qt"', 'id="a"'), 'BPMN_STRUCTURE a'],
    [
      'an element without an id',
      two([]).replace('<bpmn:task id="a">', '<bpmn:task>'),
      'BPMN_STRUCTURE ',
    ],
    [
      'a flow out of a sub-process',
      process(
        'p',
        ['startEvent s', 'subProcess x', 'task a'],
        ['s x', 's i'].concat('x a'),
      ).replace('id="x">', 'id="x"><bpmn:task id="i"/>'),
      'BPMN_STRUCTURE p_f1',
    ],
    [
      'a flow into a boundary event',
      on('task', 'timer').replace('targetRef="e2"', 'targetRef="b"'),
      'BPMN_STRUCTURE p_f2',
    ],
    [
      'a boundary event on a gateway',
      on('task', 'timer').replace('attachedToRef="x"', 'attachedToRef="e"'),
      'BPMN_STRUCTURE b',
    ],
    [
      'a boundary event on nothing',
      on('task', 'timer').replace(' attachedToRef="x"', ''),
      'BPMN_REFERENCE b',
    ],
    [
      'a boundary event on something missing',
      on('task', 'timer').replace('attachedToRef="x"', 'attachedToRef="gone"'),
      'BPMN_REFERENCE b',
    ],
    [
      'a boundary event behind an event-based gateway',
      on('receiveTask', 'timer')
        .replace('startEvent id="s"', 'eventBasedGateway id="s"')
        .replace('</bpmn:startEvent', '</bpmn:eventBasedGateway'),
      'BPMN_STRUCTURE x',
    ],
    [
      'a flow out of a throwing link',
      between('intermediateThrowEvent x link'),
      'BPMN_STRUCTURE p_f1',
    ],
    [
      'a flow into a catching link',
      between('intermediateCatchEvent x link'),
      'BPMN_STRUCTURE p_f0',
    ],
    [
      'a terminate event in the middle',
      between('intermediateThrowEvent x terminate'),
      'BPMN_STRUCTURE x',
    ],
    [
      'a call that leads back to itself',
      between('callActivity x').replace('id="x"', 'id="x" calledElement="p"'),
      'BPMN_STRUCTURE x',
    ],
    [
      'a cancel end event outside of a transaction',
      process('p', ['startEvent s', 'endEvent x cancel'], ['s x']),
      'BPMN_STRUCTURE x',
    ],
    ['a cancel event on the border of a task', on('task', 'cancel'), 'BPMN_STRUCTURE b'],
    [
      'a compensation event that leads nowhere',
      on('task', 'compensate').replace(/<bpmn:sequenceFlow id="p_f2".*/, ''),
      'BPMN_STRUCTURE b',
    ],
  ])('%s', async (_, body, expected) => {
    expect(await refused(body)).toContain(expected);
  });
});

describe('mistakes that still have a meaning, which is said', () => {
  const two = (messages: readonly string[]): string =>
    collaboration(['P p', 'Q q'], messages) +
    process(
      'p',
      ['startEvent s', 'task a', 'exclusiveGateway g', 'receiveTask r', 'endEvent e'],
      ['s a', 'a g', 'g r', 'r e'],
    ) +
    process('q', ['startEvent qs message', 'endEvent qe'], ['qs qe']);

  it('a message flow inside a pool is a message flow', async () => {
    const { actions, abstractions } = await read(two(['a r']));
    expect(actions['r']).toMatchObject({ when: 'p_f2 > 0 and m0 > 0' });
    expect(abstractions).toContain(
      'A message flow stays inside one pool, where BPMN has sequence flows; it is taken for what it is: m0.',
    );
  });

  it('a message flow from something that does not send brings a message that may come at any moment', async () => {
    const { actions, abstractions } = await read(two(['g r']));
    expect(actions['r']).toMatchObject({ when: 'p_f2 > 0' });
    expect(abstractions).toContainEqual(
      expect.stringMatching(
        /^A message flow is tied to something that neither sends nor receives.*: m0\.$/,
      ),
    );
  });

  it('a message flow to an end event changes nothing', async () => {
    const { actions, abstractions } = await read(two(['a qe']));
    expect(Object.keys(actions['a']?.then ?? {})).toEqual(['p_f0', 'p_f1']);
    expect(abstractions).toContainEqual(
      expect.stringMatching(/^A message flow is tied to something that neither sends nor receives/),
    );
  });

  it('an event on a border that has no trigger may happen', async () => {
    const { actions, abstractions } = await read(
      on('task', 'timer').replace('<bpmn:timerEventDefinition/>', ''),
    );
    expect(actions['b']).toMatchObject({ when: 'x_active > 0' });
    expect(abstractions).toContain(
      'An event on a border has no trigger; it may happen at any moment, or never: b.',
    );
  });

  it('a token goes on behind a start event that somebody drew a flow to', async () => {
    const { variables, actions, abstractions } = await read(
      process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a s', 'a e']),
    );
    expect(variables?.['p_f0']).toMatchObject({ init: 1 });
    expect(actions['s_from_a']).toMatchObject({
      when: 'p_f1 > 0',
      then: { p_f1: 'p_f1 - 1', p_f0: 'p_f0 + 1' },
    });
    expect(abstractions).toContain(
      'A sequence flow leads to a start event; its token goes on there as at an intermediate event: s.',
    );
  });

  it('a token goes on behind an end event that somebody drew a flow out of, but for those that leave nothing to go on', async () => {
    const drawn = (trigger: string): string =>
      process(
        'p',
        ['startEvent s', 'task a', `endEvent e${trigger}`, 'task b'],
        ['s a', 'a e', 'e b'],
      );
    const { actions, abstractions } = await read(drawn(''));
    expect(actions['e']?.then).toMatchObject({
      p_f1: 'p_f1 - 1',
      p_f2: 'p_f2 + 1',
      e_count: expect.anything() as unknown,
    });
    expect(abstractions).toContain(
      'A sequence flow leaves an end event; the token goes on over it: e.',
    );
    for (const trigger of [' error', ' terminate']) {
      const stopped = await read(drawn(trigger));
      expect(stopped.actions['e']?.then).not.toHaveProperty('p_f2', 'p_f2 + 1');
      expect(stopped.abstractions).toContain(
        'A sequence flow leaves an end event; nothing goes on over it: e.',
      );
    }
  });

  it('a link to nowhere is an end', async () => {
    const { actions, abstractions } = await read(
      between('intermediateThrowEvent x link').replace(/<bpmn:sequenceFlow id="p_f1".*/, ''),
    );
    expect(actions['x']).toMatchObject({ when: 'p_f0 > 0', then: { p_f0: 'p_f0 - 1' } });
    expect(abstractions).toContain(
      'No catching link event beside it has the name of the throwing one; its token ends there: x.',
    );
  });

  it('an event-based gateway goes on to a task at any moment', async () => {
    const { actions, abstractions } = await read(
      process(
        'p',
        [
          'startEvent s',
          'eventBasedGateway g',
          'task a',
          'intermediateCatchEvent m message',
          'endEvent e',
        ],
        ['s g', 'g a', 'g m', 'a e', 'm e'],
      ),
    );
    expect(actions['g_to_a']).toMatchObject({
      when: 'p_f0 > 0',
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
    });
    expect(actions['m']).toMatchObject({ when: 'p_f0 > 0' });
    expect(abstractions).toContainEqual(
      expect.stringMatching(
        /^Behind an event-based gateway stands something that waits for nothing.*: g\.$/,
      ),
    );
  });

  it('triggers that an event cannot have, where there are several, may make it happen all the same', async () => {
    const { actions, abstractions } = await read(
      between('intermediateCatchEvent x cancel').replace(
        '</bpmn:inter',
        '<bpmn:terminateEventDefinition/></bpmn:inter',
      ),
    );
    expect(actions['x']).toMatchObject({ when: 'p_f0 > 0' });
    expect(abstractions).toContain(
      'An event with several triggers may happen by any of them, at any moment: x.',
    );
  });

  it('several things that one event throws: messages, and of the rest nothing', async () => {
    const thrown = between('intermediateThrowEvent x signal').replace(
      '</bpmn:inter',
      '<bpmn:escalationEventDefinition/></bpmn:inter',
    );
    expect((await read(thrown)).abstractions).toEqual([
      'An event throws several things; it sends its messages, and of the rest nothing is known: x.',
    ]);
    const both = process(
      'p',
      ['startEvent s', 'task a', 'endEvent e terminate'],
      ['s a', 's e', 'a e'],
    ).replace('</bpmn:endEvent>', '<bpmn:messageEventDefinition/></bpmn:endEvent>');
    expect((await read(both)).actions['e_from_s']?.then).toMatchObject({ p_f0: 0 });
  });
});

describe('what says nothing about the order of things', () => {
  it('is left out', async () => {
    const silent =
      '<bpmn:documentation>why</bpmn:documentation><bpmn:dataObject id="d"/><bpmn:dataObjectReference id="dr" dataObjectRef="d"/>' +
      '<bpmn:dataStoreReference id="ds"/><bpmn:textAnnotation id="t"><bpmn:text>hm</bpmn:text></bpmn:textAnnotation>' +
      '<bpmn:association id="as" sourceRef="x" targetRef="t"/><bpmn:group id="gr"/>';
    const plain = await read(between('task x'));
    const full = await read(
      `<bpmn:message id="msg"/><bpmn:category id="cat"/>${between('task x').replace('</bpmn:process>', `${silent}</bpmn:process>`)}`,
    );
    expect(full).toEqual(plain);
  });

  it('flows that a node lists and nobody drew are noted', async () => {
    const model = await read(
      between('task x').replace(
        '<bpmn:task id="x">',
        '<bpmn:task id="x"><bpmn:incoming>gone</bpmn:incoming>',
      ),
    );
    expect(model.abstractions).toEqual([
      'A reference (incoming) to something that does not exist was left out: x.',
    ]);
  });
});
