import type { GraphQLFieldResolver } from 'graphql';
import { problem, type Problem, type Result } from '../errors/index.ts';
import type { Service } from '../service/service.ts';
import { isId } from '../store/index.ts';
import { askerOf, type Authenticator, type Principal } from './auth.ts';
import type { ApiContext } from './context.ts';
import { refusal } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Role } from './roles.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** What operations are given besides their arguments. */
export interface Api {
  readonly service: Service;
  readonly authenticator: Authenticator;
  /** What a role may use: what operations are is known above. */
  operationsOf(role: Role): readonly string[];
}

/** A root field: where it stands in the schema, who may use it, and what it does. */
export interface Operation {
  readonly on: 'Query' | 'Mutation' | 'Subscription';
  readonly roles: readonly Role[];
  run(api: Api, args: Arguments, principal: Principal): unknown;
}

/** How a field below a root field is fetched or worked out. Whoever sees the parent may see it. */
export type Field = (api: Api, parent: never, args: Arguments, context: ApiContext) => unknown;

/**
 * One area of the API, beside the `.graphql` of the same name that is its part of the schema. A new
 * area is two files and a line in `operations.ts`.
 */
export interface Area {
  readonly operations: Readonly<Record<string, Operation>>;
  /** By type and field; those that are properties of their parent need none. */
  readonly fields?: Readonly<Record<string, Readonly<Record<string, Field>>>>;
  /** What a field costs, where that is more than 1. */
  readonly costs?: Readonly<Record<string, number>>;
  /** How long a list without a `first` is taken to be. */
  readonly lists?: Readonly<Record<string, number>>;
}

/** What `graphql` calls for a field. */
export type Resolver = GraphQLFieldResolver<unknown, ApiContext, Record<string, unknown>>;

/** A value, or the refusal that says what is wrong. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw refusal(result.problems);
  return result.value;
}

/** An argument that may be left out: `null` and nothing are one. */
export const given = <T>(args: Arguments, name: string): T | undefined =>
  (args[name] ?? undefined) as T | undefined;

export const DEFAULT_PAGE = 20;

/** How many entries a page has. */
export function pageLength(args: Arguments): number {
  const first = given<number>(args, 'first') ?? DEFAULT_PAGE;
  if (first < 1 || first > LIMITS.pageSize)
    throw refuse('OPTION_INVALID', 'first', `a page has 1 to ${LIMITS.pageSize} entries`);
  return first;
}

/** A page of what the asker may see, after an id. */
export function pageFor(args: Arguments, principal: Principal) {
  const after = idGiven(args, 'after');
  const { owner, seesAll } = askerOf(principal);
  return {
    first: pageLength(args),
    ...(after !== undefined && { after }),
    ...(!seesAll && { owner }),
  };
}

/** An id among the arguments that has the shape of one. */
export function idGiven(args: Arguments, name: string): string | undefined {
  const id = given<string>(args, name);
  if (id !== undefined && !isId(id)) throw refuse('OPTION_INVALID', name, 'this is no id');
  return id;
}

/** The rows of a page, and where the next one begins. */
export function pageOf<T extends { readonly id: unknown }>(nodes: readonly T[], first: number) {
  return { nodes, endCursor: nodes.length === first ? String(nodes.at(-1)?.id) : null };
}

export const refuse = (code: Problem['code'], path: string, message: string) =>
  refusal([problem(code, path, message)]);
