/**
 * Changes to the text of a diagram, so small that everything else in the file stays as its author
 * wrote it.
 */

/**
 * The element that starts where `id` stands: its tag with prefix, and where tag and element end.
 */
interface Found {
  readonly start: number;
  readonly tagEnd: number;
  readonly end: number;
  readonly prefix: string;
  readonly name: string;
  readonly selfClosed: boolean;
}

const OPENING = /<((?:[\w.-]+:)?)([\w.-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;

function find(source: string, id: string): Found | undefined {
  for (const match of source.matchAll(OPENING)) {
    const [tag, prefix = '', name = '', attributes = '', slash = ''] = match;
    if (!attributesOf(attributes).some(([key, value]) => key === 'id' && value === id)) continue;
    const start = match.index;
    const tagEnd = start + tag.length;
    if (slash === '/') return { start, tagEnd, end: tagEnd, prefix, name, selfClosed: true };
    const closing = `</${prefix}${name}`;
    const end = source.indexOf('>', source.indexOf(closing, tagEnd));
    return source.includes(closing, tagEnd)
      ? { start, tagEnd, end: end + 1, prefix, name, selfClosed: false }
      : undefined;
  }
  return undefined;
}

function attributesOf(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
    ([, key = '', double, single]) => [key, double ?? single ?? ''],
  );
}

/**
 * Gives an element another type: `exclusiveGateway` for `parallelGateway`. Its default flow, if it
 * had one, goes with what has none.
 */
export function retype(source: string, id: string, element: string): string | undefined {
  const found = find(source, id);
  if (!found) return undefined;
  const open = source
    .slice(found.start, found.tagEnd)
    .replace(`<${found.prefix}${found.name}`, `<${found.prefix}${element}`);
  const tag =
    element === 'parallelGateway' ? open.replace(/\s+default\s*=\s*("[^"]*"|'[^']*')/, '') : open;
  const body = source
    .slice(found.tagEnd, found.end)
    .replace(new RegExp(`</${found.prefix}${found.name}(\\s*>)$`), `</${found.prefix}${element}$1`);
  return source.slice(0, found.start) + tag + body + source.slice(found.end);
}

/**
 * Puts a new gateway before an element, and leads these flows into it; one more flow leads from it
 * to the element.
 */
export function joinBefore(
  source: string,
  id: string,
  flows: readonly string[],
  element: string,
): string | undefined {
  const gateway = `Probity_before_${id}`;
  let text: string | undefined = source;
  for (const flow of flows) text = text && retarget(text, flow, gateway);
  const found = text && find(text, id);
  if (!text || !found) return undefined;
  const { prefix, start } = found;
  const added = `<${prefix}${element} id="${gateway}"/><${prefix}sequenceFlow id="${gateway}_out" sourceRef="${gateway}" targetRef="${id}"/>`;
  return text.slice(0, start) + added + text.slice(start);
}

function retarget(source: string, flow: string, target: string): string | undefined {
  const found = find(source, flow);
  if (!found) return undefined;
  const tag = source
    .slice(found.start, found.tagEnd)
    .replace(/(\btargetRef\s*=\s*)("[^"]*"|'[^']*')/, `$1"${target}"`);
  return source.slice(0, found.start) + tag + source.slice(found.tagEnd);
}

/** Draws a new sequence flow beside an element that it leaves. */
export function drawSequenceFlow(source: string, from: string, to: string): string | undefined {
  const found = find(source, from);
  return (
    found &&
    `${source.slice(0, found.start)}<${found.prefix}sequenceFlow id="Probity_${from}_${to}" sourceRef="${from}" targetRef="${to}"/>${source.slice(found.start)}`
  );
}

/**
 * Lets whoever waits at an element give up after a time: an event on its border that ends in an end
 * event of its own.
 */
export function giveUp(source: string, id: string): string | undefined {
  const found = find(source, id);
  if (!found) return undefined;
  const { prefix, end } = found;
  const [timer, stop] = [`Probity_timer_${id}`, `Probity_end_${id}`];
  return (
    `${source.slice(0, end)}<${prefix}boundaryEvent id="${timer}" attachedToRef="${id}"><${prefix}timerEventDefinition/></${prefix}boundaryEvent><${prefix}endEvent id="${stop}"/>` +
    `<${prefix}sequenceFlow id="${timer}_out" sourceRef="${timer}" targetRef="${stop}"/>${source.slice(end)}`
  );
}

/** Lets an end event end everything that is around it. */
export function terminate(source: string, id: string): string | undefined {
  const found = find(source, id);
  if (!found) return undefined;
  const { start, tagEnd, end, prefix, name, selfClosed } = found;
  const definition = `<${prefix}terminateEventDefinition/>`;
  if (!selfClosed) {
    const closing = source.lastIndexOf('</', end);
    return source.slice(0, closing) + definition + source.slice(closing);
  }
  const open = source.slice(start, tagEnd).replace(/\s*\/>$/, '>');
  return `${source.slice(0, start)}${open}${definition}</${prefix}${name}>${source.slice(tagEnd)}`;
}

/** Makes a flow the default one of the element that it leaves, which has none. */
export function makeDefault(source: string, id: string, flow: string): string | undefined {
  const found = find(source, id);
  if (!found) return undefined;
  const open = source
    .slice(found.start, found.tagEnd)
    .replace(`<${found.prefix}${found.name}`, (tag) => `${tag} default="${flow}"`);
  return source.slice(0, found.start) + open + source.slice(found.tagEnd);
}
