import { svgOf } from '../drawing/svg.ts';
import type { Overlay } from '../drawing/drawing.ts';
import type { Result } from '../errors/index.ts';
import { readDrawing, readWhole, type Reading } from '../frontends/bpmn/index.ts';
import { statesOf } from '../graph/replay.ts';
import { typecheck } from '../model/typecheck.ts';
import type { State } from '../model/layout.ts';
import { liftRun } from '../model/lift.ts';
import { Semantics } from '../model/semantics.ts';
import type { PropertyReport, Report } from '../model/outcome.ts';
import { readBeside } from '../checking/inspect.ts';
import type { Submission } from '../checking/types.ts';
import { standingAt, whyOf, type Why } from './why.ts';

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
  /** A sentence or two; empty where the trace says it all. */
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
): Promise<readonly Explanation[]> {
  const reading = await readAgain(source, said);
  if (!reading.ok) return [];
  return violated(report).flatMap((property) => {
    const found = whyOf(reading.value, toItsEnd(reading.value, property));
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
): Promise<string | undefined> {
  const [reading, drawing] = [await readAgain(source, said), await readDrawing(source)];
  if (!reading.ok || !drawing.ok) return undefined;
  const property =
    name === undefined
      ? violated(report)[0]
      : report.properties.find((found) => found.name === name);
  return svgOf(drawing.value, property ? overlayOf(reading.value, property) : blank(report));
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

/** How far a state without a way back is followed to somebody who is stuck. */
const MAX_FOLLOWED = 2_000;

/**
 * The trace to a state without a way back says little by itself: it is followed to where nothing
 * goes on, if it comes to that soon.
 */
function toItsEnd(reading: Reading, property: PropertyReport): PropertyReport {
  const checked =
    property.witness === 'trap' && property.trace ? typecheck(reading.document) : undefined;
  if (!checked?.ok || !property.trace) return property;
  const semantics = new Semantics(checked.value);
  const states = statesOf(semantics, property.trace);
  const rest = states && wayToStop(semantics, states.at(-1) as State);
  const trace = rest && liftRun(semantics, { states: [...states.slice(0, -1), ...rest] });
  return trace ? { ...property, trace } : property;
}

function wayToStop(semantics: Semantics, from: State): readonly State[] | undefined {
  const before = new Map<string, { readonly state: State; readonly earlier: string | undefined }>([
    [from.join(), { state: from, earlier: undefined }],
  ]);
  for (const [name, { state }] of before) {
    let moves = false;
    semantics.successors(state, (_instance, next) => {
      moves = true;
      if (next && !before.has(next.join())) before.set(next.join(), { state: next, earlier: name });
    });
    if (!moves) {
      const way: State[] = [];
      for (let at: string | undefined = name; at !== undefined; at = before.get(at)?.earlier)
        way.unshift(before.get(at)?.state as State);
      return way;
    }
    if (before.size > MAX_FOLLOWED) return undefined;
  }
  return undefined;
}

function overlayOf(reading: Reading, answer: PropertyReport): Overlay {
  const property = toItsEnd(reading, answer);
  const why: Why = whyOf(reading, property) ?? { why: '', blamed: [], dead: [] };
  const standing = standingAt(reading, property.trace);
  const steps = property.trace?.steps ?? [];
  const tokens = new Map<string, number>();
  for (const [cell, count] of property.trace ? standing.counts : []) {
    if (['flow', 'entry', 'active', 'message'].includes(cell.kind) && count > 0)
      tokens.set(cell.elementId, (tokens.get(cell.elementId) ?? 0) + count);
  }
  return {
    title: `${property.name}: ${property.outcome}`,
    sentence: why.why || (reading.document.properties?.[property.name]?.label ?? ''),
    path: steps.map((step) => [
      ...(step.elementId === undefined
        ? []
        : [step.elementId, ...chosenLines(reading, step.elementId)]),
      ...Object.keys(step.changed).flatMap((name) => lineOf(reading, name)),
    ]),
    tokens,
    blamed: new Set(why.blamed),
    dead: new Set(why.dead),
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
