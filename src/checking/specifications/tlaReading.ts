import { problem, type Problem } from '../../errors/index.ts';
import { EC, outOfRoom } from '../../engines/tlc/output.ts';
import type { SpecificationRun } from '../../engines/tlc/specification.ts';
import type { Specification } from '../../frontends/tla/specification.ts';
import type { UnknownReason } from '../../model/outcome.ts';
import type { Step, Trace } from '../../model/trace.ts';

/** One thing that TLC is asked of a specification. */
export interface Asked {
  readonly name: string;
  readonly kind: 'invariant' | 'temporal' | 'deadlock' | 'assertion' | 'assumption';
}

/**
 * What one run of TLC says. It stops at the first thing that breaks; `failed` is something that it
 * could not evaluate, and `which` is what that was, where TLC names it; `some` is a broken temporal
 * property, which has no name in what TLC prints.
 */
export type TlcReading =
  | { readonly kind: 'finished' }
  | { readonly kind: 'violated'; readonly which: Asked }
  | { readonly kind: 'some' }
  | {
      readonly kind: 'failed';
      readonly which?: Asked;
      readonly reason: UnknownReason;
      readonly message: string;
    };

/** The texts that name a property, by the message that carries them (`tlc2.output.MP`). */
const NAMED: readonly (readonly [number, RegExp, 'violated' | 'failed'])[] = [
  [EC.invariant, /^Invariant (.+?) is violated/, 'violated'],
  [EC.invariantInitial, /^Invariant (.+?) is violated/, 'violated'],
  [EC.propertyInitial, /^Property (.+?) is violated/, 'violated'],
  [EC.actionProperty, /^Action property (.+?) is violated/, 'violated'],
  [EC.invariantFailed, /^Evaluating invariant (.+?) failed/, 'failed'],
  [EC.actionPropertyFailed, /^Evaluating action property (.+?) failed/, 'failed'],
];

/** What a run says of the properties that were asked. */
export function readingOf(run: SpecificationRun, open: readonly Asked[]): TlcReading {
  const { end } = run.child;
  if (end.kind !== 'exited') return { kind: 'failed', ...ENDED[end.kind](end) };
  const room = outOfRoom(run.messages, run.child.stdout + run.child.stderr);
  if (room !== undefined) return { kind: 'failed', reason: 'memory', message: room };
  const temporal = open.filter((property) => property.kind === 'temporal');
  const oneOf = (kind: Asked['kind']): TlcReading | undefined => {
    const which = open.find((property) => property.kind === kind);
    return which && { kind: 'violated', which };
  };
  for (const [code, pattern, kind] of NAMED) {
    const said = run.messages.find((m) => m.code === code);
    if (!said) continue;
    const name = pattern.exec(said.text)?.[1];
    const which = open.find(
      (property) =>
        property.name === name && (property.kind === 'invariant' || property.kind === 'temporal'),
    );
    if (which) return kind === 'violated' ? { kind, which } : { kind, which, ...evaluation(run) };
    // A conjunct of a property is named by its place in the module.
    if (kind === 'violated' && temporal.length > 0)
      return temporal.length > 1 ? { kind: 'some' } : { kind, which: temporal[0] as Asked };
  }
  const has = (code: number): boolean => run.messages.some((m) => m.code === code);
  const broken =
    (has(EC.assumptionFalse) && oneOf('assumption')) ||
    (has(EC.assertion) && oneOf('assertion')) ||
    (has(EC.deadlock) && oneOf('deadlock'));
  if (broken) return broken;
  if (has(EC.temporal) && temporal.length > 0)
    return temporal.length > 1
      ? { kind: 'some' }
      : { kind: 'violated', which: temporal[0] as Asked };
  // SEMANTICS 12: a completion message, an empty queue, exit 0.
  if (has(EC.noError) && end.code === 0 && run.left === 0) return { kind: 'finished' };
  return { kind: 'failed', ...evaluation(run) };
}

function evaluation(run: SpecificationRun): {
  readonly reason: UnknownReason;
  readonly message: string;
} {
  const { end } = run.child;
  const reason = run.messages.some((m) => m.code === CANNOT_HANDLE) ? 'unsupported' : 'crash';
  return {
    reason,
    message: `TLC ended with exit ${end.kind === 'exited' ? end.code : '?'}: ${errorText(run).slice(0, 600)}`,
  };
}

/** `TLC_LIVE_CANNOT_HANDLE_FORMULA`. */
const CANNOT_HANDLE = 2213;

type Ended = Exclude<SpecificationRun['child']['end'], { kind: 'exited' }>;

/** What a process that did not exit by itself is worth: never an answer. */
const ENDED: Readonly<
  Record<
    Ended['kind'],
    (end: Ended) => { readonly reason: UnknownReason; readonly message: string }
  >
