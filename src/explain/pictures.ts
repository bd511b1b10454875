import type { ThreatReport } from '../checking/attackSets/types.ts';
import type { AttackMark, Drawing, Overlay } from '../drawing/drawing.ts';
import { svgOf } from '../drawing/svg.ts';
import { nodesOf, type Node } from '../frontends/bpmn/diagram.ts';
import { readDrawing, type ReadDiagram } from '../frontends/bpmn/index.ts';
import type { Finding, PropertyReport, Report } from '../model/outcome.ts';
import type { Trace } from '../model/trace.ts';
import { readAgain, type Said } from './explain.ts';
import { DiagramRuns } from './runs.ts';
import { reportOfTrace, Story } from './story.ts';
import { tellerOf } from './teller.ts';
import { violated, whyOf } from './why.ts';

/**
 * The diagram with an answer drawn in, as SVG: of the named property, else of the first that is
 * violated, else only the diagram. Nothing if the source is no diagram.
 */
export async function draw(
  source: string,
  report: Report,
  name?: string,
  said: Said = {},
): Promise<string | undefined> {
  const [reading, drawing] = [await readAgain(source, said), await readDrawing(source)];
  if (!reading.ok || !drawing.ok) return undefined;
  const property =
    name === undefined
      ? violated(report)[0]
      : report.properties.find((found) => found.name === name);
  return svgOf(drawing.value, property ? overlayOf(reading.value, property) : blank(report));
}

/** The diagram once for each finding of the report, with it drawn in; alone where there is none. */
export async function drawFindings(
  source: string,
  report: Report,
  said: Said = {},
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const [reading, drawing] = [await readAgain(source, said), await readDrawing(source)];
  if (!reading.ok || !drawing.ok) return [];
  const findings = report.findings ?? [];
  if (findings.length === 0)
    return [{ name: 'diagram.svg', text: svgOf(drawing.value, blank(report)) }];
  return findings.map((finding, index) => ({
    name: `${index + 1}-${finding.rule}.svg`,
    text: svgOf(drawing.value, overlayOfFinding(reading.value, finding)),
  }));
}

/**
 * Each attack of an analysis drawn into the diagram: its steps numbered along the elements, its
 * threats where they act; `PROPERTY-1-diagram.svg`, beside the picture of its sequence.
 */
export async function drawAttacks(
  source: string,
  { properties }: Pick<ThreatReport, 'properties'>,
  said: Said = {},
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const [reading, drawing] = [await readAgain(source, said), await readDrawing(source)];
  if (!reading.ok || !drawing.ok) return [];
  return properties.flatMap(({ name, minimalAttackSets }) =>
    minimalAttackSets.flatMap(({ threats, trace }, i) =>
      trace === undefined
        ? []
        : [
            {
              name: `${name}-${i + 1}-diagram.svg`,
              text: svgOf(
                drawing.value,
                overlayOfAttack(reading.value, drawing.value, name, threats, trace),
              ),
            },
          ],
    ),
  );
}

function blank(report: Report): Overlay {
  return {
    title: report.model.name,
    sentence: '',
    path: [],
    tokens: new Map(),
    blamed: new Set(),
    dead: new Set(),
  };
}

function overlayOf(reading: ReadDiagram, answer: PropertyReport): Overlay {
  const runs = answer.outcome === 'violated' ? DiagramRuns.of(reading) : undefined;
  const why = whyOf(reading, answer, runs);
  return {
    title: `${answer.name}: ${answer.outcome}`,
    sentence: why?.why ?? reading.document.properties?.[answer.name]?.label ?? '',
    ...runOf(why?.story ?? new Story(reading, answer, undefined)),
    blamed: new Set(why?.blamed),
    dead: new Set(why?.dead),
  };
}

function overlayOfFinding(reading: ReadDiagram, finding: Finding): Overlay {
  return {
    title: `Breaks ${finding.breaks.join(', ')}`,
    sentence: [finding.why, ...finding.also].join(' '),
    ...runOf(new Story(reading, reportOfTrace(finding.trace), undefined)),
    blamed: new Set(finding.elements),
    dead: new Set(finding.dead),
  };
}

