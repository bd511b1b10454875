import { PACKS } from './index.ts';
import type { Pack, PackProperty } from './pack.ts';

/**
 * A pack as a diagram says it, which is about one case and has no sets: what is asked of every
 * element is asked of the case, and the term of an element says how this one is called, where a
 * property needs that. What compares elements with one another is left out: nothing of it can be
 * said of one case.
 */
function casePack({ terms, properties, ...pack }: Pack): Pack {
  const isElement = (term: string): boolean => terms[term]?.isElement === true;
  const asked = properties.flatMap((property) => ofCase(property, isElement));
  const used = new Set(asked.flatMap((property) => property.terms));
  return {
    ...pack,
    terms: Object.fromEntries(
      Object.entries(terms)
        .filter(([term]) => used.has(term))
        .map(([term, { about }]) => [
          term,
          { about: isElement(term) ? `what this ${term} is called` : about },
        ]),
    ),
    properties: asked,
  };
}

const EVERY = /^every \{\w+\} satisfies /u;

function ofCase(
  property: PackProperty,
  isElement: (term: string) => boolean,
): readonly PackProperty[] {
  const always = property.always?.replace(EVERY, '').replaceAll('.name}', '}');
  const named = new Set(
    [...(property.always ?? '').matchAll(/\{(\w+)\.name\}/gu)].map(([, term]) => term ?? ''),
  );
  const rest = (always ?? '').matchAll(/\{(\w+)\}/gu);
  if ([...rest].some(([, term = '']) => isElement(term) && !named.has(term))) return [];
  // Of elements beside the one that is asked of each, another is meant.
  if (property.terms.filter(isElement).length > 1) return [];
  return [
    {
      ...property,
      terms: property.terms.filter((term) => !isElement(term) || named.has(term)),
      ...(always !== undefined && { always }),
    },
  ];
}

/** The packs that the side file of a diagram can `use`. */
export const CASE_PACKS: readonly Pack[] = PACKS.map(casePack);
