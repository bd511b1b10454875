import type { Model } from '../../model/model.ts';
import { threatsOf } from '../../threats/operators/index.ts';
import type { Threat } from '../../threats/threat.ts';
import { referencesOf, type CatalogueEntry } from '../attackSets/catalogue.ts';
import { messageWays, ownerOf } from './exportOtm.ts';
import type { OtmDocument, OtmThing, OtmThreat } from './readOtm.ts';

/** Public shape (`otm-matches.schema.json`): a threat model of another tool beside a model. */
export interface OtmMatches {
  readonly v: 1;
  readonly model: { readonly name: string; readonly format: string; readonly digest: string };
  readonly project: string;
  readonly components: readonly (OtmThing & {
    readonly actor: string | null;
    readonly zone: { readonly name: string; readonly rating: number | null } | null;
    /** What the model says of the actor. */
    readonly trust: string | null;
    /** The zone has the name of a degree of trust, and it is another one. */
    readonly differs: boolean;
  })[];
  readonly dataflows: readonly (OtmThing & {
    readonly channel: string | null;
    /** By its id or name, or because no other channel goes from there to there. */
    readonly by: 'name' | 'ends' | null;
  })[];
  readonly threats: readonly (OtmThing & {
    readonly ids: readonly string[];
    /** By the model's own id; or by a reference, at the places where the file has it. */
    readonly by: 'id' | 'reference' | null;
    readonly references: readonly string[];
    /** Of one that stands at no place that the model has: the ids that share a reference. */
    readonly candidates: readonly string[];
  })[];
  readonly mitigations: readonly (OtmThing & {
    readonly control: string | null;
    /** What the file says of it, wherever it says something. */
    readonly states: readonly string[];
  })[];
  /** What the model has and the file does not name; of threats, those proper. */
  readonly unnamed: {
    readonly actors: readonly string[];
    readonly channels: readonly string[];
    readonly threats: readonly string[];
    readonly controls: readonly string[];
  };
  /** The ids that the file is about, for `--threats`. */
  readonly select: readonly string[];
}

/** Holds an Open Threat Model beside a model. What has two counterparts has none. */
export function matchOtm(
  otm: OtmDocument,
  model: Model,
  named: OtmMatches['model'],
  catalogue: readonly CatalogueEntry[],
): OtmMatches {
  const components = matchedComponents(otm, model);
  const dataflows = matchedFlows(otm, model, components);
  const places = new Map<string, string>();
  for (const { id, actor } of components) if (actor !== null) places.set(id, actor);
  for (const { id, channel } of dataflows) if (channel !== null) places.set(id, channel);
  const existing = threatsOf(model);
  const threats = otm.threats.map((threat) => ({
    ...threat,
    ...matchedThreat(threat, otm, { model, places, existing, catalogue }),
  }));
  const controls = controlsOf(model);
  const mitigations = matchedMitigations(otm, controls);
  const select = new Set(threats.flatMap(({ ids }) => ids));
  const channels = dataflows.map(({ channel }) => channel);
  const actors = components.map(({ actor }) => actor);
  const carried = mitigations.map(({ control }) => control);
  return {
    v: 1,
    model: named,
    project: otm.project,
    components,
    dataflows,
    threats,
    mitigations,
    unnamed: {
      actors: namesBeside(model.actors, actors),
      channels: namesBeside(messageWays(model), channels),
      threats: existing.filter(({ id, proper }) => proper && !select.has(id)).map(({ id }) => id),
      controls: controls.map(({ id }) => id).filter((id) => !carried.includes(id)),
    },
    select: existing.filter(({ id }) => select.has(id)).map(({ id }) => id),
  };
}

function matchedComponents(otm: OtmDocument, { actors }: Model): OtmMatches['components'] {
  return otm.components.map(({ id, name, zone: zoneId }) => {
    const actor = onlyMatch({ id, name }, actors, (each) => [each.name, each.label ?? each.name]);
    const zone = otm.zones.find((each) => each.id === zoneId);
    const said = [zone?.id, zone?.name].find((each) => isTrust(each));
    return {
      id,
      name,
      actor: actor?.name ?? null,
      zone: zone ? { name: zone.name, rating: zone.rating } : null,
      trust: actor?.trust ?? null,
      differs: actor !== undefined && said !== undefined && said !== actor.trust,
    };
  });
}

