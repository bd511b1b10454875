import { createHash } from 'node:crypto';
import type { PlayerRole } from './playerRole.ts';
import { isBrokenAt, stepInWords } from '../checking/attackSets/attackTrace.ts';
import { roomFor } from '../checking/attackSets/room.ts';
import type { Inspected } from '../checking/inspect.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { Codec } from '../model/codec.ts';
import type { Property } from '../model/model.ts';
import { errorKinds } from '../model/semantics.ts';
import type { Message, Step, Trace, Value } from '../model/trace.ts';
import { AttackedSystem } from '../threats/attacked.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { selectThreats, type NamedThreats } from '../threats/selection.ts';
import type { Time } from '../time/time.ts';

export const SIDES = ['attacker', 'defender', 'start', 'others'] as const;
/**
 * Whose step it is: an attacker's (a threat, or an actor who is not trusted) or the model's;
 * `start`: how the game begins; `others`: whatever the other side does.
 */
export type Side = (typeof SIDES)[number];

/** How a game is set up. */
export interface GameSetup {
  readonly as: PlayerRole;
  readonly threats: NamedThreats;
  /** What the other side does is drawn from this. */
  readonly seed: number;
}

/** One thing that the player can do. */
export interface PlayStep {
  /** What is chosen: from 0. */
  readonly choice: number;
  readonly side: Side;
  /** What people call the action; else its name. */
  readonly label: string;
  /** Of a start, and of the others' move, nothing is known yet. */
  readonly step?: Step;
}

/** A property that broke, and after how many steps. */
export interface BrokenAt {
  readonly property: string;
  readonly label?: string;
  readonly afterSteps: number;
}

/** Where a game stands. */
export interface Position {
  readonly model: { readonly name: string; readonly digest: string };
  readonly as: PlayerRole;
  readonly threats: readonly string[];
  readonly choices: readonly number[];
  /** The way here. */
  readonly trace: Trace;
  /** Every cell with its value, and what people call it. */
  readonly state: readonly {
    readonly cell: string;
    readonly value: Value;
    readonly label?: string;
  }[];
  /** What is under way. */
  readonly messages: readonly Message[];
  /** Actors who are away. */
  readonly away: readonly string[];
  readonly enabled: readonly PlayStep[];
  readonly broken: readonly BrokenAt[];
}

/** No game is longer. */
export const MOST_MOVES = 300;

type Row = readonly number[];

interface Option {
  readonly side: Side;
  readonly label: string;
  readonly step?: Step;
  /** Absent after an error. */
  readonly row?: Row;
  readonly errors: number;
}

/** A model, ready to be played. */
export class Game {
  readonly #inspected: Pick<Inspected, 'digest'>;
  readonly #system: AttackedSystem;
  readonly #codec: Codec;
  readonly #setup: GameSetup;
  readonly #trusted: ReadonlySet<string>;
  readonly #judged: readonly Property[];

  private constructor(inspected: Inspected, system: AttackedSystem, setup: GameSetup) {
    this.#inspected = inspected;
    this.#system = system;
    this.#setup = setup;
    this.#codec = new Codec(system.semantics.layout);
    const { actors, properties } = system.model;
    this.#trusted = new Set(actors.filter((a) => a.trust === 'trusted').map(({ name }) => name));
    this.#judged = properties.filter(({ formula: { kind } }) => AT_ONCE.has(kind));
  }

  /** A model as a game. Threats that it does not have are problems. */
  static async of(inspected: Inspected, setup: GameSetup, time: Time): Promise<Result<Game>> {
    const chosen = selectThreats(threatsOf(inspected.semantics.model), setup.threats);
    if (!chosen.ok) return chosen;
    const model = await roomFor(inspected.semantics.model, { ...time, maxStates: 100_000 });
    return ok(new Game(inspected, new AttackedSystem(model, chosen.value), setup));
  }

  /** Where these choices lead. One that is not there is a problem. */
  position(choices: readonly number[]): Result<Position> {
    const walk = this.#walk(choices);
    if (!walk.ok) return walk;
    return ok(this.#shown(walk.value, choices));
  }

  /**
   * A run that is drawn from the seed: every step that is possible is as likely as any other. It
   * ends where nothing is possible, where something breaks, or after so many steps.
   */
  simulate(steps: number): Position {
    let state = this.#begin();
    const choices: number[] = [];
    while (state.steps.length < steps && state.broken.length === 0) {
      const options = this.#options(state);
      if (options.length === 0) break;
      const choice = this.#drawn(choices, options.length);
      choices.push(choice);
      state = this.#after(state, options[choice] as Option);
    }
    return this.#shown(state, choices);
  }

  #walk(choices: readonly number[]): Result<Walk> {
    if (choices.length > MOST_MOVES)
      return bad(problem('PLAY_STEP', 'step', `a game has at most ${MOST_MOVES} moves`));
    let state = this.#begin();
    for (const [i, choice] of choices.entries()) {
      const options = this.#offered(state, choices.slice(0, i));
      const option = options[choice];
      if (!option)
        return bad(
          problem(
            'PLAY_STEP',
            'step',
            options.length === 0
              ? 'the game is over: nothing is possible any more'
              : `there is no step ${choice} here: they go from 0 to ${options.length - 1}`,
          ),
        );
      state = this.#after(state, option);
    }
    return ok(state);
  }

