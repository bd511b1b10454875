import type { Ltl } from '../../model/ltl.ts';
import { Unencodable } from '../definedness.ts';

/** TLA+ has these two; until and its kin cannot be said by them. */
const UNARY = { not: '~', always: '[]', eventually: '<>' } as const;
const BINARY = { and: '/\\', or: '\\/' } as const;

/**
 * A formula of temporal logic as TLA+, its atoms by `atom`. Throws `Unencodable` for until, release
 * and weak until.
 */
export function temporalText<Atom>(formula: Ltl<Atom>, atom: (atom: Atom) => string): string {
  const text = (f: Ltl<Atom>): string => temporalText(f, atom);
  switch (formula.kind) {
    case 'atom':
      return `(${atom(formula.atom)})`;
    case 'not':
    case 'always':
    case 'eventually':
      return `${UNARY[formula.kind]}${text(formula.body)}`;
    case 'and':
    case 'or':
      return `(${text(formula.left)} ${BINARY[formula.kind]} ${text(formula.right)})`;
    case 'implies':
      return `(${text(formula.left)} => ${text(formula.right)})`;
    case 'until':
    case 'release':
    case 'weakUntil':
      throw new Unencodable(
        `${formula.kind === 'weakUntil' ? 'weak until' : formula.kind}: TLA+ has always and eventually`,
      );
  }
}
