import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type Pair } from 'yaml';
import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import type { Locate } from '../../model/check.ts';
import type { ModelDocument } from '../../model/document.ts';
import { checkShape } from './shape.ts';

/** A native document and the way from its paths back to its text. */
export interface NativeModel {
  readonly document: ModelDocument;
  readonly locate: Locate;
}

/** Nesting beyond this is no model: it is refused before anything walks it. */
const MAX_DEPTH = 64;

/**
 * Reads the native format: YAML 1.2 core schema, of which JSON is a part. Anchors, aliases, merge keys and duplicate keys are
 * problems (SEMANTICS 10): none of them adds anything, and each can hide something.
 */
export function readNative(source: string): Result<NativeModel> {
  if (nestedTooDeep(source)) return bad(problem('MODEL_SHAPE', '', `nested deeper than ${MAX_DEPTH} levels`));
  const lines = new LineCounter();
  const parsed = parseAllDocuments(source, { version: '1.2', schema: 'core', lineCounter: lines, uniqueKeys: true, merge: false, stringKeys: true, prettyErrors: false, logLevel: 'silent' });
  const documents = Array.isArray(parsed) ? parsed : [];
  const [first] = documents;
  if (!first || first.contents === null) return bad(problem('MODEL_SHAPE', '', 'the document is empty'));
  const syntax = documents.flatMap((d) => d.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const code = error.code === 'DUPLICATE_KEY' ? 'YAML_DUPLICATE_KEY' : 'YAML_SYNTAX';
    return problem(code, '', error.message.split('\n')[0] ?? error.message, { line, column: col });
  }));
  if (syntax.length > 0) return bad(...syntax);
  if (documents.length > 1) return bad(problem('MODEL_SHAPE', '', 'one file holds one model, and this one holds several documents'));
  const aliases = findAliases(first, lines);
  if (aliases.length > 0) return bad(...aliases);
  const locate = locator(first, lines);
  const value: unknown = first.toJS({ maxAliasCount: 0 });
  const problems = checkShape(value, locate);
  return problems.length > 0 ? bad(...problems) : ok({ document: value as ModelDocument, locate });
}

/** A cheap guard against text that would exhaust the parser's stack: brackets of flow style, and indentation steps. */
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

function findAliases(document: Document.Parsed, lines: LineCounter): Problem[] {
  const found: Problem[] = [];
  const visit = (node: unknown): void => {
    const at = positionOf(node, lines);
    if (isAlias(node)) found.push(problem('YAML_ALIAS', '', 'aliases are not part of the native format: write the value out', at));
    else if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) found.push(problem('YAML_ALIAS', '', 'anchors are not part of the native format', at));
    if (isMap(node)) {
      for (const pair of node.items) {
        if (isScalar(pair.key) && pair.key.value === '<<') found.push(problem('YAML_ALIAS', '', 'merge keys are not part of the native format', positionOf(pair.key, lines)));
        visit(pair.key);
        visit(pair.value);
      }
    } else if (isSeq(node)) node.items.forEach(visit);
  };
  visit(document.contents);
  return found;
}

function positionOf(node: unknown, lines: LineCounter, offset = 0): { line: number; column: number } | undefined {
  const range = (node as Node | null)?.range;
  if (!range) return undefined;
  const { line, col } = lines.linePos(range[0] + offset);
  return { line, column: col };
}

/** Paths to lines and columns: of the value where there is one, else of its key, else of what is around it. */
function locator(document: Document.Parsed, lines: LineCounter): Locate {
  return (path, offset = 0) => {
    let node: unknown = document.contents;
    let best = positionOf(node, lines);
    for (const [i, key] of path.entries()) {
      const pair = isMap(node) ? (node.items as Pair[]).find((p) => isScalar(p.key) && String(p.key.value) === key) : undefined;
      const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined;
      if (pair) best = positionOf(pair.key, lines) ?? best;
      if (next === undefined || next === null) return best;
      node = next;
      if (i === path.length - 1 && isScalar(node)) {
        const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
        const inline = node.type === 'PLAIN' || quoted === 1;
        return positionOf(node, lines, inline ? quoted + Math.min(offset, Math.max(0, String(node.value).length)) : 0) ?? best;
      }
      best = isMap(node) || isSeq(node) ? best : (positionOf(node, lines) ?? best);
    }
    return best;
  };
}
