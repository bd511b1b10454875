import type { RequestHandler } from 'express';

/** Nothing of ours is for frames, and nothing that a browser opens here loads anything. */
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** For a page that says itself what it may do. */
export const NO_FRAMES = "frame-ancestors 'none'";

/** What a script of another origin may read of an answer, besides its body. */
const EXPOSED = 'Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset';
const PREFLIGHT_S = 600;
const YEAR_S = 31_536_000;

/**
 * On every answer, also on refusals. `Strict-Transport-Security` only where the request came over
 * TLS, which a proxy that is trusted says: over plain HTTP browsers ignore it.
 */
export const securityHeaders: RequestHandler = (request, response, next) => {
  response.set({
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': NOTHING,
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  });
  if (request.secure) response.set('Strict-Transport-Security', `max-age=${YEAR_S}`);
  // What is answered to a key is nobody's to keep; the log is public, and sets its own.
  if (request.headers.authorization !== undefined) response.set('Cache-Control', 'no-store');
  next();
};

/**
 * Lets scripts of the named origins ask (Fetch Standard, CORS protocol), each of them by its name
 * and never all. Keys travel in a header of their own and not in cookies, so no credentials are
 * allowed. Others get no such header, and their browsers show them nothing.
 */
export const crossOrigin =
  (origins: readonly string[]): RequestHandler =>
  (request, response, next) => {
    if (origins.length === 0) return next();
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return next();
    response.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': EXPOSED,
    });
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method'])
      return next();
    response
      .status(204)
      .set({
        'Access-Control-Allow-Methods': 'GET, POST, PUT',
        'Access-Control-Allow-Headers': 'Authorization, Content-Type, Apollo-Require-Preflight',
        'Access-Control-Max-Age': String(PREFLIGHT_S),
      })
      .end();
  };
