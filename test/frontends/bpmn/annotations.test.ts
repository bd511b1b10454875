import { describe, expect, it } from 'vitest';
import { inspect } from '../../../src/checking/inspect.ts';
import type { Submission } from '../../../src/checking/types.ts';
import { reportOn } from '../../conformance/checking.ts';
import { definitions, process } from './diagramXml.ts';

const DIAGRAM = definitions(
  process(
    'shop',
    ['startEvent s', 'exclusiveGateway g', 'task pay', 'task ship', 'endEvent e'],
    ['s g', 'g pay toPay', 'g ship', 'pay ship', 'ship e'],
  ),
);
const SIDE = `
variables:
  paid: { type: bool, init: false }
sets:
  pay: { paid: true }
conditions:
  toPay: not(paid)
properties:
  paidFirst: { never: shop_f4 > 0 and not(paid), severity: { eur: 250 } }
`;
const submit = (annotations: string, source = DIAGRAM): Submission => ({
  source,
  format: 'bpmn',
  name: 'shop.bpmn',
  annotations,
});

async function problemsOf(annotations: string): Promise<readonly string[]> {
  const inspected = await inspect(submit(annotations));
  return inspected.ok
    ? []
    : inspected.problems.map(
        ({ code, path, line }) => `${code} ${path}${line === undefined ? '' : ` line ${line}`}`,
      );
}

describe('a side file to a diagram', () => {
  it('says the same as extension elements in it', async () => {
    const inside = definitions(
      process(
        'shop',
        ['startEvent s', 'exclusiveGateway g', 'task pay', 'task ship', 'endEvent e'],
        ['s g', 'g pay toPay not(paid)', 'g ship', 'pay ship', 'ship e'],
      ),
    )
      .replace(
        '<bpmn:process id="shop">',
        '$&<bpmn:extensionElements><probity:variable name="paid" type="bool" init="false"/><probity:property name="paidFirst" never="shop_f4 &gt; 0 and not(paid)" severity="250"/></bpmn:extensionElements>',
      )
      .replace(
        'id="pay">',
        'id="pay"><bpmn:extensionElements><probity:set variable="paid" value="true"/></bpmn:extensionElements>',
      )
      .replace('<bpmn:definitions', '<bpmn:definitions xmlns:probity="urn:probity:bpmn:v1"');
    const [beside, within] = [
      await inspect(submit(SIDE)),
      await inspect({ source: inside, format: 'bpmn', name: 'shop.bpmn' }),
    ];
    expect(beside.ok && within.ok && beside.value.digest === within.value.digest).toBe(true);
  });

  it('is checked with the diagram', async () => {
    const report = await reportOn(DIAGRAM, ['explore'], {}, 'bpmn', { annotations: SIDE });
    expect(report.properties.find(({ name }) => name === 'paidFirst')).toMatchObject({
      outcome: 'violated',
      severityEur: 250,
      assurance: ['replayed', 'translationValidated'],
    });
  });

  it('says how messages travel; the command has the last word', async () => {
    const pools = definitions(
      `<bpmn:collaboration id="c"><bpmn:participant id="P" processRef="p"/><bpmn:participant id="Q" processRef="q"/><bpmn:messageFlow id="m1" sourceRef="a" targetRef="x"/><bpmn:messageFlow id="m2" sourceRef="b" targetRef="y"/></bpmn:collaboration>` +
        process(
          'p',
          ['startEvent s', 'sendTask a', 'sendTask b', 'endEvent e'],
          ['s a', 'a b', 'b e'],
        ) +
        process(
          'q',
          ['startEvent t', 'receiveTask y', 'receiveTask x', 'endEvent f'],
          ['t y', 'y x', 'x f'],
        ),
    );
    const outcomeOf = async (more: Partial<Submission>): Promise<string | undefined> =>
      (await reportOn(pools, ['explore'], {}, 'bpmn', more)).properties.find(
        ({ name }) => name === 'optionToComplete',
      )?.outcome;
    expect(await outcomeOf({ annotations: 'channels: fifo-pair' })).toBe('violated');
    expect(await outcomeOf({ annotations: 'channels: fifo-pair', channels: 'bag' })).toBe('holds');
  });

  it.each([
    ['an element that is not there', 'sets: { gone: { paid: true } }', 'BPMN_REFERENCE sets.gone'],
    ['a gateway, which sets nothing', 'sets: { g: { paid: true } }', 'BPMN_REFERENCE sets.g'],
    ['a condition on a task', 'conditions: { pay: true }', 'BPMN_REFERENCE conditions.pay'],
    ['a key that nobody knows', 'variable: {}', 'UNKNOWN_KEY variable line 1'],
    ['no such order of messages', 'channels: carrier-pigeon', 'OPTION_INVALID channels line 1'],
    ['no YAML', '{', 'YAML_SYNTAX  line 1'],
  ])('%s', async (_, annotations, expected) => {
    expect(await problemsOf(annotations)).toContain(expected);
  });
});
