import { problem, type Problem } from '../errors/index.ts';
import { isId, type ModelHead, type RunHead, type SealedVerdict } from '../store/index.ts';
import type { ScenarioText } from '../scenarios/index.ts';
import { notedWrite } from '../service/auditTrail.ts';
import type { Api, Arguments, InstallationApi, Operation, Resolver } from './area.ts';
import { runsInstallation, type Principal } from './auth.ts';
import type { ApiContext } from './context.ts';
import { answerable, refusal } from './errors.ts';
import { withSecondPerson } from './fourEyes.ts';
import type { UserError } from './payload.ts';
import { whileAllowed } from './whileAllowed.ts';
import { AREAS, mayUse, OPERATIONS } from './operations.ts';

/** Type → field → how to get it. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/**
 * The resolvers of all areas. A root field is answered only to a key whose role has it, and what
 * any of them throws becomes a coded error.
 */
export function buildResolvers(parts: Parts): Resolvers {
  const resolvers: Record<string, Record<string, Resolver>> = {};
  const add = (type: string, field: string, resolve: Resolver): void => {
    (resolvers[type] ??= {})[field] = coded(parts, field, resolve);
  };
  for (const [name, operation] of Object.entries(OPERATIONS))
    add(operation.on, name, guarded(parts, name, operation));
  for (const { fields = {} } of Object.values(AREAS))
    for (const [type, getters] of Object.entries(fields))
      for (const [name, get] of Object.entries(getters))
        add(type, name, (parent, args, context) =>
          get(apiOf(parts, known(context)), parent as never, args, context),
        );
  return resolvers;
}

/** What operations are given, before it is known of which organisation. */
type Parts = Omit<InstallationApi, 'service' | 'carryOut'>;

/** What a key sees: its organisation, and nothing else. */
function apiOf(all: Parts, principal: Principal): Api {
  const { installation, ...parts } = all;
  const service = installation.of(principal.organisationId);
  return { ...parts, service, carryOut: (...asked) => carryOut(all, ...asked) };
}

/** A write as it was asked before, by whoever asked. */
async function carryOut(
  parts: Parts,
  name: string,
  args: Arguments,
  by: Principal,
): Promise<readonly UserError[]> {
  const operation = OPERATIONS[name];
  if (!operation || !mayUse(by, name)) throw refusal([forbidden(by, name)]);
  const { userErrors = [] } = Object(await write(parts, name, operation, args, by)) as {
    readonly userErrors?: readonly UserError[];
  };
  return userErrors;
}

/** Does a write and notes it in the audit. */
function write(
  parts: Parts,
  name: string,
  operation: Operation,
  args: Arguments,
  principal: Principal,
): Promise<unknown> {
  const run = async (): Promise<unknown> => done(parts, operation, args, principal);
  const service = parts.installation.of(principal.organisationId);
  return notedWrite(service, principal, name, run, (result) => subjectOf(result, args));
}

/** Of the installation is given only what an operation says that it reaches. */
function done(parts: Parts, operation: Operation, args: Arguments, principal: Principal): unknown {
  const api = apiOf(parts, principal);
  return operation.reach === undefined
    ? operation.run(api, args, principal)
    : operation.run({ ...api, installation: parts.installation }, args, principal);
}

function known({ principal, trouble }: ApiContext): Principal {
  if (trouble) throw trouble;
  if (!principal)
    throw refusal([problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY')]);
  return principal;
}

function guarded(parts: Parts, name: string, operation: Operation): Resolver {
  return (_parent, args, context) => {
    const principal = known(context);
    if (!mayUse(principal, name)) throw refusal([forbidden(principal, name)]);
    if (operation.on === 'Mutation')
      return withSecondPerson(
        { ...apiOf(parts, principal), installation: parts.installation },
        name,
        args,
        principal,
        () => write(parts, name, operation, args, principal),
      );
    const result = done(parts, operation, args, principal);
    return operation.on === 'Subscription' ? followed(parts, name, result, context) : result;
  };
}

/**
 * What a write was about: the id of what it gave, else the one that it was given. Nothing where it
 * did nothing, because something was wrong with its input.
 */
function subjectOf(result: unknown, args: Arguments): string | undefined {
  const { userErrors, ...given } = Object(result) as { readonly userErrors?: readonly unknown[] };
  if (userErrors && userErrors.length > 0) return undefined;
  const input: unknown = args['input'];
  for (const each of [result, ...Object.values(given), args, input]) {
    const { id } = Object(each) as { readonly id?: unknown };
    if (typeof id === 'string' && isId(id)) return id;
  }
  return '';
}

/** The events of a subscription, for as long as the key is good. */
async function followed(
  { installation }: Parts,
  name: string,
  result: unknown,
  context: ApiContext,
): Promise<unknown> {
  const events = (await result) as AsyncIterableIterator<unknown>;
  return whileAllowed(
    events,
    () => context.refusedNow(),
    (error) => answerable(error, installation.logger, name),
  );
}

export function forbidden(principal: Principal, name: string): Problem {
  const operation = OPERATIONS[name];
  const why = !operation?.roles.includes(principal.role)
    ? `the role ${principal.role} may not use ${name}`
    : operation.reach !== undefined && !runsInstallation(principal)
      ? `${name} is for the organisation that runs the installation`
      : `the key is not for ${name}: its scopes are ${[...(principal.scopes ?? [])].join(', ')}`;
  return problem('FORBIDDEN', '', why);
}

function coded({ installation }: Parts, name: string, resolve: Resolver): Resolver {
  return async (parent, args, context, info) => {
    try {
      return await resolve(parent, args, context, info);
    } catch (error) {
      throw answerable(error, installation.logger, name);
    }
  };
}

/** Which type of the schema a value of `node` is. */
export function nodeType(value: unknown): string {
  const node = value as Partial<ModelHead & RunHead & SealedVerdict & ScenarioText>;
  if (node.receipt !== undefined) return 'Verdict';
  if (node.story !== undefined) return 'Scenario';
  return node.cacheKey === undefined ? 'Model' : 'Run';
}
