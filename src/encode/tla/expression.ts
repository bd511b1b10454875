import { unreachable } from '../../errors/index.ts';
import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { isCollection, type Type } from '../../model/types.ts';
import { Unencodable } from '../definedness.ts';
import { TargetNames } from '../names.ts';

/**
 * Words that TLA+ or the standard modules we extend already use, and names that the printed module
 * itself defines.
 */
const RESERVED = [
  'ASSUME',
  'ASSUMPTION',
  'AXIOM',
  'ACTION',
  'BOOLEAN',
  'BY',
  'CASE',
  'CHOOSE',
  'CONSTANT',
  'CONSTANTS',
  'COROLLARY',
  'DEF',
  'DEFINE',
  'DEFS',
  'DOMAIN',
  'ELSE',
  'ENABLED',
  'EXCEPT',
  'EXTENDS',
  'FALSE',
  'HAVE',
  'HIDE',
  'IF',
  'IN',
  'INSTANCE',
  'LAMBDA',
  'LEMMA',
  'LET',
  'LOCAL',
  'MODULE',
  'NEW',
  'OBVIOUS',
  'OMITTED',
  'ONLY',
  'OTHER',
  'PICK',
  'PROOF',
  'PROPOSITION',
  'PROVE',
  'QED',
  'RECURSIVE',
  'SF_',
  'STATE',
  'STRING',
  'SUBSET',
  'SUFFICES',
  'TAKE',
  'TEMPORAL',
  'THEN',
  'THEOREM',
  'TRUE',
  'UNCHANGED',
  'UNION',
  'USE',
  'VARIABLE',
  'VARIABLES',
  'WF_',
  'WITH',
  'WITNESS',
  'Nat',
  'Int',
  'Real',
  'Infinity',
  'Seq',
  'Len',
  'Append',
  'Head',
  'Tail',
  'SubSeq',
  'SelectSeq',
  'Cardinality',
  'IsFiniteSet',
  'IsABag',
  'BagToSet',
  'SetToBag',
  'BagIn',
  'EmptyBag',
  'CopiesIn',
  'BagUnion',
  'SubBag',
  'BagOfAll',
  'BagCardinality',
  'Bags',
  'Integers',
  'Naturals',
  'Sequences',
  'FiniteSets',
  'TLC',
  'Sum',
  'Init',
  'Next',
  'Spec',
  'vars',
  'error',
  'Terminating',
  'Final',
  'Fairness',
  'LeastOf',
  'GreatestOf',
  'Total',
  'Messages',
  'x',
  'y',
  'f',
  'S',
  'NULL',
];

export function tlaNames(): TargetNames {
  return new TargetNames(RESERVED);
}

/** `null` as a value: a string that no element can be called. */
const NULL_TEXT = '"null"';

/**
 * Expressions of the model in TLA+. Sets are sets, fifo channels sequences, bags bags, maps
 * functions, members and elements strings.
 */
export class TlaExpressions {
  readonly layout: Layout;
  readonly names: TargetNames;

  constructor(layout: Layout, names: TargetNames) {
    this.layout = layout;
    this.names = names;
  }

