import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import { collaboration, definitions, process } from './diagramXml.ts';
import { explore } from './modelGame.ts';

/**
 * What elements do, judged by what can be reached: each answer below was worked out by hand from
 * the words of BPMN 2.0.
 */
async function read(body: string): Promise<ModelDocument> {
  const result = await readBpmn(definitions(body));
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}

/** The verdicts of a diagram, and which of its activities never happen. */
async function judge(body: string): Promise<{
  readonly safe: boolean;
  readonly completes: boolean;
  readonly proper: boolean;
  readonly dead: readonly string[];
}> {
  const document = await read(body);
  const dead: string[] = [];
  let found = explore(document, 3_000);
  if (!found) throw new Error('more states than expected');
  for (const [name, goal] of Object.entries(
    document.properties?.['noDeadActivities']?.reachableEach ?? {},
  )) {
    found = explore(
      {
        ...document,
        properties: {
          ...document.properties,
          noDeadActivities: {
            ...document.properties?.['noDeadActivities'],
            reachableEach: { [name]: goal },
          },
        },
      },
      3_000,
    );
    if (found?.noDeadActivities === false) dead.push(name);
  }
  return {
    safe: found?.safe ?? false,
    completes: found?.optionToComplete ?? false,
    proper: found?.properCompletion ?? false,
    dead,
  };
}

const SOUND = { safe: true, completes: true, proper: true, dead: [] };
const inner = (nodes: readonly string[], flows: readonly string[], name = 'i'): string =>
  process(name, nodes, flows).replace(/<\/?bpmn:process[^>]*>/g, '');
const fill = (body: string, id: string, inside: string, attributes = ''): string =>
  body.replace(new RegExp(`(<bpmn:\\w+ id="${id}")>`), `$1${attributes}>${inside}`);
const LOOP = '<bpmn:standardLoopCharacteristics/>';
const FIRST = '<bpmn:standardLoopCharacteristics testBefore="true"/>';
const times = (count: number | undefined, sequential = false): string =>
  `<bpmn:multiInstanceLoopCharacteristics isSequential="${sequential}">${count === undefined ? '' : `<bpmn:loopCardinality>${count}</bpmn:loopCardinality>`}</bpmn:multiInstanceLoopCharacteristics>`;

