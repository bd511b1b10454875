import type { RequestHandler, Response } from 'express';
import { GraphQLError } from 'graphql';
import { problem, type Problem } from '../errors/index.ts';
import { writeZip } from '../evidence/formats/zip.ts';
import type { Installation, Service } from '../service/service.ts';
import { traceOfRun } from '../service/read.ts';
import { visibleRun } from '../service/submit.ts';
import { verdictFiles, visibleVerdict } from '../service/verdict.ts';
import { askerOf, type Authenticator, type Principal } from './auth.ts';
import { audited } from '../service/auditTrail.ts';
import { contextOf } from './context.ts';
import { mayUse } from './operations.ts';
import { forbidden } from './resolvers.ts';
import { LARGE_LOADS } from './turns.ts';

export function refuseRequest(
  response: Response,
  status: number,
  problems: readonly Problem[],
): void {
  const [first] = problems;
  response.status(status).json({
    errors: [{ message: first?.message, extensions: { code: first?.code, problems } }],
  });
}

export interface RouteParts {
  readonly installation: Installation;
  readonly authenticator: Authenticator;
}

/** A route for those who have a key and a role that may use the operation. */
export function guardedRoute(
  { installation, authenticator }: RouteParts,
  operation: string,
  answer: (
    who: { readonly principal: Principal; readonly service: Service },
    ...given: Parameters<RequestHandler>
  ) => Promise<void>,
): RequestHandler {
  return async (request, response, next) => {
    const { principal, trouble } = await contextOf(
      authenticator,
      request.headers.authorization,
      request.ip,
    );
    if (trouble instanceof GraphQLError)
      return refuseRequest(response, 429, trouble.extensions['problems'] as Problem[]);
    if (trouble) throw trouble;
    if (!principal)
      return refuseRequest(response, 401, [
        problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY'),
      ]);
    if (!mayUse(principal, operation))
      return refuseRequest(response, 403, [forbidden(principal, operation)]);
    const service = installation.of(principal.organisationId);
    return answer({ principal, service }, request, response, next);
  };
}

/** `GET /runs/ID/trace?property=NAME`: one trace, whole, of any length. */
export function traceRoute(parts: RouteParts): RequestHandler {
  return guardedRoute(parts, 'run', async ({ principal, service }, request, response) => {
    const run = await visibleRun(service, askerOf(principal), String(request.params['id']));
    const name = String(request.query['property'] ?? '');
    const trace = run && (await LARGE_LOADS.take(() => traceOfRun(service, run, name)));
    if (trace === undefined)
      return refuseRequest(response, 404, [
        problem('NOT_FOUND', 'property', 'there is no such run, or no trace of this property'),
      ]);
    response.type('application/json').end(trace);
  });
}

/** `GET /verdicts/ID/bundle.zip`: the whole bundle as one file, of any size. */
export function bundleRoute(parts: RouteParts): RequestHandler {
  return guardedRoute(parts, 'verdict', async ({ principal, service }, request, response) => {
    const id = String(request.params['id']);
    const verdict = await visibleVerdict(service, askerOf(principal), id);
    if (!verdict || verdict.erasedAt)
      return refuseRequest(response, 404, [problem('NOT_FOUND', 'id', 'there is no such verdict')]);
    await audited(service, principal, 'certificate', verdict.id);
    const archive = await LARGE_LOADS.take(async () =>
      writeZip(await verdictFiles(service, verdict)),
    );
    response
      .set({
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename="${id}.probity.zip"`,
      })
      .end(Buffer.from(archive));
  });
}
