import { ASSURANCES } from '../checking/assurance.ts';
import { DEFAULT_OPTIONS, ENGINE_NAMES, FORMATS, type EngineName } from '../checking/types.ts';
import { listed } from '../errors/nearest.ts';
import { CHANNEL_SEMANTICS, OUTSIDES } from '../frontends/bpmn/diagram.ts';
import { isSpecificationFormat } from '../model/specification.ts';
import { Wrong, type Option, type ValueKind, type Values } from './command.ts';
import {
  choice,
  defaulted,
  FILE,
  flag,
  FOLDER,
  list,
  optional,
  positive,
  repeated,
  text,
  under,
} from './values.ts';

/** Options that more than one command takes. */

export const SERVER_OPTIONS = {
  server: optional(text('URL'), 'the service', 'PROBITY_SERVER, else http://127.0.0.1:4600'),
  key: optional(text('KEY'), 'an API key', 'PROBITY_KEY'),
};

export const DATA_OPTION = optional(FOLDER, 'the data folder', 'PROBITY_DATA_DIR, else ~/.probity');

export const BY_NAME = "by the file's name and beginning";
export const FORMAT = choice('FORMAT', FORMATS);
/** Of commands that need actors, channels and steps: a model. */
export const MODEL_FORMAT_OPTION = optional(
  choice(
    'FORMAT',
    FORMATS.filter((format) => !isSpecificationFormat(format)),
  ),
  'the format of the model',
  BY_NAME,
);

/** Names, or `all`. */
export const THREATS_OPTION = {
  threats: defaulted<'all' | readonly string[]>(
    { shown: 'LIST', read: (given) => namesOrAll(given.split(',').map((id) => id.trim())) },
    'all',
    'all, or ids such as tamper.redirect.amount,drop.notice',
    'all threats proper',
  ),
};

const namesOrAll = (names: readonly string[]): 'all' | readonly string[] =>
  names.includes('all') ? 'all' : names;

const ENGINE: ValueKind<EngineName | 'auto' | 'all'> = {
  shown: 'LIST',
  choices: [...ENGINE_NAMES, 'all', 'auto'],
  read: (given) =>
    ([...ENGINE_NAMES, 'all', 'auto'] as const).find((name) => name === given) ??
    new Wrong(
      `knows no engine \`${given}\`; there are ${listed(ENGINE_NAMES, given)}`,
      'ENGINE_UNKNOWN',
    ),
};

/** `--engines a,b`, `--engines all`, or `--engine a --engine b`. */
const ENGINES_OPTION: Option<readonly EngineName[] | 'auto'> = {
  about: 'which engines are asked',
  value: list('LIST', ENGINE),
  alias: 'engine',
  isRepeated: true,
  fallback: 'auto, which crosses them where it is cheap',
  collect: (texts) => {
    const read = repeated(ENGINE, '').collect(
      texts.flatMap((each) => each.split(',')).map((name) => name.trim()),
    );
    if (read instanceof Wrong) return read;
    if (read.length === 0 || read.includes('auto')) return 'auto';
    return read.includes('all')
      ? ENGINE_NAMES
      : read.filter((name): name is EngineName => name !== 'all' && name !== 'auto');
  },
};

const OF_TLA = 'of a TLA+ module';
const OF_DIAGRAM = 'of a diagram';

/** What is submitted, and what goes with it: of `check` and of `submit` alike. */
export const SUBMISSION_OPTIONS = {
  format: optional(FORMAT, 'the format of the file', BY_NAME),
  config: under(
    OF_TLA,
    optional(FILE, 'the configuration for TLC', 'the .cfg of the same name beside it'),
  ),
  modules: under(
    OF_TLA,
    repeated(FOLDER, 'where other modules lie; looked through before TLA_LIBRARY'),
  ),
  annotations: under(
    OF_DIAGRAM,
    optional(FILE, 'data, conditions and properties in a side file (YAML)'),
  ),
  channels: under(OF_DIAGRAM, optional(choice('HOW', CHANNEL_SEMANTICS), 'how messages travel')),
  outside: under(
    OF_DIAGRAM,
    optional(
      choice('HOW', OUTSIDES),
      'what is waited for from outside comes in the end, or perhaps never',
      'answers',
    ),
  ),
  strict: under(OF_DIAGRAM, flag('refuse what BPMN does not allow, also where it has a meaning')),
};

/** What is asked of it, and how hard; and what is made of the answer. */
export const CHECK_OPTIONS = {
  property: repeated(text('NAME'), 'answer only this one; the implicit ones always stand'),
  engines: ENGINES_OPTION,
  assurance: optional(
    list('LIST', choice('NAME', ASSURANCES)),
    'what each answer must have: engines are asked until it has it, else exit 3',
  ),
  timeout: optional(positive('SECONDS'), 'for all of it', String(DEFAULT_OPTIONS.timeoutMs / 1000)),
  maxStates: optional(positive('N'), 'where explore stops', String(DEFAULT_OPTIONS.maxStates)),
  memory: optional(positive('MB'), 'where an engine stops', String(DEFAULT_OPTIONS.memoryMb)),
  svg: under(OF_DIAGRAM, optional(FOLDER, 'draw each finding into it, one SVG each')),
  fixes: under(
    OF_DIAGRAM,
    flag('look for small changes that mend it, and show those that were verified'),
  ),
  fix: under(
    OF_DIAGRAM,
    optional(FILE, 'write the diagram with the best of them made one after the other'),
  ),
};

export type SubmissionValues = Values<typeof SUBMISSION_OPTIONS>;
export type CheckValues = Values<typeof CHECK_OPTIONS>;
