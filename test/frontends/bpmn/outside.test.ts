import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import { definitions, process } from './diagramXml.ts';

async function read(body: string): Promise<ModelDocument> {
  const result = await readBpmn(definitions(body));
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}

/** Whether some condition of fairness promises that an action comes in the end. */
const isPromised = ({ fairness = [] }: ModelDocument, name: string): boolean =>
  fairness.some(({ weak = [], strong = [] }) => [...weak, ...strong].includes(name));

const waiting = (element: string): string =>
  process('p', ['startEvent s', element, 'endEvent e'], ['s x', 'x e']);
const onBorder = (trigger: string): string =>
  process(
    'p',
    ['startEvent s', 'subProcess x', `boundaryEvent b ${trigger}`, 'endEvent e', 'endEvent e2'],
    ['s x', 'x e', 'b e2'],
  ).replace('<bpmn:boundaryEvent', '<bpmn:boundaryEvent attachedToRef="x"');

describe('what comes from outside', () => {
  it.each(['message', 'signal', 'conditional'])(
    'comes in the end where a token waits for nothing else: %s',
    async (trigger) => {
      const model = await read(waiting(`intermediateCatchEvent x ${trigger}`));
      expect(isPromised(model, 'x')).toBe(true);
    },
  );

  it.each(['message', 'signal', 'conditional', 'error', 'escalation'])(
    'may come on a border, and need not: %s',
    async (trigger) => {
      const model = await read(onBorder(trigger));
      expect(Object.keys(model.actions)).toContain('b');
      expect(isPromised(model, 'b')).toBe(false);
    },
  );
});

describe('a cancel end event', () => {
  const transaction = (flows: readonly string[]): string => {
    const inside = process(
      'i',
      ['startEvent is', 'exclusiveGateway g', 'endEvent ok', 'endEvent no cancel', 'task after'],
      ['is g', 'g ok', 'g no', ...flows],
    ).replace(/<\/?bpmn:process[^>]*>/gu, '');
    return process(
      'p',
      ['startEvent s', 'transaction x', 'boundaryEvent b cancel', 'endEvent e', 'endEvent e2'],
      ['s x', 'x e', 'b e2'],
    )
      .replace('id="b"', 'id="b" attachedToRef="x"')
      .replace('id="x">', `id="x">${inside}`);
  };

  it('leaves by the cancel event, and nothing goes on over a flow out of it', async () => {
    const { actions, abstractions } = await read(transaction(['no after']));
    const ends = Object.entries(actions).filter(([name]) => /^no(?:_|$)/u.test(name));
    expect(ends.length).toBeGreaterThan(0);
    for (const [, { then = {} }] of ends) expect(then['i_f3'] ?? 0).toBe(0);
    expect(abstractions).toContain(
      'A sequence flow leaves an end event; nothing goes on over it: no.',
    );
  });
});