function matchedFlows(
  { dataflows }: OtmDocument,
  model: Model,
  components: OtmMatches['components'],
): OtmMatches['dataflows'] {
  const ways = messageWays(model);
  const actorOf = (end: string): string | null | undefined =>
    components.find(({ id }) => id === end)?.actor;
  return dataflows.map(({ id, name, source, destination }) => {
    const way = onlyMatch({ id, name }, ways, (each) => [each.name]);
    if (way) return { id, name, channel: way.name, by: 'name' };
    const [from, to] = [actorOf(source), actorOf(destination)];
    const between = ways.filter((each) => each.from === from && each.to === to);
    const alike = dataflows.filter((f) => f.source === source && f.destination === destination);
    return between.length === 1 && alike.length === 1
      ? { id, name, channel: between[0]?.name ?? null, by: 'ends' }
      : { id, name, channel: null, by: null };
  });
}

interface OwnControl {
  /** `ACTION.CONTROL`. */
  readonly id: string;
  readonly name: string;
}

const controlsOf = ({ actions }: Model): readonly OwnControl[] =>
  actions.flatMap(({ name, controls }) =>
    controls.map((control) => ({ id: `${name}.${control.name}`, name: control.name })),
  );

function matchedMitigations(
  otm: OtmDocument,
  controls: readonly OwnControl[],
): OtmMatches['mitigations'] {
  return otm.mitigations.map(({ id, name }) => {
    const control =
      onlyMatch({ id, name }, controls, (each) => [each.id]) ??
      onlyMatch({ id, name }, controls, (each) => [each.name]);
    return { id, name, control: control?.id ?? null, states: statesOf(otm, id) };
  });
}

/** Whether the two name the same things, and say the same of them. */
export function isSameThreatModel(matches: OtmMatches): boolean {
  const { components, dataflows, threats, mitigations, unnamed } = matches;
  return (
    components.every(({ actor, differs }) => actor !== null && !differs) &&
    dataflows.every(({ channel }) => channel !== null) &&
    threats.every(({ ids }) => ids.length > 0) &&
    mitigations.every(({ control }) => control !== null) &&
    Object.values(unnamed).every((each: readonly string[]) => each.length === 0)
  );
}

const isTrust = (word: string | undefined): boolean =>
  word === 'trusted' || word === 'insider' || word === 'untrusted';

const namesBeside = (
  all: readonly { readonly name: string }[],
  taken: readonly (string | null)[],
): readonly string[] => all.map(({ name }) => name).filter((name) => !taken.includes(name));

const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** The one that has the same id; else the one whose names differ in how they are written. */
function onlyMatch<T>(
  { id, name }: OtmThing,
  among: readonly T[],
  namesOf: (each: T) => readonly string[],
): T | undefined {
  const exact = among.filter((each) => namesOf(each).includes(id));
  if (exact.length === 1) return exact[0];
  const asked = new Set([plain(id), plain(name)].filter((each) => each !== ''));
  const found = among.filter((each) => namesOf(each).some((own) => asked.has(plain(own))));
  return found.length === 1 ? found[0] : undefined;
}

interface Existing {
  readonly model: Model;
  /** Actors and channels by the id of the component or data flow. */
  readonly places: ReadonlyMap<string, string>;
  readonly existing: readonly Threat[];
  readonly catalogue: readonly CatalogueEntry[];
}

function matchedThreat(
  { id, references }: OtmThreat,
  { placed }: OtmDocument,
  { model, places, existing, catalogue }: Existing,
): Pick<OtmMatches['threats'][number], 'ids' | 'by' | 'candidates'> {
  if (existing.some((each) => each.id === id)) return { ids: [id], by: 'id', candidates: [] };
  const alike = existing.filter((each) =>
    referencesOf(catalogue, each).some((own) => references.includes(own.split(' ')[0] ?? '')),
  );
  const at = placed.filter(({ threat }) => threat === id).map((each) => places.get(each.at));
  const here = alike.filter((each) => at.some((place) => isAt(model, each, place)));
  const idsFrom = (of: readonly Threat[]): string[] => of.map((each) => each.id);
  return here.length > 0
    ? { ids: idsFrom(here), by: 'reference', candidates: [] }
    : { ids: [], by: null, candidates: idsFrom(alike) };
}

/** Whether a threat acts on a channel; or on what an actor does, sends or receives. */
function isAt(model: Model, { id }: Threat, place: string | undefined): boolean {
  const [, at = ''] = id.split('.');
  const way = messageWays(model).find(({ name }) => name === at);
  if (place === undefined) return false;
  if (way) return place === way.name || place === way.from || place === way.to;
  return ownerOf(model, at) === place;
}

const statesOf = ({ placed }: OtmDocument, id: string): readonly string[] => [
  ...new Set(
    placed.flatMap(({ mitigations }) =>
      mitigations.filter(({ mitigation }) => mitigation === id).map(({ state }) => state),
    ),
  ),
];
