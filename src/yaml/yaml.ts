import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
} from 'yaml';
import { bad, ok, problem, type Locate, type Problem, type Result } from '../errors/index.ts';
import { unquotedBrackets } from './unquoted.ts';

/** What a text holds, and the way from its paths back to its places. */
export interface YamlText {
  readonly value: unknown;
  readonly locate: Locate;
}

/** Nesting beyond this is no model: it is refused before anything walks it. */
const MAX_DEPTH = 64;

/**
 * YAML 1.2 core schema, of which JSON is a part. Anchors, aliases, merge keys and duplicate keys
 * are problems (SEMANTICS 10): none of them adds anything, and each can hide something.
 */
export function readYaml(source: string): Result<YamlText> {
  const control = CONTROL.exec(source);
  if (control)
    return bad(
      problem(
        'YAML_SYNTAX',
        '',
        'a control character, which YAML does not allow',
        placeIn(source, control.index),
      ),
    );
  if (nestedTooDeep(source))
    return bad(problem('MODEL_SHAPE', '', `nested deeper than ${MAX_DEPTH} levels`));
  const lines = new LineCounter();
  const parsed = parseAllDocuments(source, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    uniqueKeys: false,
    merge: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const [first] = documents;
  if (!first || first.contents === null)
    return bad(problem('MODEL_SHAPE', '', 'the document is empty'));
  const [wrong] = documents.flatMap((document) => document.errors);
  if (wrong) return { ok: false, problems: syntaxProblems(source, wrong, lines) };
  if (documents.length > 1)
    return bad(
      problem('MODEL_SHAPE', '', 'one file holds one model, and this one holds several documents'),
    );
  const refused = findRefused(first, lines);
  if (refused.length > 0) return { ok: false, problems: refused };
  const locate = locator(first, lines);
  const value: unknown = first.toJS({ maxAliasCount: 0 });
  const unclean = [...uncleanTexts(first, lines), ...inexactNumbers(first, lines)];
  if (unclean.length > 0) return bad(...unclean);
  return ok({ value, locate });
}

/** How many places of one mistake are told. */
const MAX_PLACES = 5;

/**
 * What the first error says: the parser is lost after it, and all others follow from that. Where
 * brackets without quotes explain it, each of their places.
 */
function syntaxProblems(source: string, error: YAMLError, lines: LineCounter): Problem[] {
  const { line, col } = lines.linePos(error.pos[0]);
  const unquoted = unquotedBrackets(source);
  if (unquoted.some(({ at }) => at <= error.pos[0]))
    return unquoted.slice(0, MAX_PLACES).map(({ at, text }) => {
      const place = lines.linePos(at);
      return problem(
        'YAML_SYNTAX',
        '',
        `a text with a bracket inside of { } or [ ] ends there: put it in quotes, ${JSON.stringify(text)}`,
        { line: place.line, column: place.col },
      );
    });
  const said = error.message.split('\n')[0] ?? error.message;
  const cure = /^Flow (map|seq)/.test(said)
    ? 'a `{` or `[` before it is not closed'
    : CURES[error.code];
  return [
    problem('YAML_SYNTAX', '', cure === undefined ? said : `${said}: ${cure}`, {
      line,
      column: col,
    }),
  ];
}

const CURES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a text with `: ` in it stands in quotes',
  TAB_AS_INDENT: 'YAML is indented with spaces',
  BAD_INDENT: 'indent it further than the line that it belongs to',
  MULTILINE_IMPLICIT_KEY: 'a text of several lines stands in quotes',
  UNEXPECTED_TOKEN: 'a text with signs of YAML in it stands in quotes',
};

/** What YAML 1.2 (section 5.1) leaves out of its characters. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
/** What an escape in quotes can still make of a text: it could be neither stored nor signed. */
const UNCLEAN = /\0|\p{Surrogate}/u;

