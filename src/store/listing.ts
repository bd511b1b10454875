import type { VerdictState } from '../evidence/statements/revocation.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import { Prisma, type Rows } from './client.ts';
import type { RunState } from './records.ts';

/** Part of a list that is ordered by id, which is the order in which its rows were made. */
export interface Page {
  readonly limit: number;
  readonly oldestFirst?: boolean;
  /** The rows after this one, or, with `backward`, those before it. */
  readonly cursor?: string;
  readonly backward?: boolean;
  /** Undefined: everybody's. */
  readonly owner?: string;
}

/** The rows of a page, in the order of the list, and whether there are more that way. */
export interface Slice<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** What is asked of the model of a row, and of the answers about it. All of it must be so. */
export interface Filter {
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  readonly modelId?: string | undefined;
  /** Part of its name, in any case. */
  readonly modelName?: string | undefined;
  readonly modelDigest?: string | undefined;
  readonly format?: string | undefined;
  readonly owner?: string | undefined;
  /** With both, one property has this name and this outcome. */
  readonly property?: string | undefined;
  readonly outcome?: OutcomeKind | undefined;
  /** Part of an id, of the model's name, or of the name of a property. */
  readonly text?: string | undefined;
}

export interface RunFilter extends Filter {
  readonly states?: readonly RunState[] | undefined;
}

export interface VerdictFilter extends Filter {
  /** What was said of it since. */
  readonly state?: VerdictState | undefined;
}

/** Where rows come from: `id` names them, all conditions hold for them. */
export interface Listing {
  readonly from: Prisma.Sql;
  readonly id: Prisma.Sql;
  readonly conditions: readonly Prisma.Sql[];
}

/** More rows than these are not counted. */
export const COUNTED = 10_000;

/**
 * How the rows of a page are read by a column: from behind a cursor its way, and one beyond it;
 * `sliceOf` makes the page of them.
 */
export function reading<Key>(
  { limit, oldestFirst = false, backward = false }: Omit<Page, 'cursor'>,
  cursor: Key | undefined,
) {
  const ascending = oldestFirst !== backward;
  return {
    ...(cursor !== undefined && { behind: ascending ? { gt: cursor } : { lt: cursor } }),
    order: ascending ? ('asc' as const) : ('desc' as const),
    take: limit + 1,
  };
}

/** The page, of rows that were read its way and one beyond it. */
export function sliceOf<Row>(
  found: readonly Row[],
  { limit, backward = false }: Pick<Page, 'limit' | 'backward'>,
): Slice<Row> {
  const rows = found.slice(0, limit);
  return { rows: backward ? rows.reverse() : rows, hasMore: found.length > limit };
}

/** The rows of a page: their ids by the listing, then what `find` gives of these. */
export async function listRows<Row extends { readonly id: string }>(
  rows: Rows,
  listing: Listing,
  page: Page,
  find: (where: { readonly id: { readonly in: string[] } }) => Promise<readonly Row[]>,
): Promise<Slice<Row>> {
  const { rows: ids, hasMore } = await listIds(rows, listing, page);
  return { rows: inOrder(ids, await find({ id: { in: [...ids] } })), hasMore };
}

async function listIds(
  rows: Rows,
  { from, id, conditions }: Listing,
  page: Page,
): Promise<Slice<string>> {
  const { cursor } = page;
  const { order, take } = reading(page, cursor);
  const ascending = order === 'asc';
  const all = [
    ...conditions,
    ...(cursor === undefined
      ? []
      : [ascending ? Prisma.sql`${id} > ${cursor}` : Prisma.sql`${id} < ${cursor}`]),
  ];
  const found = await rows.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT ${id} AS "id"
    FROM ${from}
    WHERE ${together(all)}
    ORDER BY ${id} ${ascending ? Prisma.sql`ASC` : Prisma.sql`DESC`}
    LIMIT ${take}`);
  return sliceOf(
    found.map((row) => row.id),
    page,
  );
}

/** How many rows there are; nothing where there are more than `COUNTED`. */
export async function countRows(
  rows: Rows,
  { from, conditions }: Listing,
): Promise<number | undefined> {
  const [row] = await rows.$queryRaw<{ count: bigint }[]>(Prisma.sql`
    SELECT count(*) AS "count"
    FROM (SELECT 1 FROM ${from} WHERE ${together(conditions)} LIMIT ${COUNTED + 1}) AS "some"`);
  const count = Number(row?.count ?? 0);
  return count > COUNTED ? undefined : count;
}

/** The rows of these ids, in their order. */
function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** What a filter asks of a model `m`, and of a row whose owner and id are these. */
export function modelConditions(
  { modelName, modelDigest, format, owner }: Filter,
  owned: Prisma.Sql,
): Prisma.Sql[] {
  return [
    ...(modelName === undefined ? [] : [Prisma.sql`m."name" ILIKE ${part(modelName)}`]),
    ...(modelDigest === undefined ? [] : [Prisma.sql`m."digest" = ${modelDigest}`]),
    ...(format === undefined ? [] : [Prisma.sql`m."format" = ${format}`]),
    ...(owner === undefined ? [] : [Prisma.sql`${owned} = ${owner}`]),
  ];
}

/** What a filter asks of the answers of a run `r`. */
export function answerConditions({ property, outcome, text }: Filter): Prisma.Sql[] {
  const asked = [
    ...(property === undefined ? [] : [Prisma.sql`p ->> 'name' = ${property}`]),
    ...(outcome === undefined ? [] : [Prisma.sql`p ->> 'outcome' = ${outcome}`]),
  ];
  return [
    ...(asked.length === 0 ? [] : [someProperty(together(asked))]),
    ...(text === undefined
      ? []
      : [
          Prisma.sql`(r."id" ILIKE ${part(text)} OR m."name" ILIKE ${part(text)}
            OR ${someProperty(Prisma.sql`p ->> 'name' ILIKE ${part(text)}`)})`,
        ]),
  ];
}

const someProperty = (condition: Prisma.Sql): Prisma.Sql => Prisma.sql`EXISTS (
    SELECT 1
    FROM json_array_elements(r."report" -> 'properties') AS p
    WHERE ${condition})`;

const together = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length === 0 ? Prisma.sql`TRUE` : Prisma.join([...conditions], ' AND ');

/** A pattern for what has a text somewhere in it. */
const part = (text: string): string => `%${text.replaceAll(/[\\%_]/gu, '\\$&')}%`;
