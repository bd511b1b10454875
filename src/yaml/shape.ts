import { problem, type Locate, type Problem } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';

/**
 * The shape of a document, as data: the checker below walks it, and its JSON Schema is printed from
 * it, so that an editor and a command cannot disagree.
 */
export type JsonShape =
  | {
      /** `any`: what is judged later, by who knows what it should be. */
      readonly kind: 'text' | 'expression' | 'type' | 'boolean' | 'name' | 'true' | 'any';
      readonly about: string;
    }
  | { readonly kind: 'integer'; readonly min: number; readonly about: string }
  | { readonly kind: 'number'; readonly min: number; readonly about: string }
  | {
      readonly kind: 'oneOf';
      readonly values: readonly (string | number)[];
      readonly about: string;
    }
  | { readonly kind: 'list'; readonly of: JsonShape; readonly about: string }
  | { readonly kind: 'either'; readonly options: readonly JsonShape[]; readonly about: string }
  | { readonly kind: 'mapping'; readonly of: JsonShape; readonly about: string }
  | {
      readonly kind: 'record';
      readonly fields: Readonly<Record<string, Field>>;
      readonly about: string;
    };

interface Field {
  readonly shape: JsonShape;
  readonly required?: true;
}

export const textShape = (about: string): JsonShape => ({ kind: 'text', about });
export const expressionShape = (about: string): JsonShape => ({ kind: 'expression', about });
export const typeShape = (about: string): JsonShape => ({ kind: 'type', about });
export const mapping = (about: string, of: JsonShape): JsonShape => ({
  kind: 'mapping',
  about,
  of,
});
export const listShape = (about: string, of: JsonShape): JsonShape => ({ kind: 'list', about, of });
export const record = (about: string, fields: Readonly<Record<string, Field>>): JsonShape => ({
  kind: 'record',
  about,
  fields,
});
export const oneOf = (about: string, ...values: (string | number)[]): JsonShape => ({
  kind: 'oneOf',
  about,
  values,
});
export const requiredField = (shape: JsonShape): Field => ({ shape, required: true });
export const optionalField = (shape: JsonShape): Field => ({ shape });
export const namesShape = (about: string): JsonShape =>
  listShape(about, { kind: 'name', about: 'a name' });
/** More than this nobody reads, and each costs a search for its place. */
const MAX_PROBLEMS = 200;

/** All places where a value does not have a shape. */
export function checkShape(value: unknown, locate: Locate, shape: JsonShape): Problem[] {
  const problems: Problem[] = [];
  let left = 0;
  walk(value, shape, [], (code, path, message) => {
    if (problems.length < MAX_PROBLEMS)
      problems.push(problem(code, path.join('.'), message, locate(path)));
    else left += 1;
  });
  return left === 0
    ? problems
    : [...problems, problem('MODEL_SHAPE', '', `and ${left} more problems of this kind`)];
}

type Report = (
  code: 'MODEL_SHAPE' | 'UNKNOWN_KEY' | 'MISSING_KEY',
  path: readonly string[],
  message: string,
) => void;

function walk(value: unknown, shape: JsonShape, path: readonly string[], report: Report): void {
  const expected = (what: string): void =>
    report('MODEL_SHAPE', path, `${path.at(-1) ?? 'the document'} must be ${what}: ${shape.about}`);
  switch (shape.kind) {
    case 'text':
    case 'name':
    case 'type':
      if (typeof value !== 'string') expected('text');
      return;
    case 'expression':
      if (!isScalarOrList(value)) expected('an expression');
      return;
    case 'any':
      return;
    case 'boolean':
      if (typeof value !== 'boolean') expected('true or false');
      return;
    case 'true':
      if (
        value !== true &&
        value !== null &&
        !(isMapping(value) && Object.keys(value).length === 0)
      )
        expected('true');
      return;
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < shape.min)
        expected(`an integer from ${shape.min}`);
      return;
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value) || value < shape.min)
        expected(`a number from ${shape.min}`);
      return;
    case 'oneOf':
      if (!shape.values.includes(value as string | number))
        expected(`one of ${shape.values.join(', ')}`);
      return;
    case 'list':
      if (!Array.isArray(value)) expected('a list');
      else value.forEach((item, i) => walk(item, shape.of, [...path, String(i)], report));
      return;
    case 'either': {
      const option = shape.options.find((o) => sameForm(value, o));
      if (option) walk(value, option, path, report);
      else expected(shape.options.map((o) => FORM[o.kind]).join(' or '));
      return;
    }
    case 'mapping':
      if (!isMapping(value)) expected('a mapping');
      else
        for (const [key, item] of Object.entries(value))
          walk(item, shape.of, [...path, key], report);
      return;
    case 'record':
      walkRecord(value, shape, path, report, expected);
  }
}

