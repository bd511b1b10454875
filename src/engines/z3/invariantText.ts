import type { SmtSystem } from '../../encode/smt/system.ts';
import { parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';

/** More than any invariant that we write. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Reads an invariant that somebody else hands over, and writes it anew for `system`; `undefined`
 * when it is anything but one `(define-fun Inv (…) Bool term)` over exactly the system's variables,
 * in whatever order. What comes back is printed from what was understood, so that no second command
 * (`assert false`), string, quoted symbol or annotation can reach the solver.
 */
export function readInvariant(text: string, system: SmtSystem): string | undefined {
  const definition = onlyList(text);
  if (definition?.length !== 5) return undefined;
  const [command, name, parameters, sort, body] = definition;
  if (command !== 'define-fun' || name !== 'Inv' || sort !== 'Bool' || body === undefined)
    return undefined;
  if (!declaresVariables(parameters, system)) return undefined;
  const term = printed(body);
  const bound = system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  return term === undefined ? undefined : `(define-fun Inv (${bound}) Bool ${term})`;
}

function onlyList(text: string): readonly Sexpr[] | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  try {
    const [only, ...more] = parseSexprs(text);
    return more.length === 0 && Array.isArray(only) ? (only as readonly Sexpr[]) : undefined;
  } catch {
    return undefined;
  }
}

function declaresVariables(parameters: Sexpr | undefined, system: SmtSystem): boolean {
  if (!Array.isArray(parameters)) return false;
  const sorts = new Map<Sexpr | undefined, Sexpr | undefined>();
  for (const parameter of parameters as readonly Sexpr[]) {
    if (!Array.isArray(parameter) || parameter.length !== 2) return false;
    sorts.set(parameter[0] as Sexpr, parameter[1] as Sexpr);
  }
  return (
    parameters.length === system.variables.length &&
    system.variables.every((v) => sorts.get(v.name) === v.sort)
  );
}

/** A term as text, without recursion: how deep it goes is the writer's choice. */
function printed(term: Sexpr): string | undefined {
  const tokens: string[] = [];
  const open: Sexpr[] = [term];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') {
      if (/^["|:]|^!$/.test(next)) return undefined;
      tokens.push(next);
      continue;
    }
    tokens.push('(');
    open.push(')');
    for (let i = next.length - 1; i >= 0; i -= 1) open.push(next[i] as Sexpr);
  }
  return tokens.join(' ');
}
