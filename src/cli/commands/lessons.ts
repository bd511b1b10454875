import { PLAYER_ROLES } from '../../lessons/playerRole.ts';
import { LEVELS, SECTORS } from '../../scenarios/shape.ts';
import { command, type CommandRow } from '../command.ts';
import { THREATS_OPTION } from '../options.ts';
import {
  anyText,
  choice,
  defaulted,
  FILE,
  flag,
  listOf,
  optional,
  required,
  whole,
} from '../values.ts';
import { MODEL_PLACE } from './models.ts';

const LANGUAGE = defaulted(anyText('LANGUAGE'), 'en', 'of the texts: en, de');
const EXERCISE = required(anyText('EXERCISE'), 'SCENARIO/EXERCISE, as `lesson list` shows them');
const SEED = defaulted(whole('N', 0, 999_999_999), 0, 'what chance is drawn from');

/** Lessons, and models that are played. */
export const LESSON_COMMANDS: readonly CommandRow[] = [
  {
    name: 'lesson',
    about: 'exercises, graded by the verifier',
    commands: [
      command({
        name: 'list',
        about: 'scenarios and their exercises',
        options: {
          topic: optional(anyText('WORD'), 'a topic, such as payment'),
          sector: optional(choice('SECTOR', SECTORS), 'where it happens'),
          level: optional(choice('LEVEL', LEVELS), 'how much a learner should know'),
          threat: optional(anyText('ID'), 'a threat, the beginning of one, or a reference'),
          goal: optional(anyText('TEXT'), 'a part of a learning goal'),
          search: optional(anyText('WORDS'), 'words in what a learner may read'),
          language: LANGUAGE,
        },
        examples: [
          { line: 'lesson list --sector payment --level beginner', about: 'where to begin' },
          { line: 'lesson list --threat tamper --language de', about: 'by the kind of an attack' },
        ],
        exits: { 0: 'also where none fits' },
        run: async (values, io) => (await import('../lesson.ts')).listLessons(values, io),
      }),
      command({
        name: 'show',
        about: 'a scenario and its story, or what one of its exercises asks and opens',
        positionals: {
          exercise: required(
            anyText('EXERCISE'),
            'SCENARIO or SCENARIO/EXERCISE, as `lesson list` shows them',
          ),
        },
        options: { language: LANGUAGE, start: flag('print the model that it starts from') },
        examples: [
          {
            line: 'lesson show token-of-a-cheap-order/bind-the-token --start > mine.yaml',
            about: 'the model to mend',
          },
        ],
        exits: { 0: 'it is there' },
        run: async (values, io) => (await import('../lesson.ts')).showLesson(values, io),
      }),
      command({
        name: 'grade',
        about: 'grade an attempt: a model, or a file with steps, outcomes or a candidate',
        positionals: { file: required(FILE, 'the attempt'), exercise: EXERCISE },
        options: {
          language: LANGUAGE,
          hint: defaulted(whole('N', 1, 20), 1, 'the stage of the hint that is wanted'),
        },
        examples: [
          {
            line: 'lesson grade mine.yaml token-of-a-cheap-order/bind-the-token --hint 2',
            about: 'what still works against it, and where to look',
          },
        ],
        exits: { 0: 'right', 1: 'wrong, or refused', 3: 'undecided' },
        json: 'the graded attempt (schemas/graded-attempt.schema.json)',
        runs: 'inThread',
        run: async (values, io) => (await import('../lesson.ts')).gradeLesson(values, io),
      }),
      command({
        name: 'generate',
        about: 'an exercise that nobody wrote: a mended model with a part taken out',
        positionals: { scenario: required(anyText('SCENARIO'), 'the name of a scenario') },
        options: {
          seed: SEED,
          length: optional(whole('N', 1, 999), 'steps of a shortest attack', 'any'),
          language: LANGUAGE,
        },
        examples: [
          {
            line: 'lesson generate tampered-payment-redirect --seed 7 --length 5',
            about: 'the same seed gives the same exercise',
          },
        ],
        exits: { 0: 'here it is, by its name' },
        runs: 'inThread',
        run: async (values, io) => (await import('../lesson.ts')).generateLesson(values, io),
      }),
    ],
  },
  command({
    name: 'play',
    about: 'step through a model as attacker or defender',
    positionals: { file: MODEL_PLACE },
    options: {
      as: defaulted(choice('ROLE', PLAYER_ROLES), 'attacker', 'whose steps are yours'),
      ...THREATS_OPTION,
      seed: SEED,
      moves: optional(listOf('LIST', anyText('MOVE')), 'moves to make: numbers, and u for back'),
      simulate: optional(whole('N', 1, 300), 'draw a run of at most so many steps from the seed'),
    },
    notes: [
      'Without --moves or --simulate each line of the input is a move: the number of a step, u for one back, q to end. Of liveness nothing is said: it breaks at no moment.',
    ],
    examples: [
      {
        line: 'play specs/demo/checkout.yaml --moves 0,1,u',
        about: 'three moves, and where they lead',
      },
      { line: 'play specs/demo/checkout.yaml --simulate 30 --seed 4', about: 'a run by chance' },
    ],
    exits: { 0: 'nothing broke', 1: 'something did' },
    json: 'the last position',
    run: async (values, io) => (await import('../play.ts')).play(values, io),
  }),
];
