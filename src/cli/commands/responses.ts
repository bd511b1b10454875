import { DEFAULT_OPTIONS } from '../../checking/types.ts';
import { BOUND_ALERTS } from '../../response/playbookShape.ts';
import { command, Wrong, type CommandRow, type ValueKind } from '../command.ts';
import { MODEL_FORMAT_OPTION } from '../options.ts';
import {
  anyText,
  choice,
  defaulted,
  FILE,
  FOLDER,
  optional,
  positive,
  required,
} from '../values.ts';

/** `tamper.bill.amount+drop.bill,forge.bill`: sets of threats. */
const SETS: ValueKind<readonly (readonly string[])[]> = {
  shown: 'SETS',
  read: (given) => {
    const sets = given.split(',').map((set) => set.split('+').map((id) => id.trim()));
    return sets.flat().includes('')
      ? new Wrong('takes sets of threats, like tamper.bill.amount,drop.bill+forge.bill')
      : sets;
  },
};

/** A larger graph of a model, its threats and a playbook is left. */
const MAX_PLAYBOOK_STATES = 200_000;

export const PLAYBOOK_FOLDER = optional(
  FOLDER,
  'playbooks of your own, *.json',
  'those of this package',
);

const VERIFY_OPTIONS = {
  model: required(FILE, 'the model that they are for: YAML, JSON or a BPMN diagram'),
  format: MODEL_FORMAT_OPTION,
  timeout: defaulted(positive('SECONDS'), DEFAULT_OPTIONS.timeoutMs / 1000, 'for all of it'),
  maxStates: defaulted(positive('N'), MAX_PLAYBOOK_STATES, 'where one exploration stops'),
};

/** What to do about an alert, verified before. */
export const RESPONSE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'playbook',
    about: 'responses to alerts: CACAO 2.0 playbooks, verified on the model',
    commands: [
      command({
        name: 'check',
        about: 'whether a playbook helps, or the run in which it does not',
        positionals: { file: required(FILE, 'a playbook: CACAO 2.0 as JSON') },
        options: VERIFY_OPTIONS,
        examples: [
          {
            line: 'playbook check specs/playbooks/hold-shipment.json --model checkout.yaml',
            about: 'every question that makes it verified, with what it leans on',
          },
        ],
        exits: {
          0: 'verified for every alert that it answers',
          1: 'there is a run in which it does not help, or no run raises the alert',
          3: 'something was left open',
        },
        runs: 'inThread',
        run: async (values, io) => (await import('../playbook.ts')).checkPlaybook(values, io),
      }),
      command({
        name: 'list',
        about: 'the playbooks that there are, and the alerts that they answer',
        options: { folder: PLAYBOOK_FOLDER },
        examples: [{ line: 'playbook list', about: 'those of this package' }],
        exits: { 0: 'listed' },
        run: async (values) => (await import('../playbook.ts')).listPlaybooks(values),
      }),
      command({
        name: 'recommend',
        about: 'the verified playbooks for an alert',
        options: {
          ...VERIFY_OPTIONS,
          alert: required(choice('KIND', BOUND_ALERTS), 'the kind of the alert'),
          property: optional(anyText('NAME'), 'the property of the alert; final; a deadline'),
          explainedBy: defaulted(
            SETS,
            [],
            'the sets of threats that may be at work, ids joined by +',
            'none',
          ),
          folder: PLAYBOOK_FOLDER,
        },
        examples: [
          {
            line: 'playbook recommend --model shop.yaml --alert deviation --explained-by forge.callback',
            about: 'those that are verified under what explains the case come first',
          },
        ],
        exits: { 0: 'there is one', 1: 'none of those that there are is verified for it' },
        runs: 'inThread',
        run: async (values, io) => (await import('../playbook.ts')).recommendPlaybook(values, io),
      }),
    ],
  },
];
