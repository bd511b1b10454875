import { isRecord } from '../../canonical/record.ts';
import { bad, ok, problem, type Locate, type Problem, type Result } from '../../errors/index.ts';
import { didYouMean } from '../../errors/nearest.ts';
import { readYaml } from '../../yaml/yaml.ts';

/** What is read of an Open Threat Model (github.com/iriusrisk/OpenThreatModel). */
export interface OtmDocument {
  readonly project: string;
  readonly zones: readonly OtmZone[];
  readonly components: readonly OtmComponent[];
  readonly dataflows: readonly OtmFlow[];
  readonly threats: readonly OtmThreat[];
  readonly mitigations: readonly OtmThing[];
  readonly placed: readonly PlacedThreat[];
}

export interface OtmThing {
  readonly id: string;
  readonly name: string;
}

export interface OtmZone extends OtmThing {
  /** From 0 to 100; null where the file does not say. */
  readonly rating: number | null;
}

export interface OtmComponent extends OtmThing {
  /** The id of the trust zone that it stands in, by way of other components too. */
  readonly zone?: string;
}

export interface OtmFlow extends OtmThing {
  readonly source: string;
  readonly destination: string;
}

export interface OtmThreat extends OtmThing {
  /** `CWE-…`, `CAPEC-…`, `OAT-…`, wherever the threat names one. */
  readonly references: readonly string[];
}

/** A threat at a component or a data flow, and what is said against it. */
export interface PlacedThreat {
  readonly threat: string;
  readonly at: string;
  readonly mitigations: readonly { readonly mitigation: string; readonly state: string }[];
}

const VERSION = /^0\.[12]\.\d+$/u;
const REFERENCE = /\b(?:CWE|CAPEC|OAT)-\d+\b/giu;

/**
 * Reads an Open Threat Model 0.1 or 0.2, in JSON or YAML. Keys that are not needed here are passed
 * over; what is needed and wrong, or refers to nothing, is `OTM_SHAPE` with its place.
 */
export function readOtm(source: string): Result<OtmDocument> {
  const read = readYaml(source);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  if (!isRecord(value) || typeof value['otmVersion'] !== 'string')
    return bad(problem('OTM_SHAPE', 'otmVersion', 'no Open Threat Model: it has no `otmVersion`'));
  if (!VERSION.test(value['otmVersion']))
    return bad(
      problem(
        'OTM_SHAPE',
        'otmVersion',
        `version \`${value['otmVersion'].slice(0, 40)}\` is not known; 0.1 and 0.2 are`,
        locate(['otmVersion']),
      ),
    );
  const reader = new Reader(locate);
  const document = documentOf(value, reader);
  return reader.problems.length > 0 ? { ok: false, problems: reader.problems } : ok(document);
}

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly string[];

