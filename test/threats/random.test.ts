import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explored } from '../../src/checking/attackSets/search.ts';
import { minimalOnly, subsetsOf, type Ids } from '../../src/checking/attackSets/minimal.ts';
import { inspect } from '../../src/checking/inspect.ts';
import type { Model, Property } from '../../src/model/model.ts';
import { ERROR_BIT } from '../../src/model/semantics.ts';
import { AttackedSystem } from '../../src/threats/attacked.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import type { Threat } from '../../src/threats/threat.ts';
import { analyse } from './model.ts';
import { randomModels } from './randomModel.ts';

/** The least number of steps to break a safety property, by a search of its own. */
function shortest(
  model: Model,
  threats: readonly Threat[],
  property: Property,
): number | undefined {
  const system = new AttackedSystem(model, threats);
  const { formula } = property;
  const holds = formula.kind === 'always' ? system.semantics.predicate(formula.expr) : undefined;
  const final = model.final && system.semantics.predicate(model.final);
  const seen = new Set<string>();
  let level: (readonly number[])[] = [...system.starts()];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: (readonly number[])[] = [];
    let erred = false;
    for (const row of level) {
      if (seen.has(row.join())) continue;
      seen.add(row.join());
      if (holds?.(row) === false) return depth;
      let stuck = true;
      system.steps(row, (step) => {
        if (step.ids.length === 0) stuck = false;
        if (step.next) next.push(step.next);
        else erred ||= formula.kind === 'implicit' && (step.errors & ERROR_BIT[formula.of]) !== 0;
      });
      if (formula.kind === 'deadlockFree' && stuck && final?.(row) === false) return depth;
    }
    if (erred) return depth + 1;
    level = next;
  }
  return undefined;
}

const OPEN = { maxStates: 100_000, deadline: Infinity, signal: new AbortController().signal };
const BY_SEARCH: ReadonlySet<string> = new Set(['always', 'deadlockFree', 'implicit']);

/** Every set judged on a system of its own, which knows of no other threat. */
async function judgedAlone(
  model: Model,
  threats: readonly Threat[],
): Promise<Map<string, { ids: Ids; length: number | null }[]>> {
  const found = new Map<string, { ids: Ids; length: number | null }[]>();
  const universe = threats.map(({ id }) => id);
  for (let size = 0; size <= universe.length; size += 1)
    for (const ids of subsetsOf(universe, size)) {
      const chosen = threats.filter(({ id }) => ids.includes(id));
      const own = await explored(model, chosen, OPEN);
      for (const property of model.properties) {
        const attack = own.restriction(ids).attack(property);
        const { kind } = property.formula;
        const length = BY_SEARCH.has(kind)
          ? shortest(model, chosen, property)
          : attack && (kind === 'recoverable' ? attack.edges.length : null);
        if (length !== undefined)
          found.set(property.name, [...(found.get(property.name) ?? []), { ids, length }]);
      }
    }
  return found;
}

it('one exploration answers as every set of threats judged alone', async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(
      randomModels,
      fc.integer({ min: 0, max: 1_000_000 }),
      async (document, pick) => {
        const source = JSON.stringify(document);
        const inspected = await inspect({ source, format: 'native', name: 'random.json' });
        if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
        const { model } = inspected.value.semantics;
        const existing = threatsOf(model);
        const threats = existing.filter(
          (_, i) => (pick * 31 + i * 17 + ((pick >> i) & 1)) % 3 !== 0,
        );
        const some = threats.slice(pick % 3, (pick % 3) + 5);
        const answer = await analyse(source, { threats: some.map(({ id }) => id) });
        if (!answer.ok) {
          expect(answer.problems.map(({ code }) => code)).toEqual(['THREATS_NEED_SOUND_MODEL']);
          return;
        }
        answered += 1;
        const alone = await judgedAlone(model, some);
        for (const { name, complete, minimalAttackSets } of answer.value.properties) {
          const broken = alone.get(name) ?? [];
          const minimal = minimalOnly(broken.map(({ ids }) => ids));
          const told = minimal.map((ids) => {
            const { length } = broken.find((each) => each.ids === ids) ?? {};
            return `${ids.join(' + ')} in ${length}`;
          });
          expect(complete, name).toBe(true);
          expect(
            minimalAttackSets.map((s) => `${s.threats.join(' + ')} in ${s.traceLength}`).sort(),
            name,
          ).toEqual(told.sort());
        }
      },
    ),
    { numRuns: 40 },
  );
  expect(answered).toBeGreaterThan(10);
}, 120_000);
