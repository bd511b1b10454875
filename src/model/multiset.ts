/** The items less the others, each as often as it stands there; in the order of the items. */
export function multisetDifference<T>(
  items: readonly T[],
  others: readonly T[],
  keyOf: (item: T) => string,
): T[] {
  const rest = others.map(keyOf);
  return items.filter((item) => {
    const at = rest.indexOf(keyOf(item));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