/** Collects problems while it reads. */
class Reader {
  readonly problems: Problem[] = [];
  readonly #locate: Locate;

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  wrong(path: Path, message: string): void {
    this.problems.push(problem('OTM_SHAPE', path.join('.'), message, this.#locate(path)));
  }

  /** The entries of a list that may be absent, each a mapping. */
  list(of: Fields, key: string, at: Path = []): readonly { of: Fields; at: Path }[] {
    const given = of[key] ?? [];
    if (!Array.isArray(given)) {
      this.wrong([...at, key], 'a list is needed');
      return [];
    }
    return given.flatMap((each: unknown, index) => {
      const path = [...at, key, String(index)];
      if (isRecord(each)) return [{ of: each, at: path }];
      this.wrong(path, 'a mapping is needed');
      return [];
    });
  }

  text(of: Fields, key: string, at: Path): string {
    const given = of[key];
    if (typeof given === 'string' && given !== '') return given;
    this.wrong([...at, key], `\`${key}\` is missing, or no text`);
    return '';
  }

  /** Things with an id of their own, by it. */
  things<T extends OtmThing>(
    of: Fields,
    key: string,
    more: (fields: Fields, at: Path) => Omit<T, keyof OtmThing>,
  ): readonly T[] {
    const seen = new Set<string>();
    return this.list(of, key).map(({ of: fields, at }) => {
      const id = this.text(fields, 'id', at);
      if (seen.has(id)) this.wrong([...at, 'id'], `two of \`${key}\` have the id \`${id}\``);
      seen.add(id);
      const name = typeof fields['name'] === 'string' ? fields['name'] : id;
      return { id, name, ...more(fields, at) } as T;
    });
  }

  /** An id that one of these has. */
  reference(of: Fields, key: string, at: Path, ids: ReadonlySet<string>): string {
    const id = this.text(of, key, at);
    if (id !== '' && !ids.has(id))
      this.wrong([...at, key], `nothing has the id \`${id}\`${didYouMean(id, ids)}`);
    return id;
  }
}

const idsOf = (things: readonly OtmThing[]): ReadonlySet<string> =>
  new Set(things.map(({ id }) => id));

function documentOf(value: Fields, reader: Reader): OtmDocument {
  const project = isRecord(value['project']) ? value['project'] : {};
  const zones = reader.things<OtmZone>(value, 'trustZones', (fields) => ({
    rating: ratingOf(fields['risk']),
  }));
  const components = zoned(reader.things<Inside>(value, 'components', parentOf), zones);
  const ids = idsOf(components);
  const dataflows = reader.things<OtmFlow>(value, 'dataflows', (fields, at) => ({
    source: reader.reference(fields, 'source', at, ids),
    destination: reader.reference(fields, 'destination', at, ids),
  }));
  const threats = reader.things<OtmThreat>(value, 'threats', (fields) => ({
    references: referencesIn(fields),
  }));
  const mitigations = reader.things<OtmThing>(value, 'mitigations', () => ({}));
  const known = { threats: idsOf(threats), mitigations: idsOf(mitigations) };
  return {
    project: reader.text(project, 'name', ['project']),
    zones,
    components,
    dataflows,
    threats,
    mitigations,
    placed: ['components', 'dataflows'].flatMap((key) =>
      reader.list(value, key).flatMap((place) => placedAt(place, known, reader)),
    ),
  };
}

function ratingOf(risk: unknown): number | null {
  const rating = isRecord(risk) ? risk['trustRating'] : undefined;
  return typeof rating === 'number' ? rating : null;
}

interface Inside extends OtmThing {
  readonly parent: { readonly trustZone?: string; readonly component?: string };
}

function parentOf({ parent }: Fields): Pick<Inside, 'parent'> {
  const { trustZone, component } = isRecord(parent) ? parent : {};
  return {
    parent: {
      ...(typeof trustZone === 'string' && { trustZone }),
      ...(typeof component === 'string' && { component }),
    },
  };
}

/** Components with the zone that they stand in; one that is in itself is in none. */
function zoned(components: readonly Inside[], zones: readonly OtmZone[]): readonly OtmComponent[] {
  const byId = new Map(components.map((each) => [each.id, each]));
  return components.map(({ id, name, parent: first }) => {
    let parent: Inside['parent'] | undefined = first;
    for (let depth = 0; parent?.trustZone === undefined && depth < components.length; depth += 1)
      parent = byId.get(parent?.component ?? '')?.parent;
    const zone = zones.find((each) => each.id === parent?.trustZone)?.id;
    return { id, name, ...(zone !== undefined && { zone }) };
  });
}

function referencesIn({ id, name, cwes, categories, attributes }: Fields): readonly string[] {
  const more = isRecord(attributes) ? attributes['references'] : undefined;
  const texts = [id, name, cwes, categories, more]
    .flat()
    .filter((each) => typeof each === 'string');
  const found = texts.flatMap((text) => text.match(REFERENCE) ?? []);
  return [...new Set(found.map((each) => each.toUpperCase()))];
}

function placedAt(
  { of, at }: { readonly of: Fields; readonly at: Path },
  known: { readonly threats: ReadonlySet<string>; readonly mitigations: ReadonlySet<string> },
  reader: Reader,
): readonly PlacedThreat[] {
  return reader.list(of, 'threats', at).map((each) => ({
    threat: reader.reference(each.of, 'threat', each.at, known.threats),
    at: String(of['id']),
    mitigations: reader.list(each.of, 'mitigations', each.at).map((said) => ({
      mitigation: reader.reference(said.of, 'mitigation', said.at, known.mitigations),
      state: typeof said.of['state'] === 'string' ? said.of['state'] : 'unknown',
    })),
  }));
}
