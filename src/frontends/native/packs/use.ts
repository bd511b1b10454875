import { problem, type Locate, type Problem, type Result } from '../../../errors/index.ts';
import type { ModelDocument, PropertyDocument, Scalar } from '../../../model/document.ts';
import { numberedElements } from '../../../model/typecheck.ts';
import { PACKS } from './index.ts';
import type { Pack, PackProperty, Segment, Unpacked } from './pack.ts';

/** A model as it is written: with packs, of which the document has the properties. */
export type WrittenModel = ModelDocument & {
  readonly use?: Readonly<Record<string, Readonly<Record<string, Scalar>>>>;
};

/** What packs are used in: the properties that are there, and the sets that terms may be of. */
interface Using extends Pick<WrittenModel, 'use' | 'properties' | 'sets'> {
  readonly packs: readonly Pack[];
}

/** The document with the properties of its packs, and the way back to their terms. */
export function withPacks(
  { use, ...document }: WrittenModel,
  locate: Locate,
): Result<{ readonly document: ModelDocument; readonly locate: Locate }> {
  const { sets, properties } = document;
  const used = propertiesWithPacks({ use, sets, properties, packs: PACKS }, locate);
  if (!used.ok) return used;
  const { properties: all, origin } = used.value;
  return {
    ok: true,
    value: {
      document: all ? { ...document, properties: all } : document,
      locate: (path, offset) => origin(path, offset) ?? locate(path, offset),
    },
  };
}

/** Properties with those of the packs that are used; of a place in one of these, its origin. */
export function propertiesWithPacks(
  { use = {}, sets, properties: own, packs }: Using,
  locate: Locate,
): Result<{
  readonly properties: ModelDocument['properties'];
  readonly origin: (...at: Parameters<Locate>) => ReturnType<Locate> | undefined;
}> {
  const problems: Problem[] = [];
  const origins = new Map<
    string,
    { readonly pack: string; readonly segments: readonly Segment[] }
  >();
  let properties = own;
  for (const [name, given] of Object.entries(use)) {
    const pack = packs.find((each) => each.name === name);
    // What is no pack was refused by the shape.
    if (!pack) continue;
    const used = new UsedPack(pack, given, { sets });
    const unpacked = used.unpack();
    problems.push(...used.problems.map((p) => ({ ...p, ...locate(p.path.split('.')) })));
    for (const taken of Object.keys(unpacked.properties).filter((p) => properties?.[p]))
      problems.push(
        problem(
          'NAME_TAKEN',
          `properties.${taken}`,
          `the pack \`${name}\` brings a property \`${taken}\`; call yours otherwise`,
          locate(['properties', taken]),
        ),
      );
    properties = { ...properties, ...unpacked.properties };
    for (const [path, segments] of unpacked.origins) origins.set(path, { pack: name, segments });
  }
  if (problems.length > 0) return { ok: false, problems };
  const origin = (...[path, offset]: Parameters<Locate>): ReturnType<Locate> | undefined => {
    const found = origins.get(path.join('.'));
    if (!found) return undefined;
    const segment = found.segments.find(
      // What is one name is told of the parenthesis that we put around it.
      ({ from, to }) => offset !== undefined && offset >= from - 1 && offset <= to,
    );
    return segment
      ? locate(
          ['use', found.pack, segment.term],
          Math.max(0, (offset ?? 0) - segment.from) + segment.at,
        )
      : locate(['use', found.pack]);
  };
  return { ok: true, value: { properties, origin } };
}

const ELEMENT = /^(\s*)(\w+)(\s+in\s+)(\w+)\s*$/u;

/** What a model says to one pack. */
class UsedPack {
  readonly problems: Problem[] = [];
  readonly #pack: Pack;
  readonly #given: Readonly<Record<string, string>>;
  readonly #document: Pick<ModelDocument, 'sets'>;
  readonly #origins = new Map<string, readonly Segment[]>();

