/** Models and diagrams that are wide: more states than anybody can look at in a few seconds. */

/** `n` pairs of integers without bounds, each of which follows the other; and as many modes. */
export function wideModel(n: number): string {
  const each = (line: (i: number) => string): string =>
    Array.from({ length: n }, (_, i) => line(i)).join('');
  return `probity: 1
name: wide
variables:
${each((i) => `  x${i}: { type: int, init: 0 }\n  y${i}: { type: int, init: 0 }\n  e${i}: { type: "enum [a${i}, b${i}]", init: a${i} }\n`)}actors: { shop: { trust: trusted } }
actions:
${each(
  (i) => `  up${i}: { actor: shop, when: x${i} <= y${i} + 3, then: { x${i}: x${i} + 1 } }
  down${i}: { actor: shop, when: x${i} > y${i}, then: { y${i}: y${i} + 1 } }
  go${i}: { actor: shop, when: e${i} = a${i}, then: { e${i}: b${i} } }
`,
)}properties:
  near: { always: x0 <= y0 + 4 }
  far: { reachable: x0 = 9 and y1 = 9 }
  back: { recoverable: x0 = y0 }
`;
}

/**
 * A split into `n` branches of `tasks` tasks each, of which each may begin again, and a join of the
 * same or of another kind behind them.
 */
export function wideDiagram(n: number, tasks: number, join = 'parallelGateway'): string {
  const flows: string[] = [];
  const nodes: string[] = [];
  const flow = (from: string, to: string): void =>
    void flows.push(`<sequenceFlow id="f${flows.length}" sourceRef="${from}" targetRef="${to}"/>`);
  flow('start', 'split');
  flow('join', 'end');
  for (let branch = 0; branch < n; branch += 1) {
    let before = 'split';
    nodes.push(`<exclusiveGateway id="again${branch}"/>`);
    for (let task = 0; task < tasks; task += 1) {
      const id = `t${branch}_${task}`;
      nodes.push(`<task id="${id}" name="Task ${branch}.${task}"/>`);
      flow(before, id);
      before = id;
    }
    flow(before, `again${branch}`);
    flow(`again${branch}`, 'join');
    flow(`again${branch}`, `t${branch}_0`);
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:wide">
<process id="P" isExecutable="true"><startEvent id="start"/><endEvent id="end"/>
<parallelGateway id="split"/><${join} id="join"/>${nodes.join('')}${flows.join('')}</process>
</definitions>`;
}
