import { analyseThreats } from '../checking/attackSets/analysis.ts';
import { isSubset } from '../checking/attackSets/minimal.ts';
import type { Inspected } from '../checking/inspect.ts';
import { explore } from '../engines/explore/index.ts';
import { replayWitness } from '../graph/replay.ts';
import { Fault } from '../errors/index.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';
import type { Trace } from '../model/trace.ts';
import type { Time } from '../time/time.ts';

/** A way in which a model breaks: replayed, as everything that is shown of an analysis. */
export interface FoundAttack {
  readonly property: string;
  /** None: it breaks by its own steps. */
  readonly threats: readonly string[];
  readonly trace?: Trace;
}

/** What breaks a model among some threats. */
export interface Breaks {
  readonly attacks: readonly FoundAttack[];
  /** Properties that say that something can happen, and it cannot. */
  readonly unreachable: readonly string[];
  /** Why not everything is known. */
  readonly open?: string;
}

const MAX_STATES = 100_000;
const MEMORY_MB = 512;

type Judgeable = Pick<Inspected, 'semantics' | 'digest'>;

/** The minimal attack sets of every property of a model, each with an attack. */
export async function breaksOf(
  inspected: Judgeable,
  threats: readonly string[],
  time: Time,
): Promise<Breaks> {
  if (threats.length === 0) return brokenAlone(inspected, time);
  const options = {
    threats,
    budget: undefined,
    controls: false,
    timeoutMs: 0,
    maxStates: MAX_STATES,
    memoryMb: MEMORY_MB,
  };
  const answer = await analyseThreats(inspected, 'native', options, time);
  if (!answer.ok) {
    const [first] = answer.problems;
    if (first?.code === 'THREATS_NEED_SOUND_MODEL') return unsound(inspected, time);
    if (first?.code === 'THREAT_TOO_LARGE')
      return { attacks: [], unreachable: [], open: first.message };
    throw new Fault('INTERNAL', `the threats of a lesson: ${first?.message}`);
  }
  const { properties } = answer.value;
  const left = properties.filter(
    ({ complete, withoutThreats }) =>
      complete !== true || withoutThreats === 'bounded' || withoutThreats === 'unknown',
  );
  return {
    attacks: properties.flatMap(({ name, kind, minimalAttackSets }) =>
      PATHS.has(kind)
        ? []
        : minimalAttackSets.map(({ threats: set, trace }) => ({
            property: name,
            threats: set,
            ...(trace && { trace }),
          })),
    ),
    unreachable: properties
      .filter(({ kind, withoutThreats }) => PATHS.has(kind) && withoutThreats === 'violated')
      .map(({ name }) => name),
    ...(left.length > 0 && { open: undecided(left.map(({ name }) => name)) }),
  };
}

/** The same without any threat. What was found is followed once more before it is believed. */
async function brokenAlone({ semantics, digest }: Judgeable, time: Time): Promise<Breaks> {
  const properties = semantics.model.properties.filter(({ formula }) => formula.kind !== 'all');
  const { outcomes } = await explore.run(
    { semantics, digest, properties },
    { maxStates: MAX_STATES, memoryMb: MEMORY_MB, cacheDir: '', reduction: 'never' },
    time,
    () => undefined,
  );
  const attacks: FoundAttack[] = [];
  const unreachable: string[] = [];
  const open: string[] = [];
  for (const property of properties) {
    const { name, formula } = property;
    const outcome = outcomes.get(name);
    if (outcome?.outcome === 'holds') continue;
    if (outcome?.outcome !== 'violated') open.push(name);
    else if (PATHS.has(formula.kind)) unreachable.push(name);
    else if (
      !outcome.trace ||
      !replayWitness(semantics, property, outcome.witness, outcome.trace).ok
    )
      open.push(name);
    else attacks.push({ property: name, threats: [], trace: outcome.trace });
  }
  return { attacks, unreachable, ...(open.length > 0 && { open: undecided(open) }) };
}

const PATHS: ReadonlySet<string> = new Set(['reachable', 'reachableEach']);

const undecided = (names: readonly string[]): string =>
  `${names.join(', ')} could not be decided in the time and room that an attempt has`;

/** A model that breaks an implicit property without any threat is not looked at any further. */
async function unsound(inspected: Judgeable, time: Time): Promise<Breaks> {
  const { attacks } = await brokenAlone(inspected, time);
  const isImplicit = (name: string): boolean => IMPLICIT_KINDS.some((kind) => kind === name);
  return { attacks: attacks.filter(({ property }) => isImplicit(property)), unreachable: [] };
}

/** The attacks that are no larger form of one of before, and those on what must hold. */
export function attacksThatCount(
  breaks: Breaks,
  before: Breaks,
  mustHold: readonly string[],
): readonly FoundAttack[] {
  return breaks.attacks.filter(
    ({ property, threats }) =>
      mustHold.includes(property) ||
      !before.attacks.some((old) => old.property === property && isSubset(old.threats, threats)),
  );
}
