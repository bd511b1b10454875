import type { RequestHandler } from 'express';
import { problem, type Problem } from '../errors/index.ts';
import { auditArchive, readPeriod } from '../service/audit.ts';
import type { Service } from '../service/service.ts';
import type { Authenticator } from './auth.ts';
import { audited } from './compliance.ts';
import { mayUse } from './roles.ts';

/**
 * `GET /audit.zip?from=…&to=…`: the archive of a period, for those who may read the audit. A file,
 * and so no GraphQL.
 */
export function auditRoute(service: Service, authenticator: Authenticator): RequestHandler {
  return async (request, response) => {
    const refuse = (status: number, problems: readonly Problem[]): void => {
      const [first] = problems;
      response.status(status).json({
        errors: [{ message: first?.message, extensions: { code: first?.code, problems } }],
      });
    };
    const principal = await authenticator.principal(request.headers.authorization);
    if (!principal)
      return refuse(401, [
        problem('UNAUTHENTICATED', '', 'send a valid key: Authorization: Bearer KEY'),
      ]);
    if (!mayUse(principal.role, 'auditEvents'))
      return refuse(403, [
        problem('FORBIDDEN', '', `the role ${principal.role} may not export the audit`),
      ]);
    const period = readPeriod(
      String(request.query['from'] ?? ''),
      String(request.query['to'] ?? ''),
    );
    if (!period.ok) return refuse(400, period.problems);
    const { from, to } = period.value;
    await audited(service, principal, 'auditArchive', `${from.toISOString()}/${to.toISOString()}`);
    const archive = await auditArchive(service, period.value);
    if (!archive.ok) return refuse(400, archive.problems);
    const name = `probity-audit-${from.toISOString().slice(0, 10)}-${to.toISOString().slice(0, 10)}.zip`;
    response
      .status(200)
      .set({
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename="${name}"`,
      })
      .end(Buffer.from(archive.value));
  };
}
