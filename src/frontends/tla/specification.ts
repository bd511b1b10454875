import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';

/**
 * A TLA+ specification as it was submitted: the module to check, those it needs, and what TLC is to
 * check of it.
 */
export interface Specification {
  /** The name of the module to check. */
  readonly root: string;
  /** Module name → text. */
  readonly modules: ReadonlyMap<string, string>;
  readonly configuration: Configuration;
  /** The configuration as it was written. */
  readonly written: string;
}

/** A TLC configuration (*Specifying Systems*, 14.7.1), as far as it has to be understood here. */
export interface Configuration {
  /** Everything but invariants and properties, as it was written. */
  readonly rest: string;
  readonly invariants: readonly string[];
  readonly properties: readonly string[];
  /** Unless it says otherwise, or has only assumptions and no behaviour. */
  readonly checksDeadlock: boolean;
  /** What keeps a completed run from being a proof (SEMANTICS 12). */
  readonly limits: readonly string[];
  readonly symmetry: boolean;
  /** An operator to be true of the finished run: newer TLCs know it, the pinned one does not. */
  readonly postcondition?: string;
  /** What was left out because it changes only how a trace is shown. */
  readonly notes: readonly string[];
}

/** Modules that come with TLC and do nothing but compute. */
const STANDARD: ReadonlySet<string> = new Set([
  'Naturals',
  'Integers',
  'Reals',
  'ProtoReals',
  'Sequences',
  'FiniteSets',
  'Bags',
  'TLC',
  'RealTime',
  'Randomization',
  'Toolbox',
  'Peano',
]);

/**
 * Modules of others whose operators are written in Java, and some of which run commands or read
 * files: not even if a text of that name is sent along.
 */
const REFUSED =
  /^(IO(Utils|Exec|Env)?|IOUtils|CSV|Json|SVG|Serialize\w*|TLCExt|ShiViz|VectorClocks|HTML|_?TLCTrace)$/;

/** Modules that people extend and that do not come with TLC, by where they come from. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'the CommunityModules (tlaplus/CommunityModules)': [
    'BagsExt',
    'Bitwise',
    'Combinatorics',
    'DifferentialEquations',
    'DyadicRationals',
    'FiniteSetsExt',
    'Folds',
    'Functions',
    'GraphViz',
    'Graphs',
    'Relation',
    'SequencesExt',
    'Statistics',
    'UndirectedGraphs',
  ],
  'the TLA+ proof system (tlapm/library)': [
    'TLAPS',
    'BagsTheorems',
    'FiniteSetTheorems',
    'FunctionTheorems',
    'NaturalsInduction',
    'SequenceTheorems',
    'SequencesTheorems',
    'WellFoundedInduction',
  ],
  'Apalache (apalache-mc/apalache, src/tla)': ['Apalache', 'Option', 'Variants'],
};

/** Where a module that is known comes from, and how it is brought along. */
function originOf(module: string): string {
  const found = Object.entries(ELSEWHERE).find(([, names]) => names.includes(module));
  return `: ${found ? `it comes from ${found[0]}; ` : ''}put ${module}.tla beside it, or name its folder by --modules or TLA_LIBRARY`;
}

/** A module is written under its name: a longer one is no name of a file. */
const MAX_NAME = 100;
const MAX_MODULES = 60;
/** Each is a property of the answer. */
const MAX_ASKED = 1_000;
const MAX_SOURCE = 4 * 1024 * 1024;

/**
 * Gathers the modules that `source` extends or instantiates, by `find`, and reads the
 * configuration.
 */
