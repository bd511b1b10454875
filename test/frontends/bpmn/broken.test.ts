import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import { collaboration, definitions, process } from './diagramXml.ts';

/** Diagrams that are broken where it does not matter: the meaning that is there, and a warning. */
const ORDER = process('p', ['startEvent s', 'task ship', 'endEvent e'], ['s ship', 'ship e']);
const within = (more: string): string => definitions(ORDER.replace('</bpmn:process>', `${more}$&`));
const before = (more: string): string =>
  definitions(ORDER.replace(/<bpmn:process[^>]*>/, `$&${more}`));

async function read(source: string): Promise<ModelDocument> {
  const result = await readBpmn(source);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}

describe('what is broken where it does not matter', () => {
  it.each([
    ['a property with the id of its process', before('<bpmn:property id="p" name="x"/>')],
    [
      'a property with the id of what comes after it',
      before('<bpmn:property id="ship" name="x"/>'),
    ],
    [
      'two properties of one id',
      before('<bpmn:property id="x" name="x"/><bpmn:property id="x" name="y"/>'),
    ],
    [
      'an item definition with the id of a task',
      definitions(`<bpmn:itemDefinition id='ship' structureRef="string"/>${ORDER}`),
    ],
  ])('%s: the id is left out', async (_, source) => {
    const model = await read(source);
    expect(model.actions).toEqual((await read(definitions(ORDER))).actions);
    expect(model.abstractions).toContainEqual(
      expect.stringMatching(
        /in line \d+ has the id '\w+', which is already used in line \d+; the id was left out\.$/,
      ),
    );
  });

  it.each([
    [
      'a sequence flow to what is not there',
      '<bpmn:sequenceFlow id="loose" sourceRef="ship" targetRef="gone"/>',
    ],
    [
      'one from what is not there',
      '<bpmn:sequenceFlow id="loose" sourceRef="gone" targetRef="ship"/>',
    ],
    ['an association to nothing', '<bpmn:association id="as" sourceRef="ship" targetRef="gone"/>'],
    ['a sequence flow without a target', '<bpmn:sequenceFlow id="loose" sourceRef="ship"/>'],
    ['a sequence flow without a source', '<bpmn:sequenceFlow id="loose" targetRef="ship"/>'],
    ['one with an empty target', '<bpmn:sequenceFlow id="loose" sourceRef="ship" targetRef=""/>'],
  ])('%s is left out, and named', async (_, more) => {
    const model = await read(within(more));
    expect(model.actions).toEqual((await read(definitions(ORDER))).actions);
    expect(model.abstractions).toContainEqual(expect.stringMatching(/left out: (as|loose)\.$/));
  });

  it.each([
    '<bpmn:textAnnotation id="n"><bpmn:text><h:p xmlns:h="urn:h" id="ship">see <h:b>it</h:b><h:br/></h:p></bpmn:text></bpmn:textAnnotation>',
    '<bpmn:documentation><p id="e">see <b>it</b></p></bpmn:documentation>',
    '<x:form xmlns:x="urn:x"><x:field id="ship">a<x:b>text</x:b></x:field></x:form>',
    '<bpmn:sequenceFlow id="f" sourceRef="ship" targetRef="e"><bpmn:conditionExpression>a <b>b</b></bpmn:conditionExpression></bpmn:sequenceFlow>',
  ])('markup inside of text: %s', async (more) => {
    const model = await read(more.includes('documentation') ? before(more) : within(more));
    expect(Object.keys(model.actions).some((name) => name.startsWith('ship'))).toBe(true);
    expect(model.abstractions).toContainEqual(
      expect.stringMatching(/in line \d+ has markup in it|is no BPMN element/),
    );
    expect(JSON.stringify(model)).not.toContain('handleText');
  });

  it('a pool whose process is elsewhere is one of which nothing is known', async () => {
    const model = await read(
      definitions(
        collaboration(['P p', 'Q q'], ['ship theirs', 'yours ask']) +
          process('p', ['startEvent s', 'task ship', 'receiveTask ask'], ['s ship', 'ship ask']),
      ),
    );
    expect(Object.keys(model.actions)).toEqual(['ship', 'ask']);
    expect(model.abstractions).toContain(
      `The process of a pool is not in the file (processRef names 'q'); nothing is known of what it does: 'Q' (Q).`,
    );
  });

  it('an id of two things that matter is still refused', async () => {
    const twice = await readBpmn(within('<bpmn:task id="ship"/>'));
    expect(twice.ok ? [] : twice.problems.map(({ code }) => code)).toEqual(['BPMN_STRUCTURE']);
  });

  it('over a sequence flow between pools the token goes on, as between lanes', async () => {
    const between = definitions(
      collaboration(['P p', 'Q q'], []) +
        process('p', ['startEvent s', 'task ship', 'endEvent e'], ['s ship', 'ship theirs over']) +
        process('q', ['task theirs', 'endEvent done'], ['theirs done']),
    );
    const model = await read(between);
    expect(model.actions['ship']?.then).toMatchObject({ over: 'over + 1' });
    expect(model.actions['theirs']).toMatchObject({ when: 'over > 0', then: { over: 'over - 1' } });
    expect(model.abstractions).toContainEqual(
      expect.stringMatching(
        /^A sequence flow crosses the border of its pool.*as between lanes: over\.$/,
      ),
    );
  });
});

describe('read strictly', () => {
  it.each([
    ['a repeated id', before('<bpmn:property id="p" name="x"/>'), 'BPMN_STRUCTURE'],
    [
      'a flow without an end',
      within('<bpmn:sequenceFlow id="f" sourceRef="ship"/>'),
      'BPMN_STRUCTURE',
    ],
    [
      'a flow to nowhere',
      within('<bpmn:sequenceFlow id="f" sourceRef="ship" targetRef="gone"/>'),
      'BPMN_REFERENCE',
    ],
    [
      'an association to nothing',
      within('<bpmn:association id="f" sourceRef="ship" targetRef="gone"/>'),
      'BPMN_REFERENCE',
    ],
    [
      'a flow across pools',
      definitions(
        collaboration(['P p', 'Q q'], []) +
          process('p', ['startEvent s', 'task ship'], ['s ship', 'ship theirs']) +
          process('q', ['task theirs'], []),
      ),
      'BPMN_STRUCTURE',
    ],
    [
      'a process elsewhere',
      definitions(collaboration(['P p', 'Q q'], []) + ORDER),
      'BPMN_REFERENCE',
    ],
  ])('%s is refused, with its place', async (_, source, code) => {
    expect((await readBpmn(source)).ok).toBe(true);
    for (const how of [{ strict: true }, { annotations: { strict: true } }]) {
      const strict = await readBpmn(source, how);
      expect(strict.ok ? [] : strict.problems.map((found) => found.code)).toEqual([code]);
      expect(strict.ok ? undefined : strict.problems[0]?.line).toBeGreaterThan(0);
    }
  });

  it('a diagram as the standard has it is read as ever', async () => {
    expect(await readBpmn(definitions(ORDER), { strict: true })).toEqual(
      await readBpmn(definitions(ORDER)),
    );
  });
});
