import type { TlaProperty } from '../../encode/tla/properties.ts';
import type { ChildRun } from '../../processes/child.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { TlcChild } from './jvm.ts';
import { EC, outOfRoom, parseMessages, statsOf, type TlcMessage } from './output.ts';

/** What one TLC process said. */
export interface TlcRun {
  readonly verdict:
    | { readonly kind: 'ok' }
    | {
        readonly kind: 'violated';
        readonly what: 'invariant' | 'deadlock' | 'temporal';
        readonly name: string;
      }
    | { readonly kind: 'failed'; readonly outcome: Outcome };
  readonly messages: readonly TlcMessage[];
  readonly distinct: number | undefined;
  readonly jvm: TlcChild['jvm'];
}

/**
 * SEMANTICS 12: `ok` needs the completion message, exit 0 and an empty queue; what a killed or
 * lying process leaves is a failure.
 */
export function readRun(child: TlcChild, invariants: readonly TlaProperty[]): TlcRun {
  const messages = parseMessages(child.stdout);
  const { distinct, left } = statsOf(messages);
  const run = (verdict: TlcRun['verdict']): TlcRun => ({
    verdict,
    messages,
    distinct,
    jvm: child.jvm,
  });
  const violated = messages.find((m) => m.code === EC.invariant || m.code === EC.invariantInitial);
  const end = child.end;
  if (outOfRoom(messages, child.stdout + child.stderr) !== undefined)
    return run({ kind: 'failed', outcome: failureOf(child, messages) });
  if (end.kind === 'exited' && violated) {
    const name = /Invariant (\w+) is violated/.exec(violated.text)?.[1] ?? '';
    // An initial state that breaks an invariant is printed inside the message, without a number.
    const initial =
      violated.code === EC.invariantInitial
        ? [{ code: EC.state, text: violated.text.slice(violated.text.indexOf('\n')) }]
        : [];
    return {
      ...run({ kind: 'violated', what: 'invariant', name }),
      messages: [...messages, ...initial],
    };
  }
  if (
    end.kind === 'exited' &&
    messages.some((m) => m.code === EC.deadlock) &&
    invariants.some((p) => p.as === 'deadlock')
  )
    return run({ kind: 'violated', what: 'deadlock', name: '' });
  if (end.kind === 'exited' && messages.some((m) => m.code === EC.temporal))
    return run({ kind: 'violated', what: 'temporal', name: '' });
  const finished = messages.some((m) => m.code === EC.noError) && left === 0;
  if (end.kind === 'exited' && end.code === 0 && finished) return run({ kind: 'ok' });
  return run({ kind: 'failed', outcome: failureOf(child, messages) });
}

function failureOf(child: ChildRun, messages: readonly TlcMessage[]): Outcome {
  const { end } = child;
  const unknown = (
    reason: 'timeout' | 'memory' | 'cancelled' | 'crash',
    message: string,
  ): Outcome => ({ outcome: 'unknown', reason, message, evidence: {} });
  switch (end.kind) {
    case 'timeout':
      return unknown('timeout', 'TLC reached the time limit');
    case 'cancelled':
      return unknown('cancelled', 'the check was cancelled');
    case 'memory':
      return unknown('memory', 'TLC reached the memory limit');
    case 'disk':
      return unknown('memory', 'TLC wrote more to disk than the limit');
    case 'output':
      return unknown('crash', 'TLC printed more than the limit');
    case 'failed':
      return unknown('crash', `Java could not be started: ${end.message}`);
    case 'signalled':
      return unknown('crash', `TLC was killed by ${end.signal}`);
    case 'exited': {
      const room = outOfRoom(messages, child.stdout + child.stderr);
      if (room !== undefined) return unknown('memory', room);
      // SANY prints what it dislikes outside of messages.
      const sany = /\*\*\* Errors?:[\s\S]*?(?=@!@!@|$)/.exec(child.stdout)?.[0] ?? '';
      const text = [
        sany,
        ...messages
          .filter((m) => m.code >= 1000 && m.code < 5000 && !QUIET.has(m.code))
          .map((m) => m.text),
        child.stderr,
      ]
        .join(' ')
        .replace(/\s+/g, ' ')
        .trim();
      return unknown('crash', `TLC ended with exit ${end.code}: ${text.slice(0, 400)}`);
    }
  }
}

/** Messages that tell how the run goes, not what went wrong. */
const QUIET: ReadonlySet<number> = new Set([
  2185, 2401, 2212, 2284, 2279, 2188, 2776, 2269, 2266, 2264, 2279, 2186, 2187, 2189, 2190, 2192,
  2193, 2194, 2199, 2200, 2217, 2218, 2219, 2220, 2262, 2268,
]);

/**
 * Why a completed run is not a proof: the chance that two states shared a fingerprint (SEMANTICS
 * 12).
 */
export function incomplete(messages: readonly TlcMessage[]): string | undefined {
  const text = messages.find((m) => m.code === EC.noError)?.text ?? '';
  const estimates = [...text.matchAll(/val = ([\d.E-]+)/g)].map((m) => Number(m[1]));
  const worst = estimates.reduce((most, each) => Math.max(most, each), 0);
  return worst < 1e-9 ? undefined : `a chance of ${worst} that two states shared a fingerprint`;
}
