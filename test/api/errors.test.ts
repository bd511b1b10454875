import { describe, expect, it } from 'vitest';
import { buildSchema, graphql } from 'graphql';
import { uniform } from '../../src/api/errors.ts';

const schema = buildSchema(`
enum Format { bpmn native }
enum Engine { explore }
enum Role { admin }
input Asked { format: Format, engines: [Engine!], role: Role }
type Query { ask(input: Asked!): Int }
`);

/** Code, place and the rest of what is said of a value. */
async function said(input: object): Promise<readonly (string | undefined)[]> {
  const { errors = [] } = await graphql({
    schema,
    source: 'query ($input: Asked!) { ask(input: $input) }',
    variableValues: { input },
  });
  return errors.map((error) => {
    const extensions = uniform(error.toJSON()).extensions ?? {};
    const [first] = extensions['problems'] as { code: string; path: string; message: string }[];
    return `${String(extensions['code'])} ${first?.path} ${/Did you mean.*/u.exec(first?.message ?? '')?.[0] ?? ''}`;
  });
}

describe('a value that is no member of an enum', () => {
  it('has the code of the command line, its place, and the nearest member', async () => {
    expect(await said({ format: 'bpnm' })).toEqual([
      'FORMAT_UNKNOWN input.format Did you mean the enum value "bpmn"?',
    ]);
    expect(await said({ engines: ['explore', 'explorer'] })).toEqual([
      'ENGINE_UNKNOWN input.engines[1] Did you mean the enum value "explore"?',
    ]);
    expect(await said({ role: 'root' })).toEqual(['OPTION_INVALID input.role ']);
    expect(await said({ format: 7 })).toEqual(['FORMAT_UNKNOWN input.format ']);
  });

  it('is told from a shape that is wrong', async () => {
    expect(await said({ formats: 'bpmn' })).toEqual(['REQUEST_SHAPE  Did you mean "format"?']);
  });
});
