import { digestOf } from '../../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { readSpecification, type Specification } from '../../frontends/tla/specification.ts';
import { MODULE_NAME, type SpecificationDocument } from '../../model/specification.ts';
import type { CompanionFile, Submission } from '../types.ts';

/** A TLA+ specification as it is kept, named and signed. */
export type TlaDocument = Extract<SpecificationDocument, { readonly format: 'tla' }>;

/**
 * The most that a TLA+ specification may consist of, with its configuration; all of it together is
 * under the limit of a source.
 */
export const MAX_FILES = 64;

/**
 * The names of files say which module is in which, and nothing else: no file is ever written under
 * a name that was sent.
 */
export async function readTlaFiles({
  source,
  files = [],
}: Submission): Promise<Result<TlaDocument>> {
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
  files: readonly CompanionFile[],
  { name }: CompanionFile,
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

function documentOf({ root, modules, written }: Specification): TlaDocument {
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
export async function tlaOf(document: TlaDocument): Promise<Result<Specification>> {
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
