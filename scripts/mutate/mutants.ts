import { createHash } from 'node:crypto';
import { KINDS, type Edit, type Place } from './kinds.ts';
import { childrenOf, isNode, parse, type Node } from './syntax.ts';

/** One fault in one file. */
export interface Mutant extends Edit {
  /** Stands while its line does: the file, and a digest of the line, the place in it, the fault. */
  readonly id: string;
  readonly file: string;
  readonly kind: string;
  readonly line: number;
  /** What stood there. */
  readonly from: string;
}

/** They say what cannot happen: a fault in them has nothing that a test could see. */
const NEVER_SEEN: ReadonlySet<string> = new Set(['invariant', 'unreachable']);

/** Syntax around values; every other TypeScript node is types alone. */
const AROUND_VALUES: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
]);

function isSkipped(node: Node): boolean {
  if (node.type.startsWith('TS')) return !AROUND_VALUES.has(node.type);
  if (node.type === 'ImportDeclaration') return true;
  return isNeverSeen(node['expression']) || isNeverSeen(node['argument']) || isNeverSeen(node);
}

function isNeverSeen(node: unknown): boolean {
  return (
    isNode(node) &&
    node.type === 'CallExpression' &&
    NEVER_SEEN.has(String((node['callee'] as Node)['name']))
  );
}

/** All faults of a file, in the order of the text. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const lines = text.split('\n');
  const starts = lineStarts(lines);
  const seen = new Map<string, number>();
  const found: Mutant[] = [];
  const add = (kind: string, edit: Edit): void => {
    const from = text.slice(edit.start, edit.end);
    if (from === edit.to) return;
    const line = lineAt(starts, edit.start);
    const source = lines[line - 1] ?? '';
    const indent = source.length - source.trimStart().length;
    const column = edit.start - (starts[line - 1] ?? 0) - indent;
    const what = JSON.stringify([kind, source.trim(), column, edit.to]);
    const digest = createHash('sha256').update(what).digest('hex').slice(0, 10);
    const times = (seen.get(digest) ?? 0) + 1;
    seen.set(digest, times);
    const id = `${file}:${digest}${times === 1 ? '' : `.${times}`}`;
    found.push({ id, file, kind, line, from, ...edit });
  };
  const visit = (node: Node, parent: Node, field: string): void => {
    if (isSkipped(node)) return;
    const place: Place = { parent, field, textOf: ({ start, end }) => text.slice(start, end) };
    for (const kind of KINDS) for (const edit of kind.edits(node, place)) add(kind.name, edit);
    for (const [name, child] of childrenOf(node)) visit(child, node, name);
  };
  const program = parse(text);
  visit(program, program, '');
  return found;
}

/** The text of the file with the fault in it. */
export function mutated(text: string, { start, end, to }: Edit): string {
  return text.slice(0, start) + to + text.slice(end);
}

function lineStarts(lines: readonly string[]): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length + 1;
  }
  return starts;
}

function lineAt(starts: readonly number[], offset: number): number {
  const after = starts.findIndex((start) => start > offset);
  return after < 0 ? starts.length : after;
}
