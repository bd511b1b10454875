import { starts } from '../../../model/initial.ts';
import type { CellBlock, State } from '../../../model/layout.ts';
import type { Semantics } from '../../../model/semantics.ts';
import type { Type } from '../../../model/types.ts';
import { isOver, type Time } from '../../../time/time.ts';

/** Enough to see what is common to all states; more only takes longer to compare. */
/** So many walks in a row that meet nothing new are enough. */
const MAX_VAIN = 30;
const STEPS = 14;
const MAX_STATES = 8_000;
/** Unbounded integers are drawn from here, so that no value of them is remarkable. */
const [LEAST, SPREAD] = [-4, 14];

/**
 * States of a composed model that random walks meet, to learn from (`learned.ts`): never believed.
 * The walks take the steps of the model with its threats as actions, and draw anew before each step
 * what an attacker picks. `without`: sets of parameters of which one is false. The same for the
 * same model.
 */
export function walkedStates(
  semantics: Semantics,
  free: ReadonlySet<string>,
  without: readonly (readonly string[])[],
  time: Time,
): readonly State[] {
  const draw = drawing();
  const { layout } = semantics;
  const picks = layout.variables.filter(({ name }) => free.has(name));
  const states = new Map<string, State>();
  let vain = 0;
  while (vain < MAX_VAIN && states.size < MAX_STATES && !isOver(time)) {
    const before = states.size;
    const valuation = layout.parameters.reduce<number[]>(
      (words, block) => [
        ...words,
        ...drawn(
          block,
          semantics,
          words.filter((w) => w > 1),
          draw,
        ),
      ],
      [],
    );
    for (const names of without) {
      const places = names.map((name) => layout.cell('parameter', name).offset);
      if (places.every((at) => valuation[at] === 1))
        valuation[places[draw(places.length)] ?? 0] = 0;
    }
    let state = starts(semantics, valuation).next().value?.state;
    for (let step = 0; state && step < STEPS; step += 1) {
      states.set(state.join(), state);
      const row = [...state];
      for (const block of picks)
        drawn(block, semantics, state, draw).forEach((word, i) => (row[block.offset + i] = word));
      const next: State[] = [];
      semantics.successors(row, (_, after) => after && next.push(after));
      state = next[draw(next.length)];
    }
    vain = states.size === before ? vain + 1 : 0;
  }
  return [...states.values()];
}

/** Some value for each cell; of integers half the time one that is there: guards compare them. */
function drawn(
  block: CellBlock,
  { layout }: Semantics,
  there: readonly number[],
  draw: (below: number) => number,
): number[] {
  const one = (type: Type): number => {
    if (type.kind === 'set') return draw(2);
    const { lo, hi } = layout.bounds(type);
    const known = type.kind === 'int' && draw(2) === 0 ? there[draw(there.length)] : undefined;
    if (known !== undefined && known >= lo && known <= hi) return known;
    const from = lo === -Infinity ? LEAST : lo;
    return from + draw(hi === Infinity ? SPREAD : Math.min(hi - from + 1, 2 ** 16));
  };
  return Array.from({ length: block.cells * block.width }, () => one(block.type));
}

/** Whole numbers below a limit, the same ones each time (xorshift: Marsaglia 2003). */
function drawing(): (below: number) => number {
  let x = 0x2545f491;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return below === 0 ? 0 : (x >>> 0) % below;
  };
}
