import { problem } from '../errors/index.ts';
import type { Statement } from '../evidence/statements/statement.ts';
import { printProblems } from './problems.ts';
import { ask, Refused, serverFrom, type Server } from './client.ts';
import { EXIT, type Io } from './io.ts';
import { readOne, SERVER_HELP, SERVER_OPTIONS, talking } from './remote.ts';
import { painter } from './style.ts';

export const VERDICT_HELP = `probity verdict ID [options]      show a signed verdict, as the server tells it

${SERVER_HELP}
What a server says is no proof: \`probity certificate\` fetches the bundle, \`probity verify\` checks it.
exit: 0 shown · 2 no such verdict · 4 a fault
`;

export interface VerdictView {
  readonly id: string;
  readonly issuedAt: string;
  readonly statementDigest: string;
  /** Null once the verdict was erased. */
  readonly statement: Statement | null;
  readonly erasedAt: string | null;
  readonly status: {
    readonly state: string;
    readonly reason: string | null;
    readonly by: string | null;
    readonly asOf: number;
  } | null;
  readonly logIndex: number;
  readonly checkpoint: string;
  readonly run: { readonly id: string };
  readonly anchor: {
    readonly state: string;
    readonly network: string | null;
    readonly size: number;
    readonly transactionDigest: string | null;
  } | null;
}

export async function verdictCommand(args: string[], io: Io): Promise<number> {
  const json = args.includes('--json');
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(VERDICT_HELP);
    return EXIT.ok;
  }
  const parsed = readOne(args, 'ID', SERVER_OPTIONS);
  if (!parsed.ok) return printProblems(parsed.problems, json, io);
  const { only: id, values } = parsed.value;
  return talking(io, json, async () => {
    const verdict = await fetchVerdict(serverFrom(values), id);
    io.stdout(json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictText(verdict, io));
    return EXIT.ok;
  });
}

async function fetchVerdict(server: Server, id: string): Promise<VerdictView> {
  const { verdict } = await ask<{ verdict: VerdictView | null }>(
    server,
    `
    query ($id: ID!) {
      verdict(id: $id) { id issuedAt statementDigest statement erasedAt status { state reason by asOf } logIndex checkpoint run { id } anchor { state network size transactionDigest } }
    }`,
    { id },
  );
  if (!verdict) throw new Refused([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
  return verdict;
}

function verdictText(
  {
    id,
    issuedAt,
    statementDigest,
    statement,
    erasedAt,
    status,
    logIndex,
    run,
    anchor,
  }: VerdictView,
  io: Io,
): string {
  if (statement === null)
    return `${id} was erased at ${erasedAt}; its leaf ${logIndex} stays in the log, and says nothing.\n`;
  const paint = painter(io);
  const tones = { holds: 'green', violated: 'red', bounded: 'yellow', unknown: 'yellow' } as const;
  const { predicate } = statement;
  const width = Math.max(0, ...predicate.properties.map(({ name }) => name.length));
  const anchored =
    anchor === null
      ? 'not anchored'
      : anchor.state === 'confirmed'
        ? `${anchor.network ?? '?'} ${anchor.transactionDigest ?? ''}, covering ${anchor.size} leaves`
        : 'pending';
  return [
    `${paint('bold', predicate.model.name)} · ${predicate.model.format} · ${id}`,
    '',
    ...(predicate.script === undefined
      ? []
      : [`  answers  ${predicate.script.answers.join(', ')}`]),
    ...predicate.properties.map(({ name, outcome, assurance }) =>
      `  ${name.padEnd(width)}  ${paint(tones[outcome], outcome.padEnd(9))} ${assurance.join(' · ')}`.trimEnd(),
    ),
    '',
    `  issued     ${issuedAt} by ${predicate.issuer.name} (${predicate.issuer.key})`,
    `  status     ${status?.state ?? '?'}${status?.by ? ` by ${status.by}` : ''}, as of ${status?.asOf ?? '?'} leaves${status?.reason ? ` · ${status.reason}` : ''}`,
    `  statement  ${statementDigest}`,
    `  run        ${run.id}`,
    `  log        leaf ${logIndex}`,
    `  anchor     ${anchored}`,
    '',
    `probity certificate ${id} --out DIR writes the bundle; probity verify DIR checks it without this server.`,
    '',
  ].join('\n');
}
