import type { VariableDocument } from '../../model/document.ts';
import type { DiagramNames } from './names.ts';

/** A queue between two participants, as causal order sees it. */
export interface Pair {
  /** The channel's name in the model. */
  readonly name: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
  readonly capacity: number;
}

/** What one step does with messages. */
export interface Exchange {
  /** Who takes the step: the sender of what is sent, the receiver of what is received. */
  readonly participant: string;
  readonly received: Pair | undefined;
  readonly sent: readonly Pair[];
}

type Term = string;

/**
 * Causal order among any number of participants (Schwarz and Mattern 1994): a message is not
 * received while another one to the same receiver is under way that was sent before it, as far as
 * its sender could know.
 *
 * Between two participants messages keep their order, so that "before" is a number for each pair:
 * how many of the messages that are under way there, oldest first, lie in somebody's past. A
 * participant has such a number for each pair, and so has each message under way, by its place in
 * its queue. A message takes along what its sender knows; who receives it knows that as well; what
 * arrives is under way no more, for everybody. Only pairs whose receiver hears from several senders
 * can make anybody wait.
 */
export class CausalOrder {
  private readonly pairs: readonly Pair[];
  private readonly watched: readonly Pair[];
  /** The numbers of participants, and those of messages by pair and place. */
  private readonly known = new Map<string, Map<Pair, string>>();
  private readonly carried = new Map<Pair, readonly Map<Pair, string>[]>();
  private readonly labels = new Map<string, VariableDocument>();

  constructor(pairs: readonly Pair[], names: DiagramNames) {
    this.pairs = pairs;
    this.watched = pairs.filter(({ to }) => pairs.filter((other) => other.to === to).length > 1);
    for (const participant of new Set(pairs.flatMap(({ from, to }) => [from, to]))) {
      this.known.set(
        participant,
        this.numbers(`${participant}_knows`, `${participant} knows of`, names),
      );
    }
    for (const pair of pairs) {
      this.carried.set(
        pair,
        Array.from({ length: pair.capacity }, (_, place) =>
          this.numbers(
            `${pair.name}_${place + 1}_after`,
            `message ${place + 1} from ${pair.from} to ${pair.to} comes after`,
            names,
          ),
        ),
      );
    }
  }

  variables(): readonly (readonly [string, VariableDocument])[] {
    return [...this.labels];
  }

  /** What must hold for the oldest message of a pair to be received. */
  receivable(pair: Pair): readonly Term[] {
    return this.watched
      .filter((other) => other !== pair && other.to === pair.to)
      .map((other) => `${this.carriedBy(pair, 0, other)} = 0`);
  }

  /** What becomes of all the numbers; those that stay as they are are left out. */
  effects({ participant, received, sent }: Exchange): ReadonlyMap<string, Term | number> {
    const effects = new Map<string, Term | number>();
    const write = (name: string, value: Term): void => {
      if (value !== name) effects.set(name, value);
    };
    for (const about of this.watched) {
      const fewer = (term: Term): Term => (received === about ? `max(${term} - 1, 0)` : term);
      const before = this.knows(participant, about);
      const after =
        received === undefined
          ? before
          : received === about
            ? fewer(before)
            : `max(${before}, ${this.carriedBy(received, 0, about)})`;
      const added = sent.filter((pair) => pair === about).length;
      write(before, added > 0 ? `${waiting(about, received)} + ${added}` : after);
      for (const [other, numbers] of this.known)
        if (other !== participant) write(numbers.get(about) ?? '', fewer(numbers.get(about) ?? ''));
      for (const pair of this.pairs) {
        const added = sent.filter((found) => found === pair).length;
        for (let place = 0; place < pair.capacity; place += 1) {
          const moved =
            received !== pair
              ? this.carriedBy(pair, place, about)
              : place + 1 < pair.capacity
                ? this.carriedBy(pair, place + 1, about)
                : '0';
          const kept = moved === '0' ? moved : fewer(moved);
          write(
            this.carriedBy(pair, place, about),
            added === 0
              ? kept
              : `if ${waiting(pair, received)} <= ${place} and ${place} < ${waiting(pair, received)} + ${added} then ${after} else ${kept}`,
          );
        }
      }
    }
    return effects;
  }

  private numbers(id: string, label: string, names: DiagramNames): Map<Pair, string> {
    return new Map(
      this.watched.map((about) => {
        const name = names.take(`${id}_${about.name}`);
        this.labels.set(name, {
          type: `int 0..${about.capacity}`,
          init: 0,
          label: `${label} messages under way from ${about.from} to ${about.to}`,
        });
        return [about, name];
      }),
    );
  }

  private knows(participant: string, about: Pair): string {
    return this.known.get(participant)?.get(about) ?? '';
  }

  private carriedBy(pair: Pair, place: number, about: Pair): string {
    return this.carried.get(pair)?.[place]?.get(about) ?? '';
  }
}

/** How many messages of a pair are under way once the received one is gone. */
function waiting(pair: Pair, received: Pair | undefined): Term {
  return received === pair ? `(count(${pair.name}) - 1)` : `count(${pair.name})`;
}
