import type { SmtSystem } from '../../encode/smt/system.ts';
import { smtAnd, type Term } from '../../encode/smt/terms.ts';
import { definitions } from './bmc.ts';
import { type SessionLimits, Z3Session } from './session.ts';
import { parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';

/**
 * The largest part of `candidates` that is inductive together (Houdini: Flanagan and Leino 2001):
 * all are assumed of a state, those that some step breaks are dropped, until none is. Cheap, and
 * for ranges, capacities and plain invariants usually enough.
 */
export async function inductiveSubset(
  system: SmtSystem,
  candidates: readonly Term[],
  constraint: Term,
  limits: SessionLimits,
): Promise<Term[]> {
  const { session } = await Z3Session.open(limits);
  const names = (suffix: string): string =>
    system.variables.map((v) => `${v.name}${suffix}`).join(' ');
  const declared = (suffix: string): string =>
    system.variables.map((v) => `(declare-const ${v.name}${suffix} ${v.sort})`).join('\n');
  const lets = system.variables.map((v) => `(${v.name} ${v.name}!next)`).join(' ');
  const after = (c: Term): Term => `(let (${lets}) ${c})`;
  try {
    await session.send(
      [
        '(set-option :timeout 2000)',
        definitions(system),
        declared(''),
        declared('!next'),
        `(push)\n(assert (Init ${names('')}))\n(assert ${constraint})`,
      ].join('\n'),
    );
    let kept = await implied(session, candidates, (c) => c);
    await session.send(`(pop)\n(assert (Step ${names('')} ${names('!next')}))`);
    for (let before = -1; before !== kept.length;) {
      before = kept.length;
      await session.send(`(push)\n(assert ${smtAnd(kept)})`);
      kept = await implied(session, kept, after);
      await session.send('(pop)');
    }
    return kept;
  } finally {
    session.close();
  }
}

/**
 * The candidates that follow from what is asserted: each model of "one of them fails" drops all
 * that fail in it.
 */
async function implied(
  session: Z3Session,
  candidates: readonly Term[],
  at: (candidate: Term) => Term,
): Promise<Term[]> {
  let open = [...candidates];
  while (open.length > 0) {
    const answer = (
      await session.send(`(push)\n(assert (not ${smtAnd(open.map(at))}))\n(check-sat)`)
    ).trim();
    const [values] =
      answer === 'sat'
        ? parseSexprs(await session.send(`(get-value (${open.map(at).join(' ')}))`))
        : [undefined];
    await session.send('(pop)');
    if (answer === 'unsat') return open;
    const failing =
      (values as readonly Sexpr[] | undefined)?.map(
        (pair) => (pair as readonly Sexpr[])[1] === 'false',
      ) ?? [];
    if (!failing.includes(true)) return impliedAlone(session, open, at);
    open = open.filter((_, i) => failing[i] !== true);
  }
  return open;
}

/** One by one, where all together are too hard: what is not proved is dropped. */
async function impliedAlone(
  session: Z3Session,
  candidates: readonly Term[],
  at: (candidate: Term) => Term,
): Promise<Term[]> {
  const kept: Term[] = [];
  for (const c of candidates)
    if (
      (await session.send(`(push)\n(assert (not ${at(c)}))\n(check-sat)\n(pop)`))
        .trim()
        .startsWith('unsat')
    )
      kept.push(c);
  return kept;
}
