import { describe, expect, it } from 'vitest';
import {
  configurationText,
  readSpecification,
  withoutComments,
  type Specification,
} from '../../../src/frontends/tla/specification.ts';

const module = (name: string, body = ''): string => `---- MODULE ${name} ----\n${body}\n====\n`;
const read = (
  source: string,
  configuration = 'INIT Init\nNEXT Next',
  beside: Readonly<Record<string, string>> = {},
): ReturnType<typeof readSpecification> =>
  readSpecification(source, configuration, async (name) => beside[name]);
async function specification(...args: Parameters<typeof read>): Promise<Specification> {
  const result = await read(...args);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}
async function refused(...args: Parameters<typeof read>): Promise<string[]> {
  const result = await read(...args);
  return result.ok
    ? []
    : result.problems.map(
        ({ code, path, line, column }) => `${code} ${path} ${line ?? ''}:${column ?? ''}`,
      );
}

describe('the modules of a specification', () => {
  it('are those that it extends or instantiates, whatever stands in comments, and those inside of it are its own', async () => {
    const { root, modules } = await specification(
      module(
        'M',
        'EXTENDS Naturals, A\n\\* EXTENDS Nowhere\n(* INSTANCE (* deep *) Nowhere *)\nB == INSTANCE C WITH x <- "INSTANCE Nowhere"\n---- MODULE Inner ----\n====\nI == INSTANCE Inner',
      ),
      undefined,
      { A: module('A', 'EXTENDS C'), C: module('C') },
    );
    expect(root).toBe('M');
    expect([...modules.keys()]).toEqual(['M', 'A', 'C']);
  });

  it('are not those that prose names before the module and after it, with whatever line ends', async () => {
    const text = `EXTENDS Nowhere "open\n(* INSTANCE Gone\n${module('M', 'EXTENDS Naturals,\n   \\* not B\n   A (* nor C *)\nLOCAL INSTANCE D WITH y <- x')}INSTANCE Nowhere\n`;
    const { modules } = await specification(text.replaceAll('\n', '\r\n'), undefined, {
      A: module('A'),
      D: module('D'),
    });
    expect([...modules.keys()]).toEqual(['M', 'A', 'D']);
  });

  it('that are known and not there are named with where they come from, and how to bring them', async () => {
    const result = await read(module('M', 'EXTENDS FiniteSetsExt, TLAPS, Mine'));
    const said = result.ok ? [] : result.problems.map(({ message }) => message);
    expect(said).toEqual([
      'the module FiniteSetsExt is neither beside M nor one that comes with TLC: it comes from the CommunityModules (tlaplus/CommunityModules); put FiniteSetsExt.tla beside it, or name its folder by --modules or TLA_LIBRARY',
      expect.stringContaining('it comes from the TLA+ proof system (tlapm/library); put TLAPS.tla'),
      'the module Mine is neither beside M nor one that comes with TLC: put Mine.tla beside it, or name its folder by --modules or TLA_LIBRARY',
    ]);
  });

  it('may lie inside of one that is extended; one beside the specification goes before one of TLC', async () => {
    const beside = {
      A: module('A', '---- MODULE In ----\n====\n'),
      Bags: module('Bags', 'EXTENDS Naturals'),
    };
    expect([
      ...(
        await specification(module('M', 'EXTENDS A, Bags\nI == INSTANCE In'), undefined, beside)
      ).modules.keys(),
    ]).toEqual(['M', 'A', 'Bags']);
  });

  it.each(['IOUtils', 'IOExec', 'CSV', 'Json', 'TLCExt', 'SVG'])(
    'may not be %s, not even where a text of that name is sent along',
    async (name) => {
      expect(
        await refused(module('M', `EXTENDS Naturals\nLOCAL INSTANCE ${name}`), undefined, {
          [name]: module(name),
        }),
      ).toEqual(['TLA_MODULE M 3:7']);
    },
  );

  it('must be there', async () => {
    expect(await refused(module('M', 'EXTENDS Gone, Naturals'))).toEqual(['TLA_MODULE M 2:1']);
    expect(await refused('no module')).toEqual(['TLA_SYNTAX  1:1']);
  });

  it('has a name that a file can have', async () => {
    const long = 'M'.repeat(101);
    expect(await refused(module(long))).toEqual([`TLA_SYNTAX ${long.slice(0, 100)} :`]);
  });

  it('comments nest, strings hide them, offsets stay', () => {
    const text = 'a (* b (* c *) d *) "(*" e \\* f\ng';
    expect(withoutComments(text)).toBe(
      `a ${' '.repeat(17)} ${' '.repeat(4)} e ${' '.repeat(4)}\ng`,
    );
  });
});

