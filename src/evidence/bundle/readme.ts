import type { Report } from '../../model/outcome.ts';
import { agreementText } from '../statements/agreement.ts';
import { isSpecificationFormat } from '../../model/formats.ts';

/** Text from a model must not become Markdown of ours. */
const plain = (text: string): string =>
  text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/([\\`*_[\]<>|#])/g, '\\$1');

/**
 * The bundle's README: what it says and how to check it. The statement covers it, so it cannot be
 * reworded.
 */
export function bundleReadme(
  report: Report,
  seal: {
    readonly id: string;
    readonly issuer: string;
    readonly issuedAt: string;
    readonly key: string;
  },
): string {
  const rows = [
    ...(report.script?.answers ?? []).map(
      (answer, at) => `| ${at + 1} | check-sat | ${answer} | – |`,
    ),
    ...report.properties.map(
      ({ name, kind, outcome, assurance, agreement }) =>
        `| ${plain(name)} | ${plain(kind)} | ${outcome} | ${assurance.join(', ') || '–'}${agreement ? `; ${plain(agreementText(agreement))}` : ''} |`,
    ),
  ];
  const opaque = isSpecificationFormat(report.model.format)
    ? `\nThe answers are the word of a tool on the text as submitted: nothing of the issuer's has replayed or proved them.\n`
    : '';
  return `# A formal verdict: ${plain(report.model.name)}

Issued by ${plain(seal.issuer)} at ${seal.issuedAt}, verdict \`${seal.id}\`, signed with \`${seal.key}\`.
Model ${report.model.digest} (${plain(report.model.format)}).

| Property | Kind | Answer | Assurance |
|---|---|---|---|
${rows.join('\n')}
${opaque}
Believe none of this because it is written here. Check it, offline, with keys that you got from somewhere else:

    probity verify . --policy YOUR-POLICY

Get \`probity\` from its source (\`npm ci\`, \`npm pack\`), never by \`npx\` from a public registry: the name there is nobody's that you know. Or open \`verify.html\`, which a checkout builds as \`dist/verify.html\` and the issuer's service has at \`/verify.html\`: compare its SHA-256 with one that you got from somewhere else.

| File | What it is |
|---|---|
| envelope.json | the signed statement (DSSE, in-toto Statement v1) |
| receipt.tlog-proof | the proof that the verdict is in the transparency log (c2sp.org/tlog-proof@v1) |
| leaf.bin, salt.bin | the log's leaf, and the salt that ties it to the statement |
| source.\\*, model.json | the model as submitted, and its canonical form (of a specification: all of its texts) |
| evidence/ | traces and artifacts of the engines, each listed by digest in the statement |
| timestamp.tsr | if present: a time-stamping authority's word (RFC 3161) that envelope.json was there at a time |
| anchor.json | if present: the ledger transaction that carries the log's checkpoint |
| trust/ | the issuer's own keys: information, never a reason to trust |
`;
}
