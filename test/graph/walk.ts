import { Codec } from '../../src/model/codec.ts';
import { starts, valuations } from '../../src/model/initial.ts';
import type { State } from '../../src/model/layout.ts';
import { errorKinds, type Semantics } from '../../src/model/semantics.ts';
import type { Step, Trace } from '../../src/model/trace.ts';

/**
 * The trace of a run that takes these actions one after the other, from the first initial state:
 * of several ways to take one, `name#2` is the third.
 */
export function walk(semantics: Semantics, path: string, loopStart?: number): Trace {
  const codec = new Codec(semantics.layout);
  const [valuation = []] = valuations(semantics);
  let [state] = [...starts(semantics, valuation)].map((start) => start.state);
  if (!state) throw new Error('no start');
  const params = codec.cells(state, 'parameter');
  const initial = codec.cells(state, 'variable');
  const steps = path
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => {
      const [step, next] = stepAlong(semantics, codec, state as State, name);
      state = next ?? state;
      return step;
    });
  return { params, initial, steps, ...(loopStart === undefined ? {} : { loopStart }) };
}

function stepAlong(
  semantics: Semantics,
  codec: Codec,
  state: State,
  wanted: string,
): [Step, State | undefined] {
  const [name, way = '0'] = wanted.split('#');
  const found: [Step, State | undefined][] = [];
  semantics.successors(state, (instance, next, errors, taken) => {
    if (instance.action.name !== name) return;
    const received = instance.action.receives.map((r, i) =>
      codec.message(state, semantics.layout.channel(r.channel), taken[i] as number),
    );
    const step: Step = {
      action: name,
      binding: codec.binding(instance),
      ...(received.length > 0 ? { received } : {}),
      changed: next ? codec.changed(state, next) : {},
      ...(next ? {} : { error: errorKinds(errors) }),
    };
    found.push([step, next]);
  });
  const chosen = found[Number(way)];
  if (!chosen) throw new Error(`${wanted} cannot be taken`);
  return chosen;
}
