import { svgOf } from '../drawing/svg.ts';
import type { Overlay } from '../drawing/drawing.ts';
import type { Result } from '../errors/index.ts';
import { readDrawing, readWhole, type Reading } from '../frontends/bpmn/index.ts';
import type { PropertyReport, Report } from '../model/outcome.ts';
import { readBeside } from '../checking/inspect.ts';
import type { Submission } from '../checking/types.ts';
import { Runs } from './runs.ts';
import { Story } from './story.ts';
import type { Time } from '../time/time.ts';
import { whyOf } from './why.ts';

/** What was said of a diagram beside it. */
export type Said = Pick<Submission, 'channels' | 'annotations'>;

/** A diagram read again, with what was said of it. */
export async function readAgain(source: string, said: Said): Promise<Result<Reading>> {
  const beside = readBeside(said);
  return beside.ok ? readWhole(source, beside.value) : beside;
}

/** What a report says about one property, told on the diagram. */
export interface Explanation {
  readonly property: string;
  /** A sentence or two, each of them true of the diagram's runs. */
  readonly why: string;
  /** The elements to look at first, and those that can never happen. */
  readonly elements: readonly string[];
}

/**
 * Explains what a diagram violates. Other formats, and diagrams that cannot be read any more, have
 * no explanations.
 */
export async function explain(
  source: string,
  report: Report,
  said: Said = {},
  time?: Time,
): Promise<readonly Explanation[]> {
  const reading = await readAgain(source, said);
  if (!reading.ok) return [];
  const runs = Runs.of(reading.value, time);
  return violated(report).flatMap((property) => {
    const found = whyOf(reading.value, property, runs);
    return found
      ? [
          {
            property: property.name,
            why: found.why,
            elements: [...new Set([...found.blamed, ...found.dead])],
          },
        ]
      : [];
  });
}

/** The report with its explanations in place. */
export function explained(report: Report, explanations: readonly Explanation[]): Report {
  const byName = new Map(explanations.map((found) => [found.property, found]));
  return {
    ...report,
    properties: report.properties.map((property) => {
      const found = byName.get(property.name);
      return found ? { ...property, why: found.why, elements: found.elements } : property;
    }),
  };
}

/**
 * The diagram with an answer drawn in, as SVG: of the named property, else of the first that is
 * violated, else only the diagram. Nothing if the source is no diagram.
 */
export async function draw(
  source: string,
  report: Report,
  name?: string,
  said: Said = {},
  time?: Time,
): Promise<string | undefined> {
  const [reading, drawing] = [await readAgain(source, said), await readDrawing(source)];
  if (!reading.ok || !drawing.ok) return undefined;
  const property =
    name === undefined
      ? violated(report)[0]
      : report.properties.find((found) => found.name === name);
  return svgOf(drawing.value, property ? overlayOf(reading.value, property, time) : blank(report));
}

/** The properties that are broken by themselves, not only because a part of them is. */
export function violated(report: Report): readonly PropertyReport[] {
  return report.properties.filter(
    (property) => property.outcome === 'violated' && property.engines.length > 0,
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

function overlayOf(reading: Reading, answer: PropertyReport, time: Time | undefined): Overlay {
  const runs = answer.outcome === 'violated' ? Runs.of(reading, time) : undefined;
  const why = whyOf(reading, answer, runs);
  const story = why?.story ?? new Story(reading, answer, undefined);
  const tokens = new Map<string, number>();
  for (const [cell, count] of story.trace ? story.standing() : []) {
    if (['flow', 'entry', 'active', 'message'].includes(cell.kind))
      tokens.set(cell.elementId, (tokens.get(cell.elementId) ?? 0) + count);
  }
  return {
    title: `${answer.name}: ${answer.outcome}`,
    sentence: why?.why ?? reading.document.properties?.[answer.name]?.label ?? '',
    path: story.steps.map((step) => [
      ...(step.elementId === undefined
        ? []
        : [step.elementId, ...chosenLines(reading, step.elementId)]),
      ...Object.keys(step.changed).flatMap((name) => lineOf(reading, name)),
    ]),
    tokens,
    blamed: new Set(why?.blamed),
    dead: new Set(why?.dead),
  };
}

/** The way from an event-based gateway to the event that happened: no token ever stands on it. */
function chosenLines(reading: Reading, elementId: string): readonly string[] {
  const node = reading.diagram.processes
    .flatMap((process) => process.nodes)
    .find((found) => found.elementId === elementId);
  return (
    node?.incoming
      .filter((flow) => flow.source.kind === 'eventBased')
      .map((flow) => flow.elementId) ?? []
  );
}

function lineOf(reading: Reading, name: string): readonly string[] {
  const cell = reading.cells.get(name);
  return cell && (cell.kind === 'flow' || cell.kind === 'message') ? [cell.elementId] : [];
}
