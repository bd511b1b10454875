import { renderPolicy } from '../evidence/formats/policy.ts';
import type { Notary, Service } from './service.ts';

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

/** The same, after the keys were looked at: another process may have replaced one. */
export async function trustPolicy({ notary }: Pick<Service, 'notary'>): Promise<string> {
  await notary.refresh();
  return installationPolicy(notary);
}
