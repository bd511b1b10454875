import { loadConfig } from '../config/index.ts';
import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import type { AnchorRecord } from '../evidence/statements/anchor.ts';
import { explorerUrl, isNetwork, NETWORK_PRESETS } from '../evidence/statements/networks.ts';
import type { OnlineReport } from '../evidence/ledger/online.ts';
import { readBundle } from '../evidence/bundle/read.ts';
import { isBundledAnchor } from '../evidence/statements/validate.ts';
import { parseCanonicalJson } from '../evidence/formats/strictJson.ts';
import { parseArgs, wrong } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';

export const ANCHOR_HELP = `probity anchor check BUNDLE [options]      look an anchor up on the ledger

  --node URL        the node that is asked · default: one of the anchor's network; ask one that the issuer does not run
  --json            each check as JSON

What can be seen offline (who signed what, and that it covers the verdict) is checked by \`probity verify\`; this asks whether the
ledger took it, when, and whether the record stands there, locked.
exit: 0 it stands · 1 the node shows something else · 2 bad input · 3 the node does not have it · 4 the node does not answer
`;

const OPTIONS = { node: { type: 'string' }, json: { type: 'boolean' } } as const;
const EXITS = { confirmed: EXIT.ok, contradicted: EXIT.violated, unknown: EXIT.open } as const;

export async function anchorCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(ANCHOR_HELP);
    return EXIT.ok;
  }
  const json = args.includes('--json');
  const asked = await readArgs(args);
  if (!asked.ok) return printProblems(asked.problems, json, io);
  const { record, node } = asked.value;
  const { confirmOnline } = await import('../evidence/ledger/online.ts');
  let report: OnlineReport;
  try {
    report = await confirmOnline(record, node);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    io.stderr(`${cause.code}  ${cause.message}\n`);
    return EXIT.fault;
  }
  const exit = EXITS[report.status];
  const explorer = explorerUrl(record.network, record.transactionDigest);
  if (json)
    io.stdout(
      `${JSON.stringify({ ...report, node, ...(explorer === undefined ? {} : { explorer }), exit }, null, 2)}\n`,
    );
  else io.stdout(reportText(report, explorer, exit, io));
  return exit;
}

function reportText(
  { status, checks }: OnlineReport,
  explorer: string | undefined,
  exit: number,
  io: Io,
): string {
  const paint = painter(io);
  const lines = checks.map(
    ({ name, ok: fine, detail }) =>
      `  ${fine ? paint('green', '✓') : paint('red', '✗')} ${name.padEnd(12)}  ${detail}`,
  );
  return `${lines.join('\n')}\n${explorer === undefined ? '' : `    ${explorer}\n`}\n${status}   exit ${exit}\n`;
}

async function readArgs(
  args: string[],
): Promise<Result<{ readonly record: AnchorRecord; readonly node: string }>> {
  const config = loadConfig(process.env);
  if (!config.ok) return config;
  const given = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [action, folder, ...rest] = positionals;
  if (action !== 'check' || folder === undefined || rest.length > 0)
    return wrong('check and a bundle');
  const files = await readBundle(folder);
  if (!files.ok) return files;
  const bytes = files.value.get('anchor.json');
  const anchor = bytes && parseCanonicalJson(bytes);
  if (!anchor?.ok || !isBundledAnchor(anchor.value))
    return bad(
      problem('BUNDLE_SHAPE', 'anchor.json', 'the bundle has no anchor, or none that can be read'),
    );
  const record = anchor.value;
  const node =
    values.node ??
    (isNetwork(record.network) && record.network !== 'emulated'
      ? NETWORK_PRESETS[record.network].url
      : config.value.iota.url);
  if (node === undefined || !URL.canParse(node))
    return wrong(`name a node: there is no public one of ${record.network}`, '--node');
  return ok({ record, node });
}
