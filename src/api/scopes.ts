import { refuse, type Api } from './area.ts';
import type { Principal } from './auth.ts';

/**
 * Of a key that has scopes: it must have all that are wanted. Else a key for little would make one
 * for all.
 */
export function mustCover({ scopes }: Principal, wanted: readonly string[]): void {
  if (scopes === undefined) return;
  if (wanted.length > 0 && wanted.every((scope) => scopes.has(scope))) return;
  throw refuse(
    'FORBIDDEN',
    'input.scopes',
    `a key with scopes makes keys with scopes of its own: ${[...scopes].join(', ')}`,
  );
}

/** That the scopes of a new key exist, and are no more than those of whoever makes it. */
export function mustMakeNoWider(
  { isScope }: Pick<Api, 'isScope'>,
  principal: Principal,
  wanted: readonly string[],
): void {
  const unknown = wanted.find((scope) => !isScope(scope));
  if (unknown !== undefined)
    throw refuse(
      'OPTION_INVALID',
      'input.scopes',
      `unknown scope \`${unknown.slice(0, 80)}\`; a scope is an operation, or read`,
    );
  mustCover(principal, wanted);
}
