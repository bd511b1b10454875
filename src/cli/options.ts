import { ASSURANCES } from '../checking/assurance.ts';
import { ENGINE_NAMES, type EngineName } from '../model/engine.ts';
import { FORMAT_OPTIONS, nounsTaking } from '../checking/formats.ts';
import { DEFAULT_OPTIONS } from '../checking/types.ts';
import { unknownName } from '../errors/nearest.ts';
import { CHANNEL_SEMANTICS, OUTSIDES } from '../frontends/bpmn/diagram.ts';
import { FORMAT_NAMES, isSpecificationFormat, type FormatName } from '../model/formats.ts';
import { Wrong, type Option, type Options, type ValueKind, type Values } from './command.ts';
import {
  choice,
  defaulted,
  FILE,
  flag,
  FOLDER,
  listOf,
  optional,
  positive,
  repeated,
  anyText,
  whole,
} from './values.ts';

/** Options that more than one command takes. */

export const SERVER_OPTIONS = {
  server: optional(anyText('URL'), 'the service', 'PROBITY_SERVER, else http://127.0.0.1:4600'),
  key: optional(anyText('KEY'), 'an API key', 'PROBITY_KEY'),
};

export const DATA_OPTION = optional(FOLDER, 'the data folder', 'PROBITY_DATA_DIR, else ~/.probity');

export const BY_NAME = "by the file's name and beginning";
/** As the service says it of a format that there is not. */
const formatOf = (names: readonly FormatName[]): ValueKind<FormatName> => ({
  ...choice('FORMAT', names),
  read: (given) =>
    names.find((name) => name === given) ??
    new Wrong(`takes a format: ${unknownName('format', given, names)}`, 'FORMAT_UNKNOWN'),
});
/** Of commands that need actors, channels and steps: a model. */
export const MODEL_FORMAT_OPTION = optional(
  formatOf(FORMAT_NAMES.filter((format) => !isSpecificationFormat(format))),
  'the format of the model',
  BY_NAME,
);

export const THREATS: ValueKind<'all' | readonly string[]> = {
  shown: 'LIST',
  read: (given) => namesOrAll(given.split(',').map((id) => id.trim())),
};

/** Names, or `all`. */
export const THREATS_OPTION = {
  threats: defaulted<'all' | readonly string[]>(
    THREATS,
    'all',
    'all, or ids such as tamper.redirect.amount,drop.notice',
    'all threats proper',
  ),
};

export const BUDGET_OPTION = optional(
  whole('K', 0, 999_999),
  'attacks of at most so many threats',
  'any number',
);
export const CONTROLS_OPTION = flag(
  'what each control carries, and which sets of controls suffice',
);

/** Of an analysis of threats that goes beside the answers: only where one of these is said. */
export const ATTACK_OPTIONS = {
  threats: optional(
    THREATS,
    'which attacks break what: all, or ids such as tamper.redirect.amount',
    'not asked',
  ),
  budget: BUDGET_OPTION,
  controls: CONTROLS_OPTION,
};

const namesOrAll = (names: readonly string[]): 'all' | readonly string[] =>
  names.includes('all') ? 'all' : names;

const ENGINE: ValueKind<EngineName | 'auto' | 'all'> = {
  shown: 'LIST',
  choices: [...ENGINE_NAMES, 'all', 'auto'],
  read: (given) =>
    ([...ENGINE_NAMES, 'all', 'auto'] as const).find((name) => name === given) ??
    new Wrong(`takes engines: ${unknownName('engine', given, ENGINE_NAMES)}`, 'ENGINE_UNKNOWN'),
};

/** `--engines a,b`, `--engines all`, or `--engine a --engine b`. */
const ENGINES_OPTION: Option<readonly EngineName[] | 'auto'> = {
  about: 'which engines are asked',
  value: listOf('LIST', ENGINE),
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

/** Help lists an option that only some formats know under what it is of. */
function byFormat<O extends Options>(options: O): O {
  const entries = Object.entries(options).map(([name, option]) => {
    const known = FORMAT_OPTIONS.find((each) => each === name);
    return [name, known ? { ...option, under: `of a ${nounsTaking(known)}` } : option] as const;
  });
  return Object.fromEntries(entries) as Options as O;
}

/** What is submitted, and what goes with it: of `check` and of `submit` alike. */
export const SUBMISSION_OPTIONS = byFormat({
  format: optional(formatOf(FORMAT_NAMES), 'the format of the file', BY_NAME),
  config: optional(FILE, 'the configuration for TLC', 'the .cfg of the same name beside it'),
  modules: repeated(FOLDER, 'where other modules lie; looked through before TLA_LIBRARY'),
  annotations: optional(FILE, 'data, conditions and properties in a side file (YAML)'),
  channels: optional(choice('HOW', CHANNEL_SEMANTICS), 'how messages travel'),
  outside: optional(
    choice('HOW', OUTSIDES),
    'what is waited for from outside comes in the end, or perhaps never',
    'answers',
  ),
  strict: flag('refuse what BPMN does not allow, also where it has a meaning'),
});

/** What is asked of it, and how hard; and what is made of the answer. */
export const CHECK_OPTIONS = byFormat({
  property: repeated(anyText('NAME'), 'answer only this one; the implicit ones always stand'),
  engines: ENGINES_OPTION,
  threat: repeated(
    anyText('LIST'),
    'judge under these threats together, as `probity threats` names them',
  ),
  assurance: optional(
    listOf('LIST', choice('NAME', ASSURANCES)),
    'what each answer must have: engines are asked until it has it, else exit 3',
  ),
  timeout: optional(positive('SECONDS'), 'for all of it', String(DEFAULT_OPTIONS.timeoutMs / 1000)),
  maxStates: optional(positive('N'), 'where explore stops', String(DEFAULT_OPTIONS.maxStates)),
  memory: optional(positive('MB'), 'where an engine stops', String(DEFAULT_OPTIONS.memoryMb)),
  svg: optional(FOLDER, 'draw each finding into it, one SVG each'),
  fixes: flag('look for small changes that mend it, and show those that were verified'),
  fix: optional(FILE, 'write the diagram with the best of them made one after the other'),
});

export type SubmissionValues = Values<typeof SUBMISSION_OPTIONS>;
export type CheckValues = Values<typeof CHECK_OPTIONS>;
export type AttackValues = Values<typeof ATTACK_OPTIONS>;

/** The ids of the threats under which everything is judged. */
export const underThreats = ({ threat }: Pick<CheckValues, 'threat'>): readonly string[] =>
  threat.flatMap((list) => list.split(',')).map((id) => id.trim());
