import { plainHtml } from '../evidence/renderings/html.ts';
import type { Problem } from '../errors/index.ts';
import type { LaunchRecord } from '../store/index.ts';

/** A page without a script, and with nothing from elsewhere. */
const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${plainHtml(title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
code { overflow-wrap: anywhere; }
fieldset { border: 0; padding: 0; }
</style>
<h1>${plainHtml(title)}</h1>
${body}
</html>
`;

/** Why there is no lesson. */
export const refusedPage = ({ code, message }: Problem): string =>
  page('This lesson could not be started', `<p>${plainHtml(message)}</p><p>${plainHtml(code)}</p>`);

/** Where no portal is set: who was sent, and the token that a program needs. */
export const launchedPage = (
  { lesson, learner, className, role, expiresAt }: LaunchRecord,
  token: string,
  title: string,
): string =>
  page(
    title,
    `<p>You were sent here for <code>${plainHtml(lesson)}</code>, as a ${plainHtml(role)} under the
name <code>${plainHtml(learner)}</code>, in the class <code>${plainHtml(className)}</code>.</p>
<p>This installation has no page for lessons (<code>PROBITY_LTI_PORTAL</code>). With this token a
program may take the lesson through GraphQL, until ${plainHtml(expiresAt.toISOString())}:</p>
<p><code id="token">Authorization: Bearer ${plainHtml(token)}</code></p>`,
  );

/** Lessons to choose among. */
export const choicePage = (
  token: string,
  lessons: readonly { readonly id: string; readonly title: string }[],
): string =>
  page(
    'Choose a lesson',
    `<form method="post" action="choose">
<input type="hidden" name="token" value="${plainHtml(token)}">
<fieldset>
${lessons.map(choice).join('\n')}
</fieldset>
<p><button>Choose</button></p>
</form>`,
  );

const choice = ({ id, title }: { readonly id: string; readonly title: string }): string =>
  `<p><label><input type="radio" name="lesson" required value="${plainHtml(id)}"> ${plainHtml(title)} <code>${plainHtml(id)}</code></label></p>`;

/** What was chosen, for the browser to bring to the platform. */
export const chosenPage = (returnUrl: string, jwt: string): string =>
  page(
    'The lesson was chosen',
    `<form method="post" action="${plainHtml(returnUrl)}">
<input type="hidden" name="JWT" value="${plainHtml(jwt)}">
<p><button>Back to the platform</button></p>
</form>`,
  );
