/** Lets so many pieces of work run at once; the others wait in the order in which they came. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

/** Texts and reports, each of some megabytes at most. */
export const LOADS = new Turns(8);
/** Bundles and traces, of which each may have hundreds of megabytes. */
export const LARGE_LOADS = new Turns(1);
