import { RISK_DEFAULTS } from '../../risk/request.ts';
import { command, Wrong, type CommandRow, type ValueKind } from '../command.ts';
import { MODEL_FORMAT_OPTION, THREATS, THREATS_OPTION } from '../options.ts';
import {
  defaulted,
  FILE,
  flag,
  FOLDER,
  listOf,
  number,
  optional,
  required,
  anyText,
  TIME,
  whole,
} from '../values.ts';
import { MODEL_PLACE } from './models.ts';

const MAX_GENERATED = 1_000_000;
/** With fewer draws a 95 % interval has no draw beyond its bounds. */
const MIN_DRAWS = 100;
const MAX_DRAWS = 100_000;

const NOT_A_VERDICT = 'A risk is never a verdict: `probity check` gives that.';

/** `case=Order id`: what a column is, and what the table calls it. */
const COLUMN: ValueKind<readonly [string, string]> = {
  shown: 'NAME=COLUMN',
  read: (given) => {
    const [, name, column] = /^([^=]+)=(.+)$/u.exec(given) ?? [];
    return name === undefined || column === undefined
      ? new Wrong(`takes NAME=COLUMN, like case=order_id, not \`${given}\``)
      : [name.trim(), column.trim()];
  },
};

const LEARNING_OPTIONS = {
  columns: optional(
    listOf('NAME=COLUMN,…', COLUMN),
    'of a table: which column is case, activity, timestamp, lifecycle, event_id or a `for` name',
  ),
  caseType: optional(
    anyText('TYPE'),
    'of an object-centric log (OCEL): the type of the objects that are cases',
  ),
  mapping: optional(FILE, 'which events are which steps of the model (YAML)'),
  timeFormat: optional(
    anyText('FORMAT'),
    'how the log writes its times, where not ISO 8601: "dd.MM.yyyy HH:mm", epochMillis',
  ),
  silent: optional(
    listOf('A,B', anyText('NAME')),
    'actions that need no events; of a diagram, gateways and events need none',
  ),
  format: MODEL_FORMAT_OPTION,
  maxStates: defaulted(
    whole('N', 1, 50_000_000),
    RISK_DEFAULTS.maxStates,
    'where the exploration gives up',
  ),
  timeout: defaulted(number('SECONDS', 1, 86_400), RISK_DEFAULTS.timeoutMs / 1000, 'for all of it'),
};

