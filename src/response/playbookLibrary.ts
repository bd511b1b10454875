import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config/packageRoot.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { inFile } from '../yaml/shaped.ts';
import { readPlaybook, type Playbook } from './readPlaybook.ts';

/** A playbook, and the file that it stands in. */
export interface PlaybookFile {
  readonly file: string;
  readonly source: string;
  readonly playbook: Playbook;
}

/** The folder of the playbooks of this package. */
export const ownPlaybooks = (): string => join(packageRoot(), 'specs', 'playbooks');

/** The playbooks of a folder, by name of file; each problem names its file. */
export function readPlaybooks(folder = ownPlaybooks()): Result<readonly PlaybookFile[]> {
  const problems: Problem[] = [];
  const found: PlaybookFile[] = [];
  let names: readonly string[] = [];
  try {
    names = statSync(folder).isDirectory()
      ? readdirSync(folder).filter((name) => name.endsWith('.json'))
      : [];
  } catch (error) {
    return bad(problem('INPUT_UNREADABLE', folder, `${folder}: ${(error as Error).message}`));
  }
  for (const name of names.toSorted()) {
    const file = join(folder, name);
    const source = readFileSync(file, 'utf8');
    const read = readPlaybook(source);
    if (read.ok) found.push({ file, source, playbook: read.value });
    else problems.push(...read.problems.map((each) => inFile(each, file)));
  }
  if (names.length === 0)
    problems.push(problem('INPUT_UNREADABLE', folder, `${folder} has no playbooks (*.json)`));
  return problems.length > 0 ? bad(...problems) : ok(found);
}
