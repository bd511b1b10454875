import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { reportOn } from '../../conformance/checking.ts';
import { definitions, process } from './diagramXml.ts';

const annotated = (inner: string): string =>
  `<bpmn:extensionElements xmlns:probity="urn:probity:bpmn:v1">${inner}</bpmn:extensionElements>`;
/** Pay, then ship if it has been paid, else ask again; at most twice. */
const shop = (condition = 'paid', more = ''): string =>
  definitions(
    process(
      'p',
      [
        'startEvent s',
        'exclusiveGateway m',
        'task pay',
        'exclusiveGateway g',
        'task ship',
        'task remind',
        'endEvent e',
      ],
      ['s m', 'm pay', 'pay g', 'g ship yes CONDITION', 'g remind no', 'remind m', 'ship e'],
    )
      .replace('CONDITION', () => condition)
      .replace('id="g"', 'id="g" default="no"')
      .replace(
        '<bpmn:process id="p">',
        `$&${annotated(`<probity:variable name="paid" type="bool" init="false"/><probity:variable name="tries" type="int 0..3" init="0"/>${more}`)}`,
      )
      .replace(
        '<bpmn:task id="pay">',
        `$&${annotated('<probity:set variable="paid" value="tries = 1"/><probity:set variable="tries" value="min(tries + 1, 3)"/>')}`,
      ),
  );

async function outcomes(source: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(
    (await reportOn(source, ['explore'], {}, 'bpmn')).properties.map((property) => [
      property.name,
      property.outcome,
    ]),
  );
}
async function codes(source: string): Promise<readonly string[]> {
  const read = await readBpmn(source);
  return read.ok ? [] : read.problems.map(({ code }) => code);
}

describe('data that a diagram is annotated with', () => {
  it('conditions over declared variables decide, and are not listed as free choices', async () => {
    const read = await readBpmn(shop());
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.value.actions['g_to_ship']).toMatchObject({ when: 'p_f2 > 0 and (paid)' });
    expect(read.value.actions['g_to_remind']).toMatchObject({ when: 'p_f2 > 0 and (not(paid))' });
    expect(read.value.actions['pay']?.then).toMatchObject({
      paid: 'tries = 1',
      tries: 'min(tries + 1, 3)',
    });
    expect(read.value.abstractions).toEqual([]);
  });

  it('properties about data are asked beside those of every diagram', async () => {
    const found = await outcomes(
      shop(
        'paid',
        '<probity:property name="shipsOnlyPaid" always="if yes_taken then paid else true" severity="250" references="OAT-012"/>',
      ).replaceAll('yes_taken', 'p_f6 > 0'),
    );
    expect(found).toMatchObject({
      shipsOnlyPaid: 'holds',
      fairSound: 'holds',
      withinRange: 'holds',
    });
    expect(
      await outcomes(
        shop(
          'tries &gt; 0',
          '<probity:property name="shipsOnlyPaid" always="if p_f6 > 0 then paid else true"/>',
        ),
      ),
    ).toMatchObject({ shipsOnlyPaid: 'violated' });
    expect(
      await outcomes(shop('paid', '<probity:property name="pays" from="tries = 1" to="paid"/>')),
    ).toMatchObject({ pays: 'holds' });
  });

  it.each([
    ['= paid', true],
    ['${paid}', true],
    ['${paid == true &amp;&amp; tries == 2}', true],
    ['#{!paid}', true],
    ['${order.total()}', false],
    ['gold customer', false],
    ['customer', false],
  ])('%s is evaluated: %s', async (condition, evaluated) => {
    const read = await readBpmn(shop(condition));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(
      read.value.abstractions?.some((sentence) => sentence.startsWith('Choices are free')),
    ).toBe(!evaluated);
  });

  it('ways of an inclusive gateway are those whose conditions hold', async () => {
    const body = process(
      'p',
      [
        'startEvent s',
        'inclusiveGateway g',
        'task a',
        'task b',
        'inclusiveGateway j',
        'endEvent e',
      ],
      ['s g', 'g a f1 ONE', 'g b f2 TWO', 'a j', 'b j', 'j e'],
    )
      .replace('ONE', 'n &gt; 0')
      .replace('TWO', 'n &gt; 1')
      .replace(
        '<bpmn:process id="p">',
        `$&${annotated('<probity:variable name="n" type="int 1..2"/>')}`,
      );
    const read = await readBpmn(definitions(body));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.value.actions['g_to_a']?.when).toBe('p_f0 > 0 and (n > 0) and (not(n > 1))');
    expect(await outcomes(definitions(body))).toMatchObject({ sound: 'holds' });
  });

  it('a typed data object is a variable', async () => {
    const read = await readBpmn(
      definitions(
        process('p', ['startEvent s', 'endEvent e'], ['s e']).replace(
          '</bpmn:process>',
          '<bpmn:dataObjectReference id="d" name="stock" xmlns:probity="urn:probity:bpmn:v1" probity:type="enum [full, empty]" probity:init="full"/></bpmn:process>',
        ),
      ),
    );
    expect(read.ok && read.value.variables['stock']).toEqual({
      type: 'enum [full, empty]',
      init: 'full',
      elementId: 'd',
    });
  });

  it('what is wrong has a code', async () => {
    expect(await codes(shop('paid', '<probity:variable name="paid" type="bool"/>'))).toEqual([
      'NAME_TAKEN',
    ]);
    expect(await codes(shop('paid', '<probity:variable name="two words" type="bool"/>'))).toEqual([
      'NAME_INVALID',
    ]);
    expect(await codes(shop('paid', '<probity:variable name="x"/>'))).toEqual(['MISSING_KEY']);
    await expect(
      outcomes(shop('paid', '<probity:property name="odd" always="nobody = 1"/>')),
    ).rejects.toThrow('NAME_UNKNOWN');
    await expect(outcomes(shop('paid', '<probity:property name="odd"/>'))).rejects.toThrow(
      'PROPERTY_SHAPE',
    );
  });
});

