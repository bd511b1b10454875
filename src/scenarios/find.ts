import { scenarios, textOf, type Level, type Scenario, type Sector } from './index.ts';

/** What scenarios are looked for by; all that is given must be so. */
export interface ScenarioFilter {
  readonly topic?: string;
  readonly sector?: Sector;
  readonly level?: Level;
  /** The id of a threat, the beginning of one (`tamper`), or of a reference (`CWE-639`). */
  readonly threat?: string;
  /** A part of a learning goal. */
  readonly goal?: string;
  /** Words, all of which stand somewhere in what a learner may read. */
  readonly search?: string;
  readonly language: string;
}

/** The scenarios of the library that fit, in the order of their ids. */
export function findScenarios(filter: ScenarioFilter): readonly Scenario[] {
  const { topic, sector, level, threat, goal, search, language } = filter;
  return scenarios().filter(
    (found) =>
      (sector === undefined || found.sector === sector) &&
      (level === undefined || found.level === level) &&
      (topic === undefined || found.topics.includes(topic)) &&
      (threat === undefined || isAbout(found, threat)) &&
      (goal === undefined ||
        textOf(found, language).goals.some((each) => folded(each).includes(folded(goal)))) &&
      (search === undefined || hasWords(found, search, language)),
  );
}

function isAbout({ threats, references }: Scenario, wanted: string): boolean {
  const begins = (text: string): boolean =>
    text === wanted || text.startsWith(`${wanted}.`) || text.startsWith(`${wanted} `);
  return [...threats, ...references].some(begins);
}

/** Nothing of a solution is searched: whether a word is found there would tell of it. */
function hasWords(found: Scenario, search: string, language: string): boolean {
  const { title, asset, goals, story, attack, exercise, exercises = {} } = textOf(found, language);
  const tasks = Object.values(exercises).map(({ task }) => task);
  const facts = [found.id, found.sector, found.level, ...found.topics, ...found.references];
  const text = folded(
    [title, asset, ...goals, story, attack, exercise, ...tasks, ...facts].join('\n'),
  );
  return folded(search)
    .split(/\s+/u)
    .every((word) => text.includes(word));
}

const folded = (text: string): string => text.toLowerCase().normalize('NFC').trim();
