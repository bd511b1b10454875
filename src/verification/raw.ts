import { canonicalJson, sha256 } from '../canonical/index.ts';
import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { EC } from '../engines/tlc/output.ts';
import { runRaw, type RawRun } from '../engines/tlc/raw.ts';
import { configurationText, type Specification } from '../frontends/tla/specification.ts';
import type { Evidence, Outcome, PropertyReport, Report, UnknownReason } from '../model/outcome.ts';
import type { Step, Trace } from '../model/trace.ts';
import type { VerifyOptions } from './types.ts';

interface Asked {
  readonly name: string;
  readonly kind: 'invariant' | 'temporal' | 'deadlock' | 'assumption';
}

interface Answered {
  readonly outcome: Outcome;
  readonly run?: RawRun;
}

/**
 * Checks a TLA+ specification as it was submitted: one property for each invariant, each temporal property, deadlock, and the assumptions.
 * The answers are TLC's word. They stay opaque: nothing of ours replays them, and no assurance is claimed (DESIGN 3).
 */
export async function verifySpecification(specification: Specification, options: VerifyOptions, context: { readonly signal: AbortSignal; readonly cacheDir: string }): Promise<Result<Report>> {
  const { root, modules, configuration } = specification;
  const started = performance.now();
  const check = new RawCheck(specification, options, context);
  const failed = await check.run();
  if (failed) return failed;
  const asked = check.asked;
  const wanted = options.properties.length === 0 ? asked : asked.filter((property) => options.properties.includes(property.name));
  const unknown = options.properties.find((name) => !asked.some((property) => property.name === name));
  if (unknown !== undefined) return bad(problem('PROPERTY_UNKNOWN', 'properties', `the configuration names no property \`${unknown}\`; it has ${asked.map((property) => property.name).join(', ')}`));
  const digest = sha256(canonicalJson({ root, modules: Object.fromEntries(modules), configuration: configurationText(configuration, configuration.invariants, configuration.properties) }));
  const durationMs = Math.round((performance.now() - started) * 10) / 10;
  return ok({
    model: { name: root, digest, format: 'tla' },
    properties: wanted.map((property) => reportOf(property, check.answers.get(property.name), check.version, check.distinct, durationMs)),
    assumptions: {
      fairness: [], channels: [], bounds: [...configuration.limits],
      abstractions: [`The answers are those of TLC on the modules as submitted; nothing else has checked them. Sandbox: ${check.sandbox}.`],
    },
  });
}

/** TLC stops at the first thing that breaks: what broke is noted and left out, and the rest is asked again. */
class RawCheck {
  readonly asked: readonly Asked[];
  readonly answers = new Map<string, Answered>();
  version = 'unavailable';
  sandbox = 'none';
  distinct: number | undefined;
  readonly #specification: Specification;
  readonly #options: VerifyOptions;
  readonly #context: { readonly signal: AbortSignal; readonly cacheDir: string };
  readonly #deadline: number;

  constructor(specification: Specification, options: VerifyOptions, context: { readonly signal: AbortSignal; readonly cacheDir: string }) {
    this.#specification = specification;
    this.#options = options;
    this.#context = context;
    this.#deadline = Date.now() + options.timeoutMs;
    const { invariants, properties, checksDeadlock } = specification.configuration;
    this.asked = [
      ...unique(invariants).map((name): Asked => ({ name, kind: 'invariant' })), ...unique(properties).map((name): Asked => ({ name, kind: 'temporal' })),
      ...(checksDeadlock ? [{ name: 'deadlockFree', kind: 'deadlock' } as const] : []), { name: 'assumptions', kind: 'assumption' },
    ];
  }

