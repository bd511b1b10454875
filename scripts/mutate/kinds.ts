import { isNode, type Node } from './syntax.ts';

/** Where a node stands, and the text of any node: what a kind of fault may ask beside the node. */
export interface Place {
  readonly parent: Node;
  readonly field: string;
  textOf(node: Node): string;
}

/** A piece of the text and what the fault puts there. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

/** One kind of fault: the edits that it makes at a node, none where it does not apply. */
interface Kind {
  readonly name: string;
  edits(node: Node, place: Place): readonly Edit[];
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
};

const LOGICAL: Readonly<Record<string, string>> = { '&&': '||', '||': '&&' };

const ASSIGNMENTS: Readonly<Record<string, string>> = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '|=': '&=',
  '&=': '|=',
  '^=': '|=',
  '??=': '=',
};

/** Methods that stand for their opposite, and those that can be left out. */
const METHODS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    some: 'every',
    every: 'some',
    min: 'max',
    max: 'min',
    floor: 'ceil',
    ceil: 'floor',
    startsWith: 'endsWith',
    endsWith: 'startsWith',
  }),
);
const LEFT_OUT: ReadonlySet<string> = new Set(['filter', 'slice', 'sort', 'toSorted', 'reverse']);

const COMPARISONS: ReadonlySet<string> = new Set(['===', '!==', '<', '<=', '>', '>=']);

/** A whole node replaced. */
function replaced(node: Node, ...texts: readonly string[]): Edit[] {
  return texts.map((to) => ({ start: node.start, end: node.end, to }));
}

/** The operator between two nodes replaced; the text between them may hold a comment. */
function between(left: Node, right: Node, from: string, to: string, place: Place): Edit[] {
  const gap = place.textOf({ ...left, start: left.end, end: right.start });
  const at = gap.indexOf(from);
  if (at < 0) return [];
  const start = left.end + at;
  return [{ start, end: start + from.length, to }];
}

function isText(node: unknown): boolean {
  return (
    isNode(node) &&
    (node.type === 'TemplateLiteral' ||
      (node.type === 'Literal' && typeof node['value'] === 'string'))
  );
}

/** Whether an expression is one of truth, as far as its own form says. */
function isTruth(node: Node): boolean {
  if (node.type === 'LogicalExpression') {
    return node['operator'] !== '??' && isTruth(node['right'] as Node);
  }
  if (node.type === 'BinaryExpression') return COMPARISONS.has(String(node['operator']));
  if (node.type === 'UnaryExpression') return node['operator'] === '!';
  if (node.type !== 'CallExpression') return false;
  const callee = node['callee'] as Node;
  const name = callee.type === 'MemberExpression' ? (callee['property'] as Node) : callee;
  return /^(?:is|has|can|every$|some$|includes$|starts|ends|equals?)/u.test(String(name['name']));
}

/** The condition of a branch or a loop. A loop without an end would say nothing. */
function conditions(node: Node): Edit[] {
  const test = node['test'];
  if (!isNode(test)) return [];
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
    return replaced(test, 'true', 'false');
  }
  return /^(?:While|DoWhile|For)Statement$/u.test(node.type) ? replaced(test, 'false') : [];
}

function operators(node: Node, place: Place): Edit[] {
  if (node.type !== 'BinaryExpression') return [];
  const [left, right] = [node['left'] as Node, node['right'] as Node];
  const operator = String(node['operator']);
  if (operator === '+' && (isText(left) || isText(right))) return [];
  return (OPERATORS[operator] ?? []).flatMap((to) => between(left, right, operator, to, place));
}

function logical(node: Node, place: Place): Edit[] {
  if (node.type !== 'LogicalExpression') return [];
  const [left, right] = [node['left'] as Node, node['right'] as Node];
  const operator = String(node['operator']);
  if (operator === '??') return replaced(node, `(${place.textOf(right)})`);
  // The whole in parentheses: `||` may stand where `&&` bound more tightly, or beside `??`.
  const other = LOGICAL[operator];
  return other === undefined
    ? []
    : replaced(node, `((${place.textOf(left)}) ${other} (${place.textOf(right)}))`);
}

