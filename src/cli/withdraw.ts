import { problem, type Problem } from '../errors/index.ts';
import { printProblems } from './problems.ts';
import { ask, serverFrom } from './client.ts';
import { EXIT, type Io } from './io.ts';
import { readOne, SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';

const OPTIONS = { ...SERVER_OPTIONS, reason: { type: 'string' }, by: { type: 'string' } } as const;

interface Withdrawn {
  readonly id: string;
  readonly erasedAt: string | null;
  readonly status: {
    readonly state: string;
    readonly reason: string | null;
    readonly by: string | null;
    readonly at: string | null;
    readonly asOf: number;
  } | null;
}

/**
 * One command for each way in which a verdict ends; they differ in what is asked and in what is
 * needed for it.
 */
const COMMANDS = {
  revoke: {
    help: `probity revoke ID --reason TEXT [options]      withdraw a verdict: signed, logged, for good

  --reason TEXT     why; it stands in the signed revocation
`,
    mutation:
      'mutation ($id: ID!, $reason: String!) { done: revokeVerdict(id: $id, reason: $reason) { id erasedAt status { state reason by at asOf } } }',
    by: false,
  },
  supersede: {
    help: `probity supersede ID --by ID --reason TEXT [options]      name the verdict that stands in its place

  --by ID           that verdict
  --reason TEXT     why; it stands in the signed statement
`,
    mutation:
      'mutation ($id: ID!, $by: ID!, $reason: String!) { done: supersedeVerdict(id: $id, by: $by, reason: $reason) { id erasedAt status { state reason by at asOf } } }',
    by: true,
  },
  erase: {
    help: `probity erase ID --reason TEXT [options]      delete what a verdict says; its leaf stays in the log, and says nothing

  --reason TEXT     why; it stands in the audit
`,
    mutation:
      'mutation ($id: ID!, $reason: String!) { done: eraseVerdict(id: $id, reason: $reason) { id erasedAt status { state reason by at asOf } } }',
    by: false,
  },
} as const;

async function run(name: keyof typeof COMMANDS, args: string[], io: Io): Promise<number> {
  const { help, mutation, by: needsBy } = COMMANDS[name];
  const json = args.includes('--json');
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(
      `${help}${SERVER_HELP}\nThe key must be of the role compliance or admin.\nexit: 0 done · 2 no such verdict, or bad arguments · 4 a fault\n`,
    );
    return EXIT.ok;
  }
  const parsed = readOne(args, 'ID', OPTIONS);
  if (!parsed.ok) return printProblems(parsed.problems, json, io);
  const { only: id, values } = parsed.value;
  const problems: Problem[] = [];
  if (values.reason === undefined)
    problems.push(problem('OPTION_INVALID', '--reason', 'say why: --reason TEXT'));
  if (needsBy && values.by === undefined)
    problems.push(
      problem('OPTION_INVALID', '--by', 'say which verdict stands in its place: --by ID'),
    );
  if (!needsBy && values.by !== undefined)
    problems.push(problem('OPTION_INVALID', '--by', `${name} takes no --by`));
  if (problems.length > 0) return printProblems(problems, json, io);
  return talking(io, json, async () => {
    const { done } = await ask<{ done: Withdrawn }>(serverFrom(values), mutation, {
      id,
      reason: values.reason,
      ...(needsBy ? { by: values.by } : {}),
    });
    io.stdout(json ? `${JSON.stringify(done, null, 2)}\n` : `${textOf(done)}\n`);
    return EXIT.ok;
  });
}

function textOf({ id, erasedAt, status }: Withdrawn): string {
  if (erasedAt !== null) return `${id} was erased at ${erasedAt}`;
  return `${id} is ${status?.state}${status?.by === null ? '' : ` by ${status?.by}`} since ${status?.at}, as of ${status?.asOf} leaves in the log · ${status?.reason}`;
}

export const revokeCommand = (args: string[], io: Io): Promise<number> => run('revoke', args, io);
export const supersedeCommand = (args: string[], io: Io): Promise<number> =>
  run('supersede', args, io);
export const eraseCommand = (args: string[], io: Io): Promise<number> => run('erase', args, io);