  constructor(
    pack: Pack,
    given: Readonly<Record<string, Scalar>>,
    document: Pick<ModelDocument, 'sets'>,
  ) {
    this.#pack = pack;
    this.#given = Object.fromEntries(
      Object.entries(given).map(([term, value]) => [term, String(value)]),
    );
    this.#document = document;
  }

  unpack(): Unpacked {
    const asked = this.#pack.properties.filter(({ terms }) => terms.every((t) => this.#has(t)));
    this.#lookForLosers(asked);
    const properties: Record<string, PropertyDocument> = {};
    if (this.problems.length === 0)
      for (const property of asked)
        Object.assign(properties, property.always ? this.#always(property) : this.#each(property));
    return { properties, origins: this.#origins };
  }

  #has = (term: string): boolean => Object.hasOwn(this.#given, term);

  /** A term that is said for nothing was meant for something. */
  #lookForLosers(asked: readonly PackProperty[]): void {
    const { name, terms, properties } = this.#pack;
    for (const [term, text] of Object.entries(this.#given)) {
      if (terms[term]?.isElement && !ELEMENT.test(text))
        this.#report(term, `\`${term}\` is ${terms[term].about}`);
      if (asked.some((property) => property.terms.includes(term))) continue;
      const wanting = properties
        .filter((property) => property.terms.includes(term))
        .map((p) => `${p.name} needs ${p.terms.filter((t) => !this.#has(t)).join(', ')}`);
      this.#report(term, `nothing is asked of \`${term}\` yet: ${wanting.join('; ')}`);
    }
    if (Object.keys(this.#given).length === 0)
      this.problems.push(
        problem(
          'MISSING_KEY',
          `use.${name}`,
          `say at least the terms of one property: ${properties[0]?.terms.join(', ')}`,
        ),
      );
  }

  #report(term: string, message: string): void {
    this.problems.push(problem('MODEL_SHAPE', `use.${this.#pack.name}.${term}`, message));
  }

  #about = ({ label, references }: PackProperty): PropertyDocument => ({ label, references });

  #always(property: PackProperty): Record<string, PropertyDocument> {
    const text = this.#text(`properties.${property.name}.always`, property.always ?? '');
    return { [property.name]: { always: text, ...this.#about(property) } };
  }

  /** One property for each element, and all of them together under the name of the pack's. */
  #each(property: PackProperty): Record<string, PropertyDocument> {
    const [element = ''] = property.terms;
    if (!this.#pack.terms[element]?.isElement) return this.#leadsTo(property);
    const set = ELEMENT.exec(this.#given[element] ?? '')?.[4] ?? '';
    const { from = '', to = '' } = property.leadsTo ?? {};
    const parts = this.#elementsOf(set).map((one): [string, PropertyDocument] => {
      const name = `${property.name}_${one}`;
      const at = (text: string, key: string): string =>
        this.#text(
          `properties.${name}.leadsTo.${key}`,
          `some {${element}} satisfies {${element}.name} = ${one} and ${text}`,
        );
      return [name, { leadsTo: { from: at(from, 'from'), to: at(to, 'to') } }];
    });
    return {
      ...Object.fromEntries(parts),
      [property.name]: { all: parts.map(([name]) => name), ...this.#about(property) },
    };
  }

  #leadsTo(property: PackProperty): Record<string, PropertyDocument> {
    const { name, leadsTo: { from, to } = { from: '', to: '' } } = property;
    const at = (text: string, key: string): string =>
      this.#text(`properties.${name}.leadsTo.${key}`, text);
    return {
      [name]: { leadsTo: { from: at(from, 'from'), to: at(to, 'to') }, ...this.#about(property) },
    };
  }

  /** None where the set is not declared: what is asked for it then says so. */
  #elementsOf(set: string): readonly string[] {
    const declared = this.#document.sets?.[set];
    if (declared === undefined) {
      this.problems.push(
        problem(
          'NAME_UNKNOWN',
          `use.${this.#pack.name}`,
          `\`${set}\` is no set of this model; it has ${Object.keys(this.#document.sets ?? {}).join(', ')}`,
        ),
      );
      return [];
    }
    return typeof declared === 'number' ? numberedElements(set, declared) : declared;
  }

  /** The text with what the terms say in it, and where that stands. */
  #text(path: string, template: string): string {
    const segments: Segment[] = [];
    let text = '';
    for (const part of template.split(/(\{[^}]*\})/u)) {
      const [, term = '', isName] = /^\{(\w+)(\.name)?\}$/u.exec(part) ?? [];
      if (term === '') {
        text += part;
        continue;
      }
      const said = this.#given[term] ?? '';
      const element = this.#pack.terms[term]?.isElement;
      const name = ELEMENT.exec(said);
      const shown = isName ? (name?.[2] ?? '') : said;
      const [before, behind] = element ? ['', ''] : ['(', ')'];
      const from = text.length + before.length;
      segments.push({
        term,
        from,
        to: from + shown.length,
        at: isName ? (name?.[1]?.length ?? 0) : 0,
      });
      text += `${before}${shown}${behind}`;
    }
    this.#origins.set(path, segments);
    return text;
  }
}
