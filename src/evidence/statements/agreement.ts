import type { Agreement, LackReason } from '../../model/outcome.ts';

const WORDS: Readonly<Record<LackReason, string>> = {
  notAsked: 'not asked',
  bounded: 'up to a bound',
  timeout: 'timeout',
  memory: 'memory',
  crash: 'crash',
  cancelled: 'cancelled',
  unavailable: 'unavailable',
  unsupported: 'unsupported',
  unreplayable: 'unreplayable',
  disagreement: 'disagreement',
};

/** Whose word an answer is, for people: `explore, z3; not tlc (unsupported)`. */
export function agreementText({ engines, lacks }: Agreement): string {
  const [only, ...others] = engines;
  const whose =
    only === undefined
      ? 'no one engine stands behind all of it'
      : others.length === 0
        ? `on the word of ${only} alone`
        : `${engines.join(', ')} agree`;
  const without = lacks.map(({ engine, reason }) => `${engine} (${WORDS[reason]})`);
  return without.length === 0 ? whose : `${whose}; not ${without.join(', ')}`;
}
