import { Unencodable } from '../../encode/definedness.ts';
import { encodeSystem, type SmtSystem } from '../../encode/smt/system.ts';
import { smtNot } from '../../encode/smt/terms.ts';
import { walkedStates } from '../../engines/z3/attacks/examples.ts';
import { decideAttacks } from '../../engines/z3/attacks/index.ts';
import type {
  AttackAnswer,
  AttackQuestion,
  SymbolicAttack,
} from '../../engines/z3/attacks/question.ts';
import { SessionError, type SessionLimits } from '../../engines/z3/session.ts';
import { WarmProcesses } from '../../engines/z3/warm.ts';
import type { Model, Property } from '../../model/model.ts';
import { Semantics } from '../../model/semantics.ts';
import type { Trace } from '../../model/trace.ts';
import { composed, NotComposable, type ComposedModel } from '../../threats/composed.ts';
import type { Threat } from '../../threats/threat.ts';
import { TooManyValues } from '../../threats/world.ts';
import { partOf } from '../../time/time.ts';
import type { Ids } from './minimal.ts';
import type { FoundSets } from './search.ts';
import { attackAlong } from './symbolicTrace.ts';

/** What Z3 found of one property. */
export interface SymbolicSets extends FoundSets {
  /** By the ids of a set, a shortest attack. */
  readonly traces: ReadonlyMap<string, Trace>;
  /** Why it is not complete. */
  readonly reason?: string;
}

/** Properties that Z3 carries under threats, and why the others are left. */
export interface SymbolicAttacks {
  readonly sets: ReadonlyMap<string, SymbolicSets>;
  readonly refused: ReadonlyMap<string, string>;
}

/** Examples to learn from may take so long. */
const EXAMPLES_MS = 1_500;

/**
 * The minimal sets of threats of each property by Z3, for all values at once. A model, or a
 * property, that it does not take is refused with the reason.
 */
export async function symbolicAttacks(
  model: Model,
  threats: readonly Threat[],
  properties: readonly Property[],
  { most, safe }: Pick<AttackQuestion, 'most' | 'safe'>,
  limits: Omit<SessionLimits, 'warm' | 'provers'>,
): Promise<SymbolicAttacks> {
  const made = unlessRefused(() => systemUnder(model, threats));
  if (typeof made === 'string')
    return { sets: new Map(), refused: new Map(properties.map(({ name }) => [name, made])) };
  const { whole, semantics, system } = made;
  const refused = new Map<string, string>();
  const goals = properties.flatMap((property) => {
    const bad = unlessRefused(() => ({ term: system.bad(property) }));
    if (typeof bad !== 'string') return [{ property, bad: bad.term }];
    refused.set(property.name, bad);
    return [];
  });
  const ids = (sets: readonly Ids[]): string[][] =>
    sets.map((set) => set.map((id) => whole.switches.get(id) ?? id));
  const answers = await decided(
    {
      system,
      goals,
      most,
      safe,
      switches: [...whole.switches].map(([id, term]) => ({ id, term })),
      exact: smtNot(system.truth(whole.forgot).holds),
      examples: (without) =>
        walkedStates(semantics, whole.free, ids(without), partOf(limits, 1 / 4, EXAMPLES_MS)).map(
          (state) => system.values(state),
        ),
    },
    limits,
  );
  const sets = new Map(
    goals.map(({ property }) => {
      const answer = answers.get(property.name);
      const traces = new Map<string, Trace>();
      for (const attack of answer?.attacks ?? []) {
        const trace = unlessRefused(() => replayed(model, threats, property, attack, made));
        if (trace && typeof trace !== 'string')
          traces.set([...attack.threats].sort().join(' '), trace);
      }
      return [property.name, setsOf(answer, traces)] as const;
    }),
  );
  return { sets, refused };
}

async function decided(
  question: AttackQuestion,
  limits: Omit<SessionLimits, 'warm' | 'provers'>,
): ReturnType<typeof decideAttacks> {
  const [warm, provers] = [new WarmProcesses(), new WarmProcesses()];
  try {
    return await decideAttacks(question, { ...limits, warm, provers });
  } catch (error) {
    // What ends the solver is no answer to anything.
    if (!(error instanceof SessionError)) throw error;
    return new Map(
      question.goals.map(({ property }): [string, AttackAnswer] => [
        property.name,
        { attacks: [], complete: { upTo: 0 }, reason: error.message },
      ]),
    );
  } finally {
    warm.end();
    provers.end();
  }
}

/** An attack that does not replay is none; then nothing is known of its set and of larger ones. */
function setsOf(
  answer: AttackAnswer | undefined,
  traces: ReadonlyMap<string, Trace>,
): SymbolicSets {
  const all = (answer?.attacks ?? []).map(({ threats }) => [...threats].sort());
  const sets = all.filter((set) => traces.has(set.join(' ')));
  const lost = all.filter((set) => !sets.includes(set)).map((set) => set.length - 1);
  const complete = answer?.complete ?? { upTo: 0 };
  if (lost.length === 0)
    return { sets, complete, traces, ...(answer?.reason && { reason: answer.reason }) };
  const most = complete === true ? Infinity : complete.upTo;
  return {
    sets,
    traces,
    complete: { upTo: Math.max(0, Math.min(most, ...lost)) },
    reason: 'an attack that Z3 shows is no run of the model under threats',
  };
}

/** The model under threats in all forms that are asked. */
interface SystemUnder {
  readonly whole: ComposedModel;
  readonly semantics: Semantics;
  readonly system: SmtSystem;
}

function systemUnder(model: Model, threats: readonly Threat[]): SystemUnder {
  const whole = composed(model, threats);
  const semantics = new Semantics(whole.model);
  return { whole, semantics, system: encodeSystem(semantics, whole) };
}

/** What comes out, or what of it is not taken. */
function unlessRefused<T extends object | undefined>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotComposable || error instanceof Unencodable)
      return `Z3 does not take ${error.message}`;
    if (error instanceof TooManyValues) return error.message;
    throw error;
  }
}

function replayed(
  model: Model,
  threats: readonly Threat[],
  property: Property,
  { threats: ids, path }: SymbolicAttack,
  { whole: { free }, semantics: { layout }, system }: SystemUnder,
): Trace | undefined {
  const states = path.map((values) => system.row(values));
  const picked = [...free].flatMap((name) => {
    const block = layout.cell('variable', name);
    return block.type.kind === 'int'
      ? states.map(({ state }) => state[block.offset] as number)
      : [];
  });
  const among = threats.filter(({ id }) => ids.includes(id));
  return attackAlong(model, among, property, states, layout, [...new Set(picked)]);
}
