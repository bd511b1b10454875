import { canonicalJson, sha256, type Json } from '../canonical/index.ts';
import type { Inspected } from '../checking/inspect.ts';
import { bad, invariant, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { ModelDocument } from '../model/document.ts';
import { Semantics } from '../model/semantics.ts';
import { isSpecification, type CheckedDocument } from '../model/specification.ts';
import { typecheck } from '../model/typecheck.ts';
import { openMonitor } from '../monitor/opened.ts';
import { bindPlaybook } from '../response/boundPlaybook.ts';
import { readPlaybook } from '../response/readPlaybook.ts';
import type { MonitorRecord } from '../store/index.ts';
import type { NamedThreats } from '../threats/selection.ts';
import type { Service } from './service.ts';
import { visibleModel, type Asker } from './submit.ts';

export interface MonitorInput {
  readonly name: string;
  readonly modelId: string;
  /** The text of the mapping. */
  readonly mapping: string;
  /** What may explain a deviation; nothing: all threats proper. */
  readonly threats?: readonly string[] | null;
  readonly budget?: number | null;
  /** CACAO 2.0 as JSON texts: verified, and recommended where they help. */
  readonly playbooks?: readonly string[] | null;
  /** Deadlines pass by the clock of the service too; default: yes. No: for what is replayed. */
  readonly wallClock?: boolean | null;
}

/** What a monitor is set to, as it is kept. */
export interface MonitorSettings {
  readonly threats: NamedThreats;
  readonly budget: number;
  readonly playbooks: readonly string[];
  /** Threats that are left out of explanations: they may write too many values. */
  readonly leftOut: readonly string[];
  /** No: deadlines pass by times of events alone. Absent: yes. */
  readonly wallClock?: boolean;
}

const MOST_NAME = 200;
const MOST_MAPPING = 256 * 1024;
const MOST_BUDGET = 5;
const [MOST_PLAYBOOKS, MOST_PLAYBOOK] = [50, 256 * 1024];

export const monitorSettings = ({ settings }: Pick<MonitorRecord, 'settings'>): MonitorSettings =>
  settings as unknown as MonitorSettings;

/**
 * A monitor: a model, which events are which of its steps, and what may explain what it does not
 * do. One of the same name is its next version, and takes its place. It judges all that is stored.
 */
export async function createMonitor(
  service: Service,
  asker: Asker,
  input: MonitorInput,
): Promise<Result<MonitorRecord>> {
  const early = inputProblems(input);
  if (early.length > 0) return bad(...early);
  const { name, modelId, mapping } = input;
  const model = await visibleModel(service, asker, modelId);
  if (!model)
    return bad(problem('NOT_FOUND', 'input.modelId', `there is no model \`${modelId}\` for you`));
  const inspected = inspectedOfDocument(model.document as unknown as CheckedDocument);
  if (!inspected.ok) return inspected;
  const settings = {
    threats: input.threats ?? ('all' as const),
    budget: input.budget ?? 2,
    playbooks: input.playbooks ?? [],
    ...(input.wallClock === false && { wallClock: false }),
  };
  const opened = openMonitor(inspected.value.semantics.model, { ...settings, mapping });
  const problems = [
    ...(opened.ok ? [] : opened.problems.map((each) => ({ ...each, path: `input.${each.path}` }))),
    ...playbookProblems(settings.playbooks, inspected.value),
  ];
  if (!opened.ok || problems.length > 0) return bad(...problems);
  const { leftOut } = opened.value;
  return ok(
    await service.store.monitors.create({
      owner: asker.owner,
      name,
      modelId,
      mapping,
      settings: { ...settings, leftOut } as unknown as Json,
    }),
  );
}

/** The model that a submission became, from its document alone. */
export function inspectedOfDocument(document: CheckedDocument): Result<Inspected> {
  if (isSpecification(document))
    return bad(
      problem(
        'MONITOR_MODEL',
        'input.modelId',
        'cases are followed along a model; TLA+ and SMT-LIB are checked as they are',
      ),
    );
  const model = typecheck(document);
  invariant(model.ok, 'what is stored was checked');
  return ok({
    semantics: new Semantics(model.value),
    document: document satisfies ModelDocument,
    digest: sha256(canonicalJson(document)),
  });
}

function inputProblems({ name, mapping, budget, playbooks }: MonitorInput): readonly Problem[] {
  const wrong = (field: string, message: string): Problem =>
    problem('OPTION_INVALID', `input.${field}`, message);
  const isName = name.trim() !== '' && name.length <= MOST_NAME && !/[\p{Cc}\p{Cs}]/u.test(name);
  return [
    ...(isName ? [] : [wrong('name', `a name has 1 to ${MOST_NAME} printable characters`)]),
    ...(mapping.length > MOST_MAPPING || /[\0\p{Cs}]/u.test(mapping)
      ? [wrong('mapping', `a mapping is text of at most ${MOST_MAPPING} characters`)]
      : []),
    ...(budget !== undefined && budget !== null && (budget < 0 || budget > MOST_BUDGET)
      ? [wrong('budget', `a budget is 0 to ${MOST_BUDGET}`)]
      : []),
    ...((playbooks?.length ?? 0) > MOST_PLAYBOOKS ||
    playbooks?.some((text) => text.length > MOST_PLAYBOOK || /[\0\p{Cs}]/u.test(text))
      ? [wrong('playbooks', `at most ${MOST_PLAYBOOKS}, of ${MOST_PLAYBOOK} characters each`)]
      : []),
  ];
}

function playbookProblems(texts: readonly string[], inspected: Inspected): readonly Problem[] {
  return texts.flatMap((text, i) => {
    const read = readPlaybook(text);
    const found = read.ok ? bindPlaybook(read.value, inspected) : read;
    if (found.ok) return [];
    return found.problems.map((each) => ({
      ...each,
      path: `input.playbooks.${i}${each.path === '' ? '' : `.${each.path}`}`,
    }));
  });
}