> = {
  timeout: () => ({ reason: 'timeout', message: 'TLC reached the time limit' }),
  cancelled: () => ({ reason: 'cancelled', message: 'the check was cancelled' }),
  memory: () => ({ reason: 'memory', message: 'TLC reached the memory limit' }),
  disk: () => ({ reason: 'memory', message: 'TLC wrote more to disk than the limit' }),
  output: () => ({ reason: 'crash', message: 'TLC printed more than the limit' }),
  signalled: (end) => ({
    reason: 'crash',
    message: `TLC was killed by ${'signal' in end ? end.signal : 'a signal'}`,
  }),
  failed: (end) => ({
    reason: 'crash',
    message: 'message' in end ? end.message : 'it could not be started',
  }),
};

/** What SANY or TLC could not read is the submitter's: with its place, where one is named. */
export function refusalOf(
  run: SpecificationRun,
  { root, modules }: Specification,
): Problem | undefined {
  if (run.child.end.kind !== 'exited') return undefined;
  const text = errorText(run);
  const parse = run.child.end.code === 150 || run.messages.some((m) => PARSING.has(m.code));
  const config = run.messages.some(
    (m) =>
      m.code === EC.notStatePredicate ||
      (m.code >= 2222 && m.code <= 2260 && CONFIGURING.test(m.text)) ||
      (m.code >= 5001 && m.code <= 5006) ||
      (m.code === EC.general && /ConfigFileException/.test(m.text)),
  );
  if (!parse && !config) return undefined;
  const place = /line (\d+), col(?:umn)? (\d+)(?:[^]{0,200}?(?:of|in) module (\w+))?/.exec(text);
  const module = place?.[3] !== undefined && modules.has(place[3]) ? place[3] : root;
  return problem(
    'TLA_SYNTAX',
    config && !parse ? 'configuration' : module,
    text.slice(0, 600),
    place ? { line: Number(place[1]), column: Number(place[2]) } : {},
  );
}

const PARSING: ReadonlySet<number> = new Set([3002, 3003, 3004, 4000]);
const CONFIGURING = /config|CONSTANT|specified|not defined|identifier|Substitution/i;

function errorText(run: SpecificationRun): string {
  const sany =
    /\*\*\*\s*(?:Errors?|Parse Error)[^]*?(?=@!@!@|$)|Could not parse[^]*?(?=@!@!@|$)|Lexical error[^\n]*/.exec(
      run.child.stdout,
    )?.[0] ?? '';
  const said = run.messages
    .filter(
      (m) =>
        (m.code >= 1000 && m.code < 2185) ||
        (m.code > 2220 && m.code < 2262) ||
        (m.code >= 3000 && m.code < 6000),
    )
    .map((m) => m.text);
  return [sany, ...said, run.child.stderr]
    .join(' ')
    .replace(/@!@!@\w+ \d+(?::\d+)? @!@!@/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The run that TLC shows, values as it prints them. */
export function specificationTraceOf(run: SpecificationRun): Trace | undefined {
  const initial = run.messages.find(
    (m) => m.code === EC.invariantInitial || m.code === EC.propertyInitial,
  );
  const printed = run.messages.filter((m) => m.code === EC.state).map((m) => m.text);
  const texts = initial ? [initial.text.slice(initial.text.indexOf('\n'))] : printed;
  const states = texts.map(assignments);
  const [first] = states;
  if (!first) return undefined;
  const steps = states.slice(1).map((state, i): Step => ({
    action: /<(\w+)/.exec(printed[i + 1]?.split('\n')[0] ?? '')?.[1] ?? 'step',
    binding: {},
    changed: Object.fromEntries(
      [...state]
        .filter(([name, value]) => states[i]?.get(name) !== value)
        .map(([name, value]) => [name, [states[i]?.get(name) ?? null, value] as const]),
    ),
  }));
  const back = /^(\d+): Back to state/.exec(
    run.messages.find((m) => m.code === EC.backTo)?.text ?? '',
  )?.[1];
  const stutters = run.messages.some((m) => m.code === EC.loop);
  const loop = stutters ? steps.length : back === undefined ? undefined : Number(back) - 1;
  return {
    params: {},
    initial: Object.fromEntries(first),
    steps,
    ...(loop === undefined ? {} : { loopStart: loop }),
  };
}

/** `/\ x = 1` line by line; a value may go on over several lines. */
function assignments(text: string): Map<string, string> {
  const body = text.replace(/^\d+: <[^\n]*>\n?|^\d+: [^\n]*\n/, '').trim();
  const parts = body.startsWith('/\\') ? body.split(/(?:^|\n)\/\\ (?=\w+ = )/).slice(1) : [body];
  return new Map(
    parts.flatMap((part): [string, string][] => {
      const found = /^(\w+) = ([^]*)$/.exec(part.trim());
      return found ? [[found[1] ?? '', (found[2] ?? '').replace(/\s+/g, ' ').trim()]] : [];
    }),
  );
}
