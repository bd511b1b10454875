/** Small diagrams for tests, written down in a few words each. */

export const NAMESPACE = 'http://www.omg.org/spec/BPMN/20100524/MODEL';

export function definitions(body: string, prefix = 'bpmn'): string {
  const colon = prefix === '' ? '' : `${prefix}:`;
  const xmlns = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${colon}definitions ${xmlns}="${NAMESPACE}" id="Definitions_1" targetNamespace="urn:test">\n${body.replaceAll('bpmn:', colon)}\n</${colon}definitions>\n`;
}

/**
 * `process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a e'])`; a flow may be `s a f1`
 * to give it an id.
 */
export function process(id: string, nodes: readonly string[], flows: readonly string[]): string {
  const elements = nodes.map((node) => {
    const [element = '', name = '', trigger] = node.split(' ');
    return `  <bpmn:${element} id="${name}">${trigger === undefined ? '' : `<bpmn:${trigger}EventDefinition/>`}</bpmn:${element}>`;
  });
  const arrows = flows.map((flow, index) => {
    const [source = '', target = '', name = `${id}_f${index}`, condition] = flow.split(' ');
    const inner =
      condition === undefined
        ? ''
        : `<bpmn:conditionExpression>${condition}</bpmn:conditionExpression>`;
    return `  <bpmn:sequenceFlow id="${name}" sourceRef="${source}" targetRef="${target}">${inner}</bpmn:sequenceFlow>`;
  });
  return `<bpmn:process id="${id}">\n${[...elements, ...arrows].join('\n')}\n</bpmn:process>`;
}

/**
 * `collaboration(['pa p', 'pb'], ['a b'])`: pools (with their process, or black) and message flows.
 */
export function collaboration(pools: readonly string[], messages: readonly string[]): string {
  const participants = pools.map((pool) => {
    const [id = '', ref] = pool.split(' ');
    return `  <bpmn:participant id="${id}" name="${id}"${ref === undefined ? '' : ` processRef="${ref}"`}/>`;
  });
  const flows = messages.map((message, index) => {
    const [source = '', target = ''] = message.split(' ');
    return `  <bpmn:messageFlow id="m${index}" sourceRef="${source}" targetRef="${target}"/>`;
  });
  return `<bpmn:collaboration id="c">\n${[...participants, ...flows].join('\n')}\n</bpmn:collaboration>`;
}
