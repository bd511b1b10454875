import type { EngineName } from '../model/engine.ts';

/**
 * The property kinds that an engine can be asked for. A conjunction (`all`) is put together above
 * the engines, from its parts.
 */
export const ENGINE_KINDS = [
  'always',
  'never',
  'implicit',
  'deadlockFree',
  'reachable',
  'reachableEach',
  'recoverable',
  'eventually',
  'eventuallyAlways',
  'leadsTo',
  'ltl',
] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/**
 * What a model's state can be made of. Channels stand beside the types: to an engine they are one
 * more kind of content.
 */
export const CELL_TYPES = [
  'bool',
  'int range',
  'int unbounded',
  'enum',
  'element',
  'nullable element',
  'set',
  'map',
  'bag channel',
  'fifo channel',
  'parameter',
] as const;
export type CellType = (typeof CELL_TYPES)[number];

/**
 * `limited`: decided within the limit that `LIMITS` names, and beyond it said plainly (`bounded`,
 * or `unknown{unsupported}`).
 */
export type Support = 'yes' | 'limited' | 'no';

/** Why an engine is not asked for a kind at all. What is not listed is decided. */
export const REFUSED: Readonly<Record<EngineName, Partial<Record<EngineKind, string>>>> = {
  explore: {},
  tlc: {
    recoverable: 'TLC has no AG EF: left to explore',
    reachableEach: 'one run per goal: left to explore',
  },
  z3: {
    recoverable: 'no AG EF by invariants alone',
    reachableEach: 'one search per goal: left to explore',
    ltl: 'no formulas: lassos only against `eventually`, `eventuallyAlways` and `leadsTo`',
  },
};

/** One limit of one engine: where it applies, and what happens beyond it. */
export interface Limit {
  readonly engine: EngineName;
  /** Absent: every kind that the engine decides. */
  readonly kinds?: readonly EngineKind[];
  readonly types: readonly CellType[];
  readonly about: string;
}

export const ENGINE_LIMITS: readonly Limit[] = [
  {
    engine: 'explore',
    types: ['int unbounded'],
    about:
      'a proof only where finitely many values are reachable, else `bounded`; a free choice of an unbounded integer is sampled, at most 32 values a cell, the model’s own constants before others; what is not found there is bounded',
  },
  {
    engine: 'tlc',
    types: ['int unbounded'],
    about: 'as explore, and in 32 bits, as every integer of TLC: wider ranges are `unsupported`',
  },
  {
    engine: 'tlc',
    kinds: ['reachable'],
    types: ['parameter'],
    about: 'one run per valuation, at most 8',
  },
  {
    engine: 'tlc',
    kinds: ['ltl'],
    types: CELL_TYPES,
    about:
      'always and eventually in any combination; no until, release, weak until, which TLA+ has no word for',
  },
  {
    engine: 'z3',
    kinds: ['eventuallyAlways'],
    types: CELL_TYPES,
    about:
      'counterexamples alone: runs that stop or close a circle within 10 steps, else `bounded`, never `holds`',
  },
  {
    engine: 'z3',
    kinds: ['eventually', 'leadsTo'],
    types: CELL_TYPES,
    about:
      'counterexamples of at most 10 steps before they repeat or stop; proofs, for all data, by a ranking over everything but data that a walk of at most 1,500 states suggests; else `bounded`',
  },
  {
    engine: 'z3',
    kinds: ['eventually', 'eventuallyAlways', 'leadsTo'],
    types: ['bag channel', 'fifo channel'],
    about:
      'not with fairness per message on a fifo, or on a bag of more than 48 possible messages; nor, fair, where a step takes a message from such a bag and puts one back',
  },
  {
    engine: 'z3',
    kinds: ['reachable'],
    types: ['parameter'],
    about:
      'one search per valuation up to 8 of them; beyond, by at most 24 ways of at most 24 steps that serve all initial states together, else `bounded` or `unknown`',
  },
  {
    engine: 'z3',
    kinds: ['deadlockFree'],
    types: ['bag channel'],
    about:
      'not where a step takes a message from a bag and puts one back, if the bag has more than 48 possible messages',
  },
];

export function supported(engine: EngineName, kind: EngineKind, type: CellType): Support {
  if (REFUSED[engine][kind] !== undefined) return 'no';
  return limitsOf(engine, kind, type).length > 0 ? 'limited' : 'yes';
}

export function limitsOf(engine: EngineName, kind: EngineKind, type: CellType): readonly Limit[] {
  return ENGINE_LIMITS.filter(
    (limit) =>
      limit.engine === engine &&
      limit.types.includes(type) &&
      (limit.kinds?.includes(kind) ?? true),
  );
}
