import { problem } from '../errors/index.ts';
import type { Statement } from '../evidence/statements/statement.ts';
import { ask, serverFrom, type Server, type ServerValues } from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { RefusedByServer } from './refused.ts';
import { painter } from './style.ts';

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

/** `probity verdict`: as the server tells it. */
export async function verdict(
  asked: ServerValues & { readonly id: string },
  io: CommandIo,
): Promise<Ended> {
  const view = await fetchVerdict(serverFrom(asked), asked.id);
  return { exit: EXIT.ok, json: view, text: () => verdictText(view, io) };
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
  if (!verdict) throw new RefusedByServer([problem('NOT_FOUND', 'ID', 'there is no such verdict')]);
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
