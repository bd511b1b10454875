import { describe, expect, it } from 'vitest';
import { feelOfJuel, isJuel } from '../../../src/frontends/bpmn/juel.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { parseFeel } from '../../../src/model/feel.ts';
import { definitions, process } from './diagramXml.ts';

const emptiness = (name: string): string | undefined =>
  name === 'items' ? 'count(items) = 0' : name === 'state' ? 'state = none' : undefined;

describe('conditions in JUEL', () => {
  it.each([
    ["${clarified == 'yes'}", 'clarified = yes'],
    ['${clarified eq "yes"}', 'clarified = yes'],
    ['#{ amount gt 100 }', 'amount > 100'],
    ['${amount ge 1 && amount le 5}', 'amount >= 1 and amount <= 5'],
    ['${a && (b || c)}', 'a and (b or c)'],
    ['${a || b && c}', 'a or b and c'],
    ['${!paid}', 'not(paid)'],
    ['${not paid}', 'not(paid)'],
    ['${!(amount lt 3) and paid ne false}', 'not(amount < 3) and paid != false'],
    ['${not (a eq b) or c}', 'not(a = b) or c'],
    ['${empty items}', 'count(items) = 0'],
    ['${not empty state}', 'not(state = none)'],
    ['${!empty items && paid}', 'not(count(items) = 0) and paid'],
    ['${a + 2 * b == -1}', 'a + 2 * b = -1'],
    ['${(a - b) * 2 > a - (b - 1)}', '(a - b) * 2 > a - (b - 1)'],
  ])('%s is %s', (juel, feel) => {
    expect(feelOfJuel(juel, emptiness)).toBe(feel);
    expect(() => parseFeel(feel)).not.toThrow();
  });

  it.each([
    '${order.paid}',
    '${execution.getVariable("x")}',
    '${empty paid}',
    '${a ? b : c}',
    "${state == 'in transit'}",
    '${a ==}',
    '${a b}',
    '${}',
    '${1.5 > a}',
    'paid',
  ])('%s is no condition over variables', (juel) => {
    expect(feelOfJuel(juel, emptiness)).toBe(undefined);
  });

  it('is told from FEEL', () => {
    expect(['${a}', ' #{a}', '= a', 'a'].map(isJuel)).toEqual([true, true, false, false]);
  });

  it('decides at a gateway of a diagram', async () => {
    const source = definitions(
      process(
        'p',
        ['startEvent s', 'exclusiveGateway g', 'task yes', 'task no', 'endEvent e'],
        ['s g', 'g yes y IS', 'g no n ISNOT', 'yes e', 'no e'],
      )
        .replace('ISNOT', () => "${clarified ne 'yes'}")
        .replace('IS', () => "${clarified == 'yes'}")
        .replace(
          '<bpmn:process id="p">',
          '$&<bpmn:extensionElements xmlns:probity="urn:probity:bpmn:v1"><probity:variable name="clarified" type="enum [yes, no]" init="any"/></bpmn:extensionElements>',
        ),
    );
    const read = await readBpmn(source);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.value.actions['g_to_yes']?.when).toContain('(clarified = yes)');
    expect(read.value.actions['g_to_no']?.when).toContain('(clarified != yes)');
    expect(read.value.abstractions).toEqual([]);
  });
});