describe('markers', () => {
  const pools = collaboration(['P p', 'Q q'], ['a r']);
  const sender = process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a e']);
  const receiver = (count: number): string => {
    const tasks = Array.from({ length: count }, (_, i) =>
      i === 0 ? 'receiveTask r' : `receiveTask r${i}`,
    );
    return process(
      'q',
      ['startEvent qs', ...tasks, 'endEvent qe'],
      [
        'qs r',
        ...tasks.slice(1).map((_, i) => `r${i === 0 ? '' : i} r${i + 1}`),
        `${tasks.at(-1)?.split(' ')[1]} qe`,
      ],
    );
  };
  const wanted = (count: number): string =>
    pools.replace(
      '</bpmn:collaboration>',
      Array.from(
        { length: count - 1 },
        (_, i) => `<bpmn:messageFlow id="x${i}" sourceRef="a" targetRef="r${i + 1}"/>`,
      ).join('') + '</bpmn:collaboration>',
    );

  it('a task that exchanges no messages is one step, however often it runs', async () => {
    for (const marker of [LOOP, FIRST, times(3), times(undefined), times(2, true)]) {
      const model = await read(fill(sender, 'a', marker));
      expect(Object.keys(model.actions)).toEqual(['a', 'e']);
      expect(model.bounds).toBeUndefined();
    }
  });

  it('two instances send two messages, one after the other or at once', async () => {
    for (const sequential of [true, false]) {
      const twice = fill(sender, 'a', times(2, sequential));
      // The one receive takes one message; the other is left over. Two receives, fed by a flow
      // each, get two messages each.
      expect(await judge(pools + twice + receiver(1))).toEqual(SOUND);
      expect(await judge(wanted(2) + twice + receiver(2))).toEqual(SOUND);
    }
  });

  it('two instances of a receiving task need two messages', async () => {
    const twice = fill(receiver(1), 'r', times(2));
    expect(await judge(pools + sender + twice)).toMatchObject({ completes: false, dead: [] });
    expect(await judge(pools + fill(sender, 'a', times(2)) + twice)).toEqual(SOUND);
  });

  it('a loop sends once or more; one that tests first perhaps never', async () => {
    const once = await judge(pools + sender + receiver(1));
    expect(once).toEqual(SOUND);
    // A receive may then wait for ever for a message that was not sent.
    expect(await judge(pools + fill(sender, 'a', FIRST) + receiver(1)).catch(() => 'endless')).toBe(
      'endless',
    );
    const model = await read(pools + fill(sender, 'a', LOOP) + receiver(1));
    expect(Object.keys(model.actions)).toEqual(
      expect.arrayContaining(['a_again_to_a_first', 'a_again_to_a_done', 'a_run1']),
    );
    expect(model.actions['a_run1']).toMatchObject({ elementId: 'a' });
  });

  it('of an unknown number of instances one and two are looked at, and said so', async () => {
    const model = await read(pools + fill(sender, 'a', times(undefined)) + receiver(1));
    expect(model.bounds).toEqual([
      'An activity with an unknown number of instances is looked at with one and with two of them: a.',
    ]);
    expect(Object.keys(model.properties?.['noDeadActivities']?.reachableEach ?? {})).toEqual([
      'a',
      'r',
    ]);
  });

  it('a sub-process with instances runs as often, each copy by itself', async () => {
    const body = fill(
      process('p', ['startEvent s', 'subProcess x', 'endEvent e'], ['s x', 'x e']),
      'x',
      inner(['startEvent is', 'task i', 'endEvent ie'], ['is i', 'i ie']) + times(3),
    );
    expect(await judge(body)).toEqual(SOUND);
    const model = await read(body);
    expect(Object.values(model.actions).filter((action) => action.elementId === 'i')).toHaveLength(
      3,
    );
  });

  it('a declared number of instances stands for one that is not known', async () => {
    const declared = fill(
      sender,
      'a',
      times(undefined),
      ' xmlns:probity="urn:probity:bpmn:v1" probity:instances="3"',
    );
    const model = await read(pools + declared + receiver(1));
    expect(model.bounds).toBeUndefined();
    expect(
      Object.values(model.actions).filter(
        (action) => action.elementId === 'a' && action.label?.startsWith('a_run'),
      ),
    ).toHaveLength(3);
  });

  it('a pool with instances is several processes', async () => {
    const many = pools.replace(
      /(<bpmn:participant id="Q"[^/]*)\/>/,
      '$1><bpmn:participantMultiplicity maximum="2"/></bpmn:participant>',
    );
    // One message, two that wait for it.
    expect(await judge(many + sender + receiver(1))).toMatchObject({ completes: false });
    expect((await read(many + sender + receiver(1))).bounds).toEqual([
      "A pool with several instances is looked at with 2 of them: 'Q' (Q).",
    ]);
    expect(await judge(many + fill(sender, 'a', times(2)) + receiver(1))).toEqual(SOUND);
  });
});

describe('calls', () => {
  const called = process('q', ['startEvent qs', 'task qt', 'endEvent qe'], ['qs qt', 'qt qe']);
  const twice = process(
    'p',
    ['startEvent s', 'callActivity x', 'callActivity y', 'endEvent e'],
    ['s x', 'x y', 'y e'],
  ).replaceAll(/id="([xy])"/g, 'id="$1" calledElement="q"');

  it('a process of the file runs inside of its caller, and not by itself', async () => {
    expect(await judge(twice + called)).toEqual(SOUND);
    const model = await read(twice + called);
    expect(Object.values(model.actions).filter((action) => action.elementId === 'qt')).toHaveLength(
      2,
    );
    expect(Object.keys(model.properties?.['noDeadActivities']?.reachableEach ?? {})).toEqual([
      'x',
      'y',
      'qt',
    ]);
  });

  it('a call is read as Zeebe writes it', async () => {
    const zeebe = twice.replaceAll(
      / calledElement="q">/g,
      '><bpmn:extensionElements xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><zeebe:calledElement processId="q"/></bpmn:extensionElements>',
    );
    expect((await read(zeebe + called)).actions).toEqual((await read(twice + called)).actions);
  });

  it('a deadlock in what is called is one of the caller', async () => {
    const stuck = process(
      'q',
      [
        'startEvent qs',
        'exclusiveGateway qg',
        'task qa',
        'task qb',
        'parallelGateway qj',
        'endEvent qe',
      ],
      ['qs qg', 'qg qa', 'qg qb', 'qa qj', 'qb qj', 'qj qe'],
    );
    expect(await judge(twice + stuck)).toMatchObject({ completes: false, dead: ['y'] });
  });
});

