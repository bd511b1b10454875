import type { Listed } from '../service/read.ts';
import { isId, type Filter, type Page } from '../store/index.ts';
import { given, refuse, type Arguments, type Field } from './area.ts';
import { askerOf, type Principal } from './auth.ts';
import { REQUEST_LIMITS } from './limits.ts';

/**
 * Lists as Relay has them (https://relay.dev/graphql/connections.htm): `first` after a cursor, or
 * `last` before one. A cursor is the id of a row.
 */

export const DEFAULT_PAGE = 20;

/** A page as it was asked for, of what the asker may see. */
export function pageFor(args: Arguments, principal: Principal): Page {
  const { owner, seesAll } = askerOf(principal);
  return { ...idPage(args), ...(!seesAll && { owner }) };
}

/** A page whose cursor is an id. */
export function idPage(args: Arguments): Omit<Page, 'owner'> {
  const page = cursorPage(args);
  if (page.cursor !== undefined && !isId(page.cursor))
    throw refuse('OPTION_INVALID', page.backward ? 'before' : 'after', 'this is no id');
  return page;
}

export function cursorPage(args: Arguments): Omit<Page, 'owner'> {
  const [first, last] = [given<number>(args, 'first'), given<number>(args, 'last')];
  const [after, before] = [given<string>(args, 'after'), given<string>(args, 'before')];
  const backward = last !== undefined || (first === undefined && before !== undefined);
  if (last !== undefined && first !== undefined)
    throw refuse('OPTION_INVALID', 'last', '`first` and `last` are two ways; give one');
  if (backward ? after !== undefined : before !== undefined)
    throw refuse(
      'OPTION_INVALID',
      backward ? 'after' : 'before',
      '`first` goes with `after`, `last` with `before`',
    );
  const limit = (backward ? last : first) ?? DEFAULT_PAGE;
  if (limit < 1 || limit > REQUEST_LIMITS.pageSize)
    throw refuse(
      'OPTION_INVALID',
      backward ? 'last' : 'first',
      `a page has 1 to ${REQUEST_LIMITS.pageSize} entries`,
    );
  const cursor = backward ? before : after;
  return {
    limit,
    ...(cursor !== undefined && { cursor }),
    ...(backward && { backward }),
    ...(given(args, 'order') === 'oldestFirst' && { oldestFirst: true }),
  };
}

/**
 * What a filter says of a model and its answers; what it does not say is left out. `also`: an
 * argument beside it that says the same.
 */
export function filterFrom(args: Arguments, also?: 'modelId'): Filter & Arguments {
  const { period, ...rest } = (given<Arguments>(args, 'filter') ?? {}) as {
    readonly period?: { readonly from?: Date | null; readonly until?: Date | null } | null;
  } & Arguments;
  const filter = Object.fromEntries(
    Object.entries({ ...rest, ...period, ...(also && { [also]: args[also] ?? rest[also] }) }).map(
      ([name, value]) => [name, value ?? undefined],
    ),
  ) as Filter & Arguments;
  for (const [name, value] of Object.entries(filter))
    if (typeof value === 'string' && (value === '' || value.length > MOST || /\0/u.test(value)))
      throw refuse('OPTION_INVALID', `filter.${name}`, `a text of 1 to ${MOST} characters`);
  if (filter.modelId !== undefined && !isId(filter.modelId))
    throw refuse('OPTION_INVALID', also ?? 'filter.modelId', 'this is no id');
  return filter;
}

const MOST = 200;

interface Connection {
  readonly rows: readonly { readonly id: unknown }[];
  readonly hasMore: boolean;
  readonly page: Omit<Page, 'owner'>;
  count?(): Promise<number | undefined>;
}

export const connection = <Row extends { readonly id: unknown }>(
  listed: Pick<Listed<Row>, 'rows' | 'hasMore'> & Partial<Listed<Row>>,
  page: Omit<Page, 'owner'>,
): Connection => ({ ...listed, page });

const cursorOf = (row: { readonly id: unknown } | undefined): string | null =>
  row === undefined ? null : String(row.id);

/** The fields of every connection. */
export const PLAIN_CONNECTION: Readonly<Record<string, Field>> = {
  nodes: (_api, { rows }: Connection) => rows,
  edges: (_api, { rows }: Connection) => rows.map((node) => ({ node, cursor: cursorOf(node) })),
  pageInfo: (_api, { rows, hasMore, page: { backward, cursor } }: Connection) => ({
    hasNextPage: backward ? cursor !== undefined : hasMore,
    hasPreviousPage: backward ? hasMore : cursor !== undefined,
    startCursor: cursorOf(rows[0]),
    endCursor: cursorOf(rows.at(-1)),
  }),
  totalCount: (_api, { count }: Connection) => count?.(),
};

/** Those of before have a cursor beside their nodes. */
export const CONNECTION_FIELDS: Readonly<Record<string, Field>> = {
  ...PLAIN_CONNECTION,
  endCursor: (_api, { rows, hasMore, page: { backward } }: Connection) =>
    hasMore && !backward ? cursorOf(rows.at(-1)) : null,
};
