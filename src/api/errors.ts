import { HeaderMap } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Fault, problem, type Problem, type ProblemCode } from '../errors/index.ts';
import { describeError, type Logger } from '../service/observe.ts';

/**
 * The HTTP status of a problem that stops a whole request; all others travel in a 200, as GraphQL
 * has it.
 */
const STATUS: Partial<Record<ProblemCode, number>> = { UNAUTHENTICATED: 401, FORBIDDEN: 403 };

/** Bad input as the one error shape of the API: `extensions: { code, problems }`. */
export function refusal(problems: readonly Problem[]): GraphQLError {
  const [first] = problems;
  const code = first?.code ?? 'REQUEST_SHAPE';
  const status = STATUS[code];
  return new GraphQLError(first?.message ?? 'the request was refused', {
    extensions: { code, problems, ...(status === undefined ? {} : { http: { status } }) },
  });
}

/** Too much at once: when to come again, as every client of HTTP understands it. */
export function tooMuch(path: string, why: string, waitS: number): GraphQLError {
  const wait = `; come again in ${waitS} s`;
  const problems = [problem('RATE_LIMITED', path, why + wait)];
  const headers = new HeaderMap([['retry-after', String(waitS)]]);
  return new GraphQLError(why + wait, {
    extensions: { code: 'RATE_LIMITED', problems, http: { status: 429, headers } },
  });
}

/**
 * Whatever a resolver throws, as a coded error. Only here do faults and bugs end; a bug's message
 * stays inside.
 */
export function answerable(error: unknown, logger: Logger, operation: string): GraphQLError {
  if (error instanceof GraphQLError) return error;
  logger.error('api.failed', { operation, ...describeError(error) });
  if (error instanceof Fault) {
    return new GraphQLError(error.message, {
      extensions: { code: error.code, retryable: error.retryable, problems: [] },
    });
  }
  return new GraphQLError('a fault of ours; the log has it', {
    extensions: { code: 'INTERNAL', retryable: false, problems: [] },
  });
}

/** Errors of GraphQL itself (syntax, validation, variables) in the same shape as ours. */
export function uniform(error: GraphQLFormattedError): GraphQLFormattedError {
  const { code, problems, retryable } = error.extensions ?? {};
  if (Array.isArray(problems)) {
    // Apollo writes a code of its own over that of a validation rule; the problem still has it.
    const own = (problems as Problem[])[0]?.code ?? code;
    return {
      ...error,
      extensions: { code: own, problems, ...(retryable === undefined ? {} : { retryable }) },
    };
  }
  if (code === 'INTERNAL_SERVER_ERROR')
    return {
      message: 'a fault of ours; the log has it',
      extensions: { code: 'INTERNAL', problems: [] },
    };
  const own = codeOf(error.message);
  const [place] = error.locations ?? [];
  const variable = /^Variable "\$\w+" got invalid value .* at "([\w.[\]]+)"/u.exec(
    error.message,
  )?.[1];
  const path = variable ?? (error.path ?? []).join('.');
  return {
    ...error,
    extensions: { code: own, problems: [problem(own, path, error.message, place)] },
  };
}

/** A word that is no member of an enum has the code that it has on the command line. */
const NO_MEMBER: Readonly<Record<string, ProblemCode>> = {
  Format: 'FORMAT_UNKNOWN',
  Engine: 'ENGINE_UNKNOWN',
};

function codeOf(message: string): ProblemCode {
  if (/more (that|than) \d+ tokens|recursive selection/iu.test(message)) return 'QUERY_TOO_COMPLEX';
  const type = /does not exist in "(\w+)" enum|Enum "(\w+)" cannot represent/u.exec(message);
  if (!type) return 'REQUEST_SHAPE';
  return NO_MEMBER[type[1] ?? type[2] ?? ''] ?? 'OPTION_INVALID';
}
