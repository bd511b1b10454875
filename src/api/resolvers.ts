import { problem } from '../errors/index.ts';
import type { ModelHead, RunHead, SealedVerdict } from '../store/index.ts';
import type { ScenarioText } from '../scenarios/index.ts';
import type { Api, Operation, Resolver } from './area.ts';
import { answerable, refusal } from './errors.ts';
import { AREAS, mayUse, OPERATIONS } from './operations.ts';

/** Type → field → how to get it. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/**
 * The resolvers of all areas. A root field is answered only to a key whose role has it, and what
 * any of them throws becomes a coded error.
 */
export function buildResolvers(api: Api): Resolvers {
  const resolvers: Record<string, Record<string, Resolver>> = {};
  const add = (type: string, field: string, resolve: Resolver): void => {
    (resolvers[type] ??= {})[field] = coded(api, field, resolve);
  };
  for (const [name, operation] of Object.entries(OPERATIONS))
    add(operation.on, name, guarded(api, name, operation));
  for (const { fields = {} } of Object.values(AREAS))
    for (const [type, getters] of Object.entries(fields))
      for (const [name, get] of Object.entries(getters))
        add(type, name, (parent, args, context) => get(api, parent as never, args, context));
  return resolvers;
}

function guarded(api: Api, name: string, { run }: Operation): Resolver {
  return (_parent, args, { principal, trouble }) => {
    if (trouble) throw trouble;
    if (!principal)
      throw refusal([
        problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY'),
      ]);
    if (!mayUse(principal.role, name))
      throw refusal([problem('FORBIDDEN', '', `the role ${principal.role} may not use ${name}`)]);
    return run(api, args, principal);
  };
}

function coded({ service }: Api, name: string, resolve: Resolver): Resolver {
  return async (parent, args, context, info) => {
    try {
      return await resolve(parent, args, context, info);
    } catch (error) {
      throw answerable(error, service.logger, name);
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
