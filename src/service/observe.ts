import { Fault } from '../errors/index.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';
type Fields = Readonly<Record<string, unknown>>;

/** One JSON object a line. Never a model's text, never a key: ids, codes, counts and times. */
export type Logger = Readonly<Record<Level, (event: string, fields?: Fields) => void>>;

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

export function jsonLogger(
  least: Level,
  write: (line: string) => void,
  fixed: Fields = {},
): Logger {
  const at =
    (level: Level) =>
    (event: string, fields: Fields = {}): void => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fixed, ...fields })}\n`,
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * What to log of something thrown: a fault by its code; a bug with its stack, which is what finds
 * it.
 */
export function describeError(error: unknown): Fields {
  if (error instanceof Fault) {
    const { cause } = error;
    return {
      code: error.code,
      message: error.message,
      ...(cause instanceof Error ? { cause: cause.message.slice(0, 500) } : {}),
    };
  }
  return error instanceof Error
    ? { message: error.message.slice(0, 500), stack: error.stack?.split('\n').slice(0, 8) }
    : { message: String(error).slice(0, 500) };
}
