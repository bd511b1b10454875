import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagram } from '../../../src/frontends/bpmn/diagram.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { parse } from '../../../src/frontends/bpmn/moddle.ts';
import { readDiagram } from '../../../src/frontends/bpmn/read.ts';
import { scan } from '../../../src/frontends/bpmn/scan.ts';
import { describeShared, sharedPath } from '../../shared.ts';
import { definitions, process } from './diagramXml.ts';
import { explore } from './modelGame.ts';
import { drawings } from './randomDrawing.ts';
import { play, type Verdicts } from './tokenGame.ts';

const LIMIT = 1_500;

async function diagramOf(xml: string): Promise<Diagram | undefined> {
  const scanned = scan(xml);
  if (!scanned.ok) return undefined;
  const parsed = await parse(scanned.value);
  if (!parsed.ok) return undefined;
  const diagram = readDiagram(parsed.value, scanned.value.places);
  return diagram.ok ? diagram.value : undefined;
}

/** Both sides of the comparison; both nothing where the diagram has more states than are tried. */
async function bothSides(
  xml: string,
): Promise<readonly [Verdicts | undefined, Verdicts | undefined]> {
  const diagram = await diagramOf(xml);
  const document = await readBpmn(xml);
  expect(document.ok).toBe(diagram !== undefined);
  return diagram && document.ok
    ? [play(diagram, LIMIT), explore(document.value, LIMIT)]
    : [undefined, undefined];
}

/**
 * `x` is a sub-process beside another branch, with an event on its border; all three ways meet in
 * an inclusive gateway.
 */
function escape(trigger: string, interrupting: boolean, inside: string, meets: boolean): string {
  const body = process(
    'p',
    [
      'startEvent s',
      'inclusiveGateway g',
      'subProcess x',
      `boundaryEvent b ${trigger}`,
      'task t',
      'inclusiveGateway j',
      'task last',
      'endEvent e',
    ],
    ['s g', 'g x', 'g t', 'x j', `b ${meets ? 'j' : 'e'}`, 't j', 'j last', 'last e'],
  );
  return definitions(
    body
      .replace('<bpmn:boundaryEvent', `$& attachedToRef="x" cancelActivity="${interrupting}"`)
      .replace('<bpmn:subProcess id="x">', `$&${inside}`),
  );
}
const chain = (...nodes: readonly string[]): string =>
  process(
    'i',
    ['startEvent is', ...nodes],
    nodes.map(
      (node, at) =>
        `${at === 0 ? 'is' : (nodes[at - 1]?.split(' ')[1] ?? '')} ${node.split(' ')[1] ?? ''}`,
    ),
  ).replace(/<\/?bpmn:process[^>]*>/g, '');

describe('the printed model plays the token game of diagrams that chance seldom draws', () => {
  const insides: Readonly<Record<string, string>> = {
    'a plain sub-process': chain('task i1', 'endEvent i2'),
    'an escalation on the way': chain(
      'intermediateThrowEvent i1 escalation',
      'task i2',
      'endEvent i3',
    ),
    'an escalation at the end': chain('task i1', 'endEvent i2 escalation'),
    'an error at the end': chain('task i1', 'parallelGateway i2', 'endEvent i3 error').replace(
      '</bpmn:sequenceFlow>',
      '$&<bpmn:sequenceFlow id="more" sourceRef="i2" targetRef="i3"/>',
    ),
    'a sub-process inside': chain('subProcess i1', 'endEvent i2').replace(
      'id="i1">',
      `id="i1">${chain('intermediateThrowEvent k1 escalation', 'endEvent k2 error').replaceAll('i_f', 'k_f').replaceAll('"is"', '"ks"')}`,
    ),
    'links inside': chain('intermediateThrowEvent i1 link')
      .concat(
        process('k', ['intermediateCatchEvent k1 link', 'endEvent k2'], ['k1 k2']).replace(
          /<\/?bpmn:process[^>]*>/g,
          '',
        ),
      )
      .replaceAll('<bpmn:linkEventDefinition/>', '<bpmn:linkEventDefinition name="l"/>'),
  };
  for (const [what, inside] of Object.entries(insides)) {
    it.each(['timer', 'error', 'escalation', 'conditional', 'message'])(
      `${what}, %s on its border`,
      async (trigger) => {
        for (const interrupting of [true, false]) {
          for (const meets of [true, false]) {
            const [game, model] = await bothSides(escape(trigger, interrupting, inside, meets));
            expect(model).toEqual(game);
            if (interrupting) expect(game).toBeDefined();
          }
        }
      },
    );
  }
});

describe('the printed model plays the token game of the diagram', () => {
  it('on random drawings', async () => {
    let compared = 0;
    const met: Record<string, number> = {
      inclusiveGateway: 0,
      subProcess: 0,
      'cancelActivity="true"': 0,
      'cancelActivity="false"': 0,
      'endEvent[^>]*><bpmn:error': 0,
      'boundaryEvent[^>]*><bpmn:escalation': 0,
    };
    await fc.assert(
      fc.asyncProperty(drawings, async (xml) => {
        const [game, model] = await bothSides(xml);
        expect(model).toEqual(game);
        if (!game) return;
        for (const what of Object.keys(met))
          if (met[what] !== undefined && new RegExp(what).test(xml)) met[what] += 1;
        compared += 1;
      }),
      { numRuns: 1500, seed: 3 },
    );
    expect(compared).toBeGreaterThan(900);
    expect(Object.entries(met).filter(([, count]) => count < 40)).toEqual([]);
  }, 120_000);
});

describeShared('the printed model plays the token game of the published diagrams', () => {
  for (const folder of ['fbpmn', 'rust_bpmn_analyzer']) {
    for (const file of readdirSync(sharedPath('cases', 'bpmn', folder)).filter((name) =>
      name.endsWith('.bpmn'),
    )) {
      it(`${folder}/${file}`, async () => {
        const [game, model] = await bothSides(
          readFileSync(sharedPath('cases', 'bpmn', folder, file), 'utf8'),
        );
        expect(model).toEqual(game);
      });
    }
  }
});
