import {
  isControlRecord,
  type ActionDocument,
  type ChannelDocument,
  type ControlDocument,
  type Init,
  type ModelDocument,
  type PropertyDocument,
  type Scalar,
  type SendDocument,
} from './document.ts';
import { parseFeel } from './feel.ts';
import { feelOf, feelText } from './feelText.ts';
import type { Formula, Model } from './model.ts';
import { typeText } from './types.ts';

/**
 * The canonical model of a document that has passed the check: defaults written out, sets as lists,
 * every type and expression in its one spelling, and lists where the order means something that
 * sorted keys would lose. Its JCS digest names the model.
 */
export function canonicalDocument(document: ModelDocument, model: Model): ModelDocument {
  const channels = Object.fromEntries(
    model.channels.map((channel) => [
      channel.name,
      canonicalChannel(channel.name, document, model),
    ]),
  );
  return withoutUndefined({
    probity: 1,
    name: document.name,
    description: document.description,
    sets: Object.fromEntries(model.sets.map((set) => [set.name, set.elements])),
    parameters: Object.fromEntries(model.parameters.map((p) => [p.name, typeText(p.type)])),
    variables: Object.fromEntries(
      model.variables.map((v) => {
        const given = document.variables[v.name];
        return [
          v.name,
          withoutUndefined({
            ...given,
            type: typeText(v.type),
            init: canonicalInit(given?.init ?? null),
          }),
        ];
      }),
    ),
    actors: Object.fromEntries(
      model.actors.map((a) => [
        a.name,
        withoutUndefined({ trust: a.trust, recovers: a.recovers, label: a.label }),
      ]),
    ),
    channels,
    actions: Object.fromEntries(
      Object.entries(document.actions).map(([name, action]) => [name, canonicalAction(action)]),
    ),
    properties: Object.fromEntries(
      Object.entries(document.properties ?? {}).map(([name, p]) => [
        name,
        canonicalProperty(p, model.properties.find((known) => known.name === name)?.formula),
      ]),
    ),
    final: document.final === undefined ? undefined : spelled(document.final),
    fairness: document.fairness,
    skips: document.skips,
    abstractions: document.abstractions,
    bounds: document.bounds,
  });
}

function spelled(value: Scalar | readonly Scalar[]): string {
  return feelOf(parseFeel(feelText(value)));
}

function canonicalInit(init: Init): Init {
  if (typeof init === 'object' && init !== null && !Array.isArray(init)) {
    return Object.fromEntries(
      Object.entries(init).map(([key, rule]) => [key, canonicalInit(rule as Init)]),
    );
  }
  if (init === 'any') return init;
  if (typeof init === 'string' && /^in\s*[[(]/.test(init))
    return feelOf(parseFeel(`0 ${init}`)).slice(2);
  return spelled(init as Scalar | readonly Scalar[]);
}

function canonicalChannel(name: string, document: ModelDocument, model: Model): ChannelDocument {
  const channel = model.channels.find((c) => c.name === name);
  const given = document.channels?.[name] as ChannelDocument;
  return withoutUndefined({
    ...given,
    carries: Object.fromEntries((channel?.fields ?? []).map((f) => [f.name, typeText(f.type)])),
    medium: given.medium ?? 'private',
    order: given.order ?? 'bag',
    capacity: given.capacity ?? 1,
  });
}

function canonicalAction(given: ActionDocument): ActionDocument {
  const controls =
    given.controls === undefined
      ? []
      : Array.isArray(given.controls)
        ? given.controls
        : [given.controls];
  const sends =
    given.send === undefined ? [] : Array.isArray(given.send) ? given.send : [given.send];
  return withoutUndefined({
    ...given,
    when: given.when === undefined ? undefined : spelled(given.when),
    controls: controls.flatMap((group) =>
      Object.entries(group as ControlDocument).map(([name, e]) => ({
        [name]: isControlRecord(e) ? { ...e, check: spelled(e.check) } : spelled(e),
      })),
    ),
    then: Object.fromEntries(
      Object.entries(given.then ?? {}).map(([target, e]) => [spelled(target), spelled(e)]),
    ),
    send: sends.flatMap((group) =>
      Object.entries(group as SendDocument).map(([channel, payload]) => ({
        [channel]: Object.fromEntries(
          Object.entries(payload).map(([field, e]) => [field, spelled(e)]),
        ),
      })),
    ),
  });
}

function canonicalProperty(
  given: PropertyDocument,
  formula: Formula | undefined,
): PropertyDocument {
  const one = (value: Scalar | undefined): Scalar | undefined =>
    value === undefined ? undefined : spelled(value);
  return withoutUndefined({
    ...given,
    ltl: formula?.kind === 'ltl' ? formula.text : undefined,
    deadlockFree: given.deadlockFree === undefined ? undefined : true,
    always: one(given.always),
    never: one(given.never),
    eventually: one(given.eventually),
    eventuallyAlways: one(given.eventuallyAlways),
    reachable: one(given.reachable),
    recoverable: one(given.recoverable),
    leadsTo: given.leadsTo && { from: spelled(given.leadsTo.from), to: spelled(given.leadsTo.to) },
    reachableEach:
      given.reachableEach &&
      Object.fromEntries(
        Object.entries(given.reachableEach).map(([name, e]) => [name, spelled(e)]),
      ),
  });
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
