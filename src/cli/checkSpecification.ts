import { basename, dirname, join } from 'node:path';
import { bad, problem, type Result } from '../errors/index.ts';
import { readSpecification } from '../frontends/tla/specification.ts';
import type { Report } from '../model/outcome.ts';
import { verifySpecification, type RawContext } from '../verification/raw.ts';
import type { VerifyOptions } from '../verification/types.ts';

type ReadText = (file: string) => Promise<Result<string>>;

/** Checks a TLA+ module with the modules that it extends or instantiates, from its own folder and no other. */
export async function checkSpecification(file: string, configuration: string, readText: ReadText, options: VerifyOptions, context: RawContext): Promise<Result<Report>> {
  const source = await readText(file);
  if (!source.ok) return source;
  const config = await readText(configuration);
  if (!config.ok) return bad(problem('INPUT_UNREADABLE', configuration, `a TLA+ module is checked with a configuration: give one by --config FILE (${config.problems[0]?.message ?? ''})`));
  const specification = await readSpecification(source.value, config.value, async (module) => {
    const found = await readText(join(dirname(file), `${basename(module)}.tla`));
    return found.ok ? found.value : undefined;
  });
  return specification.ok ? verifySpecification(specification.value, options, context) : specification;
}
