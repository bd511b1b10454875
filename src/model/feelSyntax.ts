import type { Span } from './feelTokens.ts';

export type Syntax = Span &
  (
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'null' }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'field'; readonly of: Syntax; readonly name: string }
    | { readonly kind: 'index'; readonly of: Syntax; readonly key: Syntax }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Syntax[] }
    | { readonly kind: 'list'; readonly items: readonly Syntax[] }
    | { readonly kind: 'negate'; readonly body: Syntax }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Syntax;
        readonly right: Syntax;
      }
    | {
        readonly kind: 'interval';
        readonly value: Syntax;
        readonly lo: Syntax;
        readonly hi: Syntax;
      }
    | { readonly kind: 'in'; readonly value: Syntax; readonly options: readonly Syntax[] }
    | { readonly kind: 'if'; readonly condition: Syntax; readonly yes: Syntax; readonly no: Syntax }
    | {
        readonly kind: 'quantified';
        readonly quantifier: 'some' | 'every';
        readonly domains: readonly Domain[];
        readonly body: Syntax;
      }
    | { readonly kind: 'for'; readonly domains: readonly Domain[]; readonly body: Syntax }
  );
export interface Domain extends Span {
  readonly name: string;
  readonly domain: Syntax;
}

export type BinaryOperator = 'or' | 'and' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*';
