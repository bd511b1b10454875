import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeState } from '../../encode/tla/decode.ts';
import { printModule, type TlaModule, type TlaProperty } from '../../encode/tla/module.ts';
import {
  boundUnproved,
  type Budget,
  type Engine,
  type EngineProgress,
  type EngineResult,
  type Task,
} from '../../model/engine.ts';
import { sampleBound, sampled, sampledNames, valuations } from '../../model/initial.ts';
import { liftRun } from '../../model/lift.ts';
import { ERROR_BIT } from '../../model/semantics.ts';
import type { Artifact, Evidence, Outcome } from '../../model/outcome.ts';
import { scratchFolder } from '../../processes/scratch.ts';
import type { Time } from '../../time/time.ts';
import { refuses } from './refusals.ts';
import { runTlc, type TlcChild } from './jvm.ts';
import { EC, parseState } from './output.ts';
import { isSmall } from './size.ts';
import { MAX_DISK_MB } from './specification.ts';
import { toolchain, type Toolchain } from './toolchain.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';
import { incomplete, readRun, type TlcRun } from './readRun.ts';
import { configText, type Constraint, constraintText, startsOf } from './configuration.ts';

/** TLC, the model checker of TLA+ (Yu, Manolios and Lamport 1999), over a module that we print. */
export const tlc: Engine = {
  name: 'tlc',
  version: async (cacheDir) => {
    const tools = await toolchain(cacheDir);
    return `TLC jar sha256:${tools.jarSha256.slice(0, 12)} on Java ${tools.javaVersion}`;
  },
  refuses,
  run: async (task, budget, time, onProgress) =>
    new TlcCheck(task, budget, time, onProgress, await toolchain(budget.cacheDir)).run(),
};

class TlcCheck {
  readonly #task: Task;
  readonly #budget: Budget;
  readonly #time: Time;
  readonly #onProgress: (progress: EngineProgress) => void;
  readonly #tools: Toolchain;
  readonly #module: TlaModule;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #artifacts: Artifact[] = [];
  #folder = '';
  #distinct: number | undefined;

  constructor(
    task: Task,
    budget: Budget,
    time: Time,
    onProgress: (progress: EngineProgress) => void,
    tools: Toolchain,
  ) {
    this.#task = task;
    this.#budget = budget;
    this.#time = time;
    this.#onProgress = onProgress;
    this.#tools = tools;
    this.#module = printModule(task.semantics, task.properties);
  }

