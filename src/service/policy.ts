import { renderPolicy } from '../evidence/formats/policy.ts';
import type { Notary } from './service.ts';

/** Whom to trust to read this installation's verdicts, of now and of the past. */
export function installationPolicy({
  keys,
  log,
  ledgerSender,
  retired,
  witnesses,
}: Notary): string {
  return renderPolicy({
    verdicts: [keys.verdict.vkey],
    logs: [log.vkey],
    ledgers: ledgerSender ? [ledgerSender] : [],
    retired,
    witnesses: witnesses?.policy.lines ?? [],
  });
}
