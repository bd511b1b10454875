import { parseAst } from 'rolldown/parseAst';

/** A node of the syntax tree (ESTree, with positions), as far as a mutation asks. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function parse(text: string): Node {
  return parseAst(text, { lang: 'ts', astType: 'ts' }) as unknown as Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The nodes directly below, in the order of the text, each with the field that it stands in. */
export function* childrenOf(node: Node): Generator<readonly [field: string, child: Node]> {
  for (const [field, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) yield [field, child];
    }
  }
}
