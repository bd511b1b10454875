/**
 * What is known of a format wherever its name is met, also by a verifier that reads none of them.
 * How it is read and checked stands in its row above: `checking/formats.ts`, `explain/formats.ts`.
 */
export interface FormatFacts {
  /**
   * `model`: it becomes a model, which has one meaning, on which every answer is replayed.
   * `specification`: it is checked as it was submitted, by the tool whose language it is, and its
   * answers are that tool's word (ADR 010).
   */
  readonly kind: 'model' | 'specification';
  /** What it is asked: properties by name, or whatever the text itself asks. */
  readonly answers: 'properties' | 'script';
  /** The ending of a file with this text. */
  extensionOf(text: string): string;
}

export const FORMAT_FACTS = {
  native: {
    kind: 'model',
    answers: 'properties',
    // YAML, of which JSON is a part.
    extensionOf: (text) => (/^\s*\{/.test(text) ? 'json' : 'yaml'),
  },
  bpmn: { kind: 'model', answers: 'properties', extensionOf: () => 'bpmn' },
  tla: { kind: 'specification', answers: 'properties', extensionOf: () => 'tla' },
  smt: { kind: 'specification', answers: 'script', extensionOf: () => 'smt2' },
} as const satisfies Readonly<Record<string, FormatFacts>>;

export type FormatName = keyof typeof FORMAT_FACTS;

/** The formats of one kind. */
export type FormatOf<Kind extends FormatFacts['kind']> = {
  [Name in FormatName]: (typeof FORMAT_FACTS)[Name]['kind'] extends Kind ? Name : never;
}[FormatName];

/** The formats that a submission can have. */
export const FORMAT_NAMES = Object.keys(FORMAT_FACTS) as readonly FormatName[];

export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMAT_FACTS, name);

/** Of a format that is not known, such as one of a later version, nothing is. */
export const factsOf = (name: string): FormatFacts | undefined =>
  isFormat(name) ? FORMAT_FACTS[name] : undefined;

export const isSpecificationFormat = (name: string): name is FormatOf<'specification'> =>
  factsOf(name)?.kind === 'specification';
