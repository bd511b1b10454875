import {
  buildSchema,
  defaultFieldResolver,
  GraphQLError,
  Kind,
  isObjectType,
  isScalarType,
  valueFromASTUntyped,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLScalarType,
  type GraphQLSchema,
} from 'graphql';
import { invariant } from '../errors/index.ts';
import type { Resolver } from './area.ts';
import type { ApiContext } from './context.ts';
import type { Resolvers } from './resolvers.ts';
import { LastWord } from './whileAllowed.ts';

/**
 * The schema of a text with resolvers attached. A resolver without a field, or a root field without
 * a resolver, is a bug. `onEvent` is called before each answer of a subscription.
 */
export function executableSchema(
  text: string,
  resolvers: Resolvers,
  typeOf: (value: unknown) => string | undefined,
  onEvent: (context: ApiContext) => void,
  beforeFields: BeforeFields = {},
): GraphQLSchema {
  const schema = buildSchema(text);
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    invariant(isObjectType(type), `${typeName} is an object type of the schema`);
    attach(type, fields, type === schema.getSubscriptionType() ? onEvent : undefined);
  }
  for (const type of [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ]) {
    for (const field of Object.values(type?.getFields() ?? {}))
      invariant(field.resolve, `${type?.name}.${field.name} has a resolver`);
  }
  for (const [typeName, before] of Object.entries(beforeFields)) {
    const type = schema.getType(typeName);
    invariant(isObjectType(type), `${typeName} is an object type of the schema`);
    precede(type, before);
  }
  const node = schema.getType('Node');
  if (node && 'resolveType' in node) node.resolveType = typeOf;
  for (const type of Object.values(schema.getTypeMap())) if (isScalarType(type)) defineScalar(type);
  return schema;
}

function attach(
  type: GraphQLObjectType,
  fields: Readonly<Record<string, Resolver>>,
  onEvent: ((context: ApiContext) => void) | undefined,
): void {
  for (const [name, resolve] of Object.entries(fields)) {
    const field = type.getFields()[name];
    invariant(field, `${type.name}.${name} is a field of the schema`);
    if (onEvent) {
      field.subscribe = resolve as GraphQLFieldResolver<unknown, unknown>;
      field.resolve = (event: unknown, _args: unknown, context: ApiContext) => {
        if (event instanceof LastWord) throw event.error;
        onEvent(context);
        return event;
      };
    } else {
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
}

/** By type: what is done before any field of a value of it but its id is shown. */
export type BeforeFields = Readonly<
  Record<string, (value: { readonly id: string }, context: ApiContext) => Promise<void>>
>;

/** Also those that are properties of their parent, and those that are yet to be invented. */
function precede(type: GraphQLObjectType, before: BeforeFields[string]): void {
  for (const field of Object.values(type.getFields())) {
    if (field.name === 'id') continue;
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = async (value: { readonly id: string }, args, context: ApiContext, info) => {
      await before(value, context);
      return resolve(value, args, context, info) as unknown;
    };
  }
}

function defineScalar(type: GraphQLScalarType): void {
  if (type.name === 'DateTime') {
    type.serialize = (value) => (value instanceof Date ? value.toISOString() : String(value));
    type.parseValue = instant;
    type.parseLiteral = (node) => instant(node.kind === Kind.STRING ? node.value : undefined);
  }
  if (type.name === 'JSON') {
    type.serialize = (value) => value;
    type.parseValue = (value) => value;
    type.parseLiteral = (node, variables) => valueFromASTUntyped(node, variables);
  }
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/u;

/** A date is its first moment in UTC; a time has its offset. */
function instant(value: unknown): Date {
  const date = typeof value === 'string' && INSTANT.test(value) ? new Date(value) : undefined;
  const isDay = date && !Number.isNaN(date.getTime()) && sameDay(value as string, date);
  if (!date || !isDay)
    throw new GraphQLError('a time is ISO 8601 with its offset: 2026-07-01T00:00:00Z');
  return date;
}

/** `new Date` makes 2 March of 30 February. */
function sameDay(text: string, date: Date): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return (
    day.toISOString().startsWith(text.slice(0, 10)) &&
    Math.abs(date.getTime() - day.getTime()) <= 2 * 86_400_000
  );
}
