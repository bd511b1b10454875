import { type Locate, problem, type Problem, type ProblemCode } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import type { ModelDocument, Scalar } from './document.ts';
import type { Expr } from './expression.ts';
import { parseFeel } from './feel.ts';
import type { Syntax } from './feelSyntax.ts';
import { FeelError } from './feelTokens.ts';
import { feelText } from './feelText.ts';
import type { Channel } from './model.ts';
import type { Meaning, Scope } from './scope.ts';
import { nameProblem, parseType } from './typeText.ts';
import { typeExpression } from './typing.ts';
import { isProblem } from './typingFit.ts';
import { type IndexSet, INT, type Type } from './types.ts';

/** More than this nobody reads, and each costs a search for its place. */
const MAX_PROBLEMS = 200;

/** What the parts of the type check share: the names found so far, and everything wrong so far. */
export class DeclaredNames {
  readonly problems: Problem[] = [];
  readonly document: ModelDocument;
  readonly globals = new Map<string, Meaning>();
  readonly sets = new Map<string, IndexSet>();
  readonly channels = new Map<string, Channel>();
  readonly variables = new Map<string, Type>();
  readonly #locate: Locate;

  constructor(document: ModelDocument, locate: Locate) {
    this.document = document;
    this.#locate = locate;
  }

  report(code: ProblemCode, path: readonly string[], message: string, offset?: number): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const elementId =
      path[0] === 'actions' ? this.document.actions[path[1] ?? '']?.elementId : undefined;
    this.problems.push(
      problem(code, path.join('.'), message, {
        ...this.#locate(path, offset),
        ...(elementId === undefined ? {} : { elementId }),
      }),
    );
  }

  name(path: readonly string[], name: string): boolean {
    const wrong = nameProblem(name);
    if (wrong) this.report('NAME_INVALID', path, wrong);
    return wrong === undefined;
  }

  declare(path: readonly string[], name: string, meaning: Meaning): void {
    if (!this.name(path, name)) return;
    if (this.globals.has(name))
      this.report(
        'NAME_TAKEN',
        path,
        `\`${name}\` already names something else; all names share one scope`,
      );
    else this.globals.set(name, meaning);
  }

  readonly elements = (set: string): number | undefined => this.sets.get(set)?.elements.length;

  /** A type, or, when it cannot be read, one that lets checking go on. */
  type(path: readonly string[], text: string): Type {
    const type = parseType(text, this.elements);
    if (!('code' in type)) return type;
    const near = type.unknown === undefined ? '' : didYouMean(type.unknown, this.#typeNames());
    this.report(type.code, path, `${type.message}${near}`);
    return INT;
  }

  #typeNames(): readonly string[] {
    return ['bool', 'int', ...this.sets.keys()];
  }

  actor(path: readonly string[], actor: string): void {
    if (!Object.hasOwn(this.document.actors, actor))
      this.report(
        'ACTOR_UNKNOWN',
        path,
        `no actor is called \`${actor}\`${didYouMean(actor, Object.keys(this.document.actors))}`,
      );
  }

  scope(
    reach: Scope['reach'] = 'everything',
    locals: ReadonlyMap<string, Type> = new Map(),
  ): Scope {
    return {
      globals: this.globals,
      locals,
      reach,
      channel: (name) => this.channels.get(name) as Channel,
      set: (name) => this.sets.get(name) as IndexSet,
    };
  }

  /** One expression, or, after its problem has been noted, a literal that lets checking go on. */
  expression(
    path: readonly string[],
    value: Scalar | readonly Scalar[],
    scope: Scope,
    expected: Type,
    offset = 0,
  ): Expr {
    const placeholder: Expr = { kind: 'literal', type: expected, value: 0 };
    const syntax = this.syntax(path, value, offset);
    if (!syntax) return placeholder;
    const typed = typeExpression(syntax, scope, expected);
    if (!isProblem(typed)) return typed;
    this.report(typed.code, path, typed.message, offset + typed.at);
    return placeholder;
  }

  syntax(
    path: readonly string[],
    value: Scalar | readonly Scalar[],
    offset = 0,
  ): Syntax | undefined {
    try {
      return parseFeel(feelText(value));
    } catch (error) {
      if (!(error instanceof FeelError)) throw error;
      this.report(error.code, path, error.message, offset + error.at);
      return undefined;
    }
  }
}
