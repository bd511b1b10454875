/**
 * Edges in compressed rows: those of state `i` stand at `rows[i] … rows[i + 1]`. A target of
 * `ERROR_TARGET` is an error step.
 */
export interface Edges {
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  readonly labels: Int32Array;
}

export const ERROR_TARGET = -1;

/** Writes edges down state by state. */
export class EdgeRecorder {
  #rows = new Int32Array(1 << 12);
  #targets = new Int32Array(1 << 12);
  #labels = new Int32Array(1 << 12);
  #states = 0;
  #count = 0;

  get bytes(): number {
    return this.#rows.byteLength + this.#targets.byteLength * 2;
  }

  open(): void {
    if (this.#states + 1 >= this.#rows.length) this.#rows = grown(this.#rows);
    this.#rows[this.#states] = this.#count;
    this.#states += 1;
    this.#rows[this.#states] = this.#count;
  }

  push(target: number, label: number): void {
    if (this.#count >= this.#targets.length) {
      this.#targets = grown(this.#targets);
      this.#labels = grown(this.#labels);
    }
    this.#targets[this.#count] = target;
    this.#labels[this.#count] = label;
    this.#count += 1;
    this.#rows[this.#states] = this.#count;
  }

  /** As if the state that was opened last had not been. */
  takeBack(): void {
    this.#states -= 1;
    this.#count = this.#rows[this.#states] as number;
  }

  /** The edges so far, where they stand: nothing is copied. */
  finish(): Edges {
    return {
      rows: this.#rows.subarray(0, this.#states + 1),
      targets: this.#targets.subarray(0, this.#count),
      labels: this.#labels.subarray(0, this.#count),
    };
  }
}

/** The same numbers with room for as many again. */
export function grown(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
