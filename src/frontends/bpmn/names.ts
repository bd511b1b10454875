import { FEEL_KEYWORDS } from '../../model/feelTokens.ts';

const MAX_LENGTH = 64;

/** Names that the language, its functions or the implicit properties have taken. */
const TAKEN = [
  'sum',
  'count',
  'min',
  'max',
  'union',
  'list',
  'contains',
  'item',
  'int',
  'bool',
  'enum',
  'map',
  'set',
  'to',
  'final',
  'withinRange',
  'withinCapacity',
  'singleWrite',
  'defined',
  'deadlockFree',
];

/**
 * Gives every thing in a model an identifier of its own that still looks like the id in the
 * diagram.
 */
export class DiagramNames {
  private readonly used = new Set<string>([...FEEL_KEYWORDS, ...TAKEN]);
  private readonly next = new Map<string, number>();

  /** A name that its author has chosen, and that stays as it is. */
  reserve(name: string): void {
    this.used.add(name);
  }

  take(wanted: string): string {
    const stem = identifier(wanted);
    let name = stem;
    while (this.used.has(name) || name in Object.prototype) {
      const number = this.next.get(stem) ?? 2;
      this.next.set(stem, number + 1);
      name = `${stem}_${number}`;
    }
    this.used.add(name);
    return name;
  }
}

function identifier(wanted: string): string {
  const plain = wanted.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, MAX_LENGTH);
  return /^[A-Za-z_]*[A-Za-z]/.test(plain) ? plain : `x${plain}`;
}
