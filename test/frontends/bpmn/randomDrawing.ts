import fc from 'fast-check';
import { collaboration, definitions, process } from './diagramXml.ts';

const NODES = [
  'task',
  'sendTask',
  'receiveTask',
  'exclusiveGateway',
  'parallelGateway',
  'inclusiveGateway',
  'eventBasedGateway',
  'intermediateThrowEvent',
  'intermediateCatchEvent x message',
  'intermediateCatchEvent x timer',
  'intermediateCatchEvent x conditional',
  'inclusiveGateway',
  'startEvent',
  'startEvent x message',
  'endEvent',
  'endEvent x terminate',
  'endEvent x error',
  'endEvent x escalation',
  'intermediateThrowEvent x escalation',
];
const BORDERS = ['message', 'timer', 'error', 'conditional', 'escalation'];

type Arrow = readonly [source: number, target: number, style: number];
const HALF = 5;
/**
 * Nodes 0 to 4 are of the first pool, 5 to 9 of the second, 10 to 13 inside of the sub-process 2;
 * 14 and 15 stand on the borders of 2 and 1.
 */
const COUNT = 16;

function scopeOf(node: number): number {
  return node < HALF || node > 13 ? 0 : node < 2 * HALF ? 1 : 2;
}

/** What may be drawn at all; everything else is refused, and has its own tests. */
function legal(
  nodes: readonly string[],
  source: number,
  target: number,
): 'flow' | 'message' | undefined {
  const [from, to] = [nodes[source] ?? '', nodes[target] ?? ''];
  if (from === '' || to === '') return undefined;
  if ((scopeOf(source) === 1) !== (scopeOf(target) === 1)) {
    return /^(task|sendTask|receiveTask|subProcess|intermediateThrow|endEvent)/.test(from) &&
      /^(task|receiveTask|startEvent|intermediateCatch|boundary)/.test(to)
      ? 'message'
      : undefined;
  }
  if (scopeOf(source) !== scopeOf(target) || to.startsWith('boundary')) return undefined;
  return !from.startsWith('eventBased') || /^(intermediateCatch|receiveTask)/.test(to)
    ? 'flow'
    : undefined;
}

/**
 * Two pools of five nodes, perhaps a sub-process of four and events on borders: in each a line of
 * nodes, and then arrows from anywhere to anywhere. Most of these processes are wrong, which is
 * what students draw. Style 0 is a conditional flow, style 1 the default flow.
 */
export const drawings = fc
  .record({
    kinds: fc.array(fc.nat(NODES.length - 1), { minLength: COUNT, maxLength: COUNT }),
    started: fc.boolean(),
    nested: fc.boolean(),
    borders: fc.array(
      fc.record({
        drawn: fc.boolean(),
        trigger: fc.nat(BORDERS.length - 1),
        interrupting: fc.boolean(),
        target: fc.nat(HALF - 1),
      }),
      { minLength: 2, maxLength: 2 },
    ),
    arrows: fc.array(fc.tuple(fc.nat(COUNT - 1), fc.nat(COUNT - 1), fc.nat(5)), { maxLength: 12 }),
  })
  .map(({ kinds, started, nested, borders, arrows }) => {
    const nodes = kinds.map((kind, index) => {
      if (index === 2 && nested) return 'subProcess n2';
      if (index > 13) {
        const border = borders[index - 14];
        const host = index === 14 ? nested : /^\w*[tT]ask/.test(NODES[kinds[1] ?? 0] ?? '');
        return border?.drawn && host ? `boundaryEvent n${index} ${BORDERS[border.trigger]}` : '';
      }
      if (index >= 2 * HALF && !nested) return '';
      return (started && index === 0 ? 'startEvent' : (NODES[kind] ?? 'task')).replace(
        /^(\w+)( x)?/,
        `$1 n${index}`,
      );
    });
    const line: Arrow[] = nodes
      .map((_, index) => [index, index + 1, 9] as const)
      .filter(([source]) => ![4, 9].includes(source) && source < 13);
    const escapes: Arrow[] = borders.map(({ target }, index) => [14 + index, target, 9] as const);
    const drawn = [...line, ...escapes, ...arrows].map(
      (arrow) => [legal(nodes, arrow[0], arrow[1]), arrow] as const,
    );
    const print = (name: string, scope: number): string => {
      const flows = drawn.flatMap(([what, arrow]) =>
        what === 'flow' && scopeOf(arrow[0]) === scope ? [arrow] : [],
      );
      const own = nodes.filter((node, index) => node !== '' && scopeOf(index) === scope);
      let text = process(
        name,
        own,
        flows.map(([s, t, style], i) => `n${s} n${t} ${name}f${i}${style === 0 ? ' yes' : ''}`),
      );
      flows.forEach(([source, , style], i) => {
        if (style === 1)
          text = text.replace(
            new RegExp(
              `(<bpmn:\\w*(?:[tT]ask|(?:ex|in)clusiveGateway|subProcess)) id="n${source}"`,
            ),
            `$1 default="${name}f${i}" id="n${source}"`,
          );
      });
      return text;
    };
    const attached = borders.reduce(
      (text, { interrupting }, index) =>
        text.replace(
          `<bpmn:boundaryEvent id="n${14 + index}"`,
          `$& attachedToRef="n${2 - index}" cancelActivity="${interrupting}"`,
        ),
      print('p', 0),
    );
    const inside = print('s', 2).replace(/<\/?bpmn:process[^>]*>/g, '');
    const messages = drawn.flatMap(([what, [source, target]]) =>
      what === 'message' ? [`n${source} n${target}`] : [],
    );
    return definitions(
      collaboration(['P p', 'Q q'], messages) +
        (nested
          ? attached
              .replace('<bpmn:subProcess id="n2">', `$&${inside}`)
              .replace(/(<bpmn:subProcess [^>]*id="n2">)(?=<\/)/, `$1${inside}`)
          : attached) +
        print('q', 1),
    );
  });
