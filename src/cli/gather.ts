import { basename, dirname, join } from 'node:path';
import { tlaLibrary } from '../config/places.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { readSpecification } from '../frontends/tla/specification.ts';
import type { Submission } from '../checking/types.ts';
import { readText } from './textFile.ts';

interface Beside {
  /** The configuration, if it is not the file of the same name. */
  readonly config?: string | undefined;
  /** Folders where other modules lie, looked through before those of `TLA_LIBRARY`. */
  readonly modules?: readonly string[] | undefined;
}

/**
 * A TLA+ module as a submission, with its configuration and the modules that it extends or
 * instantiates: from its own folder, then from those of the library, and from no other.
 */
export async function gatherTla(
  file: string,
  { config: named, modules: folders = [] }: Beside,
): Promise<Result<Submission>> {
  const library = tlaLibrary(process.env);
  if (!library.ok) return library;
  const source = await readText(file);
  if (!source.ok) return source;
  const beside = named ?? file.replace(/\.tla$/i, '.cfg');
  const config = await readText(beside);
  if (!config.ok)
    return bad(
      problem(
        'INPUT_UNREADABLE',
        beside,
        `a TLA+ module is checked with a configuration: give one by --config FILE (${config.problems[0]?.message ?? ''})`,
      ),
    );
  const specification = await readSpecification(source.value, config.value, async (module) => {
    for (const folder of [dirname(file), ...folders, ...library.value]) {
      const found = await readText(join(folder, `${basename(module)}.tla`));
      if (found.ok) return found.value;
    }
    return undefined;
  });
  if (!specification.ok) return specification;
  const { root, modules } = specification.value;
  const others = [...modules].flatMap(([name, text]) =>
    name === root ? [] : [{ name: `${name}.tla`, text }],
  );
  return ok({
    source: source.value,
    format: 'tla',
    name: basename(file),
    files: [{ name: `${root}.cfg`, text: config.value }, ...others],
  });
}
