import { basename, dirname, join } from 'node:path';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { readSpecification } from '../frontends/tla/specification.ts';
import type { Submission } from '../checking/types.ts';

type ReadText = (file: string) => Promise<Result<string>>;

/**
 * A TLA+ module as a submission, with its configuration and the modules that it extends or
 * instantiates, from its own folder and no other.
 */
export async function gatherSpecification(
  file: string,
  configuration: string | undefined,
  readText: ReadText,
): Promise<Result<Submission>> {
  const source = await readText(file);
  if (!source.ok) return source;
  const beside = configuration ?? file.replace(/\.tla$/i, '.cfg');
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
    const found = await readText(join(dirname(file), `${basename(module)}.tla`));
    return found.ok ? found.value : undefined;
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
