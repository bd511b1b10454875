import { typecheck } from '../../../src/model/typecheck.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { starts } from '../../../src/model/initial.ts';
import type { State } from '../../../src/model/layout.ts';
import type { Verdicts } from './tokenGame.ts';

/**
 * The printed model, explored by nothing but the one semantics: the other side of the differential
 * test.
 */
export function explore(document: ModelDocument, limit: number): Verdicts | undefined {
  const checked = typecheck(document);
  if (!checked.ok)
    throw new Error(
      checked.problems
        .slice(0, 5)
        .map((found) => `${found.code} ${found.path} ${found.message}`)
        .join('\n'),
    );
  const semantics = new Semantics(checked.value);
  const [start] = [...starts(semantics, [])];
  const first = start?.state as State;
  const known = new Map<string, State>([[first.join(), first]]);
  const before = new Map<string, string[]>();
  for (const [name, state] of known) {
    semantics.successors(state, (instance, next, errors) => {
      if (!next || errors !== 0) throw new Error(`${instance.action.name} fails`);
      const key = next.join();
      before.set(key, [...(before.get(key) ?? []), name]);
      if (!known.has(key)) known.set(key, next);
    });
    if (known.size > limit) return undefined;
  }
  const formula = (name: string) =>
    checked.value.properties.find((found) => found.name === name)?.formula;
  const states = [...known.values()];
  const safe = formula('safe');
  const option = formula('optionToComplete');
  const proper = formula('properCompletion');
  const alive = formula('noDeadActivities');
  if (
    safe?.kind !== 'always' ||
    option?.kind !== 'recoverable' ||
    proper?.kind !== 'never' ||
    alive?.kind !== 'reachableEach'
  ) {
    throw new Error('a property has another kind than expected');
  }
  const done = semantics.predicate(option.expr);
  const canComplete = new Set([...known].filter(([, state]) => done(state)).map(([name]) => name));
  for (const name of canComplete)
    for (const earlier of before.get(name) ?? []) canComplete.add(earlier);
  return {
    states: known.size,
    safe: states.every((state) => semantics.predicate(safe.expr)(state)),
    optionToComplete: canComplete.size === known.size,
    properCompletion: !states.some((state) => semantics.predicate(proper.expr)(state)),
    noDeadActivities: alive.goals.every((goal) =>
      states.some((state) => semantics.predicate(goal.expr)(state)),
    ),
  };
}
