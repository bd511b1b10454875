import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { everythingFound } from '../../src/explain/findings.ts';
import { DiagramRuns } from '../../src/explain/runs.ts';
import type { StoryClaim, Story } from '../../src/explain/story.ts';
import type { ShownSentence } from '../../src/explain/sentence.ts';
import { violated, whyOf, whysOf, type Why } from '../../src/explain/why.ts';
import { readWhole, type ReadDiagram } from '../../src/frontends/bpmn/index.ts';
import { statesOf } from '../../src/graph/replay.ts';
import { starts, valuations } from '../../src/model/initial.ts';
import type { State } from '../../src/model/layout.ts';
import { Semantics } from '../../src/model/semantics.ts';
import { typecheck } from '../../src/model/typecheck.ts';
import { drawings } from '../frontends/bpmn/randomDrawing.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { collaboration, definitions, MISMATCH, process, reportOf, UNJOINED } from './diagram.ts';

/**
 * What words say, and the claim that has to stand behind them. A sentence of the product that has
 * none of these words says only what the run shows.
 */
const WORDS_OF: readonly (readonly [RegExp, StoryClaim['is']])[] = [
  [/which never comes/, 'empty'],
  [/not sent any more/, 'empty'],
  [/(?<!which) waits /, 'idle'],
  [/(?<!which) waits /, 'kept'],
  [/never taken any more/, 'kept'],
  [/instead of the one/, 'lost'],
  [/no way leads to an end/, 'unfinished'],
  [/can go on for ever/, 'goesOn'],
  [/meanwhile it is never completed/, 'circling'],
  [/without being joined/, 'happens'],
  [/comes back to it/, 'happens'],
  [/nobody ever sends|no run (gets past .* none|leads|ever)|never takes the way/, 'nowhere'],
];

/** A literal search: no store, no compression, nothing shared with what the sentences use. */
class Judge {
  readonly #semantics: Semantics;
  readonly #story: Story;
  readonly #states: readonly State[];

  constructor(reading: ReadDiagram, story: Story) {
    const checked = typecheck(reading.document);
    if (!checked.ok) throw new Error('the diagram has no model');
    this.#semantics = new Semantics(checked.value);
    this.#story = story;
    this.#states = (story.trace && statesOf(this.#semantics, story.trace)) ?? [];
  }

