/**
 * Names for a language with reserved words: the model's own name where it is free, else the name
 * with an underscore and, if need be, a number. Two things never get the same name, also where the
 * language ignores case.
 */
export class TargetNames {
  readonly #reserved: ReadonlySet<string>;
  readonly #taken = new Set<string>();
  readonly #given = new Map<string, string>();

  constructor(reserved: Iterable<string>) {
    this.#reserved = new Set(reserved);
  }

  /**
   * The printed name of one thing; `kind` keeps an action and a variable of the same name apart.
   */
  of(kind: string, name: string): string {
    const key = `${kind} ${name}`;
    const known = this.#given.get(key);
    if (known !== undefined) return known;
    let candidate =
      /^[A-Za-z]/.test(name) && !name.startsWith('WF_') && !name.startsWith('SF_')
        ? name
        : `m_${name}`;
    for (let i = 1; this.#reserved.has(candidate) || this.#taken.has(candidate); i += 1)
      candidate = `${name.replace(/^_+/, 'm_').replace(/^(WF|SF)_/, 'm_$1_')}_${kind}${i > 1 ? String(i) : ''}`;
    this.#taken.add(candidate);
    this.#given.set(key, candidate);
    return candidate;
  }
}