  async run(): Promise<EngineResult> {
    this.#folder = await scratchFolder('tlc');
    try {
      await writeFile(join(this.#folder, `${this.#module.name}.tla`), this.#module.text);
      this.#artifacts.push({
        name: `tlc/${this.#module.name}.tla`,
        mediaType: 'text/x-tlaplus',
        text: this.#module.text,
      });
      const of = (as: TlaProperty['as']): TlaProperty[] =>
        this.#module.properties.filter((p) => p.as === as);
      await this.#together([...of('invariant'), ...of('deadlock')], of('temporal'));
      for (const p of of('reachable'))
        this.#outcomes.set(p.property.name, await this.#reachable(p));
      boundUnproved(this.#outcomes);
      const errorFree = IMPLICIT_KINDS.every(
        (kind) => this.#outcomes.get(kind)?.outcome !== 'violated',
      );
      return {
        outcomes: this.#outcomes,
        artifacts: this.#artifacts,
        ...(this.#distinct === undefined || !errorFree ? {} : { states: this.#distinct }),
      };
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /**
   * Everything in one process as long as nothing breaks. TLC stops at the first violation: what
   * broke is noted and left out, and the rest is asked again. A broken temporal property has no
   * name in TLC's output, so then each is asked by itself.
   */
  async #together(open: readonly TlaProperty[], temporal: readonly TlaProperty[]): Promise<void> {
    let remaining = [...open];
    let together = [...temporal];
    while (remaining.length + together.length > 0) {
      const run = await this.#tlc(remaining, together);
      const { verdict } = run;
      if (verdict.kind === 'failed') {
        for (const p of [...remaining, ...together])
          this.#outcomes.set(p.property.name, verdict.outcome);
        return;
      }
      if (verdict.kind === 'ok') {
        this.#distinct ??= run.distinct;
        for (const p of [...remaining, ...together])
          this.#outcomes.set(p.property.name, this.#holds(run));
        return;
      }
      if (verdict.what === 'temporal') {
        const [only] = together;
        if (together.length === 1 && only) this.#outcomes.set(only.property.name, this.#lasso(run));
        else for (const p of together) await this.#together([], [p]);
        together = [];
        continue;
      }
      const broken =
        verdict.what === 'deadlock'
          ? remaining.filter((p) => p.as === 'deadlock')
          : remaining.filter((p) => p.name === verdict.name);
      if (broken.length === 0)
        throw new Error(
          `TLC names a violated ${verdict.what} ${verdict.name} that it was not asked for`,
        );
      for (const p of broken) this.#outcomes.set(p.property.name, this.#violated(run));
      remaining = remaining.filter((p) => !broken.includes(p));
    }
  }

  /**
   * EF: the violation of "never" is the witness; without parameters one run, else one for each
   * valuation.
   */
  async #reachable(p: TlaProperty): Promise<Outcome> {
    let first: Outcome | undefined;
    for (const constraint of this.#valuationConstraints()) {
      const run = await this.#tlc([p], [], constraint);
      if (run.verdict.kind === 'failed') return run.verdict.outcome;
      if (run.verdict.kind === 'ok') {
        if (await this.#mayErr(constraint))
          return {
            outcome: 'bounded',
            bound: 'runs that break no implicit property',
            evidence: this.#evidence(run),
          };
        const { variables } = sampled(this.#task.semantics);
        if (variables.length > 0)
          return {
            outcome: 'bounded',
            bound: sampleBound(variables),
            evidence: this.#evidence(run),
          };
        const start = this.#startOf(constraint?.valuation ?? []);
        return {
          outcome: 'violated',
          witness: 'exhaustion',
          ...(start ? { trace: start } : {}),
          evidence: this.#evidence(run),
        };
      }
      const reached = this.#violated(run);
      if (reached.outcome !== 'violated') return reached;
      first ??= {
        outcome: 'holds',
        method: 'witness',
        ...(reached.trace ? { trace: reached.trace } : {}),
        evidence: reached.evidence,
      };
    }
    const { parameters } = sampled(this.#task.semantics);
    if (parameters.length > 0)
      return { outcome: 'bounded', bound: sampleBound(parameters), evidence: {} };
    return (
      first ?? {
        outcome: 'unknown',
        reason: 'crash',
        message: 'there is no valuation to look at',
        evidence: {},
      }
    );
  }

  /** Whether some implicit property breaks under one valuation. */
  async #mayErr(constraint: Constraint | undefined): Promise<boolean> {
    if (!this.#module.mayErr) return false;
    const module = printModule(
      this.#task.semantics,
      this.#task.semantics.model.properties.filter((p) => p.formula.kind === 'implicit'),
    );
    const run = await this.#tlc(module.properties, [], constraint, module);
    return run.verdict.kind !== 'ok';
  }

  #valuationConstraints(): (Constraint | undefined)[] {
    const { parameters } = this.#task.semantics.layout;
    if (parameters.length === 0) return [undefined];
    return [...valuations(this.#task.semantics)].map((valuation) => ({
      valuation,
      text: this.#task.semantics.layout.parameters
        .map((block) => constraintText(this.#task, this.#module, block.name, valuation))
        .join(' /\\ '),
    }));
  }

  #startOf(valuation: readonly number[]): ReturnType<typeof liftRun> {
    for (const start of startsOf(this.#task.semantics, valuation))
      return liftRun(this.#task.semantics, { states: [start] });
    return undefined;
  }

  async #tlc(
    invariants: readonly TlaProperty[],
    temporal: readonly TlaProperty[],
    constraint?: Constraint,
    module: TlaModule = this.#module,
  ): Promise<TlcRun> {
    const number = this.#artifacts.length;
    const name = `${module.name}${number}`;
    const config = configText(invariants, temporal);
    // A valuation is fixed in a module of its own, so that the printed one stays as it is.
    const text = module.text
      .replace(`MODULE ${module.name} `, `MODULE ${name} `)
      .replace(
        /\n====\n$/,
        constraint ? `\nInitHere == Init /\\ ${constraint.text}\n====\n` : '\n====\n',
      );
    await writeFile(join(this.#folder, `${name}.tla`), text);
    const cfg = constraint
      ? config.replace('SPECIFICATION Spec', 'INIT InitHere\nNEXT Next')
      : config;
    await writeFile(join(this.#folder, `${name}.cfg`), cfg);
    this.#artifacts.push({ name: `tlc/${name}.cfg`, mediaType: 'text/x-tlaplus-cfg', text: cfg });
    const deadlock = invariants.some((p) => p.as === 'deadlock');
    const child = await this.#java(name, deadlock);
    return readRun(child, invariants);
  }

  async #java(name: string, deadlock: boolean): Promise<TlcChild> {
    const small = await isSmall(this.#task.semantics, this.#time);
    const limits = {
      ...this.#time,
      memoryMb: this.#budget.memoryMb,
      diskMb: MAX_DISK_MB,
    };
    return runTlc(
      this.#tools,
      this.#budget.cacheDir,
      { folder: this.#folder, config: `${name}.cfg`, module: name, deadlock, isSmall: small },
      limits,
      this.#onProgress,
    );
  }

  #evidence(run: TlcRun): Evidence {
    return {
      module: `tlc/${this.#module.name}.tla`,
      jar: `sha256:${this.#tools.jarSha256}`,
      jvm: run.jvm,
      ...(run.distinct === undefined ? {} : { distinctStates: run.distinct }),
    };
  }

  #holds(run: TlcRun): Outcome {
    const names = sampledNames(this.#task.semantics);
    if (names.length > 0)
      return {
        outcome: 'bounded',
        bound: sampleBound(names),
        evidence: this.#evidence(run),
      };
    const why = incomplete(run.messages);
    if (why !== undefined) return { outcome: 'bounded', bound: why, evidence: this.#evidence(run) };
    return { outcome: 'holds', method: 'exhaustive', evidence: this.#evidence(run) };
  }

  /**
   * TLC's states as rows, lifted by `semantics`; a run that is none of the model is `unreplayable`.
   */
  #violated(run: TlcRun): Outcome {
    const decoded = run.messages
      .filter((m) => m.code === EC.state)
      .map((m) => decodeState(this.#task.semantics.layout, this.#module, parseState(m.text)));
    const erring = decoded.findIndex((s) => s.errors.length > 0);
    const states = (erring < 0 ? decoded : decoded.slice(0, Math.max(1, erring))).map(
      (s) => s.state,
    );
    const errors =
      erring <= 0
        ? undefined
        : (decoded[erring]?.errors ?? []).reduce(
            (bits, kind) => bits | (ERROR_BIT[kind as keyof typeof ERROR_BIT] ?? 0),
            0,
          );
    return this.#asViolation(
      'trace',
      liftRun(this.#task.semantics, { states, error: errors }),
      run,
    );
  }

  #lasso(run: TlcRun): Outcome {
    const states = run.messages
      .filter((m) => m.code === EC.state)
      .map((m) => decodeState(this.#task.semantics.layout, this.#module, parseState(m.text)).state);
    const back = run.messages.find((m) => m.code === EC.backTo);
    const stutters = run.messages.some((m) => m.code === EC.loop);
    const loopStart = stutters
      ? states.length - 1
      : Number(/^(\d+): Back to state/.exec(back?.text ?? '')?.[1] ?? 0) - 1;
    if (!stutters && states[loopStart]) states.push(states[loopStart]);
    return this.#asViolation('lasso', liftRun(this.#task.semantics, { states, loopStart }), run);
  }

  #asViolation(
    witness: 'trace' | 'lasso',
    trace: ReturnType<typeof liftRun>,
    run: TlcRun,
  ): Outcome {
    if (trace) return { outcome: 'violated', witness, trace, evidence: this.#evidence(run) };
    return {
      outcome: 'unknown',
      reason: 'unreplayable',
      message: 'TLC shows a violation whose states are no run of the model',
      evidence: this.#evidence(run),
    };
  }
}