describe('event sub-processes', () => {
  const base = (start: string, attributes = '', body: readonly string[] = ['task a']): string => {
    const names = body.map((node) => node.split(' ')[1]);
    const line = ['s', ...names, 'e'];
    return process(
      'p',
      ['startEvent s', ...body, 'endEvent e', 'subProcess x'],
      line.slice(1).map((node, i) => `${line[i]} ${node}`),
    ).replace(
      'id="x">',
      `id="x" triggeredByEvent="true">${inner([start, 'task h', 'endEvent xe'], ['xs h', 'h xe'])}`.replace(
        'id="xs"',
        `id="xs"${attributes}`,
      ),
    );
  };

  it('interrupt what goes on, and the process ends when they do', async () => {
    expect(await judge(base('startEvent xs timer'))).toEqual(SOUND);
    // Stuck tasks are freed.
    const stuck = base('startEvent xs timer', '', ['task a', 'parallelGateway g']).replace(
      '</bpmn:process>',
      '<bpmn:task id="never"/><bpmn:sequenceFlow id="nf" sourceRef="never" targetRef="g"/></bpmn:process>',
    );
    expect(await judge(stuck)).toEqual({
      safe: true,
      completes: true,
      proper: true,
      dead: ['never'],
    });
    expect(await judge(stuck.replace('id="xs"', 'id="xs" isInterrupting="false"'))).toMatchObject({
      completes: false,
    });
  });

  it('start only while something else goes on', async () => {
    const model = await read(base('startEvent xs conditional'));
    expect(model.actions['x_with_xs']).toMatchObject({
      when: 'x_active = 0 and (p_f0 > 0 or p_f1 > 0)',
      then: { x_active: 'x_active + 1', p_f0: 0, p_f1: 0 },
    });
    expect(
      model.fairness?.flatMap(({ weak = [], strong = [] }) => [...weak, ...strong]),
    ).not.toContain('x_with_xs');
  });

  it('catch the errors of their process, which then never come by themselves', async () => {
    expect(await judge(base('startEvent xs error'))).toEqual(SOUND);
    const thrown = process(
      'p',
      [
        'startEvent s',
        'exclusiveGateway g',
        'endEvent bad error',
        'task a',
        'endEvent e',
        'subProcess x',
      ],
      ['s g', 'g bad', 'g a', 'a e'],
    ).replace(
      'id="x">',
      `id="x" triggeredByEvent="true">${inner(['startEvent xs error', 'task h', 'endEvent xe'], ['xs h', 'h xe'])}`,
    );
    const model = await read(thrown);
    expect(Object.keys(model.actions)).toEqual([
      'g_to_bad',
      'g_to_a',
      'bad',
      'a',
      'e',
      'x_done',
      'h',
      'xe',
    ]);
    expect(await judge(thrown)).toEqual(SOUND);
    // Without anybody who throws it further in, the one on the way out is the handler of nothing.
    expect(await judge(thrown.replace('bad"><bpmn:error', 'bad"><bpmn:terminate'))).toEqual(SOUND);
  });

  it('an escalation that does not interrupt runs at its side', async () => {
    const raised = base('startEvent xs escalation', ' isInterrupting="false"', [
      'intermediateThrowEvent t escalation',
      'intermediateThrowEvent t2 escalation',
    ]);
    expect(await judge(raised)).toEqual(SOUND);
    const model = await read(raised);
    expect(Object.keys(model.actions)).toEqual([
      't_caught',
      't_missed',
      't2_caught',
      't2_missed',
      'e',
      'x_done',
      'h',
      'xe',
    ]);
  });

  it('what a handler throws is not for its neighbours', async () => {
    const own = base('startEvent xs error').replace(
      '<bpmn:endEvent id="xe"></bpmn:endEvent>',
      '<bpmn:endEvent id="xe"><bpmn:errorEventDefinition/></bpmn:endEvent>',
    );
    expect(Object.keys((await read(own)).actions)).toContain('x_with_xs');
  });
});

