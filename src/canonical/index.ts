import { createHash } from 'node:crypto';
import canonicalizeJson from 'canonicalize';
import { invariant } from '../errors/index.ts';

/** A value that JSON can carry without loss. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * RFC 8785 (JCS) text of a JSON value. Values that JSON cannot carry (NaN, a lone surrogate, a
 * bigint, a Date) are a bug of the caller and throw, rather than become something else. Keys whose
 * value is `undefined` are left out.
 */
export function canonicalJson(value: unknown): string {
  refuseLossy(value, '$');
  const text = (canonicalizeJson as unknown as (input: unknown) => string | undefined)(value);
  invariant(text !== undefined, 'nothing to canonicalize');
  return text;
}

/** `sha256:<hex>` of bytes or UTF-8 text. */
export function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** `sha256:<hex>` of the JCS text of a value. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** In a regular expression with the `u` flag, a surrogate matches only where it is alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function refuseLossy(value: unknown, path: string): void {
  switch (typeof value) {
    case 'number':
      invariant(Number.isFinite(value), `${path} is not a finite number`);
      return;
    case 'string':
      invariant(!LONE_SURROGATE.test(value), `${path} has a lone surrogate`);
      return;
    case 'boolean':
      return;
    case 'object': {
      if (value === null) return;
      if (Array.isArray(value)) {
        value.forEach((item, index) => {
          invariant(item !== undefined, `${path}[${index}] is undefined`);
          refuseLossy(item, `${path}[${index}]`);
        });
        return;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      invariant(
        prototype === Object.prototype || prototype === null,
        `${path} is not a plain object`,
      );
      for (const [key, item] of Object.entries(value))
        if (item !== undefined) refuseLossy(item, `${path}.${key}`);
      return;
    }
    default:
      invariant(false, `${path} is a ${typeof value}`);
  }
}
