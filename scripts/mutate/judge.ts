import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceOf, testsOf, type Area } from './areas.ts';
import { shuffled } from './draw.ts';
import { Imports } from './imports.ts';
import type { Lane } from './lanes.ts';
import { mutantsOf, mutated, type Mutant } from './mutants.ts';
import { isRefused } from './refused.ts';
import type { Fate, Judged, Remembered } from './remembered.ts';

/** How the sample of an area fared. */
export interface Verdict {
  readonly area: Area;
  /** All faults of the area, without those that are known to change nothing. */
  readonly all: number;
  readonly equivalent: number;
  readonly counts: Readonly<Record<Fate, number>>;
  readonly survivors: readonly Mutant[];
  readonly seconds: number;
}

export interface Wanted {
  readonly root: string;
  /** So many that a test could have noticed; those that the compiler refuses are replaced. */
  readonly count: number;
  readonly seed: string;
  /** For so long faults are drawn, once the tests have run without one. */
  readonly minutes: number;
  readonly equivalents: ReadonlySet<string>;
  readonly remembered: Remembered;
  readonly lanes: readonly Lane[];
  /** What each file of tests takes without a fault, in ms. */
  began(took: Readonly<Record<string, number>>): void;
  told(mutant: Mutant, judged: Judged): void;
}

/** Longer than this over what the tests took without a fault is for ever. */
const PATIENCE_MS = 20_000;
const PATIENCE_FACTOR = 5;

/** The tests of an area, with what they took, and what they have noticed so far. */
class Tests {
  readonly #took: ReadonlyMap<string, number>;
  readonly #reached: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #kills = new Map<string, number>();

  constructor(root: string, took: ReadonlyMap<string, number>) {
    const imports = new Imports(root);
    this.#took = took;
    this.#reached = new Map([...took.keys()].map((test) => [test, imports.reachedFrom(test)]));
  }

  /** Those that reach a file, in the order of what they notice per second. */
  reaching(file: string): string[] {
    const worth = (test: string): number =>
      ((this.#kills.get(test) ?? 0) + 1) / ((this.#took.get(test) ?? 0) + 100);
    return [...this.#took.keys()]
      .filter((test) => this.#reached.get(test)?.has(file) === true)
      .sort((a, b) => worth(b) - worth(a));
  }

  noticed(test: string): void {
    this.#kills.set(test, (this.#kills.get(test) ?? 0) + 1);
  }

  patienceMs(tests: readonly string[]): number {
    const expected = tests.reduce((sum, test) => sum + (this.#took.get(test) ?? 0), 0);
    return PATIENCE_MS + PATIENCE_FACTOR * expected;
  }
}

/** Draws faults of an area and judges each, in as many lanes as there are. */
export async function judgeArea(area: Area, wanted: Wanted): Promise<Verdict> {
  const began = Date.now();
  const texts = new Map(
    sourceOf(wanted.root, area).map((file) => [
      file,
      readFileSync(join(wanted.root, file), 'utf8'),
    ]),
  );
  const every = [...texts].flatMap(([file, text]) => mutantsOf(file, text));
  const drawn = shuffled(
    every.filter(({ id }) => !wanted.equivalents.has(id)),
    wanted.seed,
  );
  const tests = await withoutFault(area, wanted);
  const until = Date.now() + wanted.minutes * 60_000;
  const counts: Record<Fate, number> = { killed: 0, timedOut: 0, survived: 0, refused: 0 };
  const survivors: Mutant[] = [];
  let next = 0;
  const judgedSoFar = (): number => counts.killed + counts.timedOut + counts.survived;
  const work = async (lane: Lane): Promise<void> => {
    while (judgedSoFar() < wanted.count && Date.now() < until) {
      const mutant = drawn[next];
      next += 1;
      if (mutant === undefined) return;
      const text = texts.get(mutant.file) ?? '';
      const judged = await judge(mutant, text, lane, tests, wanted);
      counts[judged.fate] += 1;
      if (judged.fate === 'survived') survivors.push(mutant);
      wanted.told(mutant, judged);
    }
  };
  await Promise.all(wanted.lanes.map(work));
  wanted.remembered.save();
  const seconds = (Date.now() - began) / 1000;
  const equivalent = every.length - drawn.length;
  return { area, all: drawn.length, equivalent, counts, survivors, seconds };
}

/** The tests as they run without a fault: how long they take. One that fails would notice all. */
async function withoutFault(area: Area, { root, lanes, began }: Wanted): Promise<Tests> {
  const tests = testsOf(root, area);
  const answer = await lanes[0]?.run(tests, 3_600_000);
  if (answer === undefined) throw new Error(`the tests of ${area.name} do not end`);
  if (answer.failed !== undefined) {
    const { file, test } = answer.failed;
    throw new Error(`${area.name}: ${file} › ${test} fails without any fault`);
  }
  began(answer.took);
  return new Tests(root, new Map(Object.entries(answer.took)));
}

async function judge(
  mutant: Mutant,
  text: string,
  lane: Lane,
  tests: Tests,
  { remembered }: Wanted,
): Promise<Judged> {
  const { file, id } = mutant;
  const reaching = tests.reaching(file);
  const known = remembered.recall(id, file, reaching);
  if (known !== undefined) return known;
  lane.replace(file, mutated(text, mutant));
  const judged = await tried(file, reaching, lane, tests);
  lane.replace(file, text);
  remembered.keep(id, file, reaching, judged);
  return judged;
}

async function tried(
  file: string,
  reaching: readonly string[],
  lane: Lane,
  tests: Tests,
): Promise<Judged> {
  if (reaching.length > 0) {
    const answer = await lane.run(reaching, tests.patienceMs(reaching));
    if (answer === undefined) return { fate: 'timedOut' };
    if (answer.failed !== undefined) {
      tests.noticed(answer.failed.file);
      return { fate: 'killed', by: answer.failed.file };
    }
    // What did not run has noticed nothing, and must not pass for what ran and passed.
    const missing = reaching.find((test) => answer.took[test] === undefined);
    if (missing !== undefined) throw new Error(`${missing} did not run under a fault of ${file}`);
  }
  return { fate: (await isRefused(lane.copy, file)) ? 'refused' : 'survived' };
}
