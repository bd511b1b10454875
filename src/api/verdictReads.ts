import { audited } from '../service/auditTrail.ts';
import type { Service } from '../service/service.ts';
import type { ApiContext } from './context.ts';

/** Of one operation: the verdicts that it was shown, and those that are about to be noted. */
interface Reads {
  readonly noted: Map<string, Promise<void>>;
  next: { readonly ids: string[]; readonly done: Promise<void> } | undefined;
}

const reads = new WeakMap<ApiContext['answer'], Reads>();

/**
 * Notes that a verdict is read, before anything of it is shown: each once in an operation, and
 * those that are asked for together in one row (the first is its subject, the others its detail).
 */
export function noteVerdictRead(
  service: Service,
  { principal, answer }: Pick<ApiContext, 'principal' | 'answer'>,
  id: string,
): Promise<void> {
  if (!principal) return Promise.resolve();
  const own: Reads = reads.get(answer) ?? { noted: new Map(), next: undefined };
  reads.set(answer, own);
  const before = own.noted.get(id);
  if (before) return before;
  if (!own.next) {
    const ids: string[] = [];
    // The fields of one level are resolved before anything else has its turn.
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      own.next = undefined;
      const [first = '', ...others] = ids;
      const detail = others.length === 0 ? undefined : others.join(' ');
      return audited(service, principal, 'verdictRead', first, detail);
    });
    own.next = { ids, done };
  }
  own.next.ids.push(id);
  own.noted.set(id, own.next.done);
  return own.next.done;
}
