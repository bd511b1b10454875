import { renderSVG } from 'uqr';
import { agreementText } from '../statements/agreement.ts';
import type { PropertyVerdict, Statement } from '../statements/statement.ts';
import { plainHtml as plain } from './html.ts';
import { LAYER_CODES, type VerifyReport } from '../verify/report.ts';

export interface PageInput {
  readonly statement: Statement;
  readonly statementDigest: string;
  /**
   * What a verifier said of the bundle, and when: printed, since paper cannot be checked again.
   */
  readonly report?: VerifyReport;
  readonly verifiedAt?: string;
  /** What the properties ask, and how those are violated that are, by their names. */
  readonly told: ReadonlyMap<string, ToldProperty>;
  /** Where the log's checkpoint is anchored, in words. */
  readonly anchor: string;
  /** How the verdict was withdrawn, if it was. */
  readonly withdrawn?: string;
  readonly logIndex: number;
  readonly logOrigin: string;
  /** What the QR code says: an address where the verdict's state is shown, or its URN. */
  readonly link: string;
}

export interface ToldProperty {
  /** As its author wrote it. */
  readonly asks?: string;
  /** The steps that show the answer. */
  readonly run?: readonly string[];
}

const STYLE = `
@page { size: A4; margin: 18mm; }
:root { font: 11pt/1.45 Georgia, "Times New Roman", serif; color: #111; background: #fff; }
body { max-width: 174mm; margin: 0 auto; }
header { display: flex; justify-content: space-between; gap: 8mm; border-bottom: 1pt solid #111; padding-bottom: 4mm; }
h1 { font-size: 18pt; margin: 0; } h2 { font-size: 12pt; margin: 6mm 0 2mm; } p { margin: 1mm 0; }
header svg { width: 32mm; height: 32mm; flex: none; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 1mm 2mm 1mm 0; vertical-align: top; border-bottom: .3pt solid #999; overflow-wrap: anywhere; }
tr { break-inside: avoid; } th { font-weight: normal; color: #555; white-space: nowrap; }
.outcome { font-weight: bold; } .asks { font-size: 9.5pt; color: #333; } .run { font: 8.5pt/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1mm 0; }
.withdrawn { border: 2pt solid #111; padding: 3mm; margin: 4mm 0; font-size: 14pt; font-weight: bold; } .digest { font: 8.5pt/1.4 ui-monospace, monospace; overflow-wrap: anywhere; } footer { margin-top: 8mm; font-size: 9pt; color: #333; }
`;

/** One sentence for each answer, so that no reader of paper takes a bound for a proof. */
const SAYS: Readonly<Record<PropertyVerdict['outcome'], string>> = {
  holds: 'holds',
  violated: 'violated',
  bounded: 'nothing found up to a bound; not proved',
  unknown: 'not answered',
};

/** The row of a property, and the run that shows its answer. */
function rowOf(property: PropertyVerdict, { asks, run = [] }: ToldProperty): string {
  const { name, kind, outcome, bound, message, reason, assurance, threats, agreement } = property;
  const why = [bound, reason, message].filter((text) => text !== undefined).join(': ');
  const about = [
    ...assurance,
    ...(agreement ? [agreementText(agreement)] : []),
    ...threats.map((threat) => `threat ${threat}`),
  ].join(', ');
  const asked = asks === undefined ? '' : `<div class="asks">${plain(asks)}</div>`;
  const shown =
    run.length === 0
      ? ''
      : `\n<tr><td colspan="4"><div class="run">${run.map(plain).join('\n')}</div></td></tr>`;
  return `<tr><td>${plain(name)}${asked}</td><td>${plain(kind)}</td>
    <td class="outcome">${SAYS[outcome]}${why === '' ? '' : ` (${plain(why)})`}</td><td>${plain(about)}</td></tr>${shown}`;
}

/**
 * A certificate to print: one HTML file, without scripts, addresses to load, or anything else from
 * outside.
 */
export function certificatePage({
  statement,
  statementDigest,
  report,
  verifiedAt,
  told,
  anchor,
  withdrawn,
  logIndex,
  logOrigin,
  link,
}: PageInput): string {
  const { subject, predicate } = statement;
  const { model, issuer, properties, assumptions } = predicate;
  const rows = [
    ...(predicate.script?.answers ?? []).map(
      (answer, at) =>
        `<tr><td>${at + 1}</td><td>check-sat</td><td class="outcome">${answer}</td><td>the word of a solver</td></tr>`,
    ),
    ...properties.map((property) => rowOf(property, told.get(property.name) ?? {})),
  ].join('\n');
  const facts: [string, string][] = [
    ['Verdict', predicate.id],
    ['Issued', predicate.issuedAt],
    ...(predicate.validUntil === undefined
      ? []
      : [['Valid until', predicate.validUntil] as [string, string]]),
    ['Issuer', `${issuer.name}, key ${issuer.key}`],
    [
      'Software',
      `${issuer.software.name} ${issuer.software.version}, semantics ${predicate.semantics}`,
    ],
    ['Model', `${model.name} (${model.format})`],
    ['Log', `${logOrigin}, leaf ${logIndex}`],
    ['Anchor', anchor],
  ];
  const digests: [string, string][] = [
    ['Statement', statementDigest],
    ['Model', `sha256:${subject[1].digest.sha256}`],
    ['Source', `sha256:${subject[0].digest.sha256}`],
  ];
  const rests = Object.entries(assumptions)
    .flatMap(([about, texts]) =>
      (texts as readonly string[]).map((text) => `<li>${plain(about)}: ${plain(text)}</li>`),
    )
    .join('\n');
  const table = (lines: readonly (readonly [string, string])[], className = ''): string =>
    `<table>${lines.map(([name, text]) => `<tr><th>${name}</th><td class="${className}">${plain(text)}</td></tr>`).join('\n')}</table>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Verdict ${plain(predicate.id)}</title>
<style>${STYLE}</style>
<header><div><h1>A formal verdict</h1><p>${plain(model.name)}</p>${table(facts)}</div>
${renderSVG(link, { ecc: 'M', border: 2 })}</header>
${withdrawn === undefined ? '' : `<p class="withdrawn">${plain(withdrawn)}</p>`}
<h2>Answers</h2>
<table><tr><th>Property</th><th>Kind</th><th>Answer</th><th>What stands behind it</th></tr>
${rows}</table>
<h2>What they rest on</h2>
${rests === '' ? '<p>No fairness, bound, channel semantics or abstraction is assumed.</p>' : `<ul>${rests}</ul>`}
<h2>Digests</h2>
${table(digests, 'digest')}
${report === undefined ? '' : `<h2>As verified when this was printed${verifiedAt === undefined ? '' : `, ${plain(verifiedAt)}`}</h2>\n${table(report.layers.map(({ layer, status, code }) => [layer, `${status}: ${LAYER_CODES[code]}`]))}`}
<footer><p>Paper proves nothing. The bundle of this verdict does: <span class="digest">probity certificate ${plain(predicate.id)} --out DIR</span>, then
<span class="digest">probity verify DIR --policy FILE</span>, with a policy from somebody other than who gave you this. The command is built from its source; or open <span class="digest">verify.html</span>, whose SHA-256 you got from somewhere else.</p>
<p class="digest">${plain(link)}</p></footer>
</html>
`;
}
