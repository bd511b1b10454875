import type { RequestHandler } from 'express';
import { auditArchive, readPeriod } from '../service/audit.ts';
import { audited } from '../service/auditTrail.ts';
import { guardedRoute, refuseRequest, type RouteParts } from './fileRoutes.ts';

/**
 * `GET /audit.zip?from=…&to=…`: the archive of a period, for those who may read the audit. A file,
 * and so no GraphQL.
 */
export function auditRoute(parts: RouteParts): RequestHandler {
  return guardedRoute(parts, 'auditEvents', async ({ principal, service }, request, response) => {
    const period = readPeriod(
      String(request.query['from'] ?? ''),
      String(request.query['to'] ?? ''),
    );
    if (!period.ok) return refuseRequest(response, 400, period.problems);
    const { from, to } = period.value;
    await audited(service, principal, 'auditArchive', `${from.toISOString()}/${to.toISOString()}`);
    const archive = await auditArchive(service, period.value);
    if (!archive.ok) return refuseRequest(response, 400, archive.problems);
    const name = `probity-audit-${from.toISOString().slice(0, 10)}-${to.toISOString().slice(0, 10)}.zip`;
    response
      .status(200)
      .set({
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename="${name}"`,
      })
      .end(Buffer.from(archive.value));
  });
}
