import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagram } from '../../../src/frontends/bpmn/diagram.ts';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { parse } from '../../../src/frontends/bpmn/moddle.ts';
import { readDiagram } from '../../../src/frontends/bpmn/read.ts';
import { scan } from '../../../src/frontends/bpmn/scan.ts';
import { describeShared, sharedPath } from '../../shared.ts';
import { collaboration, definitions, process } from './diagramXml.ts';
import { explore } from './modelGame.ts';
import { play, type Verdicts } from './tokenGame.ts';

const LIMIT = 3_000;

async function diagramOf(xml: string): Promise<Diagram | undefined> {
  const scanned = scan(xml);
  if (!scanned.ok) return undefined;
  const parsed = await parse(scanned.value);
  if (!parsed.ok) return undefined;
  const diagram = readDiagram(parsed.value, scanned.value.places);
  return diagram.ok ? diagram.value : undefined;
}

/** Both sides of the comparison; both nothing where the diagram has more states than are tried. */
async function bothSides(xml: string): Promise<readonly [Verdicts | undefined, Verdicts | undefined]> {
  const diagram = await diagramOf(xml);
  const document = await readBpmn(xml);
  expect(document.ok).toBe(diagram !== undefined);
  return diagram && document.ok ? [play(diagram, LIMIT), explore(document.value, LIMIT)] : [undefined, undefined];
}

const NODES = ['task', 'sendTask', 'receiveTask', 'exclusiveGateway', 'parallelGateway', 'eventBasedGateway', 'intermediateThrowEvent',
  'intermediateCatchEvent x message', 'intermediateCatchEvent x timer', 'startEvent', 'startEvent x message', 'endEvent', 'endEvent x terminate'];

/** A drawing of two pools with anything tied to anything: most of them are wrong, which is what students draw. */
const drawings = fc.record({
  kinds: fc.array(fc.nat(NODES.length - 1), { minLength: 2, maxLength: 9 }),
  flows: fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.nat(5)), { maxLength: 12 }),
  messages: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 3 }),
}).map(({ kinds, flows, messages }) => {
  const nodes = kinds.map((kind, index) => (NODES[kind] ?? 'task').replace(/^(\w+)( x)?/, `$1 n${index}`));
  const half = Math.ceil(nodes.length / 2);
  const legal = (source: number, target: number, mates: boolean): boolean => {
    const [from, to] = [nodes[source] ?? '', nodes[target] ?? ''];
    if (from === '' || to === '' || (source < half) !== (target < half) === mates) return false;
    if (!mates) return /^(task|sendTask|receiveTask|intermediateThrow|endEvent)/.test(from) && /^(task|receiveTask|startEvent|intermediateCatch)/.test(to);
    if (from.startsWith('endEvent') || to.startsWith('startEvent')) return false;
    return !from.startsWith('eventBased') || /^(intermediateCatch|receiveTask)/.test(to);
  };
  const arrows = flows.filter(([source, target]) => legal(source, target, true));
  const print = (own: boolean): string => process(own ? 'p' : 'q', own ? nodes.slice(0, half) : nodes.slice(half),
    arrows.filter(([source]) => source < half === own).map(([s, t, c], i) => `n${s} n${t} ${own ? 'p' : 'q'}f${i}${c === 0 ? ' yes' : ''}`));
  const talk = messages.filter(([source, target]) => legal(source, target, false)).map(([s, t]) => `n${s} n${t}`);
  return definitions(collaboration(['P p', 'Q q'], talk) + print(true) + print(false));
});

describe('the printed model plays the token game of the diagram', () => {
  it('on random drawings', async () => {
    let compared = 0;
    await fc.assert(fc.asyncProperty(drawings, async (xml) => {
      const [game, model] = await bothSides(xml);
      expect(model).toEqual(game);
      if (game) compared += 1;
    }), { numRuns: 400, seed: 3 });
    expect(compared).toBeGreaterThan(200);
  }, 60_000);
});

describeShared('the printed model plays the token game of the published diagrams', () => {
  for (const folder of ['fbpmn', 'rust_bpmn_analyzer']) {
    for (const file of readdirSync(sharedPath('cases', 'bpmn', folder)).filter((name) => name.endsWith('.bpmn'))) {
      it(`${folder}/${file}`, async () => {
        const [game, model] = await bothSides(readFileSync(sharedPath('cases', 'bpmn', folder, file), 'utf8'));
        expect(model).toEqual(game);
      });
    }
  }
});
