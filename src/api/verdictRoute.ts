import type { RequestHandler } from 'express';
import { NO_FRAMES } from './headers.ts';
import { publicVerdict } from '../service/read.ts';
import type { Installation } from '../service/service.ts';
import { plainHtml as plain } from '../evidence/renderings/html.ts';

/**
 * `GET /verdicts/ID`: where the QR code of a printed certificate leads. For anybody, and so it says
 * what the public log says already (id, leaf, place, whether it was withdrawn), and nothing of
 * model, answers, issuer's customers or reasons.
 */
export function verdictRoute(installation: Installation): RequestHandler {
  const { notary } = installation;
  return async (request, response) => {
    const id = String(request.params['id']);
    const found = await publicVerdict(installation, id);
    if (!found) {
      response.status(404).type('text').send('there is no such verdict here\n');
      return;
    }
    const { verdict, withdrawal: withdrawn } = found;
    const state = verdict.erasedAt ? 'erased' : (withdrawn?.state ?? 'valid');
    const size = await notary.log.size();
    const facts: Facts = {
      id,
      state,
      log: notary.log.vkey.split('+')[0] ?? '',
      size,
      leaf: `${verdict.logIndex}  ${verdict.leaf}`,
      ...(withdrawn && { withdrawn: `${withdrawn.logIndex}  ${withdrawn.leaf}` }),
    };
    // Who follows a QR code is a person with a browser; scripts and curl get lines.
    if (request.accepts(['text', 'html']) === 'html')
      response
        .setHeader(
          'Content-Security-Policy',
          `default-src 'none'; style-src 'unsafe-inline'; ${NO_FRAMES}`,
        )
        .type('html')
        .send(pageOf(facts));
    else response.type('text').send(linesOf(facts));
  };
}

interface Facts {
  readonly id: string;
  readonly state: string;
  readonly log: string;
  readonly size: number;
  readonly leaf: string;
  readonly withdrawn?: string;
}

const WORD = 'This page is the word of a server.';
const PROOF =
  'Proof is in the bundle, which whoever gave you the certificate can fetch, and which anybody can check offline:';
const commandOf = (id: string): string =>
  `probity certificate ${id} --out DIR; probity verify DIR --policy FILE --online`;

function linesOf({ id, state, log, size, leaf, withdrawn }: Facts): string {
  return [
    `verdict     ${id}`,
    `state       ${state}, as of ${size} leaves in the log ${log}`,
    `leaf        ${leaf}`,
    ...(withdrawn === undefined ? [] : [`withdrawn   leaf ${withdrawn}`]),
    '',
    `${WORD} ${PROOF}`,
    commandOf(id),
    '',
  ].join('\n');
}

/** What each state means for somebody who holds a certificate. */
const MEANS: Readonly<Record<string, string>> = {
  valid: 'The issuer has neither revoked it nor put another one in its place.',
  revoked: 'The issuer revoked it: do not rely on it.',
  superseded: 'The issuer put another verdict in its place: ask for that one.',
  erased: 'What it said was erased; only its place in the log is left.',
};

function pageOf({ id, state, log, size, leaf, withdrawn }: Facts): string {
  const row = (name: string, value: string): string =>
    `<tr><th>${name}</th><td>${plain(value)}</td></tr>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Verdict ${plain(id)}: ${plain(state)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; padding: .5rem .75rem; border-left: .4rem solid #888; }
h1.valid { border-color: #1a7f37; } h1.revoked, h1.superseded { border-color: #b3261e; }
th { text-align: left; font-weight: normal; opacity: .8; padding-right: 1rem; vertical-align: top; white-space: nowrap; }
td, code { overflow-wrap: anywhere; }
</style>
<h1 class="${plain(state)}">This verdict is ${plain(state)}</h1>
<p>${plain(MEANS[state] ?? '')}</p>
<table>
${row('Verdict', id)}
${row('As of', `${size} leaves in the log ${log}`)}
${row('Leaf', leaf)}
${withdrawn === undefined ? '' : row('Withdrawn by leaf', withdrawn)}
</table>
<p>${WORD} ${PROOF} <code>${plain(commandOf(id))}</code></p>
</html>
`;
}
