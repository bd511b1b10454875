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

/**
 * DESIGN section 9. `untrusted` is verify's own reading of 3; `interrupted` is as a shell says it
 * of what Ctrl-C ended.
 */
export const EXIT = {
  ok: 0,
  violated: 1,
  badInput: 2,
  open: 3,
  fault: 4,
  interrupted: 130,
} as const;

/** What may be waited for until the user wants the command to end; keeps the process alive. */
export function untilInterrupted({ interrupted }: Io): Promise<void> {
  const alive = setInterval(() => undefined, 2 ** 30);
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (interrupted?.aborted !== false) end();
    else interrupted.addEventListener('abort', end, { once: true });
  });
}
