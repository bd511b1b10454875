import { ownConfig, type Config } from '../config/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import type { AnchorRecord } from '../evidence/statements/anchor.ts';
import { explorerUrl, isNetwork, NETWORK_PRESETS } from '../evidence/statements/networks.ts';
import type { OnlineReport } from '../evidence/ledger/online.ts';
import { readBundle } from '../evidence/bundle/read.ts';
import { isBundledAnchor } from '../evidence/statements/validate.ts';
import { parseCanonicalJson } from '../evidence/formats/strictJson.ts';
import { wrong } from './arguments.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';

const EXITS = { confirmed: EXIT.ok, contradicted: EXIT.violated, unknown: EXIT.open } as const;

/** `probity anchor check`. */
export async function checkAnchor(
  asked: { readonly bundle: string; readonly node: string | undefined },
  io: CommandIo,
): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const record = await anchorIn(asked.bundle);
  if (!record.ok) return record;
  const { network, transactionDigest } = record.value;
  const node = asked.node ?? nodeOf(network, config.value);
  if (node === undefined || !URL.canParse(node))
    return wrong(`name a node: there is no public one of ${network}`, '--node');
  const { confirmOnline } = await import('../evidence/ledger/online.ts');
  const report = await confirmOnline(record.value, node);
  const exit = EXITS[report.status];
  const explorer = explorerUrl(network, transactionDigest);
  return {
    exit,
    json: { ...report, node, ...(explorer !== undefined && { explorer }), exit },
    text: () => reportText(report, explorer, exit, io),
  };
}

function nodeOf(network: string, { iota }: Config): string | undefined {
  return isNetwork(network) && network !== 'emulated' ? NETWORK_PRESETS[network].url : iota.url;
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

async function anchorIn(bundle: string): Promise<Result<AnchorRecord>> {
  const files = await readBundle(bundle);
  if (!files.ok) return files;
  const bytes = files.value.get('anchor.json');
  const anchor = bytes && parseCanonicalJson(bytes);
  return anchor?.ok && isBundledAnchor(anchor.value)
    ? ok(anchor.value)
    : bad(
        problem(
          'BUNDLE_SHAPE',
          'anchor.json',
          'the bundle has no anchor, or none that can be read',
        ),
      );
}