describe('handlers of errors and escalations', () => {
  const codes =
    '<bpmn:error id="A1" errorCode="a"/><bpmn:error id="A2" errorCode="a"/><bpmn:error id="B" errorCode="b"/>';
  /** A sub-process that ends by `thrown`, events on its border, a task behind each. */
  const around = (
    thrown: string,
    border: readonly (readonly [string, string])[],
    more = '',
  ): string => {
    const events = border.map(
      ([id, ref]) =>
        `<bpmn:boundaryEvent id="${id}" attachedToRef="x"><bpmn:errorEventDefinition${ref && ` errorRef="${ref}"`}/></bpmn:boundaryEvent>`,
    );
    return (
      codes +
      fill(
        process(
          'p',
          ['startEvent s', 'subProcess x', ...border.map(([id]) => `task after_${id}`)],
          ['s x', ...border.map(([id]) => `${id} after_${id}`)],
        ).replace('</bpmn:process>', `${events.join('')}</bpmn:process>`),
        'x',
        `${inner(['startEvent is', 'endEvent ie error'], ['is ie']).replace('<bpmn:errorEventDefinition/>', `<bpmn:errorEventDefinition errorRef="${thrown}"/>`)}${more}`,
      )
    );
  };
  const handling = (ref: string, task = ''): string =>
    `<bpmn:subProcess id="h" triggeredByEvent="true"><bpmn:startEvent id="hs"><bpmn:errorEventDefinition errorRef="${ref}"/></bpmn:startEvent>${task}</bpmn:subProcess>`;

  it('the one for the code comes before the one for any, the first of two for one code always', async () => {
    const model = await read(
      around('A1', [
        ['any', ''],
        ['same', 'A2'],
        ['again', 'A1'],
        ['other', 'B'],
      ]),
    );
    expect(model.actions['ie']?.label).toBe('ie → same');
    expect(Object.keys(model.actions)).toEqual(expect.arrayContaining(['any', 'other']));
    expect(Object.keys(model.actions)).not.toContain('again');
    expect(model.abstractions).toContain(
      'Another event always takes the error or escalation before this one, which never happens: again.',
    );
  });

  it('one further in takes its code before one on the border, which is dead', async () => {
    const border = [
      ['b', 'A2'],
      ['other', 'B'],
    ] as const;
    expect((await judge(around('A1', border, handling('A1')))).dead).toEqual(['after_b']);
    // What the handler itself does may fail, and that is for the border.
    expect((await judge(around('A1', border, handling('A1', '<bpmn:task id="t"/>')))).dead).toEqual(
      ['t'],
    );
  });
});

