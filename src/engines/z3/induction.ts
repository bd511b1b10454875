import type { SmtSystem } from '../../encode/smt/system.ts';
import { smtAnd, type Term } from '../../encode/smt/symbolic.ts';
import { definitions } from './bmc.ts';
import { Z3Session, type SessionLimits } from './session.ts';

/**
 * The largest part of `candidates` that is inductive together (Houdini: Flanagan and Leino 2001): all are assumed of a state,
 * those that some step breaks are dropped, until none is. Cheap, and for ranges, capacities and plain invariants usually enough.
 */
export async function inductiveSubset(system: SmtSystem, candidates: readonly Term[], constraint: Term, limits: SessionLimits): Promise<Term[]> {
  const { session } = await Z3Session.open(limits);
  const names = (suffix: string): string => system.variables.map((v) => `${v.name}${suffix}`).join(' ');
  const lets = system.variables.map((v) => `(${v.name} ${v.name}!next)`).join(' ');
  const unsat = async (text: string): Promise<boolean> => (await session.send(`(push)\n${text}\n(check-sat)\n(pop)`)).trim().startsWith('unsat');
  try {
    await session.send(['(set-option :timeout 2000)', definitions(system), ...['', '!next'].map((suffix) => system.variables.map((v) => `(declare-const ${v.name}${suffix} ${v.sort})`).join('\n'))].join('\n'));
    let kept: Term[] = [];
    for (const c of candidates) if (await unsat(`(assert (Init ${names('')}))\n(assert ${constraint})\n(assert (not ${c}))`)) kept.push(c);
    await session.send(`(assert (Step ${names('')} ${names('!next')}))`);
    for (let before = -1; before !== kept.length;) {
      before = kept.length;
      await session.send(`(push)\n(assert ${smtAnd(kept)})`);
      const still: Term[] = [];
      for (const c of kept) if (await unsat(`(assert (let (${lets}) (not ${c})))`)) still.push(c);
      await session.send('(pop)');
      kept = still;
    }
    return kept;
  } finally {
    session.close();
  }
}
