/** A parsed SMT-LIB answer: an atom, or a list. */
export type Sexpr = string | readonly Sexpr[];

/** Reads all S-expressions of a text (SMT-LIB 2.6, section 3). */
export function parseSexprs(text: string): Sexpr[] {
  const stack: Sexpr[][] = [[]];
  for (const [token] of text.matchAll(/;[^\n]*|\|[^|]*\||"(?:[^"]|"")*"|[()]|[^\s()|";]+/g)) {
    if (token.startsWith(';')) continue;
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const list = stack.pop();
      if (!list || stack.length === 0)
        throw new Error('Z3 closed a parenthesis that it had not opened');
      stack.at(-1)?.push(list);
    } else stack.at(-1)?.push(token);
  }
  if (stack.length !== 1) throw new Error('Z3 left a parenthesis open');
  return stack[0] as Sexpr[];
}

/** An integer or boolean value: `3`, `(- 3)`, `true`. */
export function literalOf(e: Sexpr): number | boolean {
  if (e === 'true' || e === 'false') return e === 'true';
  if (Array.isArray(e) && e[0] === '-') return -Number(literalOf(e[1] as Sexpr));
  const value = Number(e);
  if (!Number.isSafeInteger(value))
    throw new Error(`Z3 gave a value that is no safe integer: ${String(e).slice(0, 40)}`);
  return value;
}