describe('every condition', () => {
  const declared = annotated('<probity:variable name="paid" type="bool" init="any"/>');
  const plain = (source: string, ways: number, trigger = ''): string =>
    process(
      'p',
      ['startEvent s', `${source} x ${trigger}`.trim(), 'task t', 'endEvent e'],
      ['s x', 'x t f CONDITION', ...(ways > 1 ? ['x e'] : []), 't e'],
    );
  const begins = (ways: number, trigger = ''): string =>
    process(
      'p',
      [`startEvent x ${trigger}`.trim(), 'task t', 'endEvent e'],
      ['x t f CONDITION', ...(ways > 1 ? ['x e'] : []), 't e'],
    );
  const within = (body: string): string =>
    `<bpmn:process id="o"><bpmn:startEvent id="os"/><bpmn:subProcess id="o1">${body.replace(/<\/?bpmn:process[^>]*>/g, '')}</bpmn:subProcess><bpmn:sequenceFlow id="of" sourceRef="os" targetRef="o1"/></bpmn:process>`;
  const border = (thrown: string): string =>
    process(
      'p',
      ['startEvent s', 'subProcess a', 'boundaryEvent x error', 'task t', 'endEvent e'],
      ['s a', 'a e', 'x t f CONDITION', 'x e', 't e'],
    )
      .replace('id="x"', 'id="x" attachedToRef="a"')
      .replace(
        'id="a">',
        `id="a"><bpmn:startEvent id="is"/><bpmn:endEvent id="ie">${thrown}</bpmn:endEvent><bpmn:sequenceFlow id="if" sourceRef="is" targetRef="ie"/>`,
      );
  const drawn: Readonly<Record<string, string>> = {
    ...Object.fromEntries(
      [1, 2].flatMap((ways) => [
        ...[
          'task',
          'subProcess',
          'exclusiveGateway',
          'inclusiveGateway',
          'complexGateway',
          'intermediateThrowEvent',
        ].map((source) => [`${source} ${ways}`, plain(source, ways)]),
        [`intermediateCatchEvent ${ways}`, plain('intermediateCatchEvent', ways, 'timer')],
        [`startEvent ${ways}`, begins(ways)],
        [`startEvent with a message ${ways}`, begins(ways, 'message')],
        [`startEvent inside ${ways}`, within(begins(ways))],
      ]),
    ),
    boundaryEvent: border(''),
    'boundaryEvent that is thrown to': border('<bpmn:errorEventDefinition/>'),
  };
  const model = async (body: string, condition: string): Promise<string> => {
    const source = definitions(body.replace('CONDITION', () => condition));
    const read = await readBpmn(source.replace(/(<bpmn:process id="\w">)/, `$1${declared}`));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return JSON.stringify([read.value.actions, read.value.abstractions]);
  };

  it.each(Object.entries(drawn))(
    'out of %s is evaluated, or said to be free',
    async (what, body) => {
      const evaluated = await model(body, 'paid');
      expect(evaluated).toContain('(paid)');
      // The other way out of a gateway has none, and stays free.
      expect(evaluated.includes('Choices are free')).toBe(/Gateway 2/.test(what));
      expect(await model(body, 'mystery')).toMatch(/Choices are free[^"]*: x\./);
    },
  );

  it('that decides nothing is named', async () => {
    expect(await model(plain('parallelGateway', 2), 'paid')).toMatch(
      /A condition decides nothing here[^"]*: f\./,
    );
    const otherwise = plain('exclusiveGateway', 2).replace('id="x"', 'id="x" default="f"');
    expect(await model(otherwise, 'paid')).toMatch(/A default flow has a condition[^"]*: f\./);
  });

  it('that fails on the only way out stops there', async () => {
    const never = definitions(
      plain('exclusiveGateway', 1)
        .replace('CONDITION', 'paid')
        .replace('<bpmn:process id="p">', `$&${declared.replace('any', 'false')}`),
    );
    expect(await outcomes(never)).toMatchObject({
      optionToComplete: 'violated',
      noDeadActivities: 'violated',
    });
  });
});
