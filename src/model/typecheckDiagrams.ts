import type { SkipDocument } from './document.ts';
import type { Skip, Variable } from './model.ts';
import type { DeclaredNames } from './typecheckNames.ts';
import type { Type } from './types.ts';

/** What a counter of messages says of the channel that it stands for. */
export function messagesOf(names: DeclaredNames, name: string, type: Type): Variable['messages'] {
  const given = names.document.variables[name]?.messages;
  if (!given) return undefined;
  const path = ['variables', name, 'messages'];
  names.actor([...path, 'from'], given.from);
  names.actor([...path, 'to'], given.to);
  if (type.kind !== 'int')
    names.report('TYPE_MISMATCH', path, `messages are counted by an int, which ${name} is not`);
  return { from: given.from, to: given.to, medium: given.medium ?? 'public' };
}

/** How an activity can be passed over. */
export function skipOf(
  names: DeclaredNames,
  activity: string,
  { actor, from, to, label }: SkipDocument,
): Skip {
  const path = ['skips', activity];
  names.actor([...path, 'actor'], actor);
  for (const [key, places] of Object.entries({ from, to }))
    places.forEach((place, i) => {
      if (names.variables.get(place)?.kind !== 'int')
        names.report(
          'NAME_UNKNOWN',
          [...path, key, String(i)],
          `no variable \`${place}\` counts tokens`,
        );
    });
  return { activity, actor, from, to, ...(label === undefined ? {} : { label }) };
}
