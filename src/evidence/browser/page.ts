import { agreementText } from '../statements/agreement.ts';
import { isSpecificationFormat } from '../../model/formats.ts';
import { fromUtf8 } from '../formats/encoding.ts';
import type { Predicate } from '../statements/statement.ts';
import { parsePolicy } from '../formats/policy.ts';
import {
  conclusionOf,
  LAYER_CODES,
  type VerifiedLayer,
  type VerifyReport,
  type VerifyStatus,
} from '../verify/report.ts';
import { verifyBundle } from '../verify/verify.ts';
import { readZip } from '../formats/zip.ts';
import { canVerify, webCrypto } from './webCrypto.ts';

/**
 * `verify.html`: the offline verifier as one page. Its policy of contents allows no connection, so
 * that neither a bundle nor this page can send anything anywhere. Text of a bundle is set as text,
 * never as markup.
 */

const MARKS: Readonly<Record<VerifiedLayer['status'], string>> = {
  proved: '✓',
  signed: '✓',
  skipped: '–',
  untrusted: '?',
  failed: '✗',
};

/**
 * Characters that show nothing, or turn the order of others around, could repaint what a line says.
 */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');

const byId = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
};

function element(name: string, text: string, className?: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = plain(text);
  if (className !== undefined) made.className = className;
  return made;
}

function row(cells: readonly (readonly [text: string, className?: string])[]): HTMLElement {
  const made = document.createElement('tr');
  made.append(...cells.map(([text, className]) => element('td', text, className)));
  return made;
}

/** As a headline begins. */
const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** One `.probity.zip`, or the files of a folder. */
async function filesOf(chosen: readonly File[]): Promise<Map<string, Uint8Array> | undefined> {
  const bytesOf = async (file: File): Promise<Uint8Array> =>
    new Uint8Array(await file.arrayBuffer());
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1 && only.webkitRelativePath === '')
    return readZip(await bytesOf(only));
  const files = new Map<string, Uint8Array>();
  for (const file of chosen)
    files.set(file.webkitRelativePath.split('/').slice(1).join('/'), await bytesOf(file));
  return files;
}

function show(
  status: VerifyStatus | 'waiting' | 'problem',
  headline: string,
  ...parts: readonly HTMLElement[]
): void {
  const result = byId('result');
  result.dataset['status'] = status;
  result.replaceChildren(element('h2', headline, status), ...parts);
}

function layersTable({ layers }: VerifyReport): HTMLElement {
  const table = document.createElement('table');
  table.append(
    ...layers.map(({ layer, status, code, detail }) => {
      const line = row([
        [MARKS[status], status],
        [layer],
        [status, status],
        [LAYER_CODES[code]],
        [detail ?? '', 'detail'],
        [code, 'code'],
      ]);
      line.dataset['layer'] = layer;
      line.dataset['code'] = code;
      return line;
    }),
  );
  return table;
}

function verdictTable({ model, issuer, issuedAt, properties, script }: Predicate): HTMLElement[] {
  const table = document.createElement('table');
  table.append(
    ...(script?.answers ?? []).map((answer, at) =>
      row([[`check-sat ${at + 1}`], [answer], ['the word of a solver', 'detail']]),
    ),
  );
  table.append(
    ...properties.map(({ name, outcome, assurance, threats, agreement }) =>
      row([
        [name],
        [outcome, outcome],
        [
          [
            ...assurance,
            ...(agreement ? [agreementText(agreement)] : []),
            ...threats.map((threat) => `threat ${threat}`),
          ].join(' · '),
          'detail',
        ],
      ]),
    ),
  );
  return [
    element('h3', `${model.name} · ${model.format}`),
    element('p', `issued by ${issuer.name} at ${issuedAt}`),
    ...(isSpecificationFormat(model.format)
      ? [
          element(
            'p',
            'The answers are the word of a tool on the text as submitted: no layer replays or proves them.',
          ),
        ]
      : []),
    table,
  ];
}

async function judge(): Promise<void> {
  const chosen = [
    ...(byId<HTMLInputElement>('bundle').files ?? []),
    ...(byId<HTMLInputElement>('folder').files ?? []),
  ];
  const policyText = byId<HTMLTextAreaElement>('policy').value;
  if (chosen.length === 0) return show('waiting', 'Choose a bundle');
  if (policyText.trim() === '') return show('waiting', 'Give the policy: whom do you trust?');
  const policy = await parsePolicy(policyText, webCrypto.sha256);
  if (!policy.ok)
    return show(
      'problem',
      'The policy cannot be read',
      ...policy.problems.map(({ line, message }) =>
        element('p', `line ${line ?? '?'}: ${message}`),
      ),
    );
  const files = await filesOf(chosen);
  if (files === undefined)
    return show('malformed', 'Not a bundle: no .probity.zip as Probity writes it, or damaged');
  const compliance = byId<HTMLInputElement>('compliance').checked;
  const report = await verifyBundle(files, policy.value, {
    crypto: webCrypto,
    compliance,
    now: new Date(),
  });
  show(
    report.status,
    sentence(conclusionOf(report)),
    layersTable(report),
    ...(report.statement === undefined ? [] : verdictTable(report.statement.predicate)),
  );
}

/** A fault of ours must not look like an answer. */
function judgeSafely(): void {
  judge().catch((error: unknown) =>
    show('problem', 'A fault of this page', element('p', String(error))),
  );
}

async function start(): Promise<void> {
  if (!(await canVerify()))
    return show(
      'problem',
      'This browser cannot verify Ed25519: use a newer one, or `probity verify`',
    );
  for (const id of ['bundle', 'folder', 'policy', 'compliance'])
    byId(id).addEventListener('change', judgeSafely);
  byId('policyFile').addEventListener('change', () => {
    const [file] = byId<HTMLInputElement>('policyFile').files ?? [];
    file?.arrayBuffer().then((bytes) => {
      byId<HTMLTextAreaElement>('policy').value = fromUtf8(new Uint8Array(bytes)) ?? '';
      judgeSafely();
    }, judgeSafely);
  });
  show('waiting', 'Choose a bundle');
}

void start();
