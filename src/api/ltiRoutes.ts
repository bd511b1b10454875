import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express';
import type { LtiConfig } from '../config/index.ts';
import type { Problem } from '../errors/index.ts';
import { scenario, scenarios, textOf } from '../scenarios/index.ts';
import { chooseLesson } from '../service/lti/deepLink.ts';
import { findLaunched, finishLaunch, type Launched } from '../service/lti/launch.ts';
import { beginLogin, sentText, type Sent } from '../service/lti/login.ts';
import { LOGIN_S } from '../service/lti/state.ts';
import { toolKeySet } from '../service/lti/toolKey.ts';
import type { Installation } from '../service/service.ts';
import { NO_FRAMES } from './headers.ts';
import { choicePage, chosenPage, launchedPage, refusedPage } from './ltiPages.ts';

/** Bytes of a form. */
const MOST_FORM_BYTES = 64 * 1024;
/** How long our keys may be kept elsewhere, in seconds. */
const KEYS_AGE_S = 3_600;

/**
 * `/lti`: where a learning platform begins a login, brings a launch, and fetches our key. Nothing
 * where `PROBITY_LTI_URL` is not set. Whoever comes here is a browser, and is answered a page.
 */
export function ltiRoutes(installation: Installation): RequestHandler {
  const { lti } = installation.config;
  const router = Router();
  if (!lti) return router;
  const form = urlencoded({ extended: false, limit: MOST_FORM_BYTES, inflate: false });
  const login =
    (sentBy: (request: Request) => unknown): RequestHandler =>
    (request, response) =>
      begin(installation, lti, [String(request.params['platform']), sentBy(request)], response);
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/jwks', async (_request, response) => {
    response.set('Cache-Control', `public, max-age=${KEYS_AGE_S}`);
    response.json(await toolKeySet(installation));
  });
  router.get(
    '/login/:platform',
    login(({ query }) => query),
  );
  router.post(
    '/login/:platform',
    form,
    login(({ body }) => body as unknown),
  );
  router.post('/launch', form, async (request, response) => {
    const finished = await finishLaunch(installation, sentIn(request.body), cookiesOf(request));
    if (!finished.ok) return refuse(installation, response, finished.problems);
    welcome(installation, lti, finished.value, request, response);
  });
  router.post('/choose', form, async (request, response) => {
    const sent = sentIn(request.body);
    const bearer = await findLaunched(installation, sentText(sent, 'token') ?? '');
    const lesson = sentText(sent, 'lesson') ?? '';
    if (!bearer) return refuse(installation, response, [OVER]);
    const service = installation.of(bearer.organisationId);
    const chosen = await chooseLesson(service, bearer.launch, lesson, languageOf(request));
    if (!chosen.ok) return refuse(installation, response, chosen.problems);
    const { returnUrl, jwt } = chosen.value;
    send(response, chosenPage(returnUrl, jwt), new URL(returnUrl).origin);
  });
  return router;
}

const OVER: Problem = {
  code: 'LTI_STATE',
  path: 'token',
  message: 'this choice was begun more than 2 hours ago: begin again at the platform',
};

const sentIn = (body: unknown): Sent => Object(body) as Sent;

async function begin(
  installation: Installation,
  lti: LtiConfig,
  [platformId, sent]: readonly [string, unknown],
  response: Response,
): Promise<void> {
  const begun = await beginLogin(installation, platformId, sentIn(sent));
  if (!begun.ok) return refuse(installation, response, begun.problems);
  const { cookie, redirect } = begun.value;
  const age = { maxAge: LOGIN_S * 1_000 };
  response.cookie(cookie.name, cookie.value, { ...cookieFor(lti), ...age }).redirect(302, redirect);
}

/**
 * The platform posts from its own site, and browsers send no cookie along that does not say that it
 * may be; over plain HTTP none may, and a launch needs a platform of the same site.
 */
function cookieFor({ url }: LtiConfig) {
  const secure = url.startsWith('https:');
  return { path: '/', httpOnly: true, secure, sameSite: secure ? 'none' : 'lax' } as const;
}

function cookiesOf({ headers }: Request): ReadonlyMap<string, string> {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}

function welcome(
  { logger }: Installation,
  lti: LtiConfig,
  { launch, token, cookie }: Launched,
  request: Request,
  response: Response,
): void {
  const { platformId, role, lesson, deepLink, expiresAt } = launch;
  logger.info('lti.launched', { platform: platformId, role, lesson });
  response.clearCookie(cookie, cookieFor(lti));
  const language = languageOf(request);
  if (deepLink) return send(response, choicePage(token, lessonsIn(language)), "'self'");
  if (lti.portal !== undefined) {
    const said = { token, lesson, role, expires: expiresAt.toISOString() };
    return response.redirect(303, `${lti.portal}#${new URLSearchParams(said).toString()}`);
  }
  const found = scenario(lesson.split('/')[0] ?? '');
  send(response, launchedPage(launch, token, found ? textOf(found, language).title : lesson));
}

const languageOf = (request: Request): string => request.acceptsLanguages('en', 'de') || 'en';

/** Every scenario, and below it its exercises. */
const lessonsIn = (language: string) =>
  scenarios().flatMap((each) => {
    const { title } = textOf(each, language);
    const exercises = Object.keys(each.exercises);
    return [
      { id: each.id, title },
      ...exercises.map((name) => ({ id: `${each.id}/${name}`, title: `${title}: ${name}` })),
    ];
  });

function refuse({ logger }: Installation, response: Response, [first]: readonly Problem[]): void {
  const said = first ?? OVER;
  logger.warn('lti.refused', { code: said.code, path: said.path });
  response.status(said.code === 'LTI_LESSON' ? 404 : 400);
  send(response, refusedPage(said));
}

/** `formsTo`: where a form of the page may go. */
function send(response: Response, html: string, formsTo = "'none'"): void {
  response
    .set(
      'Content-Security-Policy',
      `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action ${formsTo}; ${NO_FRAMES}`,
    )
    .type('html')
    .send(html);
}
