import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { Result } from '../../../src/errors/index.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import { definitions } from './diagramXml.ts';

/** References are `xsd:QName`s or ids (BPMN 2.0.2 §8.2.1): each kind stands in here once. */
const WHOLE = `
<bpmn:signal id="S1" name="paid"/><bpmn:signal id="S2"/>
<bpmn:error id="X1" errorCode="declined"/><bpmn:escalation id="V1" escalationCode="late"/>
<bpmn:signalEventDefinition id="shared" signalRef="S1"/>
<bpmn:collaboration id="c">
  <bpmn:participant id="P" processRef="p"/><bpmn:participant id="Q" processRef="q"/>
  <bpmn:messageFlow id="m" sourceRef="throw" targetRef="catch"/>
</bpmn:collaboration>
<bpmn:process id="p">
  <bpmn:startEvent id="s"/>
  <bpmn:subProcess id="sub" default="f3">
    <bpmn:startEvent id="is"/><bpmn:inclusiveGateway id="g"/>
    <bpmn:endEvent id="ie"><bpmn:errorEventDefinition errorRef="X1"/></bpmn:endEvent>
    <bpmn:endEvent id="iv"><bpmn:escalationEventDefinition escalationRef="V1"/></bpmn:endEvent>
    <bpmn:sequenceFlow id="if1" sourceRef="is" targetRef="g"/>
    <bpmn:sequenceFlow id="if2" sourceRef="g" targetRef="ie"/>
    <bpmn:sequenceFlow id="if3" sourceRef="g" targetRef="iv"/>
  </bpmn:subProcess>
  <bpmn:boundaryEvent id="b1" attachedToRef="sub"><bpmn:errorEventDefinition errorRef="X1"/></bpmn:boundaryEvent>
  <bpmn:boundaryEvent id="b2" attachedToRef="sub" cancelActivity="false"><bpmn:escalationEventDefinition escalationRef="V1"/></bpmn:boundaryEvent>
  <bpmn:callActivity id="call" calledElement="r"/>
  <bpmn:boundaryEvent id="bc" attachedToRef="call"><bpmn:compensateEventDefinition/></bpmn:boundaryEvent>
  <bpmn:task id="undo" isForCompensation="true"/>
  <bpmn:association id="as" sourceRef="bc" targetRef="undo"/>
  <bpmn:intermediateThrowEvent id="throw"><bpmn:signalEventDefinition signalRef="S2"/></bpmn:intermediateThrowEvent>
  <bpmn:intermediateThrowEvent id="undoing"><bpmn:compensateEventDefinition activityRef="call"/></bpmn:intermediateThrowEvent>
  <bpmn:endEvent id="e"><bpmn:eventDefinitionRef>shared</bpmn:eventDefinitionRef></bpmn:endEvent>
  <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="sub"/>
  <bpmn:sequenceFlow id="f2" sourceRef="sub" targetRef="call"/>
  <bpmn:sequenceFlow id="f3" sourceRef="sub" targetRef="undoing"/>
  <bpmn:sequenceFlow id="f4" sourceRef="call" targetRef="throw"/>
  <bpmn:sequenceFlow id="f5" sourceRef="throw" targetRef="undoing"/>
  <bpmn:sequenceFlow id="f6" sourceRef="undoing" targetRef="e"/>
</bpmn:process>
<bpmn:process id="q">
  <bpmn:startEvent id="qs"/><bpmn:eventBasedGateway id="qg"/>
  <bpmn:intermediateCatchEvent id="catch"><bpmn:messageEventDefinition/></bpmn:intermediateCatchEvent>
  <bpmn:intermediateCatchEvent id="qc"><bpmn:signalEventDefinition signalRef="S1"/></bpmn:intermediateCatchEvent>
  <bpmn:sequenceFlow id="q1" sourceRef="qs" targetRef="qg"/>
  <bpmn:sequenceFlow id="q2" sourceRef="qg" targetRef="catch"/>
  <bpmn:sequenceFlow id="q3" sourceRef="qg" targetRef="qc"/>
</bpmn:process>
<bpmn:process id="r"><bpmn:startEvent id="rs"/><bpmn:task id="rt"/><bpmn:sequenceFlow id="r1" sourceRef="rs" targetRef="rt"/></bpmn:process>`;

const spaced = (body: string, declared: string): string =>
  definitions(body).replace('<bpmn:definitions', `<bpmn:definitions ${declared}`);
const REFERENCE = /((?:\w+Ref|calledElement|default)=")(\w+)"/g;
const qualified = (prefix: string): string =>
  WHOLE.replaceAll(REFERENCE, `$1${prefix}:$2"`).replace('>shared<', `> ${prefix}:shared\n<`);

function value(result: Result<ModelDocument>): ModelDocument {
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}
async function problemsOf(source: string): Promise<readonly string[]> {
  const result = await readBpmn(source);
  return result.ok ? [] : result.problems.map(({ code, message }) => `${code} ${message}`);
}

describe('references', () => {
  it('by a prefix of the target namespace are the same as without', async () => {
    const plain = value(await readBpmn(definitions(WHOLE)));
    expect(value(await readBpmn(spaced(qualified('tns'), 'xmlns:tns="urn:test"')))).toEqual(plain);
    // Each of them matters: the model shows it.
    expect(Object.keys(plain.actions)).toEqual(
      expect.arrayContaining(['e_to_qc', 'throw', 'undoing_undo_call']),
    );
  });

  it('by a prefix that nothing declares are taken for names of this file, and said so', async () => {
    const plain = value(await readBpmn(definitions(WHOLE)));
    const loose = value(await readBpmn(definitions(qualified('tns'))));
    expect(loose.actions).toEqual(plain.actions);
    expect(loose.abstractions).toContain(
      'The prefix of tns:S1 is declared nowhere; the name is taken for one of this file: shared, qc.',
    );
  });

  it('that are misspelt come with the nearest id', async () => {
    const source = definitions(WHOLE.replace('activityRef="call"', 'activityRef="calls"'));
    expect(await problemsOf(source)).toContain(
      "BPMN_REFERENCE activityRef names 'calls', which does not exist; did you mean `call`?",
    );
  });

  it('that leave the file are not those of this file', async () => {
    const other = (found: string): string =>
      spaced(WHOLE.replace(`"${found}"`, `"o:${found}"`), 'xmlns:o="urn:other"');
    for (const [property, found] of [
      ['signalRef', 'S2'],
      ['errorRef', 'X1'],
      ['escalationRef', 'V1'],
      ['activityRef', 'call'],
      ['attachedToRef', 'sub'],
    ] as const) {
      const source = spaced(
        WHOLE.replace(`${property}="${found}"`, `${property}="o:${found}"`),
        'xmlns:o="urn:other"',
      );
      expect(await problemsOf(source)).toContainEqual(
        expect.stringMatching(
          `^BPMN_REFERENCE ${property} names 'o:${found}', which does not exist($|; did you mean)`,
        ),
      );
    }
    const called = value(await readBpmn(other('r')));
    expect(called.abstractions).toContain(
      'What is called here is not in the file; the call is taken for a task: call.',
    );
    const pool = value(
      await readBpmn(
        spaced(WHOLE.replace('processRef="q"', 'processRef="o:q"'), 'xmlns:o="urn:other"'),
      ),
    );
    expect(pool.abstractions).toContain(
      "The process of a pool is not in the file (processRef names 'o:q'); nothing is known of what it does: Q.",
    );
  });
});