describe('signals that the diagram throws and catches', () => {
  const both = (thrower: readonly string[], catcher: readonly string[]): string => {
    const line = (name: string, nodes: readonly string[]): string => {
      const ids = nodes.map((node) => node.split(' ')[1] ?? '');
      return process(
        name,
        nodes,
        ids.slice(1).map((id, i) => `${ids[i]} ${id}`),
      );
    };
    return line('p', thrower) + line('q', catcher);
  };

  it('are lost if nobody waits yet', async () => {
    const race = both(
      ['startEvent s', 'intermediateThrowEvent t signal', 'endEvent e'],
      ['startEvent qs', 'task b', 'intermediateCatchEvent c signal', 'endEvent qe'],
    );
    expect(await judge(race)).toMatchObject({ completes: false, dead: [] });
    const model = await read(race);
    expect(model.actions['t']).toMatchObject({
      when: 'p_f0 > 0 and not(q_f1 > 0)',
      then: { p_f0: 'p_f0 - 1', p_f1: 'p_f1 + 1' },
    });
    expect(model.actions['t_to_c']).toMatchObject({
      when: 'p_f0 > 0 and q_f1 > 0',
      then: { q_f1: 'q_f1 - 1', q_f2: 'q_f2 + 1' },
    });
    expect(Object.keys(model.actions)).not.toContain('c');
  });

  it('reach all that wait', async () => {
    const ready =
      both(
        ['startEvent s', 'intermediateThrowEvent t signal', 'endEvent e'],
        ['startEvent qs', 'intermediateCatchEvent c signal', 'endEvent qe'],
      ) +
      process(
        'r',
        ['startEvent rs', 'intermediateCatchEvent d signal', 'endEvent re'],
        ['rs d', 'd re'],
      );
    expect(await judge(ready)).toEqual(SOUND);
    expect(Object.keys((await read(ready)).actions)).toEqual([
      't_to_c_to_d',
      't_to_c',
      't_to_d',
      't',
      'e',
      'qe',
      're',
    ]);
  });

  it('start a process each time, while it does not run', async () => {
    expect(
      await judge(
        both(
          ['startEvent s', 'intermediateThrowEvent t signal', 'endEvent e'],
          ['startEvent qs signal', 'task b', 'endEvent qe'],
        ),
      ),
    ).toEqual(SOUND);
    expect(
      await judge(
        both(
          ['startEvent s', 'task a', 'endEvent e'],
          ['startEvent qs signal', 'task b', 'endEvent qe'],
        ),
      ),
    ).toEqual(SOUND);
  });

  it('of another name change nothing', async () => {
    const named = both(
      ['startEvent s', 'intermediateThrowEvent t signal', 'endEvent e'],
      ['startEvent qs', 'intermediateCatchEvent c signal', 'endEvent qe'],
    )
      .replace('<bpmn:signalEventDefinition/>', '<bpmn:signalEventDefinition signalRef="s1"/>')
      .replace('<bpmn:signalEventDefinition/>', '<bpmn:signalEventDefinition signalRef="s2"/>');
    const model = await read(`<bpmn:signal id="s1"/><bpmn:signal id="s2"/>${named}`);
    expect(Object.keys(model.actions)).toEqual(['t', 'e', 'c', 'qe']);
    const same = await read(
      `<bpmn:signal id="s1" name="paid"/><bpmn:signal id="s2" name="paid"/>${named}`,
    );
    expect(Object.keys(same.actions)).toContain('t_to_c');
  });

  it('interrupt an activity, and take one of two events behind a gateway', async () => {
    const border = both(
      ['startEvent s', 'endEvent e signal'],
      ['startEvent qs', 'task b', 'endEvent qe'],
    )
      .replace('</bpmn:process><bpmn:process id="q">', '</bpmn:process><bpmn:process id="q">')
      .replace(
        /<\/bpmn:process>$/,
        '<bpmn:boundaryEvent id="x" attachedToRef="b"><bpmn:signalEventDefinition/></bpmn:boundaryEvent><bpmn:endEvent id="qx"/><bpmn:sequenceFlow id="xf" sourceRef="x" targetRef="qx"/></bpmn:process>',
      );
    expect(await judge(border)).toEqual(SOUND);
    const gate = both(
      ['startEvent s', 'endEvent e signal'],
      ['startEvent qs', 'eventBasedGateway g', 'intermediateCatchEvent c signal', 'endEvent qe'],
    ).replace(
      /<\/bpmn:process>$/,
      '<bpmn:intermediateCatchEvent id="d"><bpmn:signalEventDefinition/></bpmn:intermediateCatchEvent><bpmn:endEvent id="qd"/><bpmn:sequenceFlow id="gd" sourceRef="g" targetRef="d"/><bpmn:sequenceFlow id="dd" sourceRef="d" targetRef="qd"/></bpmn:process>',
    );
    expect(await judge(gate)).toMatchObject({ safe: true, completes: true, proper: true });
    expect(Object.keys((await read(gate)).actions).filter((name) => name.startsWith('e'))).toEqual([
      'e_to_c',
      'e_to_d',
      'e',
    ]);
  });
});