  /** Text that can stand as an operand: in parentheses unless it is atomic. */
  atom(e: Expr): string {
    const text = this.text(e);
    return /^[\w.]+$|^"[^"]*"$|^\w+(\[[\w."]+\])+$|^\w+\([^()]*\)$|^\{[^{}]*\}$/.test(text)
      ? text
      : `(${text})`;
  }

  text(e: Expr): string {
    switch (e.kind) {
      case 'literal':
        return this.literal(e.value, e.type);
      case 'cell':
        return `${this.names.of(e.of, e.name)}${e.keys.map((key) => `[${this.text(key)}]`).join('')}`;
      case 'local':
        return this.names.of('local', e.name);
      case 'field':
        return `${this.text(e.message)}.${this.names.of('field', e.field)}`;
      case 'elements':
        return this.names.of('set', e.set);
      case 'messages':
        throw new Unencodable('the list of messages as a value');
      case 'list':
      case 'toSet':
      case 'for':
      case 'filter':
      case 'union':
        return this.asSet(e);
      case 'not':
        return `~${this.atom(e.body)}`;
      case 'negate':
        return `-${this.atom(e.body)}`;
      case 'and':
        return `${this.atom(e.left)} /\\ ${this.atom(e.right)}`;
      case 'or':
        return `${this.atom(e.left)} \\/ ${this.atom(e.right)}`;
      case 'compare':
        return this.#compare(e);
      case 'arithmetic':
        return `${this.atom(e.left)} ${e.operator} ${this.atom(e.right)}`;
      case 'between':
        return `${this.atom(e.value)} \\in ${this.atom(e.lo)}..${this.atom(e.hi)}`;
      case 'contains':
        return `${this.atom(e.value)} \\in ${this.asSet(e.list)}`;
      case 'if':
        return `IF ${this.text(e.condition)} THEN ${this.text(e.yes)} ELSE ${this.text(e.no)}`;
      case 'some':
      case 'every':
        return `${e.kind === 'some' ? '\\E' : '\\A'} ${this.names.of('local', e.local)} \\in ${this.asSet(e.domain)} : ${this.text(e.body)}`;
      case 'count':
        return this.#count(e.list);
      case 'sum':
        return this.#sum(e.list);
      case 'min':
        return `LeastOf(${this.asSet(e.list)})`;
      case 'max':
        return `GreatestOf(${this.asSet(e.list)})`;
      default:
        return unreachable(e);
    }
  }

  literal(value: number, type: Type): string {
    switch (type.kind) {
      case 'bool':
        return value === 1 ? 'TRUE' : 'FALSE';
      case 'enum':
        return `"${type.members[value]}"`;
      case 'element':
        return value < 0 ? NULL_TEXT : `"${this.layout.set(type.set).elements[value]}"`;
      case 'null':
        return NULL_TEXT;
      default:
        return value < 0 ? `(${value})` : String(value);
    }
  }

  /** The values of a type as a TLA+ set. */
  domain(type: Type): string {
    switch (type.kind) {
      case 'bool':
        return 'BOOLEAN';
      case 'int':
        return type.lo === undefined || type.hi === undefined ? 'Int' : `${type.lo}..${type.hi}`;
      case 'enum':
        return `{${type.members.map((m) => `"${m}"`).join(', ')}}`;
      case 'element':
        return type.nullable
          ? `${this.names.of('set', type.set)} \\cup {${NULL_TEXT}}`
          : this.names.of('set', type.set);
      case 'set':
        return `SUBSET (${this.domain(type.of)})`;
      case 'map':
        return `[${this.names.of('set', type.from)} -> ${this.domain(type.to)}]`;
      default:
        throw new Unencodable(`the type ${type.kind}`);
    }
  }

  /** A list or set as the set of its values: enough wherever repetition and order do not matter. */
  asSet(e: Expr): string {
    switch (e.kind) {
      case 'list':
        return `{${e.items.map((item) => this.text(item)).join(', ')}}`;
      case 'toSet':
        return this.asSet(e.list);
      case 'messages':
        return this.#order(e.channel) === 'bag'
          ? `BagToSet(${this.names.of('channel', e.channel)})`
          : `Messages(${this.names.of('channel', e.channel)})`;
      case 'for':
        return `{${this.text(e.body)} : ${this.names.of('local', e.local)} \\in ${this.asSet(e.domain)}}`;
      case 'filter':
        return `{${this.names.of('local', e.local)} \\in ${this.asSet(e.domain)} : ${this.text(e.body)}}`;
      case 'union':
        return `(${e.lists.map((list) => this.asSet(list)).join(' \\cup ')})`;
      case 'if':
        return `(IF ${this.text(e.condition)} THEN ${this.asSet(e.yes)} ELSE ${this.asSet(e.no)})`;
      default:
        return this.text(e);
    }
  }

  #order(channel: string): 'bag' | 'fifo' {
    return this.layout.channel(channel).channel.order;
  }

  #compare(e: Extract<Expr, { kind: 'compare' }>): string {
    const operator = e.operator === '!=' ? '#' : e.operator === '<=' ? '<=' : e.operator;
    if (!isCollection(e.left.type)) return `${this.atom(e.left)} ${operator} ${this.atom(e.right)}`;
    if (e.left.type.kind === 'set')
      return `${this.asSet(e.left)} ${operator} ${this.asSet(e.right)}`;
    return `${this.#sequence(e.left)} ${operator} ${this.#sequence(e.right)}`;
  }

  /** A list whose order counts: only one that is written out. */
  #sequence(e: Expr): string {
    if (e.kind !== 'list') throw new Unencodable('the order of a computed list');
    return `<<${e.items.map((item) => this.text(item)).join(', ')}>>`;
  }

  /** How many items, repetitions included. */
  #count(list: Expr): string {
    switch (list.kind) {
      case 'list':
        return String(list.items.length);
      case 'for':
        return this.#count(list.domain);
      case 'messages':
        return `${this.#order(list.channel) === 'bag' ? 'BagCardinality' : 'Len'}(${this.names.of('channel', list.channel)})`;
      case 'filter':
        return list.domain.kind === 'messages'
          ? this.#countMessages(list.domain.channel, list)
          : this.#cardinality(list, 'count');
      case 'if':
        return `(IF ${this.text(list.condition)} THEN ${this.#count(list.yes)} ELSE ${this.#count(list.no)})`;
      default:
        return this.#cardinality(list, 'count');
    }
  }

  #cardinality(list: Expr, what: string): string {
    if (list.type.kind !== 'set') throw new Unencodable(`the ${what} of a computed list`);
    return `Cardinality(${this.asSet(list)})`;
  }

  #countMessages(channel: string, e: Extract<Expr, { kind: 'filter' }>): string {
    const local = this.names.of('local', e.local);
    const name = this.names.of('channel', channel);
    if (this.#order(channel) === 'fifo')
      return `Len(SelectSeq(${name}, LAMBDA ${local} : ${this.text(e.body)}))`;
    return `BagCardinality([${local} \\in ${this.asSet(e)} |-> ${name}[${local}]])`;
  }

  /** A sum with multiplicity: of written items, of a set, or of a term over a set. */
  #sum(list: Expr): string {
    if (list.kind === 'list')
      return list.items.length === 0
        ? '0'
        : `(${list.items.map((item) => this.atom(item)).join(' + ')})`;
    if (list.kind === 'for' && list.domain.type.kind === 'set') {
      return `Total([${this.names.of('local', list.local)} \\in ${this.asSet(list.domain)} |-> ${this.text(list.body)}])`;
    }
    if (
      list.kind === 'for' &&
      list.domain.kind === 'messages' &&
      this.#order(list.domain.channel) === 'bag'
    ) {
      const [local, name] = [
        this.names.of('local', list.local),
        this.names.of('channel', list.domain.channel),
      ];
      return `Total([${local} \\in BagToSet(${name}) |-> ${this.atom(list.body)} * ${name}[${local}]])`;
    }
    if (list.type.kind === 'set') return `Total([x \\in ${this.asSet(list)} |-> x])`;
    throw new Unencodable('the sum of a computed list');
  }
}
