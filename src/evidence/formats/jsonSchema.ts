/**
 * The part of JSON Schema (draft-07) that the published schemas of evidence use. Not a library: the
 * verifier also runs in a browser, where a library that compiles schemas to code is refused by a
 * strict page. `test/evidence/jsonSchema.test.ts` holds it to Ajv, on what we write and on
 * thousands of changes of it.
 */

interface Schema {
  readonly [keyword: string]: unknown;
}

type Check = (rule: never, value: unknown, schema: Schema) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const patterns = new Map<string, RegExp>();

function patternOf(text: string): RegExp {
  const known = patterns.get(text) ?? new RegExp(text, 'u');
  patterns.set(text, known);
  return known;
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
};

/**
 * Keywords that say something about a value; a keyword that is in no table is a bug of a schema.
 */
const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (type: string, value) => TYPES[type]?.(value) === true,
  const: (constant: unknown, value) => value === constant,
  enum: (values: readonly unknown[], value) => values.includes(value),
  pattern: (text: string, value) => typeof value !== 'string' || patternOf(text).test(value),
  maxLength: (most: number, value) => typeof value !== 'string' || [...value].length <= most,
  minimum: (least: number, value) => typeof value !== 'number' || value >= least,
  minItems: (least: number, value) => !Array.isArray(value) || value.length >= least,
  maxItems: (most: number, value) => !Array.isArray(value) || value.length <= most,
  required: (names: readonly string[], value) =>
    !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (shapes: Readonly<Record<string, Schema>>, value) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, item]) => !Object.hasOwn(shapes, name) || conforms(shapes[name] as Schema, item),
    ),
  additionalProperties: (rule: false | Schema, value, { properties = {} }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, item]) =>
        Object.hasOwn(properties as object, name) || (rule !== false && conforms(rule, item)),
    ),
  items: (shape: Schema | readonly Schema[], value) =>
    !Array.isArray(value) ||
    value.every((item, at) =>
      Array.isArray(shape)
        ? shape[at] === undefined || conforms(shape[at] as Schema, item)
        : conforms(shape as Schema, item),
    ),
  anyOf: (shapes: readonly Schema[], value) => shapes.some((shape) => conforms(shape, value)),
};
const ANNOTATIONS = new Set(['$schema', '$id', 'title']);

/** Whether a value out of `JSON.parse` has the shape of a schema. */
export function conforms(schema: object, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = KEYWORDS[keyword];
    if (check !== undefined) return check(rule as never, value, schema as Schema);
    if (ANNOTATIONS.has(keyword)) return true;
    throw new Error(`a schema of ours uses the keyword ${keyword}, which nothing checks`);
  });
}