describe('compensation', () => {
  const undo = (nodes: readonly string[], flows: readonly string[]): string =>
    process(
      'p',
      [
        'startEvent s',
        'task book',
        'task cancelBooking',
        'boundaryEvent c compensate',
        ...nodes,
        'endEvent e',
      ],
      ['s book', ...flows],
    )
      .replace('id="cancelBooking"', 'id="cancelBooking" isForCompensation="true"')
      .replace('id="c"', 'id="c" attachedToRef="book"')
      .replace(
        '</bpmn:process>',
        '<bpmn:association id="as" sourceRef="c" targetRef="cancelBooking"/></bpmn:process>',
      );

  it('undoes what has been done before it goes on', async () => {
    const thrown = undo(
      ['intermediateThrowEvent t compensate', 'task after'],
      ['book t', 't after', 'after e'],
    );
    expect(await judge(thrown)).toEqual(SOUND);
    const model = await read(thrown);
    expect(model.actions['book']?.then).toMatchObject({ book_done: 1 });
    expect(model.actions['t_done']).toMatchObject({
      when: 't_active > 0 and book_done = 0 and cancelBooking_entry = 0',
    });
  });

  it('undoes nothing that has not been done', async () => {
    expect(
      await judge(
        undo(
          ['exclusiveGateway g', 'task other', 'endEvent t compensate'],
          ['book g', 'g e', 'g other', 'other t'],
        ),
      ),
    ).toEqual(SOUND);
    const never = undo(['intermediateThrowEvent t compensate'], ['t e']).replace(
      'sourceRef="s" targetRef="book"',
      'sourceRef="s" targetRef="t"',
    );
    expect(await judge(never)).toEqual({ ...SOUND, dead: ['book', 'cancelBooking'] });
  });

  /** A sub-process that an event sub-process in it undoes; what follows it throws a compensation. */
  const undoneFromInside = (nodes: readonly string[], flows: readonly string[]): string =>
    fill(
      process('p', ['startEvent s', 'subProcess x', ...nodes, 'endEvent e'], ['s x', ...flows]),
      'x',
      `${inner(['startEvent is', 'task pay', 'endEvent ie'], ['is pay', 'pay ie'])}<bpmn:subProcess id="undo" triggeredByEvent="true"><bpmn:startEvent id="us"><bpmn:compensateEventDefinition/></bpmn:startEvent><bpmn:task id="refund"/><bpmn:sequenceFlow id="uf" sourceRef="us" targetRef="refund"/></bpmn:subProcess>`,
    );

  it('an event sub-process undoes what it stands in, once that has been done', async () => {
    const body = undoneFromInside(
      ['task ship', 'intermediateThrowEvent t compensate'],
      ['x ship', 'ship t', 't e'],
    );
    expect(await judge(body)).toEqual(SOUND);
    const model = await read(body);
    expect(model.actions['undo_with_us']).toMatchObject({
      label: 'us starts undo',
      then: { undo_entry: 'undo_entry - 1', undo_active: 'undo_active + 1' },
    });
    expect(model.actions['t_undo_x']?.then).toMatchObject({ undo_entry: 'undo_entry + 1' });
    // Nobody asks for it: then neither it nor what is in it ever happens.
    expect(await judge(undoneFromInside([], ['x e']))).toEqual({
      ...SOUND,
      dead: ['undo', 'refund'],
    });
    // Before it has been done there is nothing to undo.
    const before = undoneFromInside(['intermediateThrowEvent t compensate'], ['t e']).replace(
      'sourceRef="s" targetRef="x"',
      'sourceRef="s" targetRef="t"',
    );
    expect((await judge(before)).dead).toEqual(expect.arrayContaining(['undo', 'refund']));
  });

  it('a cancelled transaction undoes what was done in it and leaves by its cancel event', async () => {
    const inside =
      inner(
        [
          'startEvent is',
          'task pay',
          'task refund',
          'boundaryEvent c compensate',
          'exclusiveGateway g',
          'endEvent ok',
          'endEvent no cancel',
        ],
        ['is pay', 'pay g', 'g ok', 'g no'],
      )
        .replace('id="refund"', 'id="refund" isForCompensation="true"')
        .replace('id="c"', 'id="c" attachedToRef="pay"') +
      '<bpmn:association id="as" sourceRef="c" targetRef="refund"/>';
    const body = fill(
      process(
        'p',
        [
          'startEvent s',
          'transaction x',
          'boundaryEvent b cancel',
          'task ship',
          'task apologise',
          'endEvent e',
        ],
        ['s x', 'x ship', 'b apologise', 'ship e', 'apologise e'],
      ),
      'x',
      inside,
    ).replace('id="b"', 'id="b" attachedToRef="x"');
    expect(await judge(body)).toEqual(SOUND);
    const model = await read(body);
    expect(model.actions['no_done']?.then).toMatchObject({
      x_active: 'x_active - 1',
      p_f2: 'p_f2 + 1',
    });
    expect(model.actions['no']?.then).toMatchObject({ no_active: 'no_active + 1' });
    // Without the handler there is nothing to undo, and it leaves at once.
    expect(
      await judge(
        body
          .replace(/<bpmn:association[^>]*>/, '')
          .replace(/<bpmn:boundaryEvent id="c".*?<\/bpmn:boundaryEvent>/, ''),
      ),
    ).toEqual({ ...SOUND, dead: ['refund'] });
  });
});

