import type { SmtSystem } from '../../encode/smt/system.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../encode/smt/terms.ts';
import { definitions } from './bmc.ts';
import { type SessionLimits, Z3Session } from './session.ts';

/**
 * How far an invariant has to look back to be kept: `steps` states in a row satisfy it, then the
 * next one does.
 */
export interface Depth {
  readonly steps: number;
  /**
   * Whether these states, and the next one, are known to be all different: a shortest way to
   * somewhere never meets a state twice.
   */
  readonly distinct: boolean;
}

export const ONE_STEP: Depth = { steps: 1, distinct: false };

/** Nobody looks for a longer one, and nobody proves a longer one again. */
export const MAX_STEPS = 16;

const QUERY_MS = 5_000;

/**
 * Looks for the least k for which `good` is k-inductive (Sheeran, Singh and Stålmarck 2000): no run
 * reaches a state that is not good within k − 1 steps, and k good states in a row are followed by
 * good ones only; where that alone is not so, k different ones. One unrolling serves both
 * questions. Where a run does break it, or no k is found in time, nothing comes back.
 */
export async function kInduction(
  system: SmtSystem,
  good: Term,
  constraint: Term,
  limits: SessionLimits,
): Promise<Depth | undefined> {
  const { session } = await Z3Session.open(limits);
  const path = new SymbolicPath(system);
  const ask = async (...asserted: readonly Term[]): Promise<string> =>
    (
      await session.send(
        `(push)\n${asserted.map((term) => `(assert ${term})`).join('\n')}\n(check-sat)\n(pop)`,
      )
    ).trim();
  try {
    await session.send(
      `(set-option :timeout ${QUERY_MS})\n${definitions(system)}\n${path.declared(0)}`,
    );
    for (let steps = 1; steps <= MAX_STEPS; steps += 1) {
      if ((await ask(path.starts(constraint), smtNot(path.at(steps - 1, good)))) !== 'unsat')
        return undefined;
      await session.send(
        `(assert ${path.at(steps - 1, good)})\n${path.declared(steps)}\n(assert ${path.step(steps - 1)})`,
      );
      const breaks = smtNot(path.at(steps, good));
      for (const distinct of [false, true])
        if ((await ask(breaks, ...(distinct ? [path.distinct(steps)] : []))) === 'unsat')
          return { steps, distinct };
    }
    return undefined;
  } finally {
    session.close();
  }
}

/** States in a row, by the names of their variables. */
export class SymbolicPath {
  readonly #system: SmtSystem;

  constructor(system: SmtSystem) {
    this.#system = system;
  }

  declared(index: number): string {
    return this.#system.variables
      .map((v) => `(declare-const ${v.name}@${index} ${v.sort})`)
      .join('\n');
  }

  /** A term over the variables, said of one of the states. */
  at(index: number, term: Term): Term {
    return `(let (${this.#system.variables.map((v) => `(${v.name} ${v.name}@${index})`).join(' ')}) ${term})`;
  }

  names(index: number): string {
    return this.#system.variables.map((v) => `${v.name}@${index}`).join(' ');
  }

  starts(constraint: Term): Term {
    return smtAnd([`(Init ${this.names(0)})`, this.at(0, constraint)]);
  }

  step(index: number): Term {
    return `(Step ${this.names(index)} ${this.names(index + 1)})`;
  }

  same(i: number, j: number): Term {
    return smtAnd(this.#system.variables.map((v) => `(= ${v.name}@${i} ${v.name}@${j})`));
  }

  /** That no two of the states up to this one are the same. */
  distinct(last: number): Term {
    const pairs = Array.from({ length: last }, (_, k) => k + 1).flatMap((j) =>
      Array.from({ length: j }, (_, i) => smtNot(this.same(i, j))),
    );
    return smtAnd(pairs);
  }
}

/**
 * What makes an invariant k-inductive, for one that is told nothing but the model, the invariant
 * and k: every run satisfies it in its first k states, and after k states in a row that do, the
 * next does. Then all reachable states do: a shortest run to one that does not has k states before
 * it, that do, and no state twice. For k = 1 these are initiation and consecution.
 */
export function inductionObligations(
  system: SmtSystem,
  constraint: Term,
  { steps, distinct }: Depth,
): { readonly initiation: string; readonly consecution: string } {
  const path = new SymbolicPath(system);
  const broken = (i: number): Term => `(not (Inv ${path.names(i)}))`;
  const within = (i: number): Term =>
    i === steps - 1 ? broken(i) : smtOr([broken(i), smtAnd([path.step(i), within(i + 1)])]);
  const row = Array.from({ length: steps }, (_, i) => i);
  const declared = row.map((i) => path.declared(i)).join('\n');
  const kept = row.flatMap((i) => [`(assert (Inv ${path.names(i)}))`, `(assert ${path.step(i)})`]);
  return {
    initiation: `${declared}\n(assert ${path.starts(constraint)})\n(assert ${within(0)})\n(check-sat)\n`,
    consecution: [
      declared,
      path.declared(steps),
      ...kept,
      ...(distinct ? [`(assert ${path.distinct(steps)})`] : []),
      `(assert ${broken(steps)})`,
      '(check-sat)\n',
    ].join('\n'),
  };
}

/**
 * `Depth` as it stands in the evidence, and back; nothing where it is anything else. One step is
 * not mentioned.
 */
export function depthFacts({ steps, distinct }: Depth): Readonly<Record<string, number | boolean>> {
  return steps === 1 && !distinct
    ? {}
    : { inductionSteps: steps, ...(distinct ? { distinctStates: true } : {}) };
}

export function readDepth(facts: Readonly<Record<string, unknown>> | undefined): Depth | undefined {
  const { inductionSteps: steps = 1, distinctStates: distinct = false } = facts ?? {};
  if (
    typeof steps !== 'number' ||
    !Number.isInteger(steps) ||
    steps < 1 ||
    steps > MAX_STEPS ||
    typeof distinct !== 'boolean'
  )
    return undefined;
  return { steps, distinct };
}
