import type { PropertyDocument } from '../../../model/document.ts';

/**
 * Properties that many models should have, in terms that each model says for itself. A pack is
 * data: a new one is a file and a line in `packs/index.ts`.
 */
export interface Pack {
  readonly name: string;
  readonly about: string;
  /** What a model has to say, in the order in which people read it. */
  readonly terms: Readonly<Record<string, PackTerm>>;
  readonly properties: readonly PackProperty[];
}

export interface PackTerm {
  readonly about: string;
  /** `o in Order`: the set that is meant, and how one of its elements is called in other terms. */
  readonly isElement?: true;
}

/** One property, for models that say all of its terms. */
export interface PackProperty {
  readonly name: string;
  readonly label: string;
  readonly references: readonly string[];
  readonly terms: readonly string[];
  /** What must always be true: text, and in braces the terms, `{NAME in SET}` for one of a set. */
  readonly always?: string;
  /** For each element of the set of the first term: whenever one holds, the other does later. */
  readonly leadsTo?: { readonly from: string; readonly to: string };
}

/** What a pack became in a model, and where each part of it came from. */
export interface Unpacked {
  readonly properties: Readonly<Record<string, PropertyDocument>>;
  /** By property and key, which parts of the text are a term's. */
  readonly origins: ReadonlyMap<string, readonly Segment[]>;
}

/** A part of a text that a term said. */
export interface Segment {
  readonly term: string;
  readonly from: number;
  readonly to: number;
  /** Where it begins in what the term said. */
  readonly at: number;
}
