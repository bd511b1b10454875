import { problem, type Problem, type Result } from '../errors/index.ts';
import type { EngineName } from '../model/engine.ts';
import { FORMAT_NAMES, isFormat, type FormatName, type FormatOf } from '../model/formats.ts';
import type { Report } from '../model/outcome.ts';
import type { SpecificationDocument } from '../model/specification.ts';
import type { Statement } from '../evidence/statements/statement.ts';
import type { Recheck, RecheckLimits } from './rechecked.ts';
import type { CheckContext } from './context.ts';
import type { CheckOptions, CompanionFile, ReadModel, Submission } from './types.ts';

/**
 * What may be said of a submission, or asked of it, that not every format knows: the names of
 * fields of `Submission` and of options of the commands.
 */
export const FORMAT_OPTIONS = [
  'files',
  'config',
  'modules',
  'annotations',
  'channels',
  'outside',
  'strict',
  'svg',
  'fixes',
  'fix',
  'reduction',
] as const;
export type FormatOption = (typeof FORMAT_OPTIONS)[number];

interface FormatRow {
  /** What one is called in a sentence. */
  readonly noun: string;
  /** Names of files that have it. */
  readonly files: RegExp;
  /** How a text of it begins, where the name of the file says nothing. */
  readonly begins?: RegExp;
  readonly takes: readonly FormatOption[];
}

/** A format that becomes a model. */
export interface ModelFormat extends FormatRow {
  /** Written by hand in the words of the model: hints, and what is never read, are told of it. */
  readonly isWritten?: true;
  read(submission: Submission): Promise<Result<ReadModel>>;
  /** The actions that need no events in a log, where the log names none of them. */
  quiet?(submission: Submission): Promise<ReadonlySet<string>>;
}

/** A format that is checked as it is, by one engine, whose word the answers are. */
export interface SpecificationFormat<
  Document extends SpecificationDocument = SpecificationDocument,
> extends FormatRow {
  readonly engine: EngineName;
  read(submission: Submission): Promise<Result<Document>>;
  /** What came beside the source, back from the document; where nothing did, nothing. */
  filesOf?(document: Document): readonly CompanionFile[];
  /** What can be asked by name. */
  propertyNames(document: Document): Promise<ReadonlySet<string>>;
  /** What cannot be asked of it, besides other engines. */
  refuses?(options: CheckOptions): Problem[];
  check(
    document: Document,
    about: { readonly name: string; readonly digest: string },
    options: CheckOptions,
    context: CheckContext,
  ): Promise<Result<Report>>;
  /** Asks the tool of this machine again about the text of a bundle. */
  recheck(
    document: Document,
    files: ReadonlyMap<string, Uint8Array>,
    statement: Statement,
    limits: RecheckLimits,
    cacheDir: string,
  ): Promise<Recheck[]>;
}

type DocumentOf<Name extends SpecificationDocument['format']> = Extract<
  SpecificationDocument,
  { readonly format: Name }
>;

/** The formats that become a model: a row each. What a row needs is loaded when it is asked. */
export const MODEL_FORMATS: Readonly<Record<FormatOf<'model'>, ModelFormat>> = {
  native: {
    noun: 'model in YAML or JSON',
    files: /\.(ya?ml|json)$/iu,
    takes: ['reduction'],
    isWritten: true,
    read: async ({ source }) => (await import('../frontends/native/index.ts')).readNative(source),
  },
  bpmn: {
    noun: 'diagram',
    files: /\.(bpmn|bpmn20\.xml|xml)$/iu,
    begins: /^\uFEFF?\s*</u,
    takes: ['annotations', 'channels', 'outside', 'strict', 'svg', 'fixes', 'fix', 'reduction'],
    read: async (submission) => (await import('./diagram.ts')).modelOfDiagram(submission),
    quiet: async (submission) => (await import('./diagram.ts')).quietActionsOf(submission),
  },
};