function walkRecord(
  value: unknown,
  shape: Extract<JsonShape, { kind: 'record' }>,
  path: readonly string[],
  report: Report,
  expected: (what: string) => void,
): void {
  if (!isMapping(value)) {
    expected('a mapping');
    return;
  }
  for (const [key, field] of Object.entries(shape.fields)) {
    if (Object.hasOwn(value, key)) walk(value[key], field.shape, [...path, key], report);
    else if (field.required)
      report(
        'MISSING_KEY',
        path,
        `${path.at(-1) ?? 'the document'} lacks \`${key}\`: ${field.shape.about}`,
      );
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(shape.fields, key))
      report(
        'UNKNOWN_KEY',
        [...path, key],
        `\`${key}\` is not a key of ${inSentence(shape.about)}; known: ${listed(Object.keys(shape.fields), key)}`,
      );
  }
}

/** What a shape is for begins a sentence in a schema, and ends one here. */
const inSentence = (about: string): string => about.charAt(0).toLowerCase() + about.slice(1);

const FORM: Readonly<Record<JsonShape['kind'], string>> = {
  text: 'text',
  name: 'a name',
  type: 'a type',
  expression: 'an expression',
  boolean: 'true or false',
  true: 'true',
  any: 'anything',
  integer: 'an integer',
  number: 'a number',
  oneOf: 'a fixed word',
  list: 'a list',
  either: 'one of several',
  mapping: 'a mapping',
  record: 'a mapping',
};

function sameForm(value: unknown, shape: JsonShape): boolean {
  if (shape.kind === 'mapping' || shape.kind === 'record') return isMapping(value);
  if (shape.kind === 'list') return Array.isArray(value);
  if (shape.kind === 'integer') return typeof value === 'number';
  return isScalarOrList(value);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalarOrList(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return (
    Array.isArray(value) &&
    value.every((item) => item === null || ['string', 'number', 'boolean'].includes(typeof item))
  );
}

/** The JSON Schema of files of a shape. */
export function schemaFrom(name: string, title: string, shape: JsonShape): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:probity:schema:${name}:1`,
    title,
    ...schemaOf(shape),
  };
}

function schemaOf(shape: JsonShape): Record<string, unknown> {
  const description = shape.about;
  switch (shape.kind) {
    case 'text':
    case 'type':
      return { description, type: 'string' };
    case 'name':
      return { description, type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' };
    case 'expression':
      return {
        description,
        anyOf: [
          { type: ['string', 'number', 'boolean', 'null'] },
          { type: 'array', items: { type: ['string', 'number', 'boolean', 'null'] } },
        ],
      };
    case 'boolean':
      return { description, type: 'boolean' };
    case 'any':
      return { description };
    case 'true':
      return { description, enum: [true, null, {}] };
    case 'integer':
    case 'number':
      return { description, type: shape.kind, minimum: shape.min };
    case 'oneOf':
      return { description, enum: shape.values };
    case 'list':
      return { description, type: 'array', items: schemaOf(shape.of) };
    case 'either':
      return { description, anyOf: shape.options.map(schemaOf) };
    case 'mapping':
      return { description, type: 'object', additionalProperties: schemaOf(shape.of) };
    case 'record':
      return {
        description,
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(shape.fields).map(([key, field]) => [key, schemaOf(field.shape)]),
        ),
        required: Object.entries(shape.fields)
          .filter(([, field]) => field.required)
          .map(([key]) => key),
      };
  }
}