function unary(node: Node, place: Place): Edit[] {
  if (node.type === 'UpdateExpression') {
    const argument = place.textOf(node['argument'] as Node);
    const other = node['operator'] === '++' ? '--' : '++';
    return replaced(node, node['prefix'] === true ? other + argument : argument + other);
  }
  if (node.type !== 'UnaryExpression') return [];
  return node['operator'] === '!' || node['operator'] === '-'
    ? replaced(node, ` (${place.textOf(node['argument'] as Node)})`)
    : [];
}

function literals(node: Node, place: Place): Edit[] {
  if (node.type !== 'Literal' || !isValue(place)) return [];
  const value = node['value'];
  if (typeof value === 'boolean') return replaced(node, String(!value));
  if (typeof value === 'bigint') return replaced(node, `${value + 1n}n`);
  if (typeof value === 'number') {
    const below = value > 0 ? [String(value - 1)] : [];
    return replaced(node, String(value + 1), ...below);
  }
  // What has a space in it is said to people: golden files hold it, not a mutant.
  return typeof value === 'string' && value !== '' && !value.includes(' ')
    ? replaced(node, "''")
    : [];
}

/** Whether a literal stands for a value: not a key, not the name of a module. */
function isValue({ parent, field }: Place): boolean {
  if (field === 'key' && parent['computed'] !== true) return false;
  return (
    field !== 'source' && !parent.type.startsWith('Export') && parent.type !== 'ImportExpression'
  );
}

function lists(node: Node): Edit[] {
  const isEmpty = (node['elements'] as unknown[] | undefined)?.length === 0;
  return node.type === 'ArrayExpression' && !isEmpty ? replaced(node, '[]') : [];
}

function returns(node: Node, _place: Place): Edit[] {
  const value =
    node.type === 'ReturnStatement'
      ? node['argument']
      : node.type === 'ArrowFunctionExpression' && node['expression'] === true
        ? node['body']
        : undefined;
  if (!isNode(value) || value.type === 'Literal') return [];
  return isTruth(value)
    ? replaced(value, 'true', 'false')
    : replaced(value, '(undefined as never)');
}

const REMOVABLE = /^(?:ExpressionStatement|ThrowStatement|ContinueStatement|BreakStatement)$/u;

function statements(node: Node, { parent }: Place): Edit[] {
  // A case without its `break` is another fault than a step left out, and the compiler's.
  if (parent.type === 'SwitchCase' && node.type === 'BreakStatement') return [];
  return REMOVABLE.test(node.type) ? replaced(node, ';') : [];
}

function assignments(node: Node, place: Place): Edit[] {
  if (node.type !== 'AssignmentExpression') return [];
  const operator = String(node['operator']);
  const other = ASSIGNMENTS[operator];
  if (other === undefined || (operator === '+=' && isText(node['right']))) return [];
  return between(node['left'] as Node, node['right'] as Node, operator, other, place);
}

function methods(node: Node, place: Place): Edit[] {
  const callee = node['callee'];
  if (node.type !== 'CallExpression' || !isNode(callee)) return [];
  if (callee.type !== 'MemberExpression' || callee['computed'] === true) return [];
  const property = callee['property'] as Node;
  const name = String(property['name']);
  if (LEFT_OUT.has(name)) return replaced(node, place.textOf(callee['object'] as Node));
  const other = METHODS.get(name);
  return other === undefined ? [] : replaced(property, other);
}

function optional(node: Node, place: Place): Edit[] {
  if (node.type !== 'MemberExpression' || node['optional'] !== true) return [];
  const [object, property] = [node['object'] as Node, node['property'] as Node];
  const to = node['computed'] === true ? '' : '.';
  return between(object, property, '?.', to, place);
}

/** Every kind of fault that is tried. */
export const KINDS: readonly Kind[] = [
  { name: 'condition', edits: conditions },
  { name: 'operator', edits: operators },
  { name: 'logical', edits: logical },
  { name: 'unary', edits: unary },
  { name: 'literal', edits: literals },
  { name: 'list', edits: lists },
  { name: 'return', edits: returns },
  { name: 'statement', edits: statements },
  { name: 'assignment', edits: assignments },
  { name: 'method', edits: methods },
  { name: 'optional', edits: optional },
];
