import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { bad, ok, problem, type Result } from '../errors/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a variable of the environment may point. A relative path means the folder that the process
 * happens to run in, and that is often the one that somebody else filled: of a bundle, a model, a
 * checkout. So there is none, for trust and keys as for programs.
 */
export const ABSOLUTE = 'an absolute path: a relative one would depend on the current folder';

/**
 * Programs and folders of tools, and whether a name alone (looked for on the PATH) is meant too.
 */
const TOOLS = {
  JAVA_HOME: 'path',
  TLA2TOOLS_JAR: 'path',
  TMPDIR: 'path',
  Z3_BIN: 'program',
  CVC5_BIN: 'program',
  CHROMIUM_BIN: 'program',
} as const;

/** The variables of tools that point into the current folder. */
export function relativeTools(env: Environment): readonly string[] {
  return Object.entries(TOOLS).flatMap(([name, kind]) => {
    const value = env[name] ?? '';
    const fine = value === '' || isAbsolute(value) || (kind === 'program' && !/[/\\]/u.test(value));
    return fine ? [] : [name];
  });
}

/** The folders of `TLA_LIBRARY`, where modules of TLA+ lie that a specification may extend. */
export function tlaLibrary(env: Environment): Result<readonly string[]> {
  const folders = (env['TLA_LIBRARY'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const relative = folders.find((folder) => !isAbsolute(folder));
  return relative === undefined
    ? ok(folders)
    : bad(
        problem(
          'OPTION_INVALID',
          'TLA_LIBRARY',
          `TLA_LIBRARY is a list of folders, each ${ABSOLUTE}; ${relative} is none`,
        ),
      );
}

/** The home folder, where there is one that is a place of its own. */
export function homeFolder(env: Environment): Result<string> {
  const home = 'HOME' in env ? (env['HOME'] ?? homedir()) : homedir();
  return isAbsolute(home)
    ? ok(home)
    : bad(problem('OPTION_INVALID', 'HOME', `HOME must be ${ABSOLUTE}`));
}

/** Where the policy of this person lies, if she has one. */
export function ownPolicyFile(env: Environment): Result<string> {
  const given = env['XDG_CONFIG_HOME'] ?? '';
  const home = given === '' ? homeFolder(env) : undefined;
  if (home?.ok === false)
    return bad(
      ...home.problems.map((each) => ({
        ...each,
        message: `${each.message}; or give --policy FILE`,
      })),
    );
  const folder = home?.ok ? join(home.value, '.config') : given;
  return isAbsolute(folder)
    ? ok(join(folder, 'probity', 'trust', 'policy'))
    : bad(
        problem(
          'OPTION_INVALID',
          'XDG_CONFIG_HOME',
          `XDG_CONFIG_HOME must be ${ABSOLUTE}; or give --policy FILE`,
        ),
      );
}