function placeIn(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function uncleanTexts(document: Document.Parsed, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && UNCLEAN.test(node.value))
        found.push(
          problem(
            'MODEL_SHAPE',
            '',
            'a text with a NUL character or half of a surrogate pair',
            positionOf(node, lines),
          ),
        );
    },
  });
  return found;
}

/** As they stand in the text: read as a number they would be another one already. */
function inexactNumbers(document: Document.Parsed, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Scalar: (key, node, around) => {
      if (typeof node.value !== 'number' || Number.isSafeInteger(node.value)) return;
      if (node.source === undefined || !/^[-+]?\d+$/.test(node.source)) return;
      const path = around.flatMap((each) =>
        isPair(each) && isScalar(each.key) ? [String(each.key.value)] : [],
      );
      found.push(
        problem(
          'EXPRESSION_UNSUPPORTED',
          (key === 'key' ? path.slice(0, -1) : path).join('.'),
          `${node.source} is not an integer below 2^53; models count in whole units`,
          positionOf(node, lines),
        ),
      );
    },
  });
  return found;
}

/**
 * A cheap guard against text that would exhaust the parser's stack: brackets of flow style, and
 * indentation steps.
 */
function nestedTooDeep(source: string): boolean {
  let depth = 0;
  for (let i = 0; i < source.length; i += 1) {
    const c = source.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) depth += 1;
    else if (c === 0x5d || c === 0x7d) depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return /^(?: *- *){65}/m.test(source) || /^(?:- ){65}/m.test(source) || /^ {600}/m.test(source);
}

/**
 * Aliases, anchors, merge keys, and keys that stand twice (the library's own search for those is
 * quadratic).
 */
function findRefused(document: Document.Parsed, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  const visit = (node: unknown): void => {
    const at = positionOf(node, lines);
    if (isAlias(node))
      found.push(
        problem(
          'YAML_ALIAS',
          '',
          'aliases are not part of the native format: write the value out',
          at,
        ),
      );
    else if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      found.push(problem('YAML_ALIAS', '', 'anchors are not part of the native format', at));
    if (isMap(node)) {
      const keys = new Set<string>();
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : '';
        if (keys.has(key))
          found.push(
            problem(
              'YAML_DUPLICATE_KEY',
              '',
              `the key \`${key}\` stands here twice`,
              positionOf(pair.key, lines),
            ),
          );
        keys.add(key);
        if (isScalar(pair.key) && pair.key.value === '<<')
          found.push(
            problem(
              'YAML_ALIAS',
              '',
              'merge keys are not part of the native format',
              positionOf(pair.key, lines),
            ),
          );
        visit(pair.key);
        visit(pair.value);
      }
    } else if (isSeq(node)) node.items.forEach(visit);
  };
  visit(document.contents);
  return found;
}

function positionOf(
  node: unknown,
  lines: LineCounter,
  offset = 0,
): { line: number; column: number } | undefined {
  const range = (node as Node | null)?.range;
  if (!range) return undefined;
  const { line, col } = lines.linePos(range[0] + offset);
  return { line, column: col };
}

/**
 * Paths to lines and columns: of the value where there is one, else of its key, else of what is
 * around it.
 */
function locator(document: Document.Parsed, lines: LineCounter): Locate {
  return (path, offset = 0) => {
    let node: unknown = document.contents;
    let best = positionOf(node, lines);
    for (const [i, key] of path.entries()) {
      const pair = isMap(node)
        ? (node.items as Pair[]).find((p) => isScalar(p.key) && String(p.key.value) === key)
        : undefined;
      const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined;
      if (pair) best = positionOf(pair.key, lines) ?? best;
      if (next === undefined || next === null) return best;
      node = next;
      if (i === path.length - 1 && isScalar(node)) {
        const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
        const inline = node.type === 'PLAIN' || quoted === 1;
        return (
          positionOf(
            node,
            lines,
            inline ? quoted + Math.min(offset, Math.max(0, String(node.value).length)) : 0,
          ) ?? best
        );
      }
      best = isMap(node) || isSeq(node) ? best : (positionOf(node, lines) ?? best);
    }
    return best;
  };
}
