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

const NODES = ['task', 'sendTask', 'receiveTask', 'exclusiveGateway', 'parallelGateway', 'inclusiveGateway', 'eventBasedGateway', 'intermediateThrowEvent',
  'intermediateCatchEvent x message', 'intermediateCatchEvent x timer', 'intermediateCatchEvent x conditional', 'inclusiveGateway', 'startEvent', 'startEvent x message', 'endEvent', 'endEvent x terminate', 'endEvent x error', 'endEvent x escalation',
  'intermediateThrowEvent x escalation'];
const BORDERS = ['message', 'timer', 'error', 'conditional', 'escalation'];

type Arrow = readonly [source: number, target: number, style: number];
const HALF = 5;
/** Nodes 0 to 4 are of the first pool, 5 to 9 of the second, 10 to 13 inside of the sub-process 2; 14 and 15 stand on the borders of 2 and 1. */
const COUNT = 16;

function scopeOf(node: number): number {
  return node < HALF || node > 13 ? 0 : node < 2 * HALF ? 1 : 2;
}

/** What may be drawn at all; everything else is refused, and has its own tests. */
function legal(nodes: readonly string[], source: number, target: number): 'flow' | 'message' | undefined {
  const [from, to] = [nodes[source] ?? '', nodes[target] ?? ''];
  if (from === '' || to === '') return undefined;
  if ((scopeOf(source) === 1) !== (scopeOf(target) === 1)) {
    return /^(task|sendTask|receiveTask|subProcess|intermediateThrow|endEvent)/.test(from) && /^(task|receiveTask|startEvent|intermediateCatch|boundary)/.test(to) ? 'message' : undefined;
  }
  if (scopeOf(source) !== scopeOf(target) || from.startsWith('endEvent') || /^(startEvent|boundary)/.test(to)) return undefined;
  return !from.startsWith('eventBased') || /^(intermediateCatch|receiveTask)/.test(to) ? 'flow' : undefined;
}

/**
 * Two pools of five nodes, perhaps a sub-process of four and events on borders: in each a line of nodes, and then arrows from
 * anywhere to anywhere. Most of these processes are wrong, which is what students draw. Style 0 is a conditional flow, style 1 the default flow.
 */
const drawings = fc.record({
  kinds: fc.array(fc.nat(NODES.length - 1), { minLength: COUNT, maxLength: COUNT }),
  started: fc.boolean(),
  nested: fc.boolean(),
  borders: fc.array(fc.record({ drawn: fc.boolean(), trigger: fc.nat(BORDERS.length - 1), interrupting: fc.boolean(), target: fc.nat(HALF - 1) }), { minLength: 2, maxLength: 2 }),
  arrows: fc.array(fc.tuple(fc.nat(COUNT - 1), fc.nat(COUNT - 1), fc.nat(5)), { maxLength: 12 }),
}).map(({ kinds, started, nested, borders, arrows }) => {
  const nodes = kinds.map((kind, index) => {
    if (index === 2 && nested) return 'subProcess n2';
    if (index > 13) {
      const border = borders[index - 14];
      const host = index === 14 ? nested : /^\w*[tT]ask/.test(NODES[kinds[1] ?? 0] ?? '');
      return border?.drawn && host ? `boundaryEvent n${index} ${BORDERS[border.trigger]}` : '';
    }
    if (index >= 2 * HALF && !nested) return '';
    return (started && index === 0 ? 'startEvent' : NODES[kind] ?? 'task').replace(/^(\w+)( x)?/, `$1 n${index}`);
  });
  const line: Arrow[] = nodes.map((_, index) => [index, index + 1, 9] as const).filter(([source]) => ![4, 9].includes(source) && source < 13);
  const escapes: Arrow[] = borders.map(({ target }, index) => [14 + index, target, 9] as const);
  const drawn = [...line, ...escapes, ...arrows].map((arrow) => [legal(nodes, arrow[0], arrow[1]), arrow] as const);
  const print = (name: string, scope: number): string => {
    const flows = drawn.flatMap(([what, arrow]) => (what === 'flow' && scopeOf(arrow[0]) === scope ? [arrow] : []));
    const own = nodes.filter((node, index) => node !== '' && scopeOf(index) === scope);
    let text = process(name, own, flows.map(([s, t, style], i) => `n${s} n${t} ${name}f${i}${style === 0 ? ' yes' : ''}`));
    flows.forEach(([source, , style], i) => {
      if (style === 1) text = text.replace(new RegExp(`(<bpmn:\\w*(?:[tT]ask|(?:ex|in)clusiveGateway|subProcess)) id="n${source}"`), `$1 default="${name}f${i}" id="n${source}"`);
    });
    return text;
  };
  const attached = borders.reduce((text, { interrupting }, index) => (
    text.replace(`<bpmn:boundaryEvent id="n${14 + index}"`, `$& attachedToRef="n${2 - index}" cancelActivity="${interrupting}"`)
  ), print('p', 0));
  const inside = print('s', 2).replace(/<\/?bpmn:process[^>]*>/g, '');
  const messages = drawn.flatMap(([what, [source, target]]) => (what === 'message' ? [`n${source} n${target}`] : []));
  return definitions(collaboration(['P p', 'Q q'], messages)
    + (nested ? attached.replace('<bpmn:subProcess id="n2">', `$&${inside}`).replace(/(<bpmn:subProcess [^>]*id="n2">)(?=<\/)/, `$1${inside}`) : attached) + print('q', 1));
});