  /** Before the first step; where there are several ways to begin, one of them must be chosen. */
  #begin(): Walk {
    const [first, second] = this.#system.starts();
    return first && !second ? this.#at(NOWHERE, first) : NOWHERE;
  }

  #at(before: Walk, row: Row, step?: Step): Walk {
    const steps = step ? [...before.steps, step] : before.steps;
    const first = before.first ?? row;
    return { first, row, steps, broken: this.#brokenNow(before, row, 0, steps.length) };
  }

  #after(before: Walk, { row, step, errors }: Option): Walk {
    if (row) return this.#at(before, row, step);
    const steps = step ? [...before.steps, step] : before.steps;
    const broken = this.#brokenNow(before, before.row ?? [], errors, steps.length);
    return { ...before, steps, broken, isOver: true };
  }

  #brokenNow(before: Walk, row: Row, errors: number, afterSteps: number): readonly BrokenAt[] {
    const known = new Set(before.broken.map(({ property }) => property));
    const kinds: readonly string[] = errorKinds(errors);
    const fresh = this.#judged.filter(
      (property) =>
        !known.has(property.name) &&
        (errors === 0
          ? isBrokenAt(this.#system, property, [row], 0)
          : property.formula.kind === 'implicit' && kinds.includes(property.formula.of)),
    );
    return [
      ...before.broken,
      ...fresh.map(({ name, label }) => ({
        property: name,
        ...(label !== undefined && { label }),
        afterSteps,
      })),
    ];
  }

  /** All that can happen, whoever does it. */
  #options({ row, isOver }: Walk): Option[] {
    if (isOver) return [];
    if (!row)
      return [...this.#system.starts()].map((start) => ({
        side: 'start',
        label: this.#startLabel(start),
        row: start,
        errors: 0,
      }));
    const found = new Map<string, Option>();
    this.#system.steps(row, (step) => {
      const told = stepInWords(this.#system, this.#codec, row, step);
      const isAttackers =
        step.ids.length > 0 || (step.action && !this.#trusted.has(step.action.actor)) === true;
      found.set(`${JSON.stringify(told)} ${step.next?.join() ?? step.errors}`, {
        side: isAttackers ? 'attacker' : 'defender',
        label: step.action?.label ?? told.action,
        step: told,
        ...(step.next && { row: step.next }),
        errors: step.errors,
      });
    });
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, option]) => option);
  }

  /** What the player may choose among. */
  #offered(walk: Walk, choices: readonly number[]): Option[] {
    const all = this.#options(walk);
    if (this.#setup.as === 'attacker' || !walk.row) return all;
    const own = all.filter(({ side }) => side === 'defender');
    const theirs = all.filter(({ side }) => side === 'attacker');
    const move = theirs[this.#drawn(choices, theirs.length)];
    return move ? [...own, { ...move, side: 'others' }] : own;
  }

  /** A number below `count`, from the seed and the way here: the same again for the same. */
  #drawn(choices: readonly number[], count: number): number {
    const hash = createHash('sha256').update(`${this.#setup.seed} ${choices.join()}`).digest();
    return count === 0 ? 0 : hash.readUInt32BE(0) % count;
  }

  #startLabel(row: Row): string {
    const cells = Object.entries({
      ...this.#codec.cells(row, 'parameter'),
      ...this.#codec.cells(row, 'variable'),
    });
    return cells.map(([cell, value]) => `${cell} = ${JSON.stringify(value)}`).join(', ');
  }

  #shown(walk: Walk, choices: readonly number[]): Position {
    const { model, semantics } = this.#system;
    const { row, first } = walk;
    const labels = new Map(model.variables.map(({ name, label }) => [name, label]));
    const cells = row ? Object.entries(this.#codec.cells(row, 'variable')) : [];
    return {
      model: { name: model.name, digest: this.#inspected.digest },
      as: this.#setup.as,
      threats: this.#system.threats.map(({ id }) => id),
      choices,
      trace: {
        params: first ? this.#codec.cells(first, 'parameter') : {},
        initial: first ? this.#codec.cells(first, 'variable') : {},
        steps: walk.steps,
      },
      state: cells.map(([cell, value]) => {
        const label = labels.get(cell.split('[')[0] ?? cell);
        return { cell, value, ...(label !== undefined && { label }) };
      }),
      messages: row
        ? semantics.layout.channels.flatMap((block) => this.#codec.messages(row, block))
        : [],
      away: row
        ? model.actors.map(({ name }) => name).filter((name) => this.#system.isAway(row, name))
        : [],
      enabled: this.#offered(walk, choices).map(({ side, label, step }, choice) => ({
        choice,
        side,
        label: side === 'others' ? 'the other side moves' : label,
        ...(step && side !== 'others' && { step }),
      })),
      broken: walk.broken,
    };
  }
}

interface Walk {
  /** Nothing until it is known how the game begins. */
  readonly first?: Row;
  readonly row?: Row;
  readonly steps: readonly Step[];
  readonly broken: readonly BrokenAt[];
  readonly isOver?: true;
}

const NOWHERE: Walk = { steps: [], broken: [] };

/** Kinds of properties that break at one moment, where it can be seen. */
const AT_ONCE: ReadonlySet<string> = new Set(['always', 'never', 'deadlockFree', 'implicit']);
