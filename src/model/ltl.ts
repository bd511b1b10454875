/**
 * Linear temporal logic without next, over atoms of any kind: text while it is read, expressions
 * once it is checked. A run that stops stays for ever in its last state (SEMANTICS 8).
 */
export type Ltl<Atom> =
  | { readonly kind: 'atom'; readonly atom: Atom }
  | { readonly kind: 'not' | 'always' | 'eventually'; readonly body: Ltl<Atom> }
  | {
      readonly kind: 'and' | 'or' | 'implies' | 'until' | 'release' | 'weakUntil';
      readonly left: Ltl<Atom>;
      readonly right: Ltl<Atom>;
    };

/** The atoms, left to right; the same one as often as it stands there. */
export function ltlAtoms<Atom>(formula: Ltl<Atom>): readonly Atom[] {
  if (formula.kind === 'atom') return [formula.atom];
  return 'body' in formula
    ? ltlAtoms(formula.body)
    : [...ltlAtoms(formula.left), ...ltlAtoms(formula.right)];
}

/** The same formula over other atoms; `of` is called once for each, left to right. */
export function mapLtl<A, B>(formula: Ltl<A>, of: (atom: A) => B): Ltl<B> {
  if (formula.kind === 'atom') return { kind: 'atom', atom: of(formula.atom) };
  if ('body' in formula) return { kind: formula.kind, body: mapLtl(formula.body, of) };
  const left = mapLtl(formula.left, of);
  return { kind: formula.kind, left, right: mapLtl(formula.right, of) };
}

/**
 * The value of a formula at the first state of a run that goes round for ever: `atomAt` for the
 * states 0 … length - 1, of which those from `loopStart` on come again and again. Evaluated as it
 * is defined, bottom up, by fixpoints over the loop (Clarke, Grumberg and Peled 1999, section 3.2).
 * An atom without a value speaks for the formula where it stands: what is false is false whatever
 * its value would be.
 */
export function holdsOnLasso<Atom>(
  formula: Ltl<Atom>,
  length: number,
  loopStart: number,
  atomAt: (atom: Atom, state: number) => boolean | undefined,
): boolean {
  const after = (i: number): number => (i + 1 < length ? i + 1 : loopStart);
  const all = (value: (i: number) => boolean): boolean[] =>
    Array.from({ length }, (_, i) => value(i));
  /** The least (from false) or greatest (from true) solution of v[i] = step(i, v[after i]). */
  const fixpoint = (start: boolean, step: (i: number, next: boolean) => boolean): boolean[] => {
    const values = all(() => start);
    for (let changed = true; changed;) {
      changed = false;
      for (let i = length - 1; i >= 0; i -= 1) {
        const value = step(i, values[after(i)] as boolean);
        changed ||= value !== values[i];
        values[i] = value;
      }
    }
    return values;
  };
  const valuesOf = (f: Ltl<Atom>, positive: boolean): boolean[] => {
    if (f.kind === 'atom') return all((i) => atomAt(f.atom, i) ?? positive);
    if ('body' in f) {
      const body = valuesOf(f.body, f.kind === 'not' ? !positive : positive);
      if (f.kind === 'not') return all((i) => !body[i]);
      return f.kind === 'always'
        ? fixpoint(true, (i, next) => (body[i] as boolean) && next)
        : fixpoint(false, (i, next) => (body[i] as boolean) || next);
    }
    const [left, right] = [
      valuesOf(f.left, f.kind === 'implies' ? !positive : positive),
      valuesOf(f.right, positive),
    ];
    const [l, r] = [(i: number) => left[i] as boolean, (i: number) => right[i] as boolean];
    switch (f.kind) {
      case 'and':
        return all((i) => l(i) && r(i));
      case 'or':
        return all((i) => l(i) || r(i));
      case 'implies':
        return all((i) => !l(i) || r(i));
      case 'until':
        return fixpoint(false, (i, next) => r(i) || (l(i) && next));
      case 'weakUntil':
        return fixpoint(true, (i, next) => r(i) || (l(i) && next));
      case 'release':
        return fixpoint(true, (i, next) => r(i) && (l(i) || next));
    }
  };
  return valuesOf(formula, true)[0] as boolean;
}
