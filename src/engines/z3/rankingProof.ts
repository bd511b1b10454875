import { fairConditions } from '../../encode/smt/fairness.ts';
import { parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import { sexprText } from '../../encode/smt/clauses.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem } from '../../encode/smt/system.ts';
import { Codec } from '../../model/codec.ts';
import type { Formula } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { definitions } from './bmc.ts';
import { readInvariant } from './invariantText.ts';
import type { Rank } from './ranking.ts';
import type { ToProve } from './reprove.ts';
import { obligations } from './spacer.ts';

/** What can be proved by a ranking: from somewhere on something comes, or from the start on. */
export type Awaited = Extract<Formula, { kind: 'leadsTo' | 'eventually' }>;

export const takesRanking = (formula: Formula): formula is Awaited =>
  formula.kind === 'leadsTo' || formula.kind === 'eventually';

/**
 * What proves that every fair run reaches `to` from wherever `from` is the case (Manna and Pnueli
 * 1984), each a file that is `unsat` for any solver:
 *
 * - an invariant, as always (`initiation`, `consecution`), without an error;
 * - `pending`: wherever `from` is and `to` is not, the run stands in some rank;
 * - of each rank: its helpful condition is enabled in all of it; no step leaves it but for a lower
 *   rank or for `to`; and a step of that condition does.
 *
 * A run that never reached `to` would stay in one rank from some state on, with a condition enabled
 * all the time that is never taken: it would not be fair. Nor may it stop there.
 */
export function rankingObligations(
  semantics: Semantics,
  system: SmtSystem,
  formula: Awaited,
  invariant: string,
  ranks: readonly Rank[],
): readonly ToProve[] | undefined {
  const { variables } = system;
  const fair = new Map(
    fairConditions(semantics, system).map((each) => [helpfulName(semantics, each.key), each]),
  );
  const names = (suffix: string): string => variables.map((v) => `${v.name}${suffix}`).join(' ');
  const declared = (suffix: string): string =>
    variables.map((v) => `(declare-const ${v.name}${suffix} ${v.sort})`).join('\n');
  const bound = variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  const goal = formula.kind === 'leadsTo' ? formula.to : formula.expr;
  const from =
    formula.kind === 'leadsTo' ? smtNot(system.truth(formula.from).fails) : `(Init ${names('')})`;
  const regions = ranks.map((_, i) => i);
  const said = (name: string, suffix: string): Term => `(${name} ${names(suffix)})`;
  const head = [
    `(set-logic ALL)\n${definitions(system)}\n${invariant}`,
    `(define-fun Goal (${bound}) Bool ${system.truth(goal).holds})`,
    ...ranks.map(({ region }, i) => `(define-fun Rank${i} (${bound}) Bool ${region})`),
    declared(''),
    declared('!next'),
    `(assert ${said('Inv', '')})\n(assert ${smtNot(said('Goal', ''))})`,
  ].join('\n');
  const ask = (name: string, ...asserted: readonly Term[]): ToProve => ({
    name,
    text: `${head}\n${asserted.map((term) => `(assert ${term})`).join('\n')}\n(check-sat)\n`,
  });
  const below = (most: number): Term =>
    smtOr([said('Goal', '!next'), ...regions.slice(0, most).map((i) => said(`Rank${i}`, '!next'))]);
  const step = `(Step ${names('')} ${names('!next')})`;
  const ofRanks: ToProve[] = [];
  for (const [i, { helpful }] of ranks.entries()) {
    const condition = fair.get(helpful);
    if (!condition) return undefined;
    const here = said(`Rank${i}`, '');
    const taken = smtOr(
      condition.rules.map((rule) =>
        smtAnd([`(Rule${rule} ${names('')} ${names('!next')})`, system.changes(rule)]),
      ),
    );
    ofRanks.push(
      ask(`rank${i}Enabled`, here, smtNot(condition.enabled)),
      ask(`rank${i}Stays`, here, step, smtNot(below(i + 1))),
      ask(`rank${i}Falls`, here, taken, smtNot(below(i))),
    );
  }
  const noError = obligations(system, system.erring, 'true', invariant);
  return [
    ...noError.map(({ name, text }) => ({ name: name === 'safety' ? 'noError' : name, text })),
    ask('pending', from, ...regions.map((i) => smtNot(said(`Rank${i}`, '')))),
    ...ofRanks,
  ];
}

/**
 * How a fair condition is called in evidence, whatever the order in which the model names its
 * actions: `ship(o: o1)`, `weak: left or right`. Of one for each message nothing.
 */
export function helpfulName(semantics: Semantics, key: string | undefined): string {
  const joint = /^joint (\d+)$/u.exec(key ?? '')?.[1];
  if (joint !== undefined) {
    const { strength, actions } = semantics.model.fairness[Number(joint)] ?? { actions: [] };
    return `${strength}: ${[...actions].sort().join(' or ')}`;
  }
  const instance = key === undefined ? undefined : semantics.instances[Number(key)];
  if (!instance) return '';
  const values = Object.entries(new Codec(semantics.layout).binding(instance));
  const binding = values.map(([name, value]) => `${name}: ${String(value)}`).sort();
  return `${instance.action.name}(${binding.join(', ')})`;
}

/** Ranks as a file of definitions, lowest first; their conditions stand in the facts, by name. */
export function rankingText(system: SmtSystem, ranks: readonly Rank[]): string {
  const bound = system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  return ranks.map(({ region }) => `(define-fun Inv (${bound}) Bool ${region})\n`).join('');
}

/** The same read back from somebody else's file, each printed anew; nothing where it is none. */
export function readRanking(
  system: SmtSystem,
  text: string,
  helpful: readonly string[],
): readonly Rank[] | undefined {
  let lists: readonly Sexpr[];
  try {
    lists = parseSexprs(text);
  } catch {
    return undefined;
  }
  if (lists.length !== helpful.length) return undefined;
  const ranks: Rank[] = [];
  for (const [i, list] of lists.entries()) {
    const definition = readInvariant(sexprText(list), system);
    const body = definition && (parseSexprs(definition)[0] as readonly Sexpr[])[4];
    if (body === undefined || body === '') return undefined;
    ranks.push({ region: sexprText(body as Sexpr), helpful: helpful[i] as string });
  }
  return ranks;
}
