/**
 * What is not compiled, and why, in words for people. Whoever meets it takes the interpreted path:
 * the answer is the same, later.
 */
export class NotCompiled extends Error {}

/** Ends the attempt to compile. */
export function refuseToCompile(why: string): never {
  throw new NotCompiled(why);
}
