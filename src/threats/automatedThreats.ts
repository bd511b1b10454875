/**
 * The automated threats of OWASP's handbook, by their ids: what a reference to one must name.
 * OAT-003 has two names there, of two editions.
 */
export const AUTOMATED_THREATS: ReadonlyMap<string, readonly string[]> = new Map([
  ['OAT-001', ['Carding']],
  ['OAT-002', ['Token Cracking']],
  ['OAT-003', ['Ad Fraud', 'Cost-Inflation Fraud']],
  ['OAT-004', ['Fingerprinting']],
  ['OAT-005', ['Scalping']],
  ['OAT-006', ['Expediting']],
  ['OAT-007', ['Credential Cracking']],
  ['OAT-008', ['Credential Stuffing']],
  ['OAT-009', ['CAPTCHA Defeat']],
  ['OAT-010', ['Card Cracking']],
  ['OAT-011', ['Scraping']],
  ['OAT-012', ['Cashing Out']],
  ['OAT-013', ['Sniping']],
  ['OAT-014', ['Vulnerability Scanning']],
  ['OAT-015', ['Denial of Service']],
  ['OAT-016', ['Skewing']],
  ['OAT-017', ['Spamming']],
  ['OAT-018', ['Footprinting']],
  ['OAT-019', ['Account Creation']],
  ['OAT-020', ['Account Aggregation']],
  ['OAT-021', ['Denial of Inventory']],
]);

/** What is wrong with a reference to an automated threat; nothing of one to something else. */
export function wrongAutomatedThreat(reference: string): string | undefined {
  const [, id = '', name = ''] = /^(OAT-\d+)\b\s*(.*)$/.exec(reference) ?? [];
  if (id === '') return undefined;
  const known = AUTOMATED_THREATS.get(id);
  if (!known) return `OWASP has no automated threat ${id}`;
  return name === '' || known.includes(name) ? undefined : `${id} is ${known.join(' or ')}`;
}
