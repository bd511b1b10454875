/** Three digits that count; what rounds to nothing or to all is said to be near it. */
export function percent(p: number): string {
  if (p > 0 && p < 1e-9) return '< 0.0000001 %';
  if (p < 1 && p > 0.999) return '> 99.9 %';
  return `${trimmed(p * 100)} %`;
}

/** Three digits that count; of large ones all. */
export function numberText(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : trimmed(value);
}

function trimmed(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}