const TLA: SpecificationFormat<DocumentOf<'tla'>> = {
  noun: 'TLA+ module',
  files: /\.tla$/iu,
  takes: ['files', 'config', 'modules'],
  engine: 'tlc',
  read: async (submission) =>
    (await import('./specifications/tlaDocument.ts')).readTlaFiles(submission),
  filesOf: ({ root, modules, configuration }) => [
    { name: `${root}.cfg`, text: configuration },
    ...Object.entries(modules).flatMap(([module, text]) =>
      module === root ? [] : [{ name: `${module}.tla`, text }],
    ),
  ],
  propertyNames: async (document) =>
    (await import('./specifications/tlaQuestions.ts')).tlaPropertyNames(document),
  check: async (document, { digest }, options, context) =>
    (await import('./specifications/tla.ts')).checkTlaDocument(document, digest, options, context),
  recheck: async (document, files, statement, limits, cacheDir) =>
    (await import('./specifications/tlaRecheck.ts')).recheckTla(
      document,
      files,
      statement,
      limits,
      cacheDir,
    ),
};

const SMT: SpecificationFormat<DocumentOf<'smt'>> = {
  noun: 'SMT-LIB script',
  files: /\.smt2?$/iu,
  takes: [],
  engine: 'z3',
  read: async ({ source }) => (await import('./specifications/smt.ts')).readSmt(source),
  propertyNames: async () => new Set(),
  refuses: ({ properties, assurance }) => [
    ...(properties.length > 0
      ? [
          problem(
            'PROPERTY_UNKNOWN',
            'properties',
            'a script has no properties: it asks for itself',
          ),
        ]
      : []),
    ...(assurance === undefined
      ? []
      : [
          problem(
            'OPTION_INVALID',
            'assurance',
            'no assurance can be had of the answers to a script: they are the word of its solver',
          ),
        ]),
  ],
  check: async (document, about, options, context) =>
    (await import('./specifications/smt.ts')).checkSmtDocument(document, about, options, context),
  recheck: async (document, files, statement, limits) =>
    (await import('./specifications/smtRecheck.ts')).recheckSmt(document, files, statement, limits),
};

/** The formats that are checked as they are: a row each. */
export const SPECIFICATION_FORMATS: Readonly<
  Record<FormatOf<'specification'>, SpecificationFormat>
> = { tla: TLA, smt: SMT };

export const FORMATS: Readonly<Record<FormatName, ModelFormat | SpecificationFormat>> = {
  ...MODEL_FORMATS,
  ...SPECIFICATION_FORMATS,
};

/** The row of a format that becomes a model, of any other name nothing. */
export const modelFormat = (name: string): ModelFormat | undefined =>
  Object.hasOwn(MODEL_FORMATS, name) ? MODEL_FORMATS[name as FormatOf<'model'>] : undefined;

/** The row of a format that is checked as it is, of any other name nothing. */
export const specificationFormat = (name: string): SpecificationFormat | undefined =>
  Object.hasOwn(SPECIFICATION_FORMATS, name)
    ? SPECIFICATION_FORMATS[name as FormatOf<'specification'>]
    : undefined;

/** The format of a file, by its name. */
export const formatNamed = (file: string): FormatName | undefined =>
  FORMAT_NAMES.find((name) => FORMATS[name].files.test(file));

/** The format of a text whose name says nothing. */
export const formatOfText = (text: string): FormatName | undefined =>
  FORMAT_NAMES.find((name) => FORMATS[name].begins?.test(text));

/** The formats that know an option. */
export const formatsTaking = (option: FormatOption): readonly FormatName[] =>
  FORMAT_NAMES.filter((name) => FORMATS[name].takes.includes(option));

/**
 * What is wrong with what was said of a submission, where its format does not know it: it would be
 * ignored, and somebody believe that it was not. `called` says how an option is called where it was
 * given.
 */
export function strayOptions(
  format: string,
  given: readonly FormatOption[],
  called: (option: FormatOption) => string,
): Problem[] {
  if (!isFormat(format)) return [];
  const { takes, noun } = FORMATS[format];
  return given
    .filter((option) => !takes.includes(option))
    .map((option) =>
      problem(
        'OPTION_INVALID',
        called(option),
        `${called(option)} is for a ${nounsTaking(option)}, not for a ${noun} (${format})`,
      ),
    );
}

/** What an option is of: `diagram`. */
export const nounsTaking = (option: FormatOption): string =>
  formatsTaking(option)
    .map((name) => FORMATS[name].noun)
    .join(' or a ');
