import { describe, expect, it } from 'vitest';
import { StateStore } from '../../src/graph/stateStore.ts';

/** Where rows are kept in bytes until a word is none, and found by their hash alone at first. */
const EDGES = [0, 1, 254, 255, 256, 257, 511, 512, 65_535, 65_536, 2 ** 31 - 1, -1, -255, -256];
const WIDE = [
  2 ** 31,
  2 ** 31 + 1,
  2 ** 32,
  2 ** 32 + 255,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
];

/** Every row is new once, known ever after, and comes back as it was. */
function expectKept(store: StateStore, rows: readonly (readonly number[])[]): void {
  rows.forEach((row, index) => expect(store.add(row), String(row)).toEqual({ index, isNew: true }));
  expect(store.count).toBe(rows.length);
  rows.forEach((row, index) => {
    expect(store.get(index)).toEqual(row);
    expect(store.add([...row])).toEqual({ index, isNew: false });
  });
  expect(store.count).toBe(rows.length);
}

describe('a store of states', () => {
  it('keeps words of each size, whichever comes first', () => {
    const rows = EDGES.map((word) => [word, 7]);
    expectKept(new StateStore(2, false), rows);
    expectKept(new StateStore(2, false), rows.toReversed());
    expectKept(new StateStore(2, true), [...rows, ...WIDE.map((word) => [word, 7])]);
    expectKept(new StateStore(2, true), [...WIDE.map((word) => [7, word]), ...rows]);
  });

  it('tells apart rows that differ in one word, at either end', () => {
    expectKept(new StateStore(3, false), [
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [256, 0, 0],
      [0, 0, 256],
      [255, 0, 0],
      [511, 0, 0],
    ]);
  });

  it('keeps the only state of a model without words', () => {
    const store = new StateStore(0, false);
    expect(store.add([])).toEqual({ index: 0, isNew: true });
    expect(store.add([])).toEqual({ index: 0, isNew: false });
  });

  // Of so many rows some have one hash of 32 bits (a birthday: 4.6 pairs are to be expected), and
  // the table has grown seven times.
  it('keeps two hundred thousand rows apart while it grows', () => {
    const store = new StateStore(2, false);
    const rowAt = (i: number): number[] => [Math.imul(i, 0x2545f491) | 0, i];
    const before = store.bytes;
    for (let i = 0; i < 200_000; i += 1) {
      const { index, isNew } = store.add(rowAt(i));
      if (index !== i || !isNew) throw new Error(`row ${i} became ${index}`);
    }
    for (let i = 0; i < 200_000; i += 1) {
      const { index, isNew } = store.add(rowAt(i));
      if (index !== i || isNew) throw new Error(`row ${i} was found at ${index}`);
      if (i % 1_000 === 0) expect(store.get(i)).toEqual(rowAt(i));
    }
    // Words of four bytes, two to a row, and what finds them: an estimate that grows with it.
    expect(store.bytes - before).toBeGreaterThanOrEqual(200_000 * 8);
    expect(store.bytes - before).toBeLessThan(200_000 * 40);
  });

  it('widens rows of several chunks', () => {
    const store = new StateStore(1, false);
    for (let i = 0; i < 256; i += 1) store.add([i]);
    const bytes = store.bytes;
    store.add([256]);
    expect(store.bytes).toBeGreaterThan(bytes);
    for (let i = 0; i <= 256; i += 1) expect(store.get(i)).toEqual([i]);
    const many = new StateStore(3, true);
    for (let i = 0; i < 40_000; i += 1) many.add([i & 0xff, (i >> 8) & 0xff, 3]);
    many.add([2 ** 40, 0, 0]);
    for (let i = 0; i < 40_000; i += 997) expect(many.get(i)).toEqual([i & 0xff, i >> 8, 3]);
    expect(many.get(40_000)).toEqual([2 ** 40, 0, 0]);
  });
});
