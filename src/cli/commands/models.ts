import { REDUCTIONS } from '../../model/engine.ts';
import { DEFAULT_OPTIONS } from '../../checking/types.ts';
import { command, type CommandRow } from '../command.ts';
import {
  BUDGET_OPTION,
  CHECK_OPTIONS,
  CONTROLS_OPTION,
  MODEL_FORMAT_OPTION,
  SUBMISSION_OPTIONS,
  THREATS_OPTION,
} from '../options.ts';
import {
  choice,
  defaulted,
  FILE,
  FOLDER,
  optional,
  positive,
  repeated,
  required,
} from '../values.ts';

/** Who may judge sets of threats. */
const ATTACK_ENGINES = ['auto', 'explore', 'z3'] as const;

/** A larger graph of all threats is left, and the sets are judged one by one. */
const MAX_ATTACKED_STATES = 200_000;

export const MODEL_PLACE = required(FILE, 'a model: YAML, JSON or a BPMN diagram');
export const SUBMITTED_PLACE = required(
  FILE,
  'a model (YAML, JSON, BPMN), a TLA+ module or an SMT-LIB script',
);

/** What is asked of a model, here and with no server. */
export const MODEL_COMMANDS: readonly CommandRow[] = [
  command({
    name: 'check',
    about: 'check a model here, with no server and no database',
    positionals: { file: SUBMITTED_PLACE },
    options: {
      ...SUBMISSION_OPTIONS,
      ...CHECK_OPTIONS,
      reduction: optional(
        choice('HOW', REDUCTIONS),
        'whether explore may do with a smaller graph where it is enough',
        'auto',
      ),
      artifacts: optional(
        FOLDER,
        'keep what the engines read and wrote: modules, invariants, obligations',
      ),
    },
    examples: [
      {
        line: 'check specs/demo/checkout.yaml',
        about: 'every property, with the engines it takes',
      },
      {
        line: 'check order.bpmn --fixes --svg out/',
        about: 'what is wrong with a diagram, drawn, and small changes that mend it',
      },
      {
        line: 'check Spec.tla --config Spec.cfg --timeout 600',
        about: 'a TLA+ specification as it is, by TLC',
      },
    ],
    exits: {
      0: 'all hold, or a script has its answers',
      1: 'something is violated',
      3: 'something is bounded or unknown, or lacks an assurance that was demanded',
    },
    json: 'the report as JSON; problems too',
    runs: 'inThread',
    run: async (values, io) => (await import('../check.ts')).check(values, io),
  }),
  command({
    name: 'threats',
    about: 'which attacks break which properties, and which controls hold',
    positionals: { file: MODEL_PLACE },
    options: {
      ...THREATS_OPTION,
      budget: BUDGET_OPTION,
      against: optional(
        FILE,
        'which attacks are new, gone, shorter or longer than in this version of the model',
      ),
      controls: CONTROLS_OPTION,
      annotations: SUBMISSION_OPTIONS.annotations,
      pictures: optional(
        FOLDER,
        'write each attack as a sequence diagram: SVG, and text for Mermaid; of a diagram also drawn into it',
      ),
      otm: optional(FILE, 'write model and analysis as Open Threat Model 0.2.0 (JSON)'),
      catalogue: repeated(FOLDER, 'entries of your own for the catalogue of threats'),
      engines: optional(
        choice('NAME', ATTACK_ENGINES),
        'who judges sets of threats',
        'auto: explore, and Z3 where values or states have no end',
      ),
      format: MODEL_FORMAT_OPTION,
      timeout: defaulted(
        positive('SECONDS'),
        DEFAULT_OPTIONS.timeoutMs / 1000,
        'for the whole analysis; what was completed stays',
      ),
      maxStates: defaulted(positive('N'), MAX_ATTACKED_STATES, 'where one exploration stops'),
    },
    examples: [
      {
        line: 'threats specs/demo/checkout.yaml --controls',
        about: 'the smallest attacks, and what each control is worth',
      },
      { line: 'threats new.yaml --against old.yaml', about: 'what a change of the model opens' },
    ],
    exits: {
      0: 'nothing breaks within the budget; with --against, no attack is new',
      1: 'something does; with --against, an attack is new',
      3: 'something was left open; with --against, there may be one that was not judged',
    },
    runs: 'inThread',
    run: async (values, io) => (await import('../threats.ts')).threats(values, io),
  }),
  command({
    name: 'otm',
    about: 'a threat model of another tool (OTM) beside a model: what either lacks',
    positionals: {
      file: required(FILE, 'an Open Threat Model 0.1 or 0.2: JSON or YAML'),
      model: MODEL_PLACE,
    },
    options: {
      ...SUBMISSION_OPTIONS,
      catalogue: repeated(FOLDER, 'entries of your own for the catalogue of threats'),
    },
    examples: [
      {
        line: 'otm checkout.otm.json specs/demo/checkout.yaml',
        about: 'which actors, channels, threats and controls correspond, and which do not',
      },
    ],
    exits: {
      0: 'both name the same things',
      1: 'one has what the other lacks, or says otherwise',
    },
    run: async (values, io) => (await import('../otm.ts')).otm(values, io),
  }),
];
