import type { Problem } from '../errors/index.ts';

/** What the service refused, as it said it. */
export class RefusedByServer extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('; '));
    this.problems = problems;
  }
}
