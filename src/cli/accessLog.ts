import { bad, ok, problem, type Result } from '../errors/index.ts';
import {
  AuditJudge,
  auditRow,
  type AuditFields,
  type AuditFinding,
  type AuditRow,
} from '../evidence/formats/auditChain.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';
import { readLargeText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly before: string | undefined;
}

const WHAT: Readonly<Record<AuditFinding['fault'], string>> = {
  removed: 'lines before it are missing',
  reordered: 'it stands where another one does, or out of order',
  changed: 'it was changed',
  unlinked: 'it does not follow the one before: one of them was changed',
};

/** `probity access-log`. */
export async function checkAccessLog({ file, before }: Asked): Promise<Ended> {
  const log = await readLog(file);
  const earlier = before === undefined ? ok(undefined) : await readLog(before);
  if (!log.ok || !earlier.ok)
    return bad(...[log, earlier].flatMap((each) => (each.ok ? [] : each.problems)));
  const findings = [
    ...judged(log.value),
    ...(earlier.value ? between(earlier.value, log.value) : []),
  ];
  const { rows, unchained } = log.value;
  const erased = rows.filter(({ who, what }) => who === null || what === null).length;
  const [first, last] = [rows[0], rows.at(-1)];
  const json = {
    whole: findings.length === 0,
    rows: rows.length,
    erased,
    unchained,
    first: first?.position ?? null,
    last: last?.position ?? null,
    link: last?.link ?? null,
    findings,
  };
  return {
    exit: findings.length === 0 ? EXIT.ok : EXIT.violated,
    json,
    text: () =>
      [
        `${rows.length} links${first && last ? `, ${first.position} to ${last.position}` : ''}; of ${erased} it was erased who or what${unchained > 0 ? `; ${unchained} lines are from before there was a chain` : ''}`,
        ...(last ? [`the last link is ${last.link}: keep it`] : []),
        ...findings.map(({ position, fault }) => `link ${position}: ${WHAT[fault]}`),
        findings.length === 0 ? 'whole' : 'NOT WHOLE',
        '',
      ].join('\n'),
  };
}

interface AccessLog {
  readonly rows: readonly AuditRow[];
  readonly unchained: number;
}

const TEXTS = ['at', 'actor', 'role', 'operation', 'subject'] as const;
const MAYBE_TEXTS = [
  ...(['detail', 'address', 'previous', 'link'] as const),
  ...(['whoSalt', 'whoDigest', 'whatSalt', 'whatDigest'] as const),
] as const;

function isFields(value: unknown): value is AuditFields {
  const fields = Object(value) as Readonly<Record<string, unknown>>;
  const isMaybe = (each: unknown): boolean => each === null || typeof each === 'string';
  return (
    TEXTS.every((name) => typeof fields[name] === 'string') &&
    MAYBE_TEXTS.every((name) => isMaybe(fields[name])) &&
    (fields['position'] === null || Number.isSafeInteger(fields['position']))
  );
}

async function readLog(file: string): Promise<Result<AccessLog>> {
  const text = await readLargeText(file);
  if (!text.ok) return text;
  const rows: AuditRow[] = [];
  let unchained = 0;
  for (const [index, line] of text.value.split('\n').entries()) {
    if (line === '') continue;
    const fields = parsed(line);
    if (!isFields(fields))
      return bad(
        problem('BUNDLE_SHAPE', file, `line ${index + 1} of ${file} is no line of an access log`),
      );
    const row = auditRow(fields);
    if (row) rows.push(row);
    else unchained += 1;
  }
  return ok({ rows, unchained });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function judged({ rows }: AccessLog): readonly AuditFinding[] {
  const judge = new AuditJudge();
  for (const row of rows) judge.add(row);
  return judge.end().findings;
}

/** What both have must be the same, and what one has must follow from what the other has. */
function between(earlier: AccessLog, { rows }: AccessLog): readonly AuditFinding[] {
  const known = new Map(earlier.rows.map(({ position, link }) => [position, link]));
  const changed = rows.filter(({ position, link }) => (known.get(position) ?? link) !== link);
  const last = earlier.rows.at(-1);
  const next = last && rows.find(({ position }) => position > last.position);
  if (last && next && !rows.some(({ position }) => position <= last.position)) {
    const judge = new AuditJudge(last);
    judge.add(next);
    return judge.end().findings;
  }
  return [
    ...changed.map(({ position }) => ({ position, fault: 'changed' as const })),
    ...(last && !next && rows.at(-1)?.position !== last.position
      ? [{ position: last.position, fault: 'removed' as const }]
      : []),
  ];
}
