import { findScenarios, type ScenarioFilter } from '../../scenarios/find.ts';
import { scenario, textOf, type Scenario } from '../../scenarios/index.ts';
import type { Area } from '../area.ts';
import { EVERYBODY, STAFF } from '../roles.ts';

type Asked = Readonly<Record<string, unknown>>;

/** A scenario as a lesson in a language: nothing of its solution. */
function lessonOf(found: Scenario, language: string) {
  const { id, sector, level, topics, references, threats, vulnerable, texts } = found;
  const { solution: _solution, exercises: tasks = {}, ...text } = textOf(found, language);
  return {
    id,
    sector,
    level,
    topics,
    references,
    threats,
    vulnerable,
    language: texts.has(language) ? language : 'en',
    languages: [...texts.keys()],
    ...text,
    exercises: Object.entries(found.exercises).map(([name, { kind }]) => ({
      id: `${id}/${name}`,
      kind,
      task: tasks[name]?.task ?? '',
    })),
  };
}

type Lesson = ReturnType<typeof lessonOf>;

const languageOf = ({ language }: Asked): string =>
  typeof language === 'string' ? language : 'en';

/** The lessons that fit what was asked for. */
function lessons(asked: Asked): readonly Lesson[] {
  const given = Object.entries(asked).filter(([, value]) => typeof value === 'string');
  const filter = Object.fromEntries(given) as Omit<ScenarioFilter, 'language'>;
  const language = languageOf(asked);
  return findScenarios({ ...filter, language }).map((found) => lessonOf(found, language));
}

function lesson(asked: Asked): Lesson | undefined {
  const found = scenario(String(asked['id']));
  return found && lessonOf(found, languageOf(asked));
}

/** What only those may see who teach. */
function solution(asked: Asked) {
  const found = scenario(String(asked['id']));
  if (!found) return undefined;
  const { id, fixed, proof, expected, texts } = found;
  const language = languageOf(asked);
  return {
    id,
    language: texts.has(language) ? language : 'en',
    explanation: textOf(found, language).solution,
    fixed,
    proof,
    expected,
  };
}

export const scenarioArea: Area = {
  operations: {
    scenarios: { on: 'Query', roles: EVERYBODY, run: (_api, args) => lessons(args) },
    scenario: { on: 'Query', roles: EVERYBODY, run: (_api, args) => lesson(args) },
    scenarioSolution: { on: 'Query', roles: STAFF, run: (_api, args) => solution(args) },
  },
  lists: { scenarios: 32 },
};
