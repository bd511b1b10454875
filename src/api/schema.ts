import {
  buildSchema,
  isObjectType,
  isScalarType,
  valueFromASTUntyped,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLScalarType,
  type GraphQLSchema,
} from 'graphql';
import { invariant } from '../errors/index.ts';

export type Resolver<Context> = GraphQLFieldResolver<unknown, Context, Record<string, unknown>>;
/** Type → field → how to get it. Fields that are properties of their parent need none. */
export type Resolvers<Context> = Readonly<
  Record<string, Readonly<Record<string, Resolver<Context>>>>
>;

/**
 * The schema of a text with resolvers attached. A resolver without a field, or a root field without
 * a resolver, is a bug. `onEvent` is called before each answer of a subscription.
 */
export function executableSchema<Context>(
  text: string,
  resolvers: Resolvers<Context>,
  typeOf: (value: unknown) => string | undefined,
  onEvent: (context: Context) => void,
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
  const node = schema.getType('Node');
  if (node && 'resolveType' in node) node.resolveType = typeOf;
  for (const type of Object.values(schema.getTypeMap())) if (isScalarType(type)) defineScalar(type);
  return schema;
}

function attach<Context>(
  type: GraphQLObjectType,
  fields: Readonly<Record<string, Resolver<Context>>>,
  onEvent: ((context: Context) => void) | undefined,
): void {
  for (const [name, resolve] of Object.entries(fields)) {
    const field = type.getFields()[name];
    invariant(field, `${type.name}.${name} is a field of the schema`);
    if (onEvent) {
      field.subscribe = resolve as GraphQLFieldResolver<unknown, unknown>;
      field.resolve = (event: unknown, _args: unknown, context: Context) => {
        onEvent(context);
        return event;
      };
    } else {
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
}

function defineScalar(type: GraphQLScalarType): void {
  if (type.name === 'DateTime')
    type.serialize = (value) => (value instanceof Date ? value.toISOString() : String(value));
  if (type.name === 'JSON') {
    type.serialize = (value) => value;
    type.parseValue = (value) => value;
    type.parseLiteral = (node, variables) => valueFromASTUntyped(node, variables);
  }
}
