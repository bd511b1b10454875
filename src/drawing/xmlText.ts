/** Text in XML 1.0: what would be markup is escaped, what XML has no place for is left out. */
export function escapeXml(text: string): string {
  const clean = [...text]
    .filter((c) => c >= ' ' || c === '\n' || c === '\t')
    .join('')
    .replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/gu, '�');
  return clean
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