  #onward(roots: readonly State[]): ReadonlyMap<string, State> {
    const known = new Map(roots.map((state) => [state.join(), state]));
    for (const state of known.values())
      this.#semantics.successors(state, (_instance, next) => {
        if (next && !known.has(next.join())) known.set(next.join(), next);
      });
    return known;
  }

  #holds(state: State, names: readonly string[]): boolean {
    return names.some((name) => {
      const { offset } = this.#semantics.layout.cell('variable', name);
      return (state[offset] ?? 0) > 0;
    });
  }

  #everything(): readonly State[] {
    const all = [...valuations(this.#semantics)].flatMap((valuation) =>
      [...starts(this.#semantics, valuation)].map(({ state }) => state),
    );
    return [...this.#onward(all).values()];
  }

  #isOpen(state: State): boolean {
    const tokens = [...this.#story.reading.cells].filter(
      ([, { kind }]) => !['message', 'end', 'done', 'seen'].includes(kind),
    );
    return this.#holds(
      state,
      tokens.map(([name]) => name),
    );
  }

  /** Whether the run of the story breaks a property of every diagram. */
  breaks(kind: string): boolean {
    const end = this.#states.at(-1) as State;
    const later = [...this.#onward([end]).values()];
    const named = (kinds: readonly string[]): readonly string[] =>
      [...this.#story.reading.cells]
        .filter(([, cell]) => kinds.includes(cell.kind))
        .map(([name]) => name);
    const isAbove = (names: readonly string[]): boolean =>
      names.some((name) => (end[this.#semantics.layout.cell('variable', name).offset] ?? 0) > 1);
    const left = named(['message']);
    switch (kind) {
      case 'safe':
        return isAbove(named(['flow']));
      case 'properCompletion':
        return !this.#isOpen(end) && isAbove(named(['end']));
      case 'deadlockFree':
        return this.#isOpen(end) && later.length === 1;
      case 'optionToComplete':
      case 'fairMessageSound':
        return later.every((state) => this.#isOpen(state));
      case 'noMessageLeft':
      case 'fairSound':
        return later.every((state) => this.#isOpen(state) || this.#holds(state, left));
      default:
        return false;
    }
  }

  isTrue(claim: StoryClaim): boolean {
    const end = this.#states.at(-1) as State;
    const later = (): readonly State[] => [...this.#onward([end]).values()];
    const stepsOf = (state: State): readonly (string | undefined)[] => {
      const found: (string | undefined)[] = [];
      this.#semantics.successors(state, ({ action }) => found.push(action.elementId));
      return found;
    };
    switch (claim.is) {
      case 'empty':
        return !later().some((state) => this.#holds(state, claim.of));
      case 'kept':
        return later().every((state) => this.#holds(state, claim.of));
      case 'idle':
        return !later().some((state) => stepsOf(state).includes(claim.element));
      case 'unfinished':
        return later().every((state) => this.#isOpen(state));
      case 'goesOn':
        return later().every((state) => stepsOf(state).length > 0);
      case 'circling':
        return (
          this.#states.length - 1 > (this.#story.trace?.loopStart ?? Infinity) &&
          this.#states.slice(this.#story.trace?.loopStart).every((state) => this.#isOpen(state))
        );
      case 'lost': {
        const comes = (at: number): boolean =>
          [...this.#onward([this.#states[at] as State]).values()].some((state) =>
            this.#holds(state, claim.of),
          );
        return comes(claim.step) && !comes(claim.step + 1);
      }
      case 'nowhere':
        return !this.#everything().some((state) => this.#holds(state, claim.of));
      case 'somewhere':
        return this.#everything().some((state) => this.#holds(state, claim.of));
      case 'happens':
        return (
          this.#story.steps.filter((step) => step.elementId === claim.element).length >= claim.times
        );
      case 'given':
        return claim.of.every((name) => {
          const { offset } = this.#semantics.layout.cell('variable', name);
          const [before, after] = [this.#states[claim.step], this.#states[claim.step + 1]];
          return (after?.[offset] ?? 0) > (before?.[offset] ?? 0);
        });
    }
  }
}

/** Every sentence of a diagram, each judged; how many there were, and what was wrong with them. */
async function judged(source: string): Promise<{ sentences: Why[]; wrong: string[] }> {
  const reading = await readWhole(source);
  if (!reading.ok) return { sentences: [], wrong: [] };
  const report = await reportOf(source);
  const runs = DiagramRuns.of(reading.value);
  const wrong: string[] = [];
  const sentences: Why[] = [];
  for (const property of violated(report)) {
    const why = whyOf(reading.value, property, runs);
    if (!why) {
      wrong.push(`${property.name} has no sentence`);
      continue;
    }
    sentences.push(why);
    const judge = new Judge(reading.value, why.story);
    for (const claim of why.claims)
      if (!judge.isTrue(claim)) wrong.push(`${why.why} ${JSON.stringify(claim)} is false`);
    for (const [words, is] of WORDS_OF)
      if (words.test(why.why) && !why.claims.some((claim) => claim.is === is))
        wrong.push(`${why.why} has no claim “${is}”`);
  }
  for (const found of everythingFound(reading.value, whysOf(reading.value, report, runs), runs))
    wrong.push(...wrongIn(reading.value, found));
  return { sentences, wrong };
}

/** What is false of a finding: what it claims, and which properties its run breaks. */
function wrongIn(
  reading: ReadDiagram,
  { sentence, story, breaks }: ShownSentence,
): readonly string[] {
  const judge = new Judge(reading, story);
  const claims = sentence.claims.filter((claim) => !judge.isTrue(claim));
  // Of what an answer tells by itself the run is that of its property.
  const others = story.property.name === '' ? breaks.filter((kind) => !judge.breaks(kind)) : [];
  return [
    ...claims.map((claim) => `${sentence.words} ${JSON.stringify(claim)} is false`),
    ...others.map((kind) => `${sentence.words}: its run does not break ${kind}`),
  ];
}

describe('a sentence is said only where all that it claims is true', () => {
  it('the judge itself refuses what is false', async () => {
    const reading = await readWhole(MISMATCH);
    if (!reading.ok) throw new Error('the diagram is not read');
    const property = violated(await reportOf(MISMATCH)).find(({ name }) => name === 'deadlockFree');
    const why = property && whyOf(reading.value, property, DiagramRuns.of(reading.value));
    if (!why) throw new Error('there is no sentence');
    const judge = new Judge(reading.value, why.story);
    expect(why.claims.length).toBeGreaterThan(2);
    const [waitedFor] = why.claims.flatMap((claim) => (claim.is === 'empty' ? claim.of : []));
    const [standing] = why.claims.flatMap((claim) => (claim.is === 'kept' ? claim.of : []));
    const [missing, there] = [[waitedFor ?? ''], [standing ?? '']];
    const lies: StoryClaim[] = [
      { is: 'empty', of: there },
      { is: 'kept', of: missing },
      { is: 'nowhere', of: there },
      { is: 'goesOn' },
      { is: 'circling' },
      { is: 'lost', step: 1, of: missing },
      { is: 'happens', element: 'split', times: 2 },
      { is: 'given', step: 0, of: missing },
    ];
    expect(lies.filter((claim) => judge.isTrue(claim))).toEqual([]);
    expect(lies.filter((claim) => why.story.areTrue([claim]))).toEqual([]);
  });

  it('of drawings made at random', async () => {
    const told: string[] = [];
    await fc.assert(
      fc.asyncProperty(drawings, async (source) => {
        const { sentences, wrong } = await judged(source);
        told.push(...sentences.map(({ why }) => why));
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(told.length).toBeGreaterThan(60);
  }, 120_000);

  it.each([
    ['a choice before a join', MISMATCH],
    ['a split before a merge', UNJOINED],
    [
      'a way that joins before it meets another',
      definitions(
        process(
          'p',
          [
            'startEvent s',
            'parallelGateway split',
            'task a',
            'task b',
            'parallelGateway join',
            'exclusiveGateway again',
            'parallelGateway two',
            'task c',
            'task d',
            'endEvent e',
          ],
          [
            's split',
            'split a',
            'split b',
            'a join',
            'b join',
            'join two',
            'two c',
            'two d',
            'c again',
            'd again',
            'again e',
          ],
        ),
      ),
    ],
    [
      'an undoing that nobody asks for, a message that nobody sends',
      definitions(
        collaboration(['P p', 'Q q'], ['send receive']) +
          process('p', ['startEvent s', 'endEvent e', 'sendTask send'], ['s e']) +
          process(
            'q',
            ['startEvent qs', 'receiveTask receive', 'task after', 'endEvent qe'],
            ['qs receive', 'receive after', 'after qe'],
          ),
      ),
    ],
  ])('of %s', async (_name, source) => {
    const { sentences, wrong } = await judged(source);
    expect(wrong).toEqual([]);
    expect(sentences.length).toBeGreaterThan(0);
  });

  it('says what was joined, and what was not', async () => {
    const { sentences } = await judged(UNJOINED);
    expect(sentences.map(({ why }) => why).join()).toContain('without being joined');
  });
});

describeShared('sentences of published diagrams', () => {
  const folders = ['fbpmn', 'rust_bpmn_analyzer'];
  const files = folders.flatMap((folder) =>
    readdirSync(sharedPath('cases', 'bpmn', folder))
      .filter((file) => file.endsWith('.bpmn'))
      .map((file) => [folder, file] as const),
  );

  it('every violated property has one, and each is true', async () => {
    let count = 0;
    for (const [folder, file] of files) {
      const source = readFileSync(sharedPath('cases', 'bpmn', folder, file), 'utf8');
      const { sentences, wrong } = await judged(source);
      expect(wrong, file).toEqual([]);
      count += sentences.length;
    }
    expect(count).toBeGreaterThan(50);
  }, 240_000);
});