describe('a configuration', () => {
  it('is split into what is checked and everything else', async () => {
    const { configuration } = await specification(
      module('M'),
      'CONSTANTS\n  N = 3 \\* INVARIANT no\n  Seq <- MySeq\nSPECIFICATION Spec\nINVARIANT TypeOK\nINVARIANTS A B\nPROPERTY Live',
    );
    expect(configuration).toMatchObject({
      invariants: ['TypeOK', 'A', 'B'],
      properties: ['Live'],
      checksDeadlock: true,
      limits: [],
      symmetry: false,
    });
    expect(configurationText(configuration, ['A'], [])).toBe(
      'CONSTANTS\n  N = 3 \\* INVARIANT no\n  Seq <- MySeq\nSPECIFICATION Spec\n\nINVARIANTS A\n',
    );
  });

  it('tells what keeps a run from being a proof, and whether deadlock is asked', async () => {
    const { configuration } = await specification(
      module('M'),
      'INIT I NEXT N\nCONSTRAINT Small\nVIEW v\nSYMMETRY Perms\nCHECK_DEADLOCK FALSE',
    );
    expect(configuration).toMatchObject({
      limits: [
        'states beyond a CONSTRAINT are left out',
        'states with the same VIEW are taken for one',
      ],
      symmetry: true,
      checksDeadlock: false,
    });
    expect((await specification(module('M'), '')).configuration.checksDeadlock).toBe(false);
  });

  it('loses what the pinned TLC has no word for, and says so; deadlock is asked by the command line', async () => {
    const { configuration } = await specification(
      module('M'),
      'SPECIFICATION Spec\nALIAS Short\nPOSTCONDITION Done\nCHECK_DEADLOCK TRUE',
    );
    expect(configuration).toMatchObject({
      rest: 'SPECIFICATION Spec\n',
      postcondition: 'Done',
      notes: [expect.stringContaining('ALIAS Short')],
      checksDeadlock: true,
    });
  });

  it('names no more than a report can have', async () => {
    const many = Array.from({ length: 1_001 }, (_, at) => `I${at}`).join(' ');
    for (const text of [
      `INVARIANTS ${many}`,
      `PROPERTY ${'P'.repeat(101)}`,
      `POSTCONDITION ${'P'.repeat(101)}`,
    ])
      expect(await refused(module('M'), text)).toEqual(['INPUT_TOO_LARGE configuration :']);
  });

  it('may give values and definitions of any kind, also those of one module only', async () => {
    const text =
      'CONSTANTS\n  N = 3\n  Server = {s1, s2}\n  Nat <- [M] MyNat\n  Init <- MyInit\nSPECIFICATION Spec\n';
    expect((await specification(module('M'), text)).configuration.rest).toBe(text);
  });

  it.each([
    ['TYPE T', 'TLA_SYNTAX configuration 1:1'],
    ['nonsense', 'TLA_SYNTAX configuration 1:1'],
    ['INVARIANT a!b', 'TLA_SYNTAX configuration :'],
  ])('%s is refused', async (text, expected) => {
    expect(await refused(module('M'), text)).toEqual([expected]);
  });
});
