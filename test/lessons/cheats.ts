import type { FixExercise } from '../../src/scenarios/exercises.ts';

/** A model as it was written, to be changed at will. */
export interface Loose {
  sets?: Record<string, string[] | number>;
  parameters?: Record<string, string>;
  variables: Record<string, Record<string, unknown>>;
  actors: Record<string, Record<string, unknown>>;
  channels?: Record<string, Record<string, unknown>>;
  actions: Record<string, Record<string, unknown>>;
  properties: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

/**
 * A way to win without mending anything. It changes a model, of the exercise's start or of its
 * solution, and says whether there was something to change.
 */
export interface Cheat {
  readonly name: string;
  /** What each must come out as, whatever it is applied to; `refused` where nothing is said. */
  readonly comesOut?: readonly string[];
  readonly make: (model: Loose, exercise: FixExercise) => boolean;
}

const untrusted = (model: Loose): string[] =>
  Object.keys(model.actors).filter(
    (name) => (model.actors[name]?.['trust'] ?? 'trusted') !== 'trusted',
  );
const attackers = (model: Loose): string[] =>
  Object.keys(model.actions).filter((name) =>
    untrusted(model).includes(String(model.actions[name]?.['actor'])),
  );
const openActions = (model: Loose, { opens }: FixExercise): Record<string, unknown>[] =>
  Object.keys(opens.change).flatMap((name): Record<string, unknown>[] => {
    const action = model.actions[name];
    return action ? [action] : [];
  });
const each = (
  entries: Record<string, Record<string, unknown>> | undefined,
  change: (entry: Record<string, unknown>, name: string) => boolean,
): boolean => {
  let changed = false;
  for (const [name, entry] of Object.entries(entries ?? {}))
    changed = change(entry, name) || changed;
  return changed;
};
const put = (entry: Record<string, unknown>, key: string, value: unknown): boolean => {
  if (JSON.stringify(entry[key]) === JSON.stringify(value)) return false;
  entry[key] = value;
  return true;
};
const remove = (entry: Record<string, unknown>, key: string): boolean => {
  if (!(key in entry)) return false;
  delete entry[key];
  return true;
};
const ranges = /int (-?\d+)\.\.(-?\d+)/gu;

/** Known ones first, then those that we thought of ourselves. */
export const CHEATS: readonly Cheat[] = [
  {
    name: 'the property is `true`',
    make: ({ properties }, exercise) => {
      for (const name of exercise.properties)
        if (properties[name]) properties[name] = { always: 'true' };
      return exercise.properties.some((name) => name in properties);
    },
  },
  {
    name: 'the property is gone',
    make: ({ properties }, exercise) =>
      exercise.properties.map((name) => remove(properties, name)).some(Boolean),
  },
  {
    name: 'the happy path is no longer asked for',
    make: ({ properties }) =>
      Object.keys(properties)
        .filter((name) => 'reachable' in (properties[name] ?? {}))
        .map((name) => remove(properties, name))
        .some(Boolean),
  },
  {
    name: 'one property more, that says the opposite',
    make: ({ properties }) => put(properties, 'allIsWell', { always: 'true' }),
  },
  {
    name: 'the attacker is deleted',
    make: (model) =>
      attackers(model)
        .map((name) => remove(model.actions, name))
        .some(Boolean),
  },
  {
    name: "the attacker's step is never possible",
    make: (model) =>
      attackers(model)
        .map((name) => put(model.actions[name] ?? {}, 'when', 'false'))
        .some(Boolean),
  },
  {
    name: 'all that is open is never possible',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) =>
      openActions(model, exercise)
        .map((action) => put(action, 'when', 'false'))
        .some(Boolean),
  },
  {
    name: 'a control that nothing passes',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) =>
      openActions(model, exercise)
        .map((a) => put(a, 'controls', { never: 'false' }))
        .some(Boolean),
  },
  {
    name: 'what is open writes nothing any more',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) =>
      openActions(model, exercise)
        .map((action) => remove(action, 'then'))
        .some(Boolean),
  },
  {
    name: 'what is open sends nothing any more',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) =>
      openActions(model, exercise)
        .map((action) => remove(action, 'send'))
        .some(Boolean),
  },
  {
    name: 'nothing is possible at all',
    make: ({ actions }) => each(actions, (action) => put(action, 'when', 'false')),
  },
  ...['private', 'authenticated', 'signed'].map((medium) => ({
    name: `every channel is ${medium}`,
    make: ({ channels }: Loose) =>
      each(channels, (channel) => channel['medium'] !== medium && put(channel, 'medium', medium)),
  })),
  {
    name: 'everybody is trusted',
    make: (model) =>
      untrusted(model)
        .map((n) => put(model.actors[n] ?? {}, 'trust', 'trusted'))
        .some(Boolean),
  },
  {
    name: 'trust is left out, which means trusted',
    make: (model) =>
      untrusted(model)
        .map((n) => remove(model.actors[n] ?? {}, 'trust'))
        .some(Boolean),
  },
  {
    name: 'everybody recovers',
    make: ({ actors }) => each(actors, (actor) => put(actor, 'recovers', true)),
  },
  {
    name: 'one price',
    make: ({ parameters = {} }) => {
      const narrow = Object.keys(parameters).filter((name) => /\d/u.test(parameters[name] ?? ''));
      for (const name of narrow)
        parameters[name] = (parameters[name] ?? '').replace(ranges, (_, lo) => `int ${lo}..${lo}`);
      return narrow.length > 0;
    },
  },
  {
    name: 'one order',
    make: ({ sets = {} }) =>
      Object.keys(sets)
        .map((name) => {
          const of = sets[name];
          return Array.isArray(of) && of.length > 1 && put(sets as never, name, of.slice(0, -1));
        })
        .some(Boolean),
    comesOut: ['refused', 'unreadable'],
  },
  {
    name: 'smaller numbers',
    comesOut: ['refused', 'unreadable'],
    make: ({ variables, channels, actions }) => {
      const narrow = (entry: Record<string, unknown>, key: string): boolean =>
        typeof entry[key] === 'string' &&
        put(
          entry,
          key,
          entry[key].replace(
            ranges,
            (_, lo: string, hi: string) => `int ${lo}..${Math.max(Number(lo), Number(hi) - 1)}`,
          ),
        );
      const fields = Object.values(channels ?? {}).map(
        (c) => c['carries'] as Record<string, unknown>,
      );
      const binders = Object.values(actions).map(
        (a) => (a['for'] ?? {}) as Record<string, unknown>,
      );
      return [
        each(variables, (variable) => narrow(variable, 'type')),
        ...[...fields, ...binders].flatMap((entry) =>
          Object.keys(entry).map((key) => narrow(entry, key)),
        ),
      ].some(Boolean);
    },
  },
  {
    name: 'everything is final',
    make: (model) => model['final'] !== true && put(model, 'final', 'true or false'),
  },
  {
    name: 'no room for the attacker',
    make: ({ channels }) =>
      each(channels, (c) => Number(c['capacity'] ?? 1) > 1 && put(c, 'capacity', 1)),
  },
  {
    name: 'room without end',
    make: ({ channels }) => each(channels, (channel) => put(channel, 'unbounded', true)),
  },
  ...['fresh', 'unguessable', 'signed'].map((key) => ({
    name: `every field is ${key}`,
    comesOut: ['refused', 'unreadable'],
    make: ({ channels }: Loose) =>
      each(channels, (channel) => put(channel, key, Object.keys(channel['carries'] as object))),
  })),
  {
    name: 'it begins elsewhere',
    comesOut: ['refused', 'unreadable'],
    make: ({ variables }) => each(variables, (variable) => put(variable, 'init', 'any')),
  },
  {
    name: 'no sensor and no keeper',
    make: ({ variables }) =>
      [
        each(variables, (v) => remove(v, 'sensor')),
        each(variables, (v) => remove(v, 'keptBy')),
      ].some(Boolean),
  },
  {
    name: 'all is fair',
    make: ({ actions }) => each(actions, (action) => put(action, 'fair', 'strong')),
  },
  {
    name: 'nothing is fair',
    make: ({ actions }) => each(actions, (action) => remove(action, 'fair')),
  },
  {
    name: 'the attacker has another name',
    make: (model) => {
      const [first] = attackers(model);
      if (first === undefined) return false;
      model.actions[`${first}Renamed`] = model.actions[first] ?? {};
      return remove(model.actions, first);
    },
  },
  {
    name: 'a new actor, trusted, does what the attacker did',
    make: (model) => {
      model.actors['helper'] = { trust: 'trusted' };
      for (const name of attackers(model)) put(model.actions[name] ?? {}, 'actor', 'helper');
      return true;
    },
  },
  {
    name: "a trusted actor takes over the attacker's step",
    make: (model) => {
      const other = Object.keys(model.actors).find((name) => !untrusted(model).includes(name));
      return attackers(model)
        .map((name) => put(model.actions[name] ?? {}, 'actor', other))
        .some(Boolean);
    },
  },
  {
    name: 'an assumption is made',
    comesOut: ['unreadable'],
    make: (model) => put(model, 'assume', 'true'),
  },
  { name: 'a bound is declared', make: (model) => put(model, 'bounds', ['one order']) },
  { name: 'an abstraction is declared', make: (model) => put(model, 'abstractions', ['none']) },
  {
    name: 'fairness of all steps together',
    make: (model) => put(model, 'fairness', [{ strong: Object.keys(model.actions) }]),
  },
  {
    name: 'what is open waits for what never comes',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) => {
      model.variables['someDay'] = { type: 'bool', init: false };
      return openActions(model, exercise)
        .map((action) =>
          put(
            action,
            'when',
            `someDay${action['when'] === undefined ? '' : ` and (${String(action['when'])})`}`,
          ),
        )
        .some(Boolean);
    },
  },
  {
    name: 'a step that ends the business',
    comesOut: ['refused', 'wrong'],
    make: (model, exercise) => {
      const [actor] = exercise.opens.newActionsOf ?? [];
      if (actor === undefined || Object.keys(exercise.opens.change).length === 0) return false;
      model.variables['shutForEver'] = { type: 'bool', init: false };
      model.actions['close'] = {
        actor,
        when: 'not(shutForEver)',
        then: { shutForEver: true },
        fair: 'weak',
      };
      return openActions(model, exercise)
        .map((action) =>
          put(
            action,
            'when',
            `not(shutForEver)${action['when'] === undefined ? '' : ` and (${String(action['when'])})`}`,
          ),
        )
        .some(Boolean);
    },
  },
  {
    name: 'a step of an attacker more, that does nothing',
    make: (model) => {
      const [actor] = untrusted(model);
      if (actor === undefined) return false;
      model.variables['noise'] = { type: 'bool', init: false };
      model.actions['makeNoise'] = { actor, when: 'not(noise)', then: { noise: true } };
      return true;
    },
  },
  {
    name: 'a private channel beside the public one',
    make: (model, { opens }) => {
      const [public_] = Object.values(model.channels ?? {});
      if (!public_ || opens.newChannels) return false;
      (model.channels ?? {})['aside'] = { ...public_, medium: 'private' };
      return true;
    },
  },
  {
    name: 'somebody else takes the messages away',
    make: (model, { opens }) => {
      const [actor] = opens.newActionsOf ?? Object.keys(model.actors);
      const foreign = Object.entries(model.channels ?? {}).filter(([, { to }]) => to !== actor);
      for (const [name] of foreign)
        model.actions[`swallow_${name}`] = { actor, receive: { [name]: 'swallowed' } };
      return foreign.length > 0;
    },
  },
  {
    name: 'somebody else sends in the name of another',
    comesOut: ['refused', 'unreadable'],
    make: (model, { opens }) => {
      const [actor] = opens.newActionsOf ?? Object.keys(model.actors);
      const foreign = Object.entries(model.channels ?? {}).filter(([, { from }]) => from !== actor);
      for (const [name, { carries }] of foreign)
        model.actions[`send_${name}`] = {
          actor,
          for: Object.fromEntries(
            Object.entries(carries as object).map(([field, type]) => [`${field}_`, type as string]),
          ),
          send: {
            [name]: Object.fromEntries(
              Object.keys(carries as object).map((field) => [field, `${field}_`]),
            ),
          },
        };
      return foreign.length > 0;
    },
  },
  {
    name: 'what nobody can see is looked at',
    make: (model, exercise) => {
      let made = false;
      for (const [actor, names] of Object.entries(exercise.hidden ?? {}))
        for (const action of openActions(model, exercise).filter((a) => a['actor'] === actor))
          for (const name of names.filter((n) => !n.includes('.'))) {
            const type = String(model.variables[name]?.['type']);
            const [, set] = /^map (\w+) to/u.exec(type) ?? [];
            const read = set
              ? `every seen in ${set} satisfies ${name}[seen] = ${name}[seen]`
              : `${name} = ${name}`;
            made =
              put(
                action,
                'when',
                `(${read})${action['when'] === undefined ? '' : ` and (${String(action['when'])})`}`,
              ) || made;
          }
      return made;
    },
  },
  {
    name: 'the books are put right afterwards',
    comesOut: ['refused', 'unreadable'],
    make: (model, exercise) => {
      const text = JSON.stringify(exercise.properties.map((name) => model.properties[name]));
      let made = false;
      for (const [name, { type, init }] of Object.entries(model.variables)) {
        if (!new RegExp(`\\b${name}\\b`, 'u').test(text) || String(type).startsWith('map'))
          continue;
        if (exercise.opens.writes?.[name] === 'any') continue;
        for (const action of Object.values(model.actions)) {
          const then = (action['then'] ??= {}) as Record<string, unknown>;
          made = !(name in then) && put(then, name, init) ? true : made;
        }
      }
      return made;
    },
  },
];