/** What is learned from what happened. */
export const RISK_COMMANDS: readonly CommandRow[] = [
  command({
    name: 'risk',
    about: 'how likely a loss is, learned from an event log',
    positionals: { file: MODEL_PLACE },
    options: {
      events: optional(FILE, 'the event log: CSV, JSON, XES, OCEL 2.0'),
      property: optional(anyText('NAME'), 'the property whose breaking is the loss'),
      where: optional(anyText('EXPR'), 'the states that are a loss, in place of a property'),
      cases: defaulted(
        whole('N', 1, 1_000_000_000),
        RISK_DEFAULTS.cases,
        'for how many cases losses are expected',
      ),
      draws: optional(
        whole('N', MIN_DRAWS, MAX_DRAWS),
        'draws from the posterior',
        'as many as cost a second, at most 10,000',
      ),
      mature: optional(
        whole('DAYS', 0, 36_500),
        'leave out cases that began nearer to the end of the log than this',
      ),
      logEnd: optional(TIME, 'until when the log was kept', 'the time of its last event'),
      seed: defaulted(
        whole('N', 0, Number.MAX_SAFE_INTEGER),
        RISK_DEFAULTS.seed,
        'of the draws, or of the generated log',
      ),
      ...LEARNING_OPTIONS,
      within: optional(
        whole('STEPS', 0, 100_000),
        'and how likely it is lost in at most so many of its steps',
      ),
      expected: flag('and how many steps and days a case takes'),
      costs: optional(
        FILE,
        'and what it costs: {"costs": {"action": c}} (JSON); those of no name cost nothing',
      ),
      robust: flag('and bounds whatever the rates are within their intervals'),
      attackers: optional(
        THREATS,
        'and what attackers with these threats (all, or ids) can make of it, at worst and at best',
      ),
      generate: optional(
        whole('N', 1, MAX_GENERATED),
        'print an event log of so many cases with known branch weights instead',
      ),
      weights: optional(FILE, 'the weights to generate with (JSON)'),
      pictures: optional(
        FOLDER,
        'write the belief before and after the log, and losses forecast and seen, as SVG',
      ),
    },
    notes: [
      'Give --events and --property (or --where) to learn from a log, or --generate and --weights to make one.',
      NOT_A_VERDICT,
    ],
    examples: [
      {
        line: 'risk specs/demo/parcel-risk.yaml --events events.csv --property notStolen',
        about: 'the probability that a case is lost, with its interval',
      },
      {
        line: 'risk specs/demo/parcel-risk.yaml --generate 300 --weights weights.json',
        about: 'a log of 300 cases, as CSV',
      },
    ],
    exits: { 0: 'assessed, or generated' },
    json: 'the assessment with its model card as JSON; problems too',
    runs: 'inThread',
    run: async (values, io) => (await import('../risk.ts')).risk(values, io),
  }),
  command({
    name: 'learn',
    about: 'how an event log fits a model, and how often each branch was taken',
    positionals: {
      log: required({ ...FILE, shown: 'LOG' }, 'the event log: CSV, JSON, XES, OCEL 2.0'),
    },
    options: { model: required(FILE, 'the model'), ...LEARNING_OPTIONS },
    notes: ['How likely a loss is: `probity risk`.'],
    examples: [
      {
        line: 'learn specs/demo/parcel-events.csv --model specs/demo/parcel-risk.yaml',
        about: 'fitness, deviations with an alignment each, and branches',
      },
    ],
    exits: { 0: 'learned' },
    runs: 'inThread',
    run: async (values, io) => (await import('../learn.ts')).learnFrom(values, io),
  }),
  command({
    name: 'monitor',
    about: 'follow running cases along a model, and explain deviations',
    positionals: { file: MODEL_PLACE },
    options: {
      mapping: required(FILE, 'which events are which steps of the model (YAML)'),
      events: optional(FILE, 'events in order of arrival: a JSON list of CloudEvents 1.0'),
      log: optional(
        FILE,
        'in place of events: a log that is replayed by time (CSV, XES, OCEL 2.0)',
      ),
      caseType: LEARNING_OPTIONS.caseType,
      ...THREATS_OPTION,
      budget: defaulted(
        whole('K', 0, 999),
        2,
        'explanations of at most so many threats beyond those that are known',
      ),
      now: optional(TIME, 'the time of arrival of all: what is ahead of it moves no clock'),
      playbooks: optional(
        FOLDER,
        'verify the playbooks of this folder that are for the model, and name one for each alert',
      ),
      format: MODEL_FORMAT_OPTION,
    },
    examples: [
      {
        line: 'monitor checkout.yaml --mapping mapping.yaml --events events.json',
        about: 'where each case stands, and what its deviations mean',
      },
      {
        line: 'monitor checkout.yaml --mapping mapping.yaml --log orders.xes',
        about: 'the same of what is past',
      },
    ],
    exits: { 0: 'no alert that stands or stood', 1: 'some' },
    runs: 'inThread',
    run: async (values, io) => (await import('../monitor.ts')).monitor(values, io),
  }),
  command({
    name: 'loss',
    about: 'how likely attacks break properties, and what it costs',
    positionals: {
      file: required(FILE, 'JSON: {"sets": what `probity threats --json` prints, "risk": {…}}'),
    },
    options: {
      sets: optional(FILE, 'the sets, where they are not in FILE'),
      incidents: optional(
        FILE,
        'what happened: a table with the columns threat, time, outcome (succeeded or stopped)',
      ),
      seed: defaulted(whole('N', 0, Number.MAX_SAFE_INTEGER), 1, 'of the draws'),
      pictures: optional(FOLDER, 'write the exceedance curve and the measures as SVG'),
    },
    notes: [
      'risk has q (id → probability in one unit of exposure, or a range, a law or "incidents"), commonCause ([{members, q}]), severity (property → EUR, or a law), lossGroups ([[property]]), cases (N), perPeriod, measures, observation and priors: docs/threats.md.',
      'A risk is never a verdict: `probity threats` gives that.',
    ],
    examples: [
      { line: 'loss rates.json --sets threats.json', about: 'the probability and the loss in EUR' },
    ],
    exits: { 0: 'computed' },
    runs: 'inThread',
    run: async (values, io) => (await import('../loss.ts')).loss(values, io),
  }),
  command({
    name: 'markov',
    about: 'how likely a Markov chain or decision process, explicit or a model’s, reaches a goal',
    positionals: {
      file: required(
        FILE,
        'JSON, {"states": N, "initial": i, "targets": [i], "transitions": [[from, to, p]]}, for a decision process [[from, choice, to, p]]; or PRISM\'s .tra; with --weights a model',
      ),
    },
    options: {
      lab: optional(FILE, 'the labels beside FILE.tra', 'FILE.lab'),
      target: defaulted(anyText('LABEL'), 'target', 'which label is the goal'),
      width: defaulted(
        number('W', 1e-12, 0.1),
        1e-7,
        'how near the bounds are, in parts of the upper one',
      ),
      within: optional(whole('STEPS', 0, 1_000_000), 'and that it is reached within so many steps'),
      expected: flag('and the expected cost until absorption; without `costs` the steps'),
      weights: optional(
        FILE,
        'of a model: how strongly its actions draw, {"weights": {"action": w}, "stop": w} (JSON)',
      ),
      property: optional(anyText('NAME'), 'of a model: the goal is that this property breaks'),
      where: optional(anyText('EXPR'), 'of a model: the states that are the goal'),
      threats: optional(
        THREATS,
        'of a model: whose choices an attacker makes (all, or ids); the answer has max and min',
      ),
      format: MODEL_FORMAT_OPTION,
      maxStates: LEARNING_OPTIONS.maxStates,
      timeout: LEARNING_OPTIONS.timeout,
    },
    notes: [
      'In JSON "costs": [c] are what a step from each state costs; "intervals": [[from, to, least, most]], in place of transitions, are bounds of each probability.',
    ],
    examples: [
      { line: 'markov chain.tra --target done', about: 'sound bounds, as JSON' },
      {
        line: 'markov specs/demo/parcel-risk.yaml --weights weights.json --property notStolen',
        about: 'of a model whose rates are known',
      },
    ],
    exits: { 0: 'computed', 3: 'the bounds did not come so near, and are true' },
    json: 'as without it',
    runs: 'inThread',
    run: async (values, io) => (await import('../markov.ts')).markov(values, io),
  }),
];
