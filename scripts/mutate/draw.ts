import { createHash } from 'node:crypto';

/**
 * The items in an order that the seed alone decides: each goes to the place of its digest. An item
 * that is added or lost moves no other, so that a sample stays the same while the code changes
 * around it.
 */
export function shuffled<T extends { readonly id: string }>(
  items: readonly T[],
  seed: string,
): readonly T[] {
  const place = ({ id }: T): string => createHash('sha256').update(`${seed}\n${id}`).digest('hex');
  return items
    .map((item) => ({ item, at: place(item) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item);
}
