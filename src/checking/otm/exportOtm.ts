import type { Channel, Model } from '../../model/model.ts';
import type { CatalogueEntry } from '../attackSets/catalogue.ts';
import type { ThreatenedProperty, ThreatReport } from '../attackSets/types.ts';

/**
 * A model and the analysis of its threats as Open Threat Model 0.2.0
 * (github.com/iriusrisk/OpenThreatModel), for tools that threat models are kept in. Actors are
 * components, in a trust zone for each degree of trust; channels are data flows; threats and
 * controls keep their ids. Ratings are from 0 to 100: the standard demands numbers, so each says in
 * words what it stands for. Public shape (`otm.schema.json`).
 */
export function otmOf(
  model: Model,
  report: ThreatReport,
  catalogue: readonly CatalogueEntry[],
): object {
  const { name, digest, format } = report.model;
  const ways = messageWays(model);
  const placed = (isHere: (of: readonly string[]) => boolean): object[] =>
    report.ids
      .filter(({ id }) => isHere(id.split('.').slice(1)))
      .map(({ id }) => instanceOf(model, report, id));
  const isFlow = (place: string | undefined): boolean => ways.some((way) => way.name === place);
  return {
    otmVersion: '0.2.0',
    project: { name, id: digest, attributes: { format, budget: report.options.budget } },
    trustZones: ZONES.map(({ id, trustRating, description }) => ({
      id,
      name: id,
      description,
      risk: { trustRating },
    })),
    components: model.actors.map((actor) => ({
      id: actor.name,
      name: actor.label ?? actor.name,
      type: 'actor',
      parent: { trustZone: actor.trust },
      threats: placed(([place = '']) => !isFlow(place) && ownerOf(model, place) === actor.name),
    })),
    dataflows: ways.map(({ name: id, from, to, medium }) => ({
      id,
      name: id,
      source: from,
      destination: to,
      threats: placed(([place]) => place === id),
      attributes: { medium },
    })),
    threats: report.ids.map((each) => threatOf(each, report, catalogue)),
    mitigations: mitigationsOf(report),
  };
}

const ZONES = [
  { id: 'trusted', trustRating: 100, description: 'does what the model says' },
  { id: 'insider', trustRating: 50, description: 'may pass over its own controls' },
  { id: 'untrusted', trustRating: 0, description: 'may do whatever it can' },
] as const;

/** Where messages go. */
export type MessageWay = Pick<Channel, 'name' | 'from' | 'to' | 'medium'>;

/** Channels, and the message flows of a diagram, which are counted. */
export const messageWays = ({ channels, variables }: Model): readonly MessageWay[] => [
  ...channels,
  ...variables.flatMap(({ name, messages }) => (messages ? [{ name, ...messages }] : [])),
];

/** Whose a threat is that is on no channel; of what belongs to nobody alone, nobody. */
export const ownerOf = ({ actors, actions, skips }: Model, place: string): string | undefined =>
  actors.find(({ name }) => name === place)?.name ??
  actions.find(({ name }) => name === place)?.actor ??
  skips.find(({ activity }) => activity === place)?.actor;

type Breaks = readonly { readonly property: ThreatenedProperty; readonly among: number }[];

/** The properties that a threat takes part in breaking, each with the size of the smallest set. */
const breaksOf = ({ properties }: ThreatReport, id: string): Breaks =>
  properties.flatMap((property) => {
    const sizes = property.minimalAttackSets
      .filter(({ threats }) => threats.includes(id))
      .map(({ threats }) => threats.length);
    return sizes.length === 0 ? [] : [{ property, among: Math.min(...sizes) }];
  });

function threatOf(
  { id, operator, proper, references }: ThreatReport['ids'][number],
  report: ThreatReport,
  catalogue: readonly CatalogueEntry[],
): object {
  const entry =
    catalogue.find(({ appliesTo }) => appliesTo?.includes(id)) ??
    catalogue.find((each) => each.operator === operator && each.appliesTo === undefined);
  const breaks = breaksOf(report, id);
  const least = Math.min(...breaks.map(({ among }) => among));
  const isAsked = report.options.threats.includes(id);
  return {
    id,
    name: entry?.name ?? id,
    ...(entry && { description: entry.description }),
    categories: [operator],
    cwes: references.flatMap((reference) => /^CWE-\d+/u.exec(reference)?.[0] ?? []),
    risk: {
      likelihood: null,
      likelihoodComment: 'not assessed',
      impact: breaks.length === 0 ? 0 : Math.round(100 / least),
      impactComment:
        breaks.length > 0
          ? `100 over the size of the smallest minimal attack set with it; takes part in breaking ${breaks.map(({ property }) => property.name).join(', ')}`
          : isAsked
            ? 'in no minimal attack set that was found'
            : 'not looked at',
    },
    attributes: {
      proper,
      references,
      ...(entry && { typicalMitigation: entry.mitigation }),
      breaks: breaks.map(({ property, among }) => ({
        property: property.name,
        threatsTogether: among,
        complete: property.complete === true,
      })),
    },
  };
}

/** What a control can tell at the receipt: what is missing or late it cannot. */
const JUDGED: ReadonlySet<string> = new Set(['forge', 'tamper', 'replay']);

/** A threat at its place, and the controls that stand at the receipt of what it touches. */
function instanceOf({ actions }: Model, report: ThreatReport, id: string): object {
  const [operator = '', place] = id.split('.');
  const known = new Set(report.controls.map((control) => control.id));
  const controls = actions
    .filter(
      ({ receives }) => JUDGED.has(operator) && receives.some(({ channel }) => channel === place),
    )
    .flatMap(({ name, controls: of }) => of.map((control) => `${name}.${control.name}`))
    .filter((control) => known.has(control));
  return {
    threat: id,
    state: breaksOf(report, id).length > 0 ? 'exposed' : 'not-exposed',
    mitigations: controls.map((mitigation) => ({ mitigation, state: 'implemented' })),
  };
}

/** The controls of the model, each once, whatever it carries. */
function mitigationsOf({ controls }: ThreatReport): readonly object[] {
  return [...new Set(controls.map(({ id }) => id))].map((id) => {
    const carries = controls.filter((each) => each.id === id && each.loadBearing);
    const isEnough = carries.every(({ insufficient }) => !insufficient);
    return {
      id,
      name: id,
      description:
        carries.length === 0
          ? 'redundant: no attack needs it gone'
          : `without it ${carries.map(({ property }) => property).join(', ')} can break${isEnough ? '' : '; it is not enough alone'}`,
      riskReduction: carries.length === 0 ? 0 : isEnough ? 100 : 50,
      attributes: {
        rating: '100: carries all that it stands for; 50: not enough alone; 0: redundant',
      },
    };
  });
}
