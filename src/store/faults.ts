import { Fault } from '../errors/index.ts';

/**
 * SQLSTATE classes and driver codes that say "the server is not there", as against "the statement
 * is wrong".
 */
const UNAVAILABLE =
  /^(08|57P0|53300|P10|P2024|P2037|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN)/u;
const LOST =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|the database system is|ECONNREFUSED|ECONNRESET|not queryable|can't reach database/iu;

/**
 * What a database driver threw, as a `Fault` where the world is to blame; a bug stays what it is.
 */
export function databaseFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  const { code, message } = describe(error);
  if (code === '53100' || code === 'ENOSPC')
    return new Fault('DISK_FULL', 'the disk of the database is full', { cause: error });
  if (UNAVAILABLE.test(code) || LOST.test(message)) {
    return new Fault('DATABASE_UNAVAILABLE', 'the database cannot be reached', {
      retryable: true,
      cause: error,
    });
  }
  if (/^(28|3D)/u.test(code))
    return new Fault('DATABASE_UNAVAILABLE', `the database refuses us: ${message}`, {
      cause: error,
    });
  return error;
}

/** The SQLSTATE lies on the error itself (pg) or on the cause of the adapter's error (Prisma). */
function describe(error: unknown): { code: string; message: string } {
  let code = '';
  let message = '';
  for (
    let each: unknown = error, depth = 0;
    typeof each === 'object' && each !== null && depth < 5;
    depth += 1
  ) {
    const {
      code: own,
      originalCode,
      message: text,
      cause,
    } = each as { code?: unknown; originalCode?: unknown; message?: unknown; cause?: unknown };
    const found = typeof originalCode === 'string' ? originalCode : own;
    if (typeof found === 'string') code = found;
    if (typeof text === 'string') message += ` ${text}`;
    each = cause;
  }
  return { code, message: message.trim() };
}
