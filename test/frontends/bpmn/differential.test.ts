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
async function bothSides(xml: string): Promise<readonly [Verdicts | undefined, Verdicts | undefined]> {
  const diagram = await diagramOf(xml);
  const document = await readBpmn(xml);
  expect(document.ok).toBe(diagram !== undefined);
  return diagram && document.ok ? [play(diagram, LIMIT), explore(document.value, LIMIT)] : [undefined, undefined];
}

const NODES = ['task', 'sendTask', 'receiveTask', 'exclusiveGateway', 'parallelGateway', 'eventBasedGateway', 'intermediateThrowEvent',
  'intermediateCatchEvent x message', 'intermediateCatchEvent x timer', 'startEvent', 'startEvent x message', 'endEvent', 'endEvent x terminate'];

type Arrow = readonly [source: number, target: number, style: number];
const HALF = 5;

/** What may be drawn at all; everything else is refused, and has its own tests. */
function legal(nodes: readonly string[], source: number, target: number): 'flow' | 'message' | undefined {
  const [from, to] = [nodes[source] ?? '', nodes[target] ?? ''];
  if (from === '' || to === '') return undefined;
  if ((source < HALF) !== (target < HALF)) {
    return /^(task|sendTask|receiveTask|intermediateThrow|endEvent)/.test(from) && /^(task|receiveTask|startEvent|intermediateCatch)/.test(to) ? 'message' : undefined;
  }
  if (from.startsWith('endEvent') || to.startsWith('startEvent')) return undefined;
  return !from.startsWith('eventBased') || /^(intermediateCatch|receiveTask)/.test(to) ? 'flow' : undefined;
}

/**
 * Two pools of five nodes: in each a line of nodes, and then arrows from anywhere to anywhere. Most of these processes are
 * wrong, which is what students draw. Style 0 is a conditional flow, style 1 the default flow.
 */
const drawings = fc.record({
  kinds: fc.array(fc.nat(NODES.length - 1), { minLength: 2 * HALF, maxLength: 2 * HALF }),
  started: fc.boolean(),
  arrows: fc.array(fc.tuple(fc.nat(2 * HALF - 1), fc.nat(2 * HALF - 1), fc.nat(5)), { maxLength: 12 }),
}).map(({ kinds, started, arrows }) => {
  const nodes = kinds.map((kind, index) => (started && index === 0 ? 'startEvent' : NODES[kind] ?? 'task').replace(/^(\w+)( x)?/, `$1 n${index}`));
  const line: Arrow[] = nodes.map((_, index) => [index, index + 1, 9] as const).filter(([source]) => (source + 1) % HALF !== 0);
  const drawn = [...line, ...arrows].map((arrow) => [legal(nodes, arrow[0], arrow[1]), arrow] as const);
  const print = (own: boolean): string => {
    const flows = drawn.flatMap(([what, arrow]) => (what === 'flow' && arrow[0] < HALF === own ? [arrow] : []));
    const name = own ? 'p' : 'q';
    let text = process(name, own ? nodes.slice(0, HALF) : nodes.slice(HALF), flows.map(([s, t, style], i) => `n${s} n${t} ${name}f${i}${style === 0 ? ' yes' : ''}`));
    flows.forEach(([source, , style], i) => {
      if (style === 1) text = text.replace(new RegExp(`(<bpmn:\\w*(?:[tT]ask|exclusiveGateway)) id="n${source}"`), `$1 default="${name}f${i}" id="n${source}"`);
    });
    return text;
  };
  const messages = drawn.flatMap(([what, [source, target]]) => (what === 'message' ? [`n${source} n${target}`] : []));
  return definitions(collaboration(['P p', 'Q q'], messages) + print(true) + print(false));
});

describe('the printed model plays the token game of the diagram', () => {
  it('on random drawings', async () => {
    let compared = 0;
    await fc.assert(fc.asyncProperty(drawings, async (xml) => {
      const [game, model] = await bothSides(xml);
      expect(model).toEqual(game);
      if (game) compared += 1;
    }), { numRuns: 600, seed: 3 });
    expect(compared).toBeGreaterThan(300);
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
