import { digestOf } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { readScript } from '../frontends/smt/script.ts';
import { readSpecification, type Specification } from '../frontends/tla/specification.ts';
import { IMPLICIT_KINDS } from '../model/model.ts';
import type { ScriptReport, ScriptResult } from '../model/outcome.ts';
import {
  isRawFormat,
  isSpecification,
  MODULE_NAME,
  type RawFormat,
  type SpecificationDocument,
  type SubmittedDocument,
} from '../model/specification.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { typecheck } from '../model/typecheck.ts';
import { inspect } from './inspect.ts';
import type { CheckContext } from './plan.ts';
import { askedOf, checkSpecification } from './raw.ts';
import { checkScript } from './script.ts';
import type { Submission, SubmittedFile, Verification, CheckOptions } from './types.ts';

/**
 * The most that a TLA+ specification may consist of, with its configuration; all of it together is
 * under the limit of a source.
 */
export const MAX_FILES = 64;
/** Text that a solver printed and that is longer is left out of the answer. */
const MAX_PRINTED = 1024 * 1024;

/** A submission by the document and the digest that name it; every format. Runs no engine. */
export async function identify(
  submission: Submission,
): Promise<Result<{ readonly document: SubmittedDocument; readonly digest: string }>> {
  if (isRawFormat(submission.format))
    return identifyRaw({ ...submission, format: submission.format });
  if (submission.files !== undefined && submission.files.length > 0)
    return bad(
      problem('OPTION_INVALID', 'files', 'only a TLA+ specification consists of several files'),
    );
  const inspected = await inspect(submission);
  return inspected.ok
    ? ok({ document: inspected.value.document, digest: inspected.value.digest })
    : inspected;
}

type RawSubmission = Submission & { readonly format: RawFormat };

async function identifyRaw(
  submission: RawSubmission,
): Promise<Result<{ readonly document: SpecificationDocument; readonly digest: string }>> {
  const read =
    submission.format === 'tla' ? await readFiles(submission) : scriptDocument(submission);
  return read.ok ? ok({ document: read.value, digest: digestOf(read.value) }) : read;
}

function scriptDocument({ source, files }: Submission): Result<SpecificationDocument> {
  if (files !== undefined && files.length > 0)
    return bad(
      problem('OPTION_INVALID', 'files', 'only a TLA+ specification consists of several files'),
    );
  const read = readScript(source);
  return read.ok ? ok({ specification: 1, format: 'smt', script: source }) : read;
}

/**
 * The names of files say which module is in which, and nothing else: no file is ever written under
 * a name that was sent.
 */
async function readFiles({
  source,
  files = [],
}: Submission): Promise<Result<SpecificationDocument>> {
  const problems = files.flatMap((file, at) => nameProblem(files, file, at));
  if (files.length > MAX_FILES)
    problems.push(
      problem('INPUT_TOO_LARGE', 'files', `a specification consists of at most ${MAX_FILES} files`),
    );
  const configurations = files.filter(({ name }) => name.endsWith('.cfg'));
  if (configurations.length !== 1)
    problems.push(
      problem(
        'REQUEST_SHAPE',
        'files',
        `a TLA+ module is checked with one configuration (a file \`.cfg\`); there ${configurations.length === 0 ? 'is none' : `are ${configurations.length}`}`,
      ),
    );
  if (problems.length > 0) return bad(...problems.slice(0, 100));
  const beside = new Map(files.map(({ name, text }) => [name, text]));
  const read = await readSpecification(source, configurations[0]?.text ?? '', async (module) =>
    beside.get(`${module}.tla`),
  );
  if (!read.ok) return read;
  const { modules, root } = read.value;
  const strays = files.flatMap(({ name, text }, at): Problem[] => {
    const module = name.replace(/\.tla$/, '');
    if (name.endsWith('.cfg') || modules.get(module) === text) return [];
    return [
      problem(
        'TLA_MODULE',
        `files.${at}`,
        module === root
          ? `${name} is the module to check, in another version`
          : `${name} is neither extended nor instantiated from ${root}`,
      ),
    ];
  });
  return strays.length > 0 ? bad(...strays) : ok(documentOf(read.value));
}

function nameProblem(
  files: readonly SubmittedFile[],
  { name }: SubmittedFile,
  at: number,
): Problem[] {
  const [, module, extension] = /^(.*)\.(tla|cfg)$/s.exec(name) ?? [];
  // `MODULE_NAME` has neither a separator nor a dot: what passes leads nowhere.
  const fine =
    extension === 'cfg'
      ? /^[\w.-]{1,100}$/.test(name)
      : module !== undefined && MODULE_NAME.test(module);
  if (!fine)
    return [
      problem(
        'REQUEST_SHAPE',
        `files.${at}.name`,
        'a file is called as its module, NAME.tla, or is a configuration, NAME.cfg',
      ),
    ];
  const twice = files.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) !== at;
  return twice ? [problem('NAME_TAKEN', `files.${at}.name`, `two files are called ${name}`)] : [];
}

