import type { GraphQLFieldResolver } from 'graphql';
import { problem, type Problem, type Result } from '../errors/index.ts';
import type { Installation, Service } from '../service/service.ts';
import { isId } from '../store/index.ts';
import { type Authenticator, type Principal } from './auth.ts';
import type { ApiContext } from './context.ts';
import { refusal } from './errors.ts';
import type { UserError } from './payload.ts';
import type { Role } from './roles.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** What operations are given besides their arguments. */
export interface Api {
  /** That of the organisation of the key: of others nothing is seen. */
  readonly service: Service;
  readonly authenticator: Authenticator;
  /** What a key may use: what operations are is known above. */
  operationsOf(principal: Principal): readonly string[];
  /** Does what was asked by another before; gives what is wrong with that, if anything is. */
  carryOut(name: string, args: Arguments, by: Principal): Promise<readonly UserError[]>;
  /** Whether a key can be for this: an operation, or `read`. */
  isScope(text: string): boolean;
}

/** What operations are given that are about the installation, and so about all organisations. */
export interface InstallationApi extends Api {
  readonly installation: Installation;
}

interface RootField<Given> {
  readonly on: 'Query' | 'Mutation' | 'Subscription';
  readonly roles: readonly Role[];
  run(api: Given, args: Arguments, principal: Principal): unknown;
}

/** A root field: where it stands in the schema, who may use it, and what it does. */
export type Operation =
  | (RootField<Api> & { readonly reach?: undefined })
  /** For keys of the first organisation alone, which runs the installation. */
  | (RootField<InstallationApi> & { readonly reach: 'installation' });

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

/** The `id` in an input that the schema says has one. */
export const idIn = ({ input }: Arguments): string => (input as { readonly id: string }).id;

export const refuse = (code: Problem['code'], path: string, message: string) =>
  refusal([problem(code, path, message)]);

/** What of a filter is an id. */
const IDS: ReadonlySet<string> = new Set(['monitorId', 'incidentId', 'alertId']);

/** What a filter says, without what it does not. Ids that are none are refused. */
export function filterOf<T extends object>(
  args: Arguments,
  rename: Readonly<Record<string, string>> = {},
): T {
  const filter = given<Arguments>(args, 'filter') ?? {};
  const said = Object.entries(filter).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[rename[name] ?? name, value] as const],
  );
  for (const [name, value] of said) {
    if (IDS.has(name) && !isId(String(value)))
      throw refuse('OPTION_INVALID', `filter.${name}`, 'this is no id');
    if (typeof value === 'string' && /\0/u.test(value))
      throw refuse('OPTION_INVALID', `filter.${name}`, 'a text without NUL');
  }
  return Object.fromEntries(said) as T;
}
