import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyseThreats } from '../../src/checking/attackSets/analysis.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { drawAttacks } from '../../src/explain/pictures.ts';
import { timeOf } from '../../src/time/time.ts';
import { repository } from '../golden.ts';

/** The attacks on a diagram, drawn into it. */
async function drawn(file: string, threats: readonly string[], annotations?: string) {
  const source = readFileSync(repository(file), 'utf8');
  const said = annotations === undefined ? {} : { annotations };
  const read = await inspect({ source, format: 'bpmn', name: 'x', ...said });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const limits = { timeoutMs: 60_000, maxStates: 200_000, memoryMb: 1_000 };
  const options = { threats, budget: 2, controls: false, ...limits };
  const report = await analyseThreats(read.value, 'bpmn', options, timeOf(60_000));
  if (!report.ok) throw new Error(JSON.stringify(report.problems));
  return new Map(
    (await drawAttacks(source, report.value, said)).map(({ name, text }) => [name, text]),
  );
}

const marked = (svg = ''): readonly (readonly string[])[] =>
  [...svg.matchAll(/<g data-attacked="([^"]*)"><title>([^<]*)<\/title>/gu)].map(
    ([, id = '', words = '']) => [id, words],
  );

describe('an attack drawn into its diagram', () => {
  it('marks a message flow, numbers the steps along the attack, and says all of it in words', async () => {
    const pictures = await drawn('specs/demo/order.bpmn', ['drop.Message_Order']);
    const svg = pictures.get('optionToComplete-1-diagram.svg');
    expect(marked(svg)).toEqual([['Message_Order', 'drop.Message_Order in step 2']]);
    expect(svg).toContain('<title>optionToComplete broken by drop.Message_Order</title>');
    expect(svg).toMatch(
      /<desc>In 2 steps, [^<]* 1 Place order; [^<]* 2 \[drop\.Message_Order\] [^<]*is lost\.<\/desc>/u,
    );
    expect(svg).toMatch(/<g data-steps-of="Task_PlaceOrder"|<g data-steps-of="[^"]*">/u);
  });

  it('is read without colours: a sign, a frame of dashes and words in black on white', async () => {
    const pictures = await drawn('specs/scenarios/dose-never-checked/vulnerable.bpmn', [
      'skip.checkDose',
    ]);
    const svg = pictures.get('handedIsSeen-1-diagram.svg') ?? '';
    expect(marked(svg)).toEqual([['checkDose', 'skip.checkDose in step 1']]);
    const mark = /<g data-attacked="checkDose">.*<\/g>/u.exec(svg)?.[0] ?? '';
    expect(mark).toContain('stroke-dasharray');
    expect(mark).toContain('>!</text>');
    expect(mark).toContain('>1 skip.checkDose</text>');
    expect(new Set([...mark.matchAll(/#\w+/gu)].map(([tone]) => tone))).toEqual(
      new Set(['#111111', '#fff']),
    );
  });

  it('marks a pool or lane that is away; what has no place is named', async () => {
    const away = await drawn(
      'specs/scenarios/dose-never-checked/vulnerable.bpmn',
      ['unavailable.Technician'],
      'actors: { Technician: { recovers: false } }',
    );
    const [svg] = away.values();
    const places = marked(svg).map(([id]) => id);
    expect([
      ...places,
      ...(/Has no place in the diagram: ([^.]*\.[^.]*)\./u.exec(svg ?? '')?.slice(1) ?? []),
    ]).toEqual([expect.stringMatching(/^(unavailable\.)?Technician$/u)]);
  });
});
