export const PLAYER_ROLES = ['attacker', 'defender'] as const;
/**
 * `attacker` takes every step: his own, and when the others take theirs. `defender` takes those of
 * actors that are trusted, and lets the other side move.
 */
export type PlayerRole = (typeof PLAYER_ROLES)[number];
