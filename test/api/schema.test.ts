import { ATTEMPT_VERDICTS } from '../../src/lessons/graded.ts';
import { SIDES } from '../../src/lessons/play.ts';
import { PLAYER_ROLES } from '../../src/lessons/playerRole.ts';
import { EXERCISE_KINDS, NATURES } from '../../src/scenarios/exercises.ts';
import { LEVELS, SECTORS } from '../../src/scenarios/index.ts';
import { readdirSync } from 'node:fs';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import {
  buildSchema,
  findBreakingChanges,
  introspectionFromSchema,
  isEnumType,
  printSchema,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { ENGINE_NAMES } from '../../src/model/engine.ts';
import { FORMAT_NAMES } from '../../src/model/formats.ts';
import { ASSURANCES } from '../../src/checking/assurance.ts';
import { AREAS } from '../../src/api/operations.ts';
import { ROLES } from '../../src/api/roles.ts';
import { KEY_ROLES } from '../../src/evidence/signing/keys.ts';
import {
  LACK_REASONS,
  METHODS,
  OUTCOMES,
  RULES,
  UNKNOWN_REASONS,
  WITNESS_KINDS,
} from '../../src/model/outcome.ts';
import { RUN_STATES } from '../../src/store/index.ts';
import { goldenText } from '../golden.ts';
import { formatted, read } from '../printed.ts';
import { PROPERTY_KINDS } from '../../src/model/propertyKinds.ts';

const FOLDER = 'src/api/areas';

/** The parts of all areas, in the order of the areas, as one schema. */
const schema: GraphQLSchema = buildSchema(
  Object.keys(AREAS)
    .map((area) => read(`${FOLDER}/${area}.graphql`))
    .join('\n'),
);

describe('the schema', () => {
  it('is printed from the parts of the areas', async () => {
    goldenText('schema.graphql', `${await formatted(printSchema(schema), 'schema.graphql')}\n`);
    const parts = readdirSync(FOLDER)
      .filter((file) => file.endsWith('.graphql'))
      .map((file) => file.replace('.graphql', ''));
    expect(parts.sort()).toEqual(Object.keys(AREAS).sort());
  });

  it('is what the client for TypeScript takes its types from', () => {
    const types = minifyIntrospection(introspectionFromSchema(schema, { descriptions: false }));
    const text = outputIntrospectionFile(types, { fileType: '.d.ts', shouldPreprocess: true });
    // The rest would declare the types for everybody who imports gql.tada.
    const [own] = text.split("import * as gqlTada from 'gql.tada';");
    goldenText('clients/typescript/schema.d.ts', `${own?.trimEnd()}\n`);
  });

  it('breaks nobody who was served by the one that was released', () => {
    const released = buildSchema(read('test/api/released.graphql'));
    expect(findBreakingChanges(released, schema).map(({ description }) => description)).toEqual([]);
  });

  it('says what the members of each enum are', () => {
    const silent = Object.values(schema.getTypeMap())
      .filter((type) => !type.name.startsWith('__') && isEnumType(type) && !type.description)
      .filter((type) => isEnumType(type) && type.getValues().every((each) => !each.description))
      .map(({ name }) => name);
    // Its members are the words of solvers.
    expect(silent).toEqual(['Satisfiability']);
  });
});

describe('an enum', () => {
  const members = (name: string): string[] => {
    const type = schema.getType(name);
    return isEnumType(type) ? type.getValues().map((member) => member.name) : [];
  };
  it.each([
    ['Format', FORMAT_NAMES],
    ['Engine', ENGINE_NAMES],
    ['Assurance', ASSURANCES],
    ['Outcome', OUTCOMES],
    ['Method', METHODS],
    ['WitnessKind', WITNESS_KINDS],
    ['UnknownReason', UNKNOWN_REASONS],
    ['LackReason', LACK_REASONS],
    ['PropertyKind', PROPERTY_KINDS],
    ['Rule', RULES],
    ['Role', ROLES],
    ['Sector', SECTORS],
    ['Level', LEVELS],
    ['ExerciseKind', EXERCISE_KINDS],
    ['AttemptVerdict', ATTEMPT_VERDICTS],
    ['Nature', NATURES],
    ['PlayerRole', PLAYER_ROLES],
    ['PlaySide', SIDES],
    ['KeyRole', KEY_ROLES],
    ['RunState', RUN_STATES],
  ])('%s has the members that the code has', (name, known) => {
    expect(members(name).sort()).toEqual([...known].sort());
  });
});
