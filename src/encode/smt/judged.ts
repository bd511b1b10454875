import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { judgedPredicates, type Model, type Property } from '../../model/model.ts';
import { definedness, Unencodable } from '../definedness.ts';
import type { Declared } from './declared.ts';
import type { Rewritten } from './rewritten.ts';
import type { LocalTerms, Symbolic } from './symbolic.ts';
import { smtAnd, smtEq, smtNot, smtOr, type Term } from './terms.ts';
import type { TransitionRule } from './transition.ts';

const NO_LOCALS: LocalTerms = new Map();

/** What states are judged by: expressions, and the properties made of them. */
export class Judged {
  readonly #model: Model;
  readonly #layout: Layout;
  readonly #declared: Declared;
  readonly #symbolic: Symbolic;
  readonly #rewritten: Rewritten | undefined;
  /** Variables that make nothing a step. */
  readonly #beside: ReadonlySet<Term>;

  constructor(
    model: Model,
    declared: Declared,
    symbolic: Symbolic,
    rewritten: Rewritten | undefined,
  ) {
    this.#model = model;
    this.#layout = declared.layout;
    this.#declared = declared;
    this.#symbolic = symbolic;
    this.#rewritten = rewritten;
    this.#beside = new Set(
      [...(rewritten?.free ?? []), ...(rewritten?.records ?? [])].flatMap((name) =>
        declared.termsOf(this.#layout.cell('variable', name)),
      ),
    );
  }

  get erring(): Term {
    return smtOr(Object.values(this.#declared.errors));
  }

  #judged(e: Expr): { readonly defined: Term; readonly value: Term } {
    return {
      defined: this.#symbolic.term(definedness(e, this.#layout.set), NO_LOCALS),
      value: this.#symbolic.term(e, NO_LOCALS),
    };
  }

  truth(e: Expr): { readonly holds: Term; readonly fails: Term } {
    const { defined, value } = this.#judged(e);
    return { holds: smtAnd([defined, value]), fails: smtAnd([defined, smtNot(value)]) };
  }

  bad({ formula }: Property, rules: readonly TransitionRule[]): Term {
    const { erring } = this;
    switch (formula.kind) {
      case 'always':
        return smtAnd([smtNot(erring), this.truth(formula.expr).fails]);
      case 'never':
      case 'reachable':
        return smtAnd([smtNot(erring), this.truth(formula.expr).holds]);
      case 'implicit': {
        const flag = this.#declared.errors[formula.of] as Term;
        if (formula.of !== 'defined') return flag;
        const undefinedSomewhere = judgedPredicates(this.#model).map((e) =>
          smtNot(this.#judged(e).defined),
        );
        return smtOr([flag, smtAnd([smtNot(erring), smtOr(undefinedSomewhere)])]);
      }
      case 'deadlockFree':
        return this.#stuck(rules.filter((rule) => this.#isOwn(rule)));
      default:
        throw new Unencodable(`the property kind ${formula.kind}`);
    }
  }

  /** Threats' steps are no way on (SEMANTICS 17). */
  #isOwn({ by }: TransitionRule): boolean {
    const { name } = by.instance.action;
    return !this.#rewritten?.attacks.has(name) && !this.#rewritten?.bypasses.has(name);
  }

  /** No rule is possible that changes anything, and the state is not final (SEMANTICS 3, 8). */
  #stuck(rules: readonly TransitionRule[]): Term {
    const { final } = this.#model;
    const steps = rules.map((rule) => smtAnd([rule.condition, this.changes(rule)]));
    const ended = !final
      ? 'false'
      : smtOr([
          this.#symbolic.term(final, NO_LOCALS),
          smtNot(this.#symbolic.term(definedness(final, this.#layout.set), NO_LOCALS)),
        ]);
    return smtAnd([smtNot(this.erring), smtNot(smtOr(steps)), smtNot(ended)]);
  }

  changes(rule: TransitionRule): Term {
    const { action } = rule.by.instance;
    const [received, sent] = [
      new Set(action.receives.map((r) => r.channel)),
      action.sends.map((s) => s.channel),
    ];
    const balanced =
      sent.length === received.size &&
      sent.every((c) => received.has(c)) &&
      new Set(sent).size === sent.length;
    const onBag = [...received].some(
      (c) =>
        sent.includes(c) &&
        this.#layout.channel(c).channel.order === 'bag' &&
        this.#declared.channelTerms(c).kind === 'slots',
    );
    if (!balanced && (sent.length > 0 || received.size > 0)) {
      if (
        [...received].some((c) => !sent.includes(c)) ||
        sent.some((c) => !received.has(c)) ||
        sent.length !== received.size
      )
        return 'true';
    }
    if (onBag)
      throw new Unencodable(
        'a step that takes a message from a bag and puts one back, for deadlockFree',
      );
    return smtOr(
      this.#declared.variables.flatMap((v, i) =>
        rule.next[i] === v.name || this.#beside.has(v.name)
          ? []
          : [smtNot(smtEq(v.name, rule.next[i] as Term))],
      ),
    );
  }
}