describe('rarer gateways and starts', () => {
  const three = (condition: string): string =>
    fill(
      process(
        'p',
        [
          'startEvent s',
          'parallelGateway g',
          'task a',
          'task b',
          'task c',
          'complexGateway x',
          'task after',
          'endEvent e',
        ],
        ['s g', 'g a', 'g b', 'g c', 'a x', 'b x', 'c x', 'x after', 'after e'],
      ),
      'x',
      condition,
    );

  it('a complex gateway goes on with two of three, and takes the third silently', async () => {
    expect(
      await judge(
        three('<bpmn:activationCondition>activationCount >= 2</bpmn:activationCondition>'),
      ),
    ).toEqual(SOUND);
    expect(
      (
        await read(
          three('<bpmn:activationCondition>activationCount >= 2</bpmn:activationCondition>'),
        )
      ).actions['x']?.when,
    ).toContain('>= 2');
    expect(await judge(three(''))).toEqual(SOUND);
  });

  it('a complex gateway whose third token never comes begins again without it', async () => {
    const dead = three(
      '<bpmn:activationCondition>activationCount >= 2</bpmn:activationCondition>',
    ).replace('sourceRef="c" targetRef="x"', 'sourceRef="c" targetRef="e"');
    expect(await judge(dead)).toMatchObject({ completes: true, dead: [] });
    // Two of the three that it needs are all that ever come.
    expect(
      await judge(
        dead
          .replace('>= 2', '>= 3')
          .replace('sourceRef="x" targetRef="after"', 'sourceRef="x" targetRef="after"')
          .replace('id="c"', 'id="c"'),
      ),
    ).toMatchObject({ completes: true });
  });

  it('an ad-hoc sub-process lets its activities happen in any order, any number of times', async () => {
    const body = fill(
      process('p', ['startEvent s', 'adHocSubProcess x', 'endEvent e'], ['s x', 'x e']),
      'x',
      inner(['task a', 'task b', 'task c'], ['b c']),
    );
    expect(await judge(body)).toEqual(SOUND);
    expect((await read(body)).actions['a']).toMatchObject({ then: {} });
    expect((await read(body)).actions['b']).toMatchObject({
      when: 'b_entry > 0 and i_f0 = 0',
      then: { i_f0: 'i_f0 + 1' },
    });
  });

  const orders = collaboration(['P p', 'Q q'], ['o1 r1', 'o2 r2']);
  const sender = process(
    'p',
    ['startEvent s', 'task o1', 'task o2', 'endEvent e'],
    ['s o1', 'o1 o2', 'o2 e'],
  );
  const gate = (type: string): string =>
    process(
      'q',
      [
        'eventBasedGateway g',
        'receiveTask r1',
        'intermediateCatchEvent r2 message',
        'task t1',
        'task t2',
        'endEvent qe',
      ],
      ['g r1', 'g r2', 'r1 t1', 'r2 t2', 't1 qe', 't2 qe'],
    ).replace('id="g"', `id="g" instantiate="true" eventGatewayType="${type}"`);

  it('an event-based gateway that begins its process: by either message, and by the other one again', async () => {
    expect(await judge(orders + sender + gate('Exclusive'))).toEqual(SOUND);
  });

  it('a parallel one waits for the other message too', async () => {
    expect(await judge(orders + sender + gate('Parallel'))).toMatchObject({
      completes: true,
      dead: [],
    });
    const one = sender.replace(/<bpmn:sequenceFlow id="p_f1".*\n/, '');
    expect(await judge(orders + one + gate('Parallel'))).toMatchObject({
      completes: false,
      dead: ['o2', 't2'],
    });
    expect(await judge(orders + one + gate('Exclusive'))).toMatchObject({
      completes: true,
      dead: ['o2', 't2'],
    });
  });

  it('a receive task that begins its process', async () => {
    const begins = process(
      'q',
      ['receiveTask r1', 'task t', 'endEvent qe'],
      ['r1 t', 't qe'],
    ).replace('id="r1"', 'id="r1" instantiate="true"');
    expect(await judge(collaboration(['P p', 'Q q'], ['o1 r1']) + sender + begins)).toEqual(SOUND);
  });

  it('an event with several triggers may happen by any of them', async () => {
    const both = process(
      'p',
      ['startEvent s', 'intermediateCatchEvent x timer', 'endEvent e'],
      ['s x', 'x e'],
    ).replace('</bpmn:inter', '<bpmn:messageEventDefinition/></bpmn:inter');
    expect(await judge(both)).toEqual(SOUND);
    expect((await read(both)).abstractions).toContainEqual(
      expect.stringMatching(/^An event with several triggers/),
    );
  });
});
