import { agrees } from '../events/agreement.ts';
import type { Observation } from '../events/observation.ts';
import type { ChannelBlock } from '../model/layout.ts';
import { multisetDifference } from '../model/multiset.ts';
import { messageOffset, type Instance } from '../model/semantics.ts';
import type { StateChain } from './chain.ts';

/** Whether a state is as an event reads it. */
function readsAgree({ reads }: Observation, state: readonly number[]): boolean {
  return reads.every(({ offset, word }) => state[offset] === word);
}

/** Whether an event may be seen that leaves the state as it is (SEMANTICS 26). */
export function mayStay(seen: Observation, state: readonly number[]): boolean {
  return seen.receive.size === 0 && seen.send.size === 0 && readsAgree(seen, state);
}

/**
 * Which branches an event may be by the messages that it names and the cells that it reads
 * (SEMANTICS 25): some way to take the step must agree with all of it.
 */
export class SeenSteps {
  readonly #known = new Map<string, boolean>();

  takes(chain: StateChain, node: number, branch: number, seen: Observation): boolean {
    if (seen.receive.size === 0 && seen.send.size === 0 && seen.reads.length === 0) return true;
    const key = `${branch} ${seen.says}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#asked(chain, node, branch, seen);
    this.#known.set(key, found);
    return found;
  }

  #asked(chain: StateChain, node: number, branch: number, seen: Observation): boolean {
    const { semantics, store } = chain.graph;
    const before = store.get(chain.states[node] as number);
    const target = chain.topology.targets[branch] as number;
    const after = store.get(chain.states[target] as number);
    if (!readsAgree(seen, after)) return false;
    if (seen.receive.size === 0 && seen.send.size === 0) return true;
    let fits = false;
    semantics.stepsOf(
      chain.instances[branch] as Instance,
      before,
      (instance, next, _errors, taken) => {
        fits ||=
          next !== undefined &&
          next.every((word, i) => word === after[i]) &&
          this.#messagesFit(chain, instance, { before, next, taken }, seen);
      },
    );
    return fits;
  }

  #messagesFit(
    { graph: { semantics } }: StateChain,
    { action }: Instance,
    {
      before,
      next,
      taken,
    }: {
      readonly before: readonly number[];
      readonly next: readonly number[];
      readonly taken: readonly number[];
    },
    seen: Observation,
  ): boolean {
    const takenFrom = (channel: string): number | undefined => {
      const at = action.receives.findIndex((receive) => receive.channel === channel);
      return at < 0 ? undefined : taken[at];
    };
    for (const [name, fields] of seen.receive) {
      const block = semantics.layout.channel(name);
      const message = messagesOf(before, block)[takenFrom(name) ?? -1];
      if (!message || !agrees(block, message, fields)) return false;
    }
    for (const [name, fields] of seen.send) {
      const block = semantics.layout.channel(name);
      const rest = messagesOf(before, block).filter((_, i) => i !== takenFrom(name));
      const sent = multisetDifference(messagesOf(next, block), rest, String);
      if (!sent.some((message) => agrees(block, message, fields))) return false;
    }
    return true;
  }
}

function messagesOf(state: readonly number[], block: ChannelBlock): number[][] {
  return Array.from({ length: state[block.offset] as number }, (_, i) => {
    const at = messageOffset(block, i);
    return state.slice(at, at + block.messageWidth);
  });
}
