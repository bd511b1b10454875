/** Where a command writes; tests give it strings to collect. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTTY?: boolean;
  /** Fires when the user wants the command to end. */
  readonly interrupted?: AbortSignal;
  /** The same, for work that computes in one piece. */
  stopped?(): boolean;
}

/** DESIGN section 9. `untrusted` is verify's own reading of 3. */
export const EXIT = { ok: 0, violated: 1, badInput: 2, open: 3, fault: 4 } as const;
