import { bad, invariant, ok, problem, type Result } from '../errors/index.ts';
import { readMapping } from '../events/mapping.ts';
import { valueAtPath, type Path } from '../events/path.ts';
import type { CheckedDocument } from '../model/specification.ts';
import { caseKeysOf, type CloudEvent } from '../monitor/monitor.ts';
import {
  isId,
  type ErasedCaseRecord,
  type MonitoredCaseRecord,
  type MonitorRecord,
} from '../store/index.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import { inspectedOfDocument } from './monitors.ts';
import type { Service } from './service.ts';
import { reasonProblem } from './withdraw.ts';

/** The keys of cases that an event's text has at a place of events, written as JSON. */
export const keysAtPath = (body: string, keyPath: string): readonly string[] =>
  keysOfEvent(JSON.parse(body), JSON.parse(keyPath) as Path);

const keysOfEvent = (event: unknown, path: Path): readonly string[] => [
  ...new Set(caseKeysOf(valueAtPath(path, event))),
];

/** What is known of the erasure of a case; nothing where it was not erased. */
export const erasureOf = (
  { store }: Pick<Service, 'store'>,
  { caseKey }: MonitoredCaseRecord,
): Promise<ErasedCaseRecord | undefined> => store.erasedCases.find(caseKey);

/**
 * Erases a case: its key, what its events said, what its alerts told and people wrote about them.
 * Times, kinds, causes and counts stay, so that every other case is judged as before, and what was
 * signed stays as it was signed. Events that come later are counted. Erased again it is the same.
 */
export async function eraseCase(
  service: Service,
  by: AuditActor,
  id: string,
  reason: string,
): Promise<Result<MonitoredCaseRecord>> {
  const { store } = service;
  const wrong = reasonProblem(reason);
  if (wrong) return bad({ ...wrong, path: 'input.reason' });
  const found = isId(id) ? await store.alerts.case(id) : undefined;
  if (!found) return bad(problem('NOT_FOUND', 'input.id', `there is no case \`${id}\``));
  if (await erasureOf(service, found)) return ok(found);
  const { caseKey, monitorId } = found;
  const monitors = await store.monitors.every();
  const paths = new Map<string, Path>();
  for (const monitor of monitors) paths.set(monitor.id, await keyPathOf(service, monitor));
  const own = paths.get(monitorId);
  invariant(own, 'a case has its monitor');
  const keyPath = JSON.stringify(own);
  const others = [...paths.values()].filter((path) => JSON.stringify(path) !== keyPath);
  const { shared } = await store.erasedCases.erase({
    caseKey,
    keyPath,
    monitorIds: [...paths]
      .filter(([, path]) => JSON.stringify(path) === keyPath)
      .map(([each]) => each),
    holds: JSON.stringify(caseKey).slice(1, -1),
    isOf: (body) => {
      const event: unknown = JSON.parse(body);
      const keys = keysOfEvent(event, own);
      if (!keys.includes(caseKey)) return 'no';
      const isShared = others.some((path) => keysOfEvent(event, path).length > 0);
      return keys.length > 1 || isShared ? 'shared' : 'alone';
    },
    left: (body) => JSON.stringify({ time: (JSON.parse(body) as CloudEvent).time }),
  });
  if (shared > 0)
    return bad(
      problem(
        'CASE_SHARED',
        'input.id',
        `${shared} events of the case are also of other cases, which would be judged otherwise ` +
          'without them: they cannot be erased for this case alone',
      ),
    );
  await audited(service, by, 'caseErase', id, reason);
  service.logger.info('case.erased', { case: id, by: by.keyId });
  const erased = await store.alerts.case(id);
  invariant(erased, 'the row of an erased case stays');
  return ok(erased);
}

/** Where the events of a monitor have the key of their case. */
async function keyPathOf({ store }: Service, monitor: MonitorRecord): Promise<Path> {
  const model = await store.models.get(monitor.modelId);
  invariant(model, 'a monitor has its model');
  const inspected = inspectedOfDocument(model.document as unknown as CheckedDocument);
  invariant(inspected.ok, 'what a monitor was made of is a model');
  const mapping = readMapping(monitor.mapping, inspected.value.semantics.model);
  invariant(mapping.ok, 'what a monitor was made of was read');
  return mapping.value.key;
}