function overlayOfAttack(
  reading: ReadDiagram,
  drawing: Drawing,
  property: string,
  threats: readonly string[],
  trace: Trace,
): Overlay {
  const teller = tellerOf(reading);
  const drawn = new Set([...drawing.figures, ...drawing.lines].map(({ id }) => id));
  const attacked = new Map<string, AttackMark[]>();
  const placeless: string[] = [];
  for (const threat of threats) {
    const place = placeOfThreat(reading, threat);
    const steps = trace.steps.flatMap((step, i) => (step.threats?.includes(threat) ? [i + 1] : []));
    if (place === undefined || !drawn.has(place)) placeless.push(threat);
    else attacked.set(place, [...(attacked.get(place) ?? []), { threat, steps }]);
  }
  const count = trace.steps.length;
  const sentence = [
    `${trace.loopStart === undefined ? `In ${count} step${count === 1 ? '' : 's'}` : 'In a run that goes on for ever'}, numbered where they happen.`,
    ...(placeless.length > 0 ? [`Has no place in the diagram: ${placeless.join(', ')}.`] : []),
    reading.document.properties?.[property]?.label ?? '',
  ].join(' ');
  const told = trace.steps.map((step, i) => {
    const by = step.threats ? ` [${step.threats.join(', ')}]` : '';
    return `${i + 1}${by} ${[teller.step(step), ...teller.effects(step)].join('; ')}.`;
  });
  return {
    title: `${property} broken ${threats.length === 0 ? 'without any threat' : `by ${threats.join(' + ')}`}`,
    sentence: sentence.trim(),
    alternative: [sentence.trim(), ...told].join(' '),
    ...runOf(new Story(reading, reportOfTrace(trace), undefined)),
    blamed: new Set(),
    dead: new Set(),
    attacked,
  };
}

/** The element at which a threat acts: a message flow, data, an activity, a lane or a pool. */
function placeOfThreat({ diagram, document }: ReadDiagram, threat: string) {
  const [, name = ''] = threat.split('.');
  // Of a message flow and of a data object: the variable that stands for it.
  const own = (document.variables[name] ?? document.actions[name])?.elementId;
  if (own !== undefined) return own;
  const nodes = nodesOf(diagram);
  const skipped = document.skips?.[name]?.label;
  if (skipped !== undefined)
    return nodes.find(
      ({ id, elementId, name: called }) => elementId === name || (called || id) === skipped,
    )?.elementId;
  const acting = Object.values(document.actions).find(({ actor }) => actor === name)?.elementId;
  return nodes.find(({ elementId }) => elementId === acting)?.actor.id;
}

/** The run of a story, and what stands where at its end. */
function runOf(story: Story): Pick<Overlay, 'path' | 'tokens'> {
  const { reading } = story;
  const tokens = new Map<string, number>();
  for (const [cell, count] of story.trace ? story.standing() : []) {
    if (['flow', 'entry', 'active', 'message'].includes(cell.kind))
      tokens.set(cell.elementId, (tokens.get(cell.elementId) ?? 0) + count);
  }
  const path = story.steps.map((step) => [
    ...(step.elementId === undefined ? [] : [step.elementId]),
    ...chosenLines(story.nodeOf(step)),
    ...Object.keys(step.changed).flatMap((name) => lineOf(reading, name)),
  ]);
  return { path, tokens };
}

/** The way from an event-based gateway to the event that happened: no token ever stands on it. */
function chosenLines(node: Node | undefined): readonly string[] {
  const ways = node?.incoming.filter((flow) => flow.source.kind === 'eventBased') ?? [];
  return ways.map((flow) => flow.elementId);
}

function lineOf(reading: ReadDiagram, name: string): readonly string[] {
  const cell = reading.cells.get(name);
  return cell && (cell.kind === 'flow' || cell.kind === 'message') ? [cell.elementId] : [];
}