  async run(): Promise<Result<never> | undefined> {
    let open = [...this.asked];
    while (open.length > 0) {
      let run: RawRun;
      try {
        run = await this.#tlc(open);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'TOOL_UNAVAILABLE') throw error;
        for (const property of open) this.answers.set(property.name, { outcome: { outcome: 'unknown', reason: 'unavailable', message: error.message, evidence: {} } });
        return undefined;
      }
      this.version = run.version;
      this.sandbox = run.sandbox;
      const refused = refusalOf(run, this.#specification);
      if (refused) return refused;
      const broken = this.#broken(run, open);
      if (broken === 'each') {
        // A broken temporal property has no name in what TLC prints: each is asked by itself.
        for (const property of open.filter((found) => found.kind === 'temporal')) await this.#alone(property);
        open = open.filter((found) => found.kind !== 'temporal');
        continue;
      }
      if (broken) {
        this.answers.set(broken.name, { outcome: this.#violated(run, broken), run });
        open = open.filter((property) => property !== broken);
        continue;
      }
      const outcome = this.#finished(run);
      if (outcome.outcome === 'holds' || outcome.outcome === 'bounded') this.distinct ??= run.distinct;
      for (const property of open) this.answers.set(property.name, { outcome, run });
      return undefined;
    }
    return undefined;
  }

  async #alone(property: Asked): Promise<void> {
    const run = await this.#tlc([property]);
    const broken = this.#broken(run, [property]);
    this.answers.set(property.name, { outcome: broken ? this.#violated(run, property) : this.#finished(run), run });
  }

  #tlc(open: readonly Asked[]): Promise<RawRun> {
    const { root, modules, configuration } = this.#specification;
    const names = (kind: Asked['kind']): string[] => open.filter((property) => property.kind === kind).map((property) => property.name);
    const budget = { timeoutMs: this.#options.timeoutMs, memoryMb: this.#options.memoryMb, maxStates: this.#options.maxStates, cacheDir: this.#context.cacheDir };
    return runRaw({ root, modules, configuration: configurationText(configuration, names('invariant'), names('temporal')), deadlock: names('deadlock').length > 0 }, budget, this.#deadline, this.#context.signal);
  }

  #broken(run: RawRun, open: readonly Asked[]): Asked | 'each' | undefined {
    if (run.child.end.kind !== 'exited') return undefined;
    const invariant = run.messages.find((m) => m.code === EC.invariant || m.code === EC.invariantInitial || m.code === INVARIANT_EVALUATED);
    if (invariant) return open.find((property) => (property.kind === 'invariant' || property.kind === 'temporal') && new RegExp(`\\b${property.name}\\b`).test(invariant.text));
    if (run.messages.some((m) => m.code === ASSUMPTION_FALSE)) return open.find((property) => property.kind === 'assumption');
    if (run.messages.some((m) => m.code === EC.deadlock)) return open.find((property) => property.kind === 'deadlock');
    const temporal = open.filter((property) => property.kind === 'temporal');
    const named = run.messages.find((m) => m.code === ACTION_PROPERTY);
    const byName = named && temporal.find((property) => new RegExp(`\\b${property.name}\\b`).test(named.text));
    if (byName) return byName;
    if (!named && !run.messages.some((m) => m.code === EC.temporal)) return undefined;
    return temporal.length > 1 ? 'each' : temporal[0];
  }

  #evidence(run: RawRun): Evidence {
    return { sandbox: run.sandbox, ...(run.distinct === undefined ? {} : { distinctStates: run.distinct }), ...(run.depth === undefined ? {} : { depth: run.distinct === 0 ? 0 : run.depth }) };
  }

  #violated(run: RawRun, property: Asked): Outcome {
    const trace = traceOf(run);
    return { outcome: 'violated', witness: property.kind === 'temporal' && trace?.loopStart !== undefined ? 'lasso' : 'trace', ...(trace ? { trace } : {}), evidence: this.#evidence(run) };
  }

  /** SEMANTICS 12: a completion message, an empty queue, exit 0; and nothing that left out states or took them for each other. */
  #finished(run: RawRun): Outcome {
    const evidence = this.#evidence(run);
    const unknown = (reason: UnknownReason, message: string): Outcome => ({ outcome: 'unknown', reason, message, evidence });
    const { end } = run.child;
    if (end.kind !== 'exited') return unknown(...ENDED[end.kind](end));
    if (/OutOfMemoryError/.test(run.child.stdout + run.child.stderr)) return unknown('memory', 'TLC ran out of memory');
    const success = run.messages.find((m) => m.code === EC.noError);
    if (!success || end.code !== 0 || (run.left ?? 0) !== 0) return unknown('crash', `TLC ended with exit ${end.code}: ${errorText(run).slice(0, 400)}`);
    const { limits, symmetry, properties } = this.#specification.configuration;
    const worst = Math.max(0, ...[...success.text.matchAll(/val = ([\d.E-]+)/g)].map((match) => Number(match[1])));
    const bounds = [...limits, ...(symmetry && properties.length > 0 ? ['SYMMETRY with temporal properties may hide a violation'] : []), ...(worst < 1e-9 ? [] : [`a chance of ${worst} that two states shared a fingerprint`])];
    return bounds.length > 0 ? { outcome: 'bounded', bound: bounds.join('; '), evidence } : { outcome: 'holds', method: 'exhaustive', evidence };
  }
}

type Ended = Exclude<RawRun['child']['end'], { kind: 'exited' }>;

/** What a process that did not exit by itself is worth: never an answer. */
const ENDED: Readonly<Record<Ended['kind'], (end: Ended) => readonly [UnknownReason, string]>> = {
  timeout: () => ['timeout', 'TLC reached the time limit'], cancelled: () => ['cancelled', 'the check was cancelled'], memory: () => ['memory', 'TLC reached the memory limit'],
  output: () => ['crash', 'TLC printed more than the limit'], signalled: (end) => ['crash', `TLC was killed by ${'signal' in end ? end.signal : 'a signal'}`],
  failed: (end) => ['crash', 'message' in end ? end.message : 'it could not be started'],
};

/** `tlc2.output.EC`: an assumption is false; a property that is a step predicate breaks; evaluating an invariant failed. */
const ASSUMPTION_FALSE = 2104;
const ACTION_PROPERTY = 2112;
const INVARIANT_EVALUATED = 2111;

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** What SANY or TLC could not read is the submitter's: with its place, where one is named. */
function refusalOf(run: RawRun, { root, modules }: Specification): Result<never> | undefined {
  if (run.child.end.kind !== 'exited') return undefined;
  const text = errorText(run);
  const parse = run.child.end.code === 150 || run.messages.some((m) => PARSING.has(m.code));
  const config = run.messages.find((m) => m.code >= 2222 && m.code <= 2260 && CONFIGURING.test(m.text));
  if (!parse && !config) return undefined;
  const place = /line (\d+), col(?:umn)? (\d+)(?:[^]{0,200}?(?:of|in) module (\w+))?/.exec(text);
  const module = place?.[3] !== undefined && modules.has(place[3]) ? place[3] : root;
  return bad(problem('TLA_SYNTAX', config && !parse ? 'configuration' : module, text.slice(0, 600), place ? { line: Number(place[1]), column: Number(place[2]) } : {}));
}

const PARSING: ReadonlySet<number> = new Set([3002, 3003, 3004, 4000, 1002]);
const CONFIGURING = /config|CONSTANT|specified|not defined|identifier|Substitution/i;

function errorText(run: RawRun): string {
  const sany = /\*\*\*\s*(?:Errors?|Parse Error)[^]*?(?=@!@!@|$)|Could not parse[^]*?(?=@!@!@|$)|Lexical error[^\n]*/.exec(run.child.stdout)?.[0] ?? '';
  const said = run.messages.filter((m) => (m.code >= 1000 && m.code < 2185) || (m.code > 2220 && m.code < 2262) || m.code >= 3000).map((m) => m.text);
  return [sany, ...said, run.child.stderr].join(' ').replace(/\s+/g, ' ').trim();
}

/** The run that TLC shows, values as it prints them. */
function traceOf(run: RawRun): Trace | undefined {
  const initial = run.messages.find((m) => m.code === EC.invariantInitial);
  const printed = run.messages.filter((m) => m.code === EC.state).map((m) => m.text);
  const texts = initial ? [initial.text.slice(initial.text.indexOf('\n'))] : printed;
  const states = texts.map(assignments);
  const [first] = states;
  if (!first) return undefined;
  const steps = states.slice(1).map((state, i): Step => ({
    action: /<(\w+)/.exec(printed[i + 1]?.split('\n')[0] ?? '')?.[1] ?? 'step', binding: {},
    changed: Object.fromEntries([...state].filter(([name, value]) => states[i]?.get(name) !== value).map(([name, value]) => [name, [states[i]?.get(name) ?? null, value] as const])),
  }));
  const back = /^(\d+): Back to state/.exec(run.messages.find((m) => m.code === EC.backTo)?.text ?? '')?.[1];
  const stutters = run.messages.some((m) => m.code === EC.loop);
  const loop = stutters ? steps.length : back === undefined ? undefined : Number(back) - 1;
  return { params: {}, initial: Object.fromEntries(first), steps, ...(loop === undefined ? {} : { loopStart: loop }) };
}

/** `/\ x = 1` line by line; a value may go on over several lines. */
function assignments(text: string): Map<string, string> {
  const body = text.replace(/^\d+: <[^\n]*>\n?|^\d+: [^\n]*\n/, '').trim();
  const parts = body.startsWith('/\\') ? body.split(/\n?\/\\ (?=\w+ = )/).slice(1) : [body];
  return new Map(parts.flatMap((part): [string, string][] => {
    const found = /^(\w+) = ([^]*)$/.exec(part.trim());
    return found ? [[found[1] ?? '', (found[2] ?? '').replace(/\s+/g, ' ').trim()]] : [];
  }));
}

function reportOf(property: Asked, answered: Answered | undefined, version: string, distinct: number | undefined, durationMs: number): PropertyReport {
  const outcome = answered?.outcome ?? { outcome: 'unknown', reason: 'crash', message: 'TLC gave no answer', evidence: {} } as const;
  const states = answered?.run?.distinct ?? distinct;
  const base = {
    name: property.name, kind: property.kind, assurance: [], threats: [], evidence: outcome.evidence,
    engines: [{ name: 'tlc', version, outcome: outcome.outcome, ...(outcome.outcome === 'unknown' ? { reason: outcome.reason, message: outcome.message } : {}), ...(states === undefined ? {} : { states }), durationMs }],
  };
  switch (outcome.outcome) {
    case 'holds':
      return { ...base, outcome: 'holds', method: outcome.method };
    case 'bounded':
      return { ...base, outcome: 'bounded', bound: outcome.bound };
    case 'violated':
      return { ...base, outcome: 'violated', witness: outcome.witness, ...(outcome.trace ? { trace: outcome.trace } : {}) };
    case 'unknown':
      return { ...base, outcome: 'unknown', reason: outcome.reason, message: outcome.message };
  }
}
