import { readNative } from '../../src/frontends/native/index.ts';
import { Codec } from '../../src/model/codec.ts';
import { typecheck } from '../../src/model/typecheck.ts';
import { starts, valuations } from '../../src/model/initial.ts';
import { checkInitial } from '../../src/model/checkInitial.ts';
import type { State } from '../../src/model/layout.ts';
import { errorKinds, Semantics } from '../../src/model/semantics.ts';
import type { Problem, Result } from '../../src/errors/index.ts';

/** A model in a few lines: the keys that every model needs are filled in where they are missing. */
export function modelText(text: string): string {
  const has = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(text);
  return [
    'probity: 1',
    ...(has('name') ? [] : ['name: tiny']),
    ...(has('actors') ? [] : ['actors: { me: {} }']),
    ...(has('variables') ? [] : ['variables: { unused: { type: bool, init: false } }']),
    ...(has('actions') ? [] : ['actions: {}']),
    text,
  ].join('\n');
}

export function read(text: string): Result<Semantics> {
  const native = readNative(modelText(text));
  if (!native.ok) return native;
  const model = typecheck(native.value.document, native.value.locate);
  return model.ok ? checkInitial(new Semantics(model.value), native.value.locate) : model;
}

/** The meaning of a model that is right. */
export function tiny(text: string): Semantics {
  const result = read(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

export function problemsOf(text: string): readonly Problem[] {
  const result = read(text);
  return result.ok ? [] : result.problems;
}

export function codesOf(text: string): string[] {
  return problemsOf(text).map(({ code }) => code);
}

export function firstStates(semantics: Semantics): State[] {
  return [...valuations(semantics)].flatMap((valuation) =>
    [...starts(semantics, valuation)].filter((s) => s.errors === 0).map((s) => s.state),
  );
}

/** The steps of a state, each as a line: `pay(o1) paid false→true`, `add breaks withinRange`. */
export function steps(semantics: Semantics, state: State): string[] {
  const codec = new Codec(semantics.layout);
  const lines: string[] = [];
  semantics.successors(state, (instance, next, errors, taken) => {
    const received = instance.action.receives.map((r, i) =>
      Object.values(
        codec.message(state, semantics.layout.channel(r.channel), taken[i] as number).message,
      )
        .map(String)
        .join(','),
    );
    const binding = [
      ...Object.values(codec.binding(instance)).map(String),
      ...received.map((m) => `{${m}}`),
    ].join(' ');
    const name = `${instance.action.name}${binding ? `(${binding})` : ''}`;
    if (!next) {
      lines.push(`${name} breaks ${errorKinds(errors).join('+')}`);
      return;
    }
    const changed = Object.entries(codec.changed(state, next)).map(
      ([cell, [before, after]]) => `${cell} ${text(before)}→${text(after)}`,
    );
    const channels = semantics.layout.channels.flatMap((block) => {
      const [was, is] = [
        contents(codec, semantics, state, block.channel.name),
        contents(codec, semantics, next, block.channel.name),
      ];
      return was === is ? [] : [`${block.channel.name} ${was}→${is}`];
    });
    lines.push([name, ...changed, ...channels].join(' '));
  });
  return lines;
}

function contents(codec: Codec, semantics: Semantics, state: State, channel: string): string {
  return `[${codec
    .messages(state, semantics.layout.channel(channel))
    .map((m) => Object.values(m.message).map(text).join(','))
    .join(' ')}]`;
}

function text(value: unknown): string {
  return Array.isArray(value) ? `{${value.map(text).join(',')}}` : String(value);
}

/** The steps of the only first state. */
export function firstSteps(model: string): string[] {
  const semantics = tiny(model);
  const [state, ...others] = firstStates(semantics);
  if (!state || others.length > 0) throw new Error(`${others.length + 1} first states`);
  return steps(semantics, state);
}

/**
 * Follows the named actions, each with exactly one way to happen, and gives the steps of the state
 * they lead to.
 */
export function stepsAfter(model: string, ...path: readonly string[]): string[] {
  const semantics = tiny(model);
  let [state] = firstStates(semantics);
  for (const action of path) {
    let next: State | undefined;
    semantics.successors(state as State, (instance, to) => {
      if (instance.action.name === action && to) next ??= to;
    });
    if (!next) throw new Error(`${action} cannot happen`);
    state = next;
  }
  return steps(semantics, state as State);
}