function documentOf({ root, modules, written }: Specification): SpecificationDocument {
  return {
    specification: 1,
    format: 'tla',
    root,
    modules: Object.fromEntries(modules),
    configuration: written,
  };
}

/**
 * The specification that a document is of: the same modules, each needed, or it is no document of
 * ours.
 */
export async function specificationOf(
  document: SpecificationDocument & { readonly format: 'tla' },
): Promise<Result<Specification>> {
  const { root, modules, configuration } = document;
  const read = await readSpecification(modules[root] ?? '', configuration, async (module) =>
    Object.hasOwn(modules, module) ? modules[module] : undefined,
  );
  if (!read.ok) return read;
  return digestOf(documentOf(read.value)) === digestOf(document)
    ? read
    : bad(
        problem('TLA_MODULE', root, 'the modules are not those that the specification consists of'),
      );
}

/** What can be asked by name. */
export async function propertyNames(document: SubmittedDocument): Promise<ReadonlySet<string>> {
  if (!isSpecification(document))
    return new Set([...Object.keys(document.properties ?? {}), ...IMPLICIT_KINDS]);
  if (document.format === 'smt') return new Set();
  const read = await specificationOf(document);
  return new Set(read.ok ? askedOf(read.value).map(({ name }) => name) : []);
}

/** The ids of the threats to a model; a format that is checked as it is has none. */
export function threatIds(document: SubmittedDocument): ReadonlySet<string> {
  const model = isSpecification(document) ? undefined : typecheck(document);
  return new Set(model?.ok ? threatsOf(model.value).map(({ id }) => id) : []);
}

/** Which engine answers a format that is checked as it is. */
const RAW_ENGINE: Readonly<Record<RawFormat, 'tlc' | 'z3'>> = { tla: 'tlc', smt: 'z3' };

/** What cannot be asked of a format that is checked as it is. */
export function rawOptionProblems(format: RawFormat, options: CheckOptions): Problem[] {
  const engine = RAW_ENGINE[format];
  const ofScript = format === 'smt';
  return [
    ...(options.threats || options.attacks
      ? [
          problem(
            'OPTION_INVALID',
            'threats',
            `threats are found in models, not in ${format}, which has no actors and channels`,
          ),
        ]
      : []),
    ...(options.engines !== 'auto' && !options.engines.includes(engine)
      ? [problem('OPTION_INVALID', 'engines', `${format} is answered by ${engine} alone`)]
      : []),
    ...(ofScript && options.properties.length > 0
      ? [
          problem(
            'PROPERTY_UNKNOWN',
            'properties',
            'a script has no properties: it asks for itself',
          ),
        ]
      : []),
    ...(ofScript && options.assurance !== undefined
      ? [
          problem(
            'OPTION_INVALID',
            'assurance',
            'no assurance can be had of the answers to a script: they are the word of its solver',
          ),
        ]
      : []),
  ];
}

/**
 * Checks a specification or a script as it was submitted. The document goes into the evidence;
 * nothing of ours vouches for the answer.
 */
export async function checkRaw(
  submission: RawSubmission,
  options: CheckOptions,
  context: CheckContext,
): Promise<Result<Verification>> {
  const identified = await identifyRaw(submission);
  if (!identified.ok) return identified;
  const { document, digest } = identified.value;
  const refused = rawOptionProblems(document.format, options);
  if (refused.length > 0) return bad(...refused);
  const engine = RAW_ENGINE[document.format];
  if (document.format === 'tla') {
    const specification = await specificationOf(document);
    if (!specification.ok) return specification;
    const report = await checkSpecification(specification.value, digest, options, {
      ...context,
      onProgress: (progress) => context.onProgress({ engine, ...progress }),
    });
    return report.ok ? ok({ report: report.value, document, artifacts: [] }) : report;
  }
  context.onProgress({ engine, phase: 'solving' });
  const script = await checkScript(document.script, options, context.signal);
  if (!script.ok) return script;
  const shown = withoutLongText(script.value);
  return ok({
    report: {
      model: { name: submission.name, digest, format: 'smt' },
      properties: [],
      script: shown,
      assumptions: {
        fairness: [],
        bounds: [],
        channels: [],
        abstractions: [
          `The answers are those of ${shown.engines.map(({ version }) => version).join(' and ')} on the script as submitted; nothing else has checked them.`,
        ],
      },
    },
    document,
    artifacts: [],
  });
}

function withoutLongText(script: ScriptReport): ScriptReport {
  let left = MAX_PRINTED;
  const results = script.results.map((result): ScriptResult => {
    left -= (result.text ?? '').length;
    if (result.text === undefined || left >= 0) return result;
    const { text: _text, ...rest } = result;
    return { ...rest, none: `left out: more than ${MAX_PRINTED} characters were printed` };
  });
  return { ...script, results };
}
