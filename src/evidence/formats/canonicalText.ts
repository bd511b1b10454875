import canonicalizeJson from 'canonicalize';

/**
 * RFC 8785 text, for code that also runs in a browser: `src/canonical`, which refuses what JSON
 * cannot carry, needs `node:crypto`. Only for values that came out of `JSON.parse` or are made of
 * plain text and numbers.
 */
export const canonicalize = canonicalizeJson as unknown as (value: unknown) => string;
