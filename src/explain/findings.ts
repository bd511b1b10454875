import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import { RULES, type Finding } from '../model/outcome.ts';
import { deadByRoot } from './dead.ts';
import { faults } from './faults.ts';
import type { DiagramRuns } from './runs.ts';
import type { ShownSentence, Sentence } from './sentence.ts';
import type { Why } from './why.ts';
import { waitingByRoot } from './stuck.ts';
import type { Story } from './story.ts';
import { capital } from './words.ts';

/** How many findings of one diagram are told. */
const MAX_FINDINGS = 12;

/**
 * What is wrong with a diagram, one finding for each cause: what its violated properties tell,
 * and what else the graph of all its runs shows, put together by where it comes from. Those that
 * break most come first.
 */
export function findingsOf(
  reading: ReadDiagram,
  whys: readonly Why[],
  runs: DiagramRuns | undefined,
): readonly Finding[] {
  const groups = new Map<string, ShownSentence[]>();
  for (const found of everythingFound(reading, whys, runs)) {
    const key = found.sentence.root.join(' ');
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  return [...groups.values()]
    .map(findingOf)
    .toSorted((a, b) => b.breaks.length - a.breaks.length || stepsOf(a) - stepsOf(b))
    .slice(0, MAX_FINDINGS);
}

/** The same, not yet put together. */
export function everythingFound(
  reading: ReadDiagram,
  whys: readonly Why[],
  runs: DiagramRuns | undefined,
): readonly ShownSentence[] {
  const broken = whys.map(({ story }) => story.property);
  return [...whys.flatMap(toldBy), ...(runs ? faults(reading, runs, broken) : [])];
}

/** What a violated property tells: a sentence for each cause where one would mix several. */
function toldBy({ sentence, story }: Why): readonly ShownSentence[] {
  const each =
    sentence.rule === 'dead'
      ? deadByRoot(story)
      : sentence.rule === 'stuck'
        ? waitingByRoot(story)
        : [sentence];
  return each.map((told) => ({ sentence: told, story, breaks: [story.property.name] }));
}

function findingOf(group: readonly ShownSentence[]): Finding {
  const [first, ...others] = group.toSorted(
    (a, b) =>
      RULES.indexOf(a.sentence.rule) - RULES.indexOf(b.sentence.rule) ||
      lengthOf(a.story) - lengthOf(b.story),
  ) as [ShownSentence, ...ShownSentence[]];
  const sentences = [first, ...others].map(({ sentence }) => sentence);
  const told = (sentence: Sentence): string => `${capital(sentence.words)}.`;
  const also = others
    .filter(
      ({ sentence }, i) => sentences.findIndex((other) => other.rule === sentence.rule) === i + 1,
    )
    .map(({ sentence }) => told(sentence));
  const trace = first.sentence.rule === 'dead' ? undefined : first.story.trace;
  return {
    rule: first.sentence.rule,
    root: first.sentence.root,
    why: told(first.sentence),
    also,
    elements: [...new Set(sentences.flatMap(({ blamed }) => blamed))],
    dead: [...new Set(sentences.flatMap(({ dead = [] }) => dead))],
    breaks: [...new Set(group.flatMap(({ breaks }) => breaks))],
    ...(trace && { trace }),
  };
}

function lengthOf({ trace }: Story): number {
  return trace?.steps.length ?? Infinity;
}

function stepsOf({ trace }: Finding): number {
  return trace?.steps.length ?? Infinity;
}
