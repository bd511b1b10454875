import type { RequestHandler } from 'express';
import { audited } from '../service/auditTrail.ts';
import { shownUpload, upload } from '../service/uploads.ts';
import { guardedRoute, refuseRequest, type RouteParts } from './fileRoutes.ts';
import { askerOf } from './auth.ts';

/** What refuses an upload, as a status. */
const STATUSES: Readonly<Record<string, number>> = {
  INPUT_TOO_LARGE: 413,
  QUOTA_EXCEEDED: 429,
};

/**
 * `PUT /uploads/sha256:HEX`: bytes to be named later by their digest, for those who may ask for a
 * verification. They go to the database as they come.
 */
export function uploadRoute(parts: RouteParts): RequestHandler {
  return guardedRoute(
    parts,
    'requestVerification',
    async ({ principal, service }, request, response) => {
      const announced = Number(request.headers['content-length'] ?? Number.NaN);
      const digest = String(request.params['digest']);
      const { owner } = askerOf(principal);
      const taken = await upload(service, owner, digest, {
        bytes: request,
        announced: Number.isFinite(announced) ? announced : undefined,
      });
      // What was not read is dropped, so that the answer arrives.
      request.resume();
      if (!taken.ok) {
        const status = STATUSES[taken.problems[0]?.code ?? ''] ?? 400;
        response.set('Connection', 'close');
        return refuseRequest(response, status, taken.problems);
      }
      const { upload: kept, known } = taken.value;
      if (!known) await audited(service, principal, 'upload', kept.digest, `${kept.size} bytes`);
      response.status(known ? 200 : 201).json(shownUpload(service, kept));
    },
  );
}
