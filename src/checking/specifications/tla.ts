import { canonicalJson } from '../../canonical/index.ts';
import { bad, Fault, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { listed } from '../../errors/nearest.ts';
import { EC } from '../../engines/tlc/output.ts';
import { runSpecification, type SpecificationRun } from '../../engines/tlc/specification.ts';
import {
  configurationText,
  withoutComments,
  type Specification,
} from '../../frontends/tla/specification.ts';
import type { EngineProgress } from '../../model/engine.ts';
import type {
  Evidence,
  Outcome,
  PropertyReport,
  Report,
  UnknownReason,
} from '../../model/outcome.ts';
import { withLack } from '../assurance.ts';
import type { CheckContext } from '../context.ts';
import { tlaOf, type TlaDocument } from './tlaDocument.ts';
import { askedOf } from './tlaQuestions.ts';
import { readingOf, refusalOf, specificationTraceOf, type Asked } from './tlaReading.ts';
import type { CheckOptions } from '../types.ts';
import type { PropertyKind } from '../../model/propertyKinds.ts';

interface Answered {
  readonly outcome: Outcome;
  readonly run?: SpecificationRun;
}

export interface SpecificationContext {
  readonly signal: AbortSignal;
  readonly cacheDir: string;
  onProgress?(progress: EngineProgress): void;
}

/**
 * Checks a TLA+ specification as it was submitted: one property for each invariant, each temporal
 * property, deadlock, the assertions (`Assert`) where there are some, and the assumptions. The
 * answers are TLC's word. They stay opaque: nothing of ours replays them, and no assurance is
 * claimed (DESIGN 3).
 */
export async function checkTla(
  specification: Specification,
  digest: string,
  options: CheckOptions,
  context: SpecificationContext,
): Promise<Result<Report>> {
  const { root, configuration } = specification;
  const started = performance.now();
  const check = new SpecificationCheck(specification, options, context);
  const refused = await check.run();
  if (refused) return bad(refused);
  const asked = askedOf(specification);
  const wanted =
    options.properties.length === 0
      ? asked
      : asked.filter((property) => options.properties.includes(property.name));
  const unknown = options.properties.find(
    (name) => !asked.some((property) => property.name === name),
  );
  if (unknown !== undefined)
    return bad(
      problem(
        'PROPERTY_UNKNOWN',
        'properties',
        `the configuration names no property \`${unknown}\`; it has ${listed(
          asked.map((property) => property.name),
          unknown,
        )}`,
      ),
    );
  const durationMs = Math.round((performance.now() - started) * 10) / 10;
  return ok({
    model: { name: root, digest, format: 'tla' },
    properties: wanted
      .map((property) =>
        reportOf(
          property,
          property.kind === 'postcondition' ? NO_POSTCONDITION : check.answers.get(property.name),
          check.version,
          check.distinct,
          durationMs,
        ),
      )
      .map((report) => withLack(report, options.assurance ?? [])),
    assumptions: {
      fairness: [],
      channels: [],
      bounds: [...configuration.limits],
      abstractions: [
        `The answers are those of TLC on the modules as submitted; nothing else has checked them. Sandbox: ${check.sandbox}.`,
        ...configuration.notes,
      ],
    },
  });
}

/** The same of a document; the report, as nothing else becomes of it. */
export async function checkTlaDocument(
  document: TlaDocument,
  digest: string,
  options: CheckOptions,
  context: CheckContext,
): Promise<Result<Report>> {
  const specification = await tlaOf(document);
  return specification.ok
    ? checkTla(specification.value, digest, options, {
        ...context,
        onProgress: (progress) => context.onProgress({ engine: 'tlc', ...progress }),
      })
    : specification;
}

const NO_POSTCONDITION: Answered = {
  outcome: {
    outcome: 'unknown',
    reason: 'unsupported',
    message: 'this TLC knows no POSTCONDITION; the rest was checked without it',
    evidence: {},
  },
};

const UNDER_SYMMETRY: Outcome = {
  outcome: 'unknown',
  reason: 'unsupported',
  message:
    'a temporal property under SYMMETRY, where TLC may both miss a violation and show one that is none; take SYMMETRY out of the configuration and ask again (an invariant may keep it)',
  evidence: {},
};

/**
 * TLC stops at the first thing that breaks: what broke is noted and left out, and the rest is asked
 * again.
 */
class SpecificationCheck {
  readonly asked: readonly Asked[];
  readonly answers = new Map<string, Answered>();
  version = 'unavailable';
  sandbox = 'none';
  distinct: number | undefined;
  readonly #specification: Specification;
  readonly #options: CheckOptions;
  readonly #context: SpecificationContext;
  readonly #deadline: number;

  constructor(specification: Specification, options: CheckOptions, context: SpecificationContext) {
    this.#specification = specification;
    this.#options = options;
    this.#context = context;
    this.#deadline = Date.now() + options.timeoutMs;
    this.asked = askedOf(specification).filter(
      (property): property is Asked => property.kind !== 'postcondition',
    );
  }

  async run(): Promise<Problem | undefined> {
    let open = this.#answerable();
    while (open.length > 0) {
      const run = await this.#tlc(open);
      if (!run) return undefined;
      const refused = refusalOf(run, this.#specification);
      if (refused) return refused;
      const read = readingOf(run, open);
      switch (read.kind) {
        case 'violated':
          this.answers.set(read.which.name, { outcome: this.#violated(run, read.which), run });
          open = open.filter((property) => property !== read.which);
          if (!STOPS[read.which.kind]) break;
          for (const property of open)
            this.#note(property, run, 'crash', `not answered: ${STOPS[read.which.kind]}`);
          return undefined;
        case 'some':
          for (const property of open.filter((found) => found.kind === 'temporal'))
            await this.#alone(property);
          open = open.filter((found) => found.kind !== 'temporal');
          break;
        case 'failed': {
          const { which } = read;
          for (const property of which ? [which] : open)
            this.#note(property, run, read.reason, read.message);
          if (!which) return undefined;
          open = open.filter((property) => property !== which);
          break;
        }
        case 'finished': {
          if (this.#behaves() && run.distinct === 0)
            return problem(
              'INIT_EMPTY',
              this.#specification.root,
              'no state satisfies the initial predicate: whatever is asked, it would hold',
            );
          this.distinct ??= run.distinct;
          for (const property of open)
            this.answers.set(property.name, { outcome: this.#holds(run, property), run });
          return undefined;
        }
      }
    }
    return undefined;
  }

  /**
   * Under SYMMETRY, TLC's liveness search is wrong both ways: permuted states are one node, and its
   * loops may be no loops of any run. A temporal property is not asked then, in any run, so that
   * the others are answered as if it were not there (SEMANTICS 12).
   */
  #answerable(): Asked[] {
    const { symmetry } = this.#specification.configuration;
    const isLost = (property: Asked): boolean => symmetry && property.kind === 'temporal';
    for (const { name } of this.asked.filter(isLost))
      this.answers.set(name, { outcome: UNDER_SYMMETRY });
    return this.asked.filter((property) => !isLost(property));
  }

  #behaves(): boolean {
    return /\b(SPECIFICATION|INIT)\b/.test(withoutComments(this.#specification.configuration.rest));
  }

  /** A broken temporal property has no name in what TLC prints: each is asked by itself. */
  async #alone(property: Asked): Promise<void> {
    const run = await this.#tlc([property]);
    if (!run) return;
    const read = readingOf(run, [property]);
    if (read.kind === 'failed') this.#note(property, run, read.reason, read.message);
    else
      this.answers.set(property.name, {
        outcome:
          read.kind === 'finished' ? this.#holds(run, property) : this.#violated(run, property),
        run,
      });
  }

  /** Nothing comes back where TLC is not there: all that is open is then unknown. */
  async #tlc(open: readonly Asked[]): Promise<SpecificationRun | undefined> {
    const { root, modules, configuration } = this.#specification;
    const names = (kind: Asked['kind']): string[] =>
      open.filter((property) => property.kind === kind).map((property) => property.name);
    const budget = {
      timeoutMs: this.#options.timeoutMs,
      memoryMb: this.#options.memoryMb,
      maxStates: this.#options.maxStates,
      cacheDir: this.#context.cacheDir,
    };
    const input = {
      root,
      modules,
      configuration: configurationText(configuration, names('invariant'), names('temporal')),
      deadlock: names('deadlock').length > 0,
    };
    try {
      const run = await runSpecification(
        input,
        budget,
        this.#deadline,
        this.#context.signal,
        this.#context.onProgress,
      );
      [this.version, this.sandbox] = [run.version, run.sandbox];
      return run;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'TOOL_UNAVAILABLE') throw error;
      for (const property of this.asked)
        if (!this.answers.has(property.name))
          this.answers.set(property.name, {
            outcome: {
              outcome: 'unknown',
              reason: 'unavailable',
              message: error.message,
              evidence: {},
            },
          });
      return undefined;
    }
  }

  #note(property: Asked, run: SpecificationRun, reason: UnknownReason, message: string): void {
    this.answers.set(property.name, {
      outcome: { outcome: 'unknown', reason, message, evidence: this.#evidence(run) },
      run,
    });
  }

  /**
   * The depth is that of a search by one worker: of a shortest path to the farthest state. With
   * several, TLC's own differs from run to run.
   */
  #evidence(run: SpecificationRun): Evidence {
    return {
      sandbox: run.sandbox,
      jar: `sha256:${run.jarSha256}`,
      ...(run.distinct === undefined ? {} : { distinctStates: run.distinct }),
      ...(run.generated === undefined ? {} : { statesGenerated: run.generated }),
      ...(run.depth === undefined ? {} : { depth: run.distinct === 0 ? 0 : run.depth }),
    };
  }

  #violated(run: SpecificationRun, property: Asked): Outcome {
    const found = specificationTraceOf(run);
    const trace = found && canonicalJson(found).length <= MAX_TRACE ? found : undefined;
    const evidence = {
      ...this.#evidence(run),
      ...(found && !trace ? { traceLeftOut: `longer than ${MAX_TRACE} characters` } : {}),
    };
    return {
      outcome: 'violated',
      witness: property.kind === 'temporal' && found?.loopStart !== undefined ? 'lasso' : 'trace',
      ...(trace ? { trace } : {}),
      evidence,
    };
  }

  /**
   * A finished run is a proof only where nothing left out states or took them for each other
   * (SEMANTICS 12). Assumptions speak of constants: no state that was left out can break one.
   */
  #holds(run: SpecificationRun, { kind }: Asked): Outcome {
    const evidence = this.#evidence(run);
    if (kind === 'assumption') return { outcome: 'holds', method: 'exhaustive', evidence };
    const { limits } = this.#specification.configuration;
    const estimates =
      run.messages.find((m) => m.code === EC.noError)?.text.matchAll(/val = ([\d.E-]+)/g) ?? [];
    const worst = [...estimates].reduce((most, match) => Math.max(most, Number(match[1])), 0);
    const bounds = [
      ...limits,
      ...(worst < 1e-9 ? [] : [`a chance of ${worst} that two states shared a fingerprint`]),
    ];
    return bounds.length > 0
      ? { outcome: 'bounded', bound: bounds.join('; '), evidence }
      : { outcome: 'holds', method: 'exhaustive', evidence };
  }
}

/** A trace that is longer is nothing that anybody reads, and everybody would have to carry. */
const MAX_TRACE = 4 * 1024 * 1024;

/** What stops every run, whatever else is asked: it is in the modules, not in the configuration. */
const STOPS: Readonly<Partial<Record<Asked['kind'], string>>> = {
  assumption: 'an assumption is false',
  assertion: 'every run stops at the assertion that fails',
};

function reportOf(
  property: { readonly name: string; readonly kind: PropertyKind },
  answered: Answered | undefined,
  version: string,
  distinct: number | undefined,
  durationMs: number,
): PropertyReport {
  const outcome =
    answered?.outcome ??
    ({ outcome: 'unknown', reason: 'crash', message: 'TLC gave no answer', evidence: {} } as const);
  const states = answered?.run?.distinct ?? distinct;
  const base = {
    name: property.name,
    kind: property.kind,
    assurance: [],
    threats: [],
    evidence: outcome.evidence,
    engines: [
      {
        name: 'tlc',
        version,
        outcome: outcome.outcome,
        ...(outcome.outcome === 'unknown'
          ? { reason: outcome.reason, message: outcome.message }
          : {}),
        ...(states === undefined ? {} : { states }),
        durationMs,
      },
    ],
  };
  switch (outcome.outcome) {
    case 'holds':
      return { ...base, outcome: 'holds', method: outcome.method };
    case 'bounded':
      return { ...base, outcome: 'bounded', bound: outcome.bound };
    case 'violated':
      return {
        ...base,
        outcome: 'violated',
        witness: outcome.witness,
        ...(outcome.trace ? { trace: outcome.trace } : {}),
      };
    case 'unknown':
      return { ...base, outcome: 'unknown', reason: outcome.reason, message: outcome.message };
  }
}
