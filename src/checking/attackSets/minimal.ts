/** Sets of ids as sorted lists. */
export type Ids = readonly string[];

/** Whether a property breaks under a set, and with which of its ids; nothing where it resists. */
export type Judge = (ids: Ids) => Ids | undefined | Promise<Ids | undefined>;

/**
 * All minimal sets under which a monotone property breaks. Dualisation (Reiter 1987; Gunopulos et
 * al. 2003): for each minimal way to hit what was found so far, the rest of the ids is judged; a
 * rest that breaks is shrunk to a minimal set, and when every rest resists there is no other.
 */
export async function minimalSets(universe: Ids, judge: Judge): Promise<Ids[]> {
  const found: Ids[] = [];
  const resisting: Ids[] = [];
  for (let next = universe as Ids | undefined; next !== undefined;) {
    const used = await judge(next);
    if (used === undefined) resisting.push(next);
    else found.push(await shrink(used, judge));
    if (found.some((set) => set.length === 0)) return [[]];
    next = hittingSets(found)
      .map((hit) => universe.filter((id) => !hit.includes(id)))
      .find((rest) => !resisting.some((known) => isSubset(rest, known)));
  }
  return found;
}

/** A minimal set within one under which the property breaks. */
export async function shrink(ids: Ids, judge: Judge): Promise<Ids> {
  let set = ids;
  for (const id of ids) {
    if (!set.includes(id)) continue;
    const used = await judge(set.filter((other) => other !== id));
    if (used) set = used;
  }
  return [...set].sort();
}

/** The minimal sets that share an element with each of `sets` (Berge 1989). */
export function hittingSets(sets: readonly Ids[]): Ids[] {
  return sets.reduce<Ids[]>(
    (hits, set) =>
      minimalOnly(
        hits.flatMap((hit) =>
          hit.some((id) => set.includes(id)) ? [hit] : set.map((id) => [...hit, id].sort()),
        ),
      ),
    [[]],
  );
}

/** Those of the sets that contain no other. */
export function minimalOnly(sets: readonly Ids[]): Ids[] {
  const distinct = [...new Map(sets.map((set) => [set.join(' '), set])).values()];
  return distinct.filter(
    (set) => !distinct.some((other) => other.length < set.length && isSubset(other, set)),
  );
}

export function isSubset(a: Ids, b: Ids): boolean {
  return a.every((id) => b.includes(id));
}

/** By size, then by ids. */
export function bySize(a: Ids, b: Ids): number {
  return a.length - b.length || (a.join(' ') < b.join(' ') ? -1 : 1);
}

/** All subsets of so many elements. */
export function* subsetsOf(universe: Ids, size: number, from = 0): Generator<string[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= universe.length - size; i += 1)
    for (const rest of subsetsOf(universe, size - 1, i + 1)) yield [universe[i] as string, ...rest];
}