export async function readSpecification(
  source: string,
  configuration: string,
  find: (module: string) => Promise<string | undefined>,
): Promise<Result<Specification>> {
  const problems: Problem[] = [];
  const modules = new Map<string, string>();
  const root = /-{4,}\s*MODULE\s+(\w+)\s*-{4,}/.exec(source)?.[1];
  if (root === undefined)
    return bad(
      problem('TLA_SYNTAX', '', 'no `---- MODULE name ----` begins a module', {
        line: 1,
        column: 1,
      }),
    );
  const waiting: (readonly [string, string])[] = [[root, source]];
  const inner = new Set<string>();
  const missing: { readonly module: string; readonly problem: Problem }[] = [];
  let size = 0;
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, text] = next;
    if (modules.has(name)) continue;
    modules.set(name, text);
    size += text.length;
    if (size > MAX_SOURCE || modules.size > MAX_MODULES)
      return bad(
        problem(
          'INPUT_TOO_LARGE',
          name,
          `a specification has at most ${MAX_MODULES} modules and ${MAX_SOURCE} characters`,
        ),
      );
    if (name.length > MAX_NAME)
      return bad(
        problem(
          'TLA_SYNTAX',
          name.slice(0, MAX_NAME),
          `the name of a module has at most ${MAX_NAME} characters`,
        ),
      );
    const { used, defined } = usedBy(text);
    defined.forEach((module) => inner.add(module));
    for (const { module, offset } of used) {
      if (modules.has(module)) continue;
      const place = placeIn(text, offset);
      if (REFUSED.test(module)) {
        problems.push(
          problem(
            'TLA_MODULE',
            name,
            `the module ${module} may not be used: its operators are Java, and reach files, commands or the checker itself`,
            place,
          ),
        );
        continue;
      }
      // A module beside the specification goes before one of TLC's own, as it does for SANY.
      const found = await find(module);
      if (found !== undefined) waiting.push([module, found]);
      else if (!STANDARD.has(module))
        missing.push({
          module,
          problem: problem(
            'TLA_MODULE',
            name,
            `the module ${module} is neither beside ${root} nor one that comes with TLC${originOf(module)}`,
            place,
          ),
        });
    }
  }
  // A module inside of one that is extended can be instantiated by whoever extends it: known only
  // when all have been read.
  problems.push(...missing.filter((gone) => !inner.has(gone.module)).map((gone) => gone.problem));
  const read = readConfiguration(configuration);
  if (!read.ok) problems.push(...read.problems);
  return problems.length > 0 || !read.ok
    ? bad(...problems)
    : ok({ root, modules, configuration: read.value, written: configuration });
}

interface Uses {
  readonly used: readonly { readonly module: string; readonly offset: number }[];
  /** The modules inside of it. */
  readonly defined: readonly string[];
}

/**
 * What a module extends or instantiates, but for modules inside of it. What stands before its first
 * line and after its last is prose.
 */
function usedBy(text: string): Uses {
  const bare = moduleOf(text);
  const [, ...defined] = [...bare.matchAll(HEADER)].map((match) => match[1] ?? '');
  const used = [
    ...[...bare.matchAll(/\bEXTENDS\s+((?:\w+\s*,\s*)*\w+)/g)].flatMap((match) =>
      [...(match[1] ?? '').matchAll(/\w+/g)].map((name) => ({
        module: name[0],
        offset: match.index,
      })),
    ),
    ...[...bare.matchAll(/\bINSTANCE\s+(\w+)/g)].map((match) => ({
      module: match[1] ?? '',
      offset: match.index,
    })),
  ];
  return { used: used.filter(({ module }) => !defined.includes(module)), defined };
}

const HEADER = /-{4,}\s*MODULE\s+(\w+)\s*-{4,}/g;

/**
 * The outermost module, comments and strings left out, with blanks in their place and before it, so
 * that offsets stay.
 */
function moduleOf(text: string): string {
  const start = Math.max(0, text.search(HEADER));
  const bare = text.slice(0, start).replace(/[^\n]/g, ' ') + withoutComments(text.slice(start));
  let depth = 0;
  for (const match of bare.matchAll(/-{4,}\s*MODULE\s+\w+\s*-{4,}|={4,}/g)) {
    depth += match[0].startsWith('-') ? 1 : -1;
    if (depth === 0) return bare.slice(0, match.index);
  }
  return bare;
}

/** Blanks in the place of comments (which nest) and strings, so that offsets stay. */
export function withoutComments(text: string): string {
  let out = '';
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const two = text.slice(at, at + 2);
    if (two === '(*') depth += 1;
    else if (two === '*)' && depth > 0) depth -= 1;
    else if (depth === 0 && two === '\\*') {
      const end = text.indexOf('\n', at);
      const stop = end < 0 ? text.length : end;
      out += ' '.repeat(stop - at);
      at = stop;
      continue;
    } else if (depth === 0 && text[at] === '"') {
      const end = /^"(?:[^"\\\n]|\\.)*"?/.exec(text.slice(at, at + 10_000))?.[0].length ?? 1;
      out += ' '.repeat(end);
      at += end;
      continue;
    } else {
      out += depth > 0 && text[at] !== '\n' ? ' ' : (text[at] ?? '');
      at += 1;
      continue;
    }
    out += '  ';
    at += 2;
  }
  return out;
}

