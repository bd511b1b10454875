import express, { type RequestHandler } from 'express';
import { problem } from '../errors/index.ts';
import { readCloudEvents } from '../monitor/cloudEvents.ts';
import { ingest } from '../service/ingest.ts';
import { guardedRoute, refuseRequest, type RouteParts } from './fileRoutes.ts';

/** Bytes of a request with events. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * `POST /events`: CloudEvents 1.0 over HTTP, structured, binary or as a batch, for whoever may use
 * `postEvents`. 202 when all of them are stored; 400 when one of them is wrong, and none is.
 */
export function eventRoute(parts: RouteParts): readonly RequestHandler[] {
  return [
    guardedRoute(parts, 'postEvents', async (_who, request, response, next) => {
      if (Number(request.headers['content-length'] ?? 0) <= MOST_BYTES) return next();
      request.resume();
      response.set('Connection', 'close');
      const message = `a request with events has at most ${MOST_BYTES} bytes`;
      return refuseRequest(response, 413, [problem('INPUT_TOO_LARGE', '', message)]);
    }),
    express.raw({ type: () => true, limit: MOST_BYTES, inflate: false }),
    guardedRoute(parts, 'postEvents', async ({ service }, request, response) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const events = readCloudEvents(request.headers, body);
      if (!events.ok) return refuseRequest(response, 400, events.problems);
      const stored = await ingest(service, events.value);
      if (!stored.ok) return refuseRequest(response, 400, stored.problems);
      response.status(202).json(stored.value);
    }),
  ];
}
