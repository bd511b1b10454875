import type { Expr } from './expression.ts';
import type { Channel } from './model.ts';
import { BOOL, type IndexSet, type Type } from './types.ts';

/** What a name means in an expression. */
export type Meaning =
  | { readonly kind: 'set'; readonly set: IndexSet }
  | { readonly kind: 'constant'; readonly literal: Expr }
  | { readonly kind: 'ambiguous'; readonly types: readonly Type[] }
  | { readonly kind: 'cell'; readonly of: 'variable' | 'parameter'; readonly type: Type }
  | { readonly kind: 'channel'; readonly channel: Channel };

/** Which names may be read: initial values read parameters only (SEMANTICS 5). */
export type Reach = 'everything' | 'parameters';

/** The one global scope (SEMANTICS 10), and the locals of one place in it. */
export interface Scope {
  readonly globals: ReadonlyMap<string, Meaning>;
  readonly locals: ReadonlyMap<string, Type>;
  readonly reach: Reach;
  channel(name: string): Channel;
  set(name: string): IndexSet;
}

export function withLocal(scope: Scope, name: string, type: Type): Scope {
  return {
    ...scope,
    channel: scope.channel,
    set: scope.set,
    locals: new Map(scope.locals).set(name, type),
  };
}

export function truth(value: boolean): Expr {
  return { kind: 'literal', type: BOOL, value: value ? 1 : 0 };
}
