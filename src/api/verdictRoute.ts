import type { RequestHandler } from 'express';
import { isSealed } from '../service/verdict.ts';
import type { Service } from '../service/service.ts';
import { isId } from '../store/index.ts';

/**
 * `GET /verdicts/ID`: where the QR code of a printed certificate leads. For anybody, and so it says
 * what the public log says already (id, leaf, place, whether it was withdrawn), and nothing of
 * model, answers, issuer's customers or reasons.
 */
export function verdictRoute({ store, notary }: Service): RequestHandler {
  return async (request, response) => {
    const id = String(request.params['id']);
    const verdict = isId(id) ? await store.verdicts.get(id) : undefined;
    if (!verdict || !isSealed(verdict)) {
      response.status(404).type('text').send('there is no such verdict here\n');
      return;
    }
    const [withdrawn] = await store.statements.withdrawals(id);
    const state = verdict.erasedAt ? 'erased' : (withdrawn?.state ?? 'valid');
    const size = await notary.log.size();
    response
      .type('text')
      .send(
        [
          `verdict     ${id}`,
          `state       ${state}, as of ${size} leaves in the log ${notary.log.vkey.split('+')[0]}`,
          `leaf        ${verdict.logIndex}  ${verdict.leaf}`,
          ...(withdrawn ? [`withdrawn   leaf ${withdrawn.logIndex}  ${withdrawn.leaf}`] : []),
          '',
          'This page is the word of a server. Proof is in the bundle, which whoever gave you the certificate can fetch:',
          `probity certificate ${id} --out DIR; probity verify DIR --policy FILE --online`,
          '',
        ].join('\n'),
      );
  };
}