/** `x` is a sub-process beside another branch, with an event on its border; all three ways meet in an inclusive gateway. */
function escape(trigger: string, interrupting: boolean, inside: string, meets: boolean): string {
  const body = process('p', ['startEvent s', 'inclusiveGateway g', 'subProcess x', `boundaryEvent b ${trigger}`, 'task t', 'inclusiveGateway j', 'task last', 'endEvent e'],
    ['s g', 'g x', 'g t', 'x j', `b ${meets ? 'j' : 'e'}`, 't j', 'j last', 'last e']);
  return definitions(body.replace('<bpmn:boundaryEvent', `$& attachedToRef="x" cancelActivity="${interrupting}"`).replace('<bpmn:subProcess id="x">', `$&${inside}`));
}
const chain = (...nodes: readonly string[]): string => process('i', ['startEvent is', ...nodes], nodes.map((node, at) => `${at === 0 ? 'is' : nodes[at - 1]?.split(' ')[1] ?? ''} ${node.split(' ')[1] ?? ''}`))
  .replace(/<\/?bpmn:process[^>]*>/g, '');

describe('the printed model plays the token game of diagrams that chance seldom draws', () => {
  const insides: Readonly<Record<string, string>> = {
    'a plain sub-process': chain('task i1', 'endEvent i2'),
    'an escalation on the way': chain('intermediateThrowEvent i1 escalation', 'task i2', 'endEvent i3'),
    'an escalation at the end': chain('task i1', 'endEvent i2 escalation'),
    'an error at the end': chain('task i1', 'parallelGateway i2', 'endEvent i3 error').replace('</bpmn:sequenceFlow>', '$&<bpmn:sequenceFlow id="more" sourceRef="i2" targetRef="i3"/>'),
    'a sub-process inside': chain('subProcess i1', 'endEvent i2').replace('id="i1">', `id="i1">${chain('intermediateThrowEvent k1 escalation', 'endEvent k2 error').replaceAll('i_f', 'k_f').replaceAll('"is"', '"ks"')}`),
    'links inside': chain('intermediateThrowEvent i1 link').concat(process('k', ['intermediateCatchEvent k1 link', 'endEvent k2'], ['k1 k2']).replace(/<\/?bpmn:process[^>]*>/g, ''))
      .replaceAll('<bpmn:linkEventDefinition/>', '<bpmn:linkEventDefinition name="l"/>'),
  };
  for (const [what, inside] of Object.entries(insides)) {
    it.each(['timer', 'error', 'escalation', 'conditional', 'message'])(`${what}, %s on its border`, async (trigger) => {
      for (const interrupting of [true, false]) {
        for (const meets of [true, false]) {
          const [game, model] = await bothSides(escape(trigger, interrupting, inside, meets));
          expect(model).toEqual(game);
          if (interrupting) expect(game).toBeDefined();
        }
      }
    });
  }
});

describe('the printed model plays the token game of the diagram', () => {
  it('on random drawings', async () => {
    let compared = 0;
    const met: Record<string, number> = { inclusiveGateway: 0, subProcess: 0, 'cancelActivity="true"': 0, 'cancelActivity="false"': 0, 'endEvent[^>]*><bpmn:error': 0, 'boundaryEvent[^>]*><bpmn:escalation': 0 };
    await fc.assert(fc.asyncProperty(drawings, async (xml) => {
      const [game, model] = await bothSides(xml);
      expect(model).toEqual(game);
      if (!game) return;
      for (const what of Object.keys(met)) if (met[what] !== undefined && new RegExp(what).test(xml)) met[what] += 1;
      compared += 1;
    }), { numRuns: 1500, seed: 3 });
    expect(compared).toBeGreaterThan(900);
    expect(Object.entries(met).filter(([, count]) => count < 40)).toEqual([]);
  }, 120_000);
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
