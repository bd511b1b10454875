import type { CellBlock } from '../model/layout.ts';
import type { Action, Model } from '../model/model.ts';
import { truth } from '../model/scope.ts';
import { BOOL, type Type } from '../model/types.ts';
import { Composition, flagNamed, switchOf } from './composition.ts';
import { OPERATORS } from './operators/index.ts';
import { conjunctionOf, negated } from './terms.ts';
import type { Threat } from './threat.ts';
import { variantsOf } from './variants.ts';
import type { Expr } from '../model/expression.ts';

/** A threat, or a model, that no composition expresses exactly. */
export class NotComposable extends Error {}

/**
 * A model under all of some threats at once, as one model (SEMANTICS 17–20): each threat may act
 * where its switch, a parameter, is on, and picks from variables that have any value at any time.
 * What an encoding must know beside it stands in the sets of names.
 */
export interface ComposedModel {
  readonly model: Model;
  /** By id, the parameter that says whether the threat may act. */
  readonly switches: ReadonlyMap<string, string>;
  readonly attacks: ReadonlyMap<string, 'moved' | 'in place'>;
  readonly bypasses: ReadonlySet<string>;
  readonly free: ReadonlySet<string>;
  readonly records: ReadonlySet<string>;
  readonly sticking: ReadonlyMap<string, string>;
  /**
   * Some memory was too small: from then on attackers may know more than they have seen, and less
   * counts as received. A run without it is one of the model under threats; with it there are more.
   */
  readonly forgot: Expr;
}

/** A model under threats as one model. Throws `NotComposable`. */
export function composed(model: Model, threats: readonly Threat[]): ComposedModel {
  const counted = model.variables.find(({ messages }) => messages);
  if (counted) throw new NotComposable(`messages without content, as ${counted.name} counts them`);
  const crafted = threats.filter(({ operator }) => operator === 'forge' || operator === 'tamper');
  const to = new Composition(model, new Set(crafted.map(({ of: [channel = ''] }) => channel)));
  for (const threat of threats) {
    const row = OPERATORS.find(({ name }) => name === threat.operator);
    if (row?.compose) row.compose(threat.of, to.of(threat.id));
    else if (row?.arm) throw new NotComposable(`steps of ${threat.operator}`);
  }
  const { attacks, away, sticking, records, free, holds, forgot } = to.added;
  const variants = variantsOf(model, threats);
  const own = variants.map(({ action, ids }) => to.recording(guarded(action, ids, away)));
  const recoveries = model.actors.flatMap(({ name, recovers }) => {
    const flag = away.get(name);
    return recovers && flag ? [recovery(name, flag)] : [];
  });
  const flags = [
    ...[...away.keys()].map((name) => flagNamed(`away!${name}`)),
    ...[...sticking].map(([variable, name]) =>
      flagNamed(name, mapTo(BOOL, to.layout.cell('variable', variable))),
    ),
  ];
  const switches = threats.map(({ id }) => [id, switchOf(id).name] as const);
  return {
    model: {
      ...model,
      parameters: [...switches.map(([, name]) => ({ name, type: BOOL })), ...model.parameters],
      variables: [...model.variables, ...flags, ...records, ...free],
      channels: [...model.channels, ...holds],
      actions: [...own, ...recoveries, ...attacks.map(({ action }) => action)],
    },
    switches: new Map(switches),
    attacks: new Map(
      attacks.map(({ action, inPlace }) => [action.name, inPlace ? 'in place' : 'moved']),
    ),
    bypasses: new Set(variants.flatMap(({ action, ids }) => (ids.length > 0 ? [action.name] : []))),
    free: new Set(free.map(({ name }) => name)),
    records: new Set(records.map(({ name }) => name)),
    sticking,
    forgot,
  };
}

/** An action where all of these threats are switched on and its actor is there. */
function guarded(action: Action, ids: readonly string[], away: ReadonlyMap<string, Expr>): Action {
  const flag = away.get(action.actor);
  const when = conjunctionOf([
    ...ids.map((id) => switchOf(id)),
    ...(flag ? [negated(flag)] : []),
    ...(action.when ? [action.when] : []),
  ]);
  return { ...action, when };
}

function recovery(actor: string, away: Expr): Action {
  return {
    name: `recovers!${actor}`,
    actor: '',
    binders: [],
    receives: [],
    when: away,
    controls: [],
    assignments: [{ variable: `away!${actor}`, keys: [], value: truth(false), type: BOOL }],
    sends: [],
    fair: 'none',
    perMessage: false,
  };
}

/** A map from the keys of a block. */
function mapTo(type: Type, { keySets }: CellBlock): Type {
  return keySets.reduceRight<Type>((to, { name }) => ({ kind: 'map', from: name, to }), type);
}
