import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../src/canonical/index.ts';
import { bad, Fault, ok, problem } from '../../src/errors/index.ts';
import type { ModelDocument } from '../../src/model/document.ts';
import type { Report } from '../../src/model/outcome.ts';
import type { Checker } from '../../src/service/service.ts';
import type { Submission } from '../../src/checking/types.ts';

/**
 * A checker whose source text is a script: one word a line. `sleep N` takes N ms, `block N` as well
 * and in one piece, `forever` never
 * ends by itself, `unknown` and `bounded` answer so, `bad` is refused, `flaky` meets a fault that
 * may pass, `first` gives its answer as a first one, `disputed` makes it `unknown` in the end, `bug` throws, `die` kills the process, `name X` makes another model, and
 * `trace N` has a run of N steps.
 */
export const fakeChecker: Checker = {
  inspect: async (submission) => {
    if (submission.source.includes('bad'))
      return bad(problem('MODEL_SHAPE', 'line', 'a bad line', { line: 1, column: 1 }));
    const document = documentOf(submission);
    return ok({ document, digest: digestOf(document) });
  },
  toolVersions: async () => ({ fake: '1' }),
  checkSubmission: async (submission, _options, { signal, onProgress, onFirst }) => {
    onProgress({ engine: 'fake', phase: 'exploring', states: 1 });
    const document = documentOf(submission);
    for (const line of submission.source.split('\n')) {
      if (line.trim() === 'first') onFirst?.(reportOf(submission, document));
      await act(line.trim(), signal);
    }
    const report = reportOf(submission, document);
    return ok({
      document,
      report: submission.source.includes('disputed') ? disputed(report) : report,
      artifacts: [
        { name: 'module.tla', mediaType: 'text/plain', text: '---- MODULE m ----' },
        { name: 'module.tla', mediaType: 'text/plain', text: 'again' },
      ],
    });
  },
};

async function act(line: string, signal: AbortSignal): Promise<void> {
  const [word, argument] = line.split(' ');
  if (word === 'sleep') await sleep(Number(argument), undefined, { signal });
  if (word === 'block')
    for (const end = Date.now() + Number(argument); Date.now() < end;) Math.random();
  if (word === 'forever') await sleep(2 ** 30, undefined, { signal });
  if (word === 'flaky') throw new Fault('DATABASE_UNAVAILABLE', 'away', { retryable: true });
  if (word === 'bug') throw new TypeError('a bug');
  if (word === 'die') process.kill(process.pid, 'SIGKILL');
}

function documentOf({ source, name }: Submission): ModelDocument {
  const comment = source
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  return {
    probity: 1,
    name: `${name}: ${comment.slice(0, 40)}`,
    variables: { done: { type: 'bool', init: false } },
    actors: { shop: {} },
    actions: { finish: { actor: 'shop', then: { done: true } } },
    properties: { finishes: { reachable: 'done' } },
  };
}

function disputed({ properties, ...report }: Report): Report {
  return {
    ...report,
    properties: properties.map(({ name, kind, threats, engines }) => ({
      name,
      kind,
      threats,
      engines,
      assurance: [],
      outcome: 'unknown',
      reason: 'disagreement',
      message: 'explore say it holds, z3 say it is violated',
    })),
  };
}

function reportOf({ source, format }: Submission, document: ModelDocument): Report {
  const outcome = source.includes('unknown')
    ? 'unknown'
    : source.includes('bounded')
      ? 'bounded'
      : 'holds';
  return {
    model: { name: document.name, digest: digestOf(document), format },
    properties: [
      {
        name: 'finishes',
        kind: 'reachable',
        outcome,
        ...(outcome === 'holds'
          ? { method: 'witness' as const }
          : outcome === 'bounded'
            ? { bound: '1 state' }
            : { reason: 'timeout' as const }),
        assurance: outcome === 'holds' ? ['replayed'] : [],
        threats: [],
        engines: [{ name: 'explore', version: '1', outcome, durationMs: 1 }],
        ...(outcome === 'holds'
          ? {
              trace: {
                params: {},
                initial: { done: false },
                steps: Array.from({ length: Number(/trace (\d+)/.exec(source)?.[1] ?? 1) }, () => ({
                  action: 'finish',
                  binding: {},
                  changed: { done: [false, true] as const },
                })),
              },
            }
          : {}),
      },
    ],
    assumptions: { fairness: [], bounds: [], channels: [], abstractions: [] },
  };
}
