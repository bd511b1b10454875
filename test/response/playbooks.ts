import { readdirSync, readFileSync } from 'node:fs';
import { inspect, type Inspected } from '../../src/checking/inspect.ts';
import { PROBITY_EXTENSION } from '../../src/response/playbookShape.ts';
import { readPlaybook } from '../../src/response/readPlaybook.ts';
import { verifyPlaybook, type PlaybookReport } from '../../src/response/verifyPlaybook.ts';
import type { Problem, Result } from '../../src/errors/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { repository } from '../golden.ts';

/** What stands in our extension of a step. */
export type StepSaid = Record<string, unknown>;

/** A playbook as it stands in its file, open to changes. */
export interface OpenPlaybook {
  workflow: Record<string, Record<string, unknown>>;
  workflow_start: string;
  playbook_extensions: Record<string, { model: string; on: unknown[]; promises: string[] }>;
  [key: string]: unknown;
}

export const NAMES = readdirSync(repository('specs/playbooks')).map((name) =>
  name.replace('.json', ''),
);

export const opened = (name: string): OpenPlaybook =>
  JSON.parse(readFileSync(repository(`specs/playbooks/${name}.json`), 'utf8')) as OpenPlaybook;

/** The step of this name, and what our extension says in it. */
export function stepOf(
  playbook: OpenPlaybook,
  name: string,
): { readonly id: string; readonly step: Record<string, unknown>; readonly said: StepSaid } {
  const [id, step] = Object.entries(playbook.workflow).find(([, each]) => each['name'] === name)!;
  const extensions = step['step_extensions'] as Record<string, StepSaid> | undefined;
  return { id, step, said: extensions?.[PROBITY_EXTENSION] ?? {} };
}

export const extensionOf = (playbook: OpenPlaybook): OpenPlaybook['playbook_extensions'][string] =>
  playbook.playbook_extensions[PROBITY_EXTENSION]!;

/** The vulnerable model of the scenario that a model's name is the name of. */
export async function modelOf(playbook: OpenPlaybook): Promise<Inspected> {
  const { model } = extensionOf(playbook);
  for (const scenario of readdirSync(repository('specs/scenarios'))) {
    const file = repository(`specs/scenarios/${scenario}/vulnerable.yaml`);
    const source = read(file);
    if (!source?.includes(`\nname: ${model}\n`)) continue;
    const inspected = await inspect({ source, format: 'native', name: 'model.yaml' });
    if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
    return inspected.value;
  }
  throw new Error(`no model is called ${model}`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export const LIMITS = { ...timeOf(60_000), maxStates: 200_000 };

export async function verified(playbook: OpenPlaybook): Promise<Result<PlaybookReport>> {
  const found = readPlaybook(JSON.stringify(playbook, null, 2));
  return found.ok ? verifyPlaybook(found.value, await modelOf(playbook), LIMITS) : found;
}

export async function reportOn(playbook: OpenPlaybook): Promise<PlaybookReport> {
  const report = await verified(playbook);
  if (!report.ok) throw new Error(JSON.stringify(report.problems));
  return report.value;
}

export async function problemsOf(playbook: OpenPlaybook): Promise<readonly Problem[]> {
  const report = await verified(playbook);
  return report.ok ? [] : report.problems;
}