function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const SECTIONS =
  /\b(CONSTANTS?|CONSTRAINTS?|ACTION_CONSTRAINTS?|INVARIANTS?|PROPERTY|PROPERTIES|INIT|NEXT|SPECIFICATION|SYMMETRY|VIEW|CHECK_DEADLOCK|POSTCONDITION|ALIAS|TYPE_CONSTRAINT|TYPE)\b/g;

/**
 * What keeps a completed run from being a proof: states or steps that are left out, or taken for
 * each other.
 */
const LIMITING: Readonly<Record<string, string>> = {
  CONSTRAINT: 'states beyond a CONSTRAINT are left out',
  CONSTRAINTS: 'states beyond a CONSTRAINT are left out',
  VIEW: 'states with the same VIEW are taken for one',
  ACTION_CONSTRAINT: 'steps beyond an ACTION_CONSTRAINT are left out',
  ACTION_CONSTRAINTS: 'steps beyond an ACTION_CONSTRAINT are left out',
};

function readConfiguration(text: string): Result<Configuration> {
  const bare = withoutComments(text).replace(/"/g, ' ');
  const found = [...bare.matchAll(SECTIONS)];
  const names = { invariants: [] as string[], properties: [] as string[] };
  const limits: string[] = [];
  const problems: Problem[] = [];
  let rest = '';
  let behaves = false;
  let checksDeadlock = true;
  let symmetry = false;
  let postcondition: string | undefined;
  const notes: string[] = [];
  found.forEach((match, i) => {
    const keyword = match[1] ?? '';
    const end = found[i + 1]?.index ?? text.length;
    const body = bare.slice(match.index + keyword.length, end);
    const words = body.split(/\s+/).filter((word) => word !== '');
    const limit = LIMITING[keyword];
    if (limit !== undefined && words.length > 0 && !limits.includes(limit)) limits.push(limit);
    if (keyword === 'SPECIFICATION' || keyword === 'INIT') behaves = true;
    if (keyword === 'SYMMETRY' && words.length > 0) symmetry = true;
    if (keyword === 'CHECK_DEADLOCK') checksDeadlock = words[0] !== 'FALSE';
    if (/^INVARIANTS?$/.test(keyword)) names.invariants.push(...words);
    else if (/^PROPERT(Y|IES)$/.test(keyword)) names.properties.push(...words);
    else if (keyword === 'POSTCONDITION') postcondition = words[0];
    else if (keyword === 'ALIAS')
      notes.push(
        `ALIAS ${words.join(' ').slice(0, MAX_NAME)} is left out: traces show the variables themselves.`,
      );
    // Deadlock is asked by the command line, each time anew: here it would be asked always.
    else if (keyword !== 'CHECK_DEADLOCK') rest += `${text.slice(match.index, end).trimEnd()}\n`;
    if (keyword.startsWith('TYPE'))
      problems.push(
        problem(
          'TLA_SYNTAX',
          'configuration',
          `${keyword} is not supported`,
          placeIn(text, match.index),
        ),
      );
  });
  if (found.length === 0 && bare.trim() !== '')
    problems.push(
      problem('TLA_SYNTAX', 'configuration', 'the configuration has no section that TLC knows', {
        line: 1,
        column: 1,
      }),
    );
  const asked = [
    ...names.invariants,
    ...names.properties,
    ...(postcondition === undefined ? [] : [postcondition]),
  ];
  if (asked.length > MAX_ASKED || asked.some((name) => name.length > MAX_NAME))
    problems.push(
      problem(
        'INPUT_TOO_LARGE',
        'configuration',
        `a configuration names at most ${MAX_ASKED} invariants and properties, of at most ${MAX_NAME} characters each`,
      ),
    );
  const odd = asked.find((name) => !/^\w+$/.test(name));
  if (odd !== undefined)
    problems.push(
      problem(
        'TLA_SYNTAX',
        'configuration',
        `\`${odd.slice(0, 40)}\` is no name of an invariant or property`,
      ),
    );
  return problems.length > 0
    ? bad(...problems)
    : ok({
        rest,
        ...names,
        checksDeadlock: checksDeadlock && behaves,
        limits,
        symmetry,
        notes,
        ...(postcondition === undefined ? {} : { postcondition }),
      });
}

/** The configuration with these invariants and properties only. */
export function configurationText(
  configuration: Configuration,
  invariants: readonly string[],
  properties: readonly string[],
): string {
  return [
    configuration.rest,
    ...(invariants.length > 0 ? [`INVARIANTS ${invariants.join(' ')}`] : []),
    ...(properties.length > 0 ? [`PROPERTIES ${properties.join(' ')}`] : []),
    '',
  ].join('\n');
}
