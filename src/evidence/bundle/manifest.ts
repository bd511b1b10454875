import { canonicalize } from '../formats/canonicalText.ts';
import { exactObject } from '../formats/dsse.ts';
import { utf8 } from '../formats/encoding.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';

/**
 * `bundle.json`: the version of the bundle format, and every other file of the bundle by path.
 * Nothing signs it, and nothing is trusted because of it: each file is judged by the layer that
 * covers it. It is there so that a file which a bundle may do without (an anchor, a status) cannot
 * be lost on the way unnoticed, and so that a reader of one version refuses another by its number
 * rather than by what it happens to stumble over.
 */
export interface Manifest {
  readonly v: typeof BUNDLE_VERSION;
  /** Sorted by UTF-16 code unit, without `bundle.json` itself. */
  readonly files: readonly string[];
}

export const MANIFEST_FILE = 'bundle.json';
export const BUNDLE_VERSION = 1;

export function manifestOf(paths: Iterable<string>): Uint8Array {
  const files = [...paths].filter((path) => path !== MANIFEST_FILE).sort();
  return utf8(canonicalize({ files, v: BUNDLE_VERSION }));
}

export type ManifestResult =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly reason: 'shape' | 'version'; readonly detail: string };

/**
 * Reads `bundle.json`; the version is judged first, since another version may have another shape.
 */
export function parseManifest(bytes: Uint8Array): ManifestResult {
  const json = parseCanonicalJson(bytes);
  if (!json.ok) return { ok: false, reason: 'shape', detail: 'not canonical JSON' };
  const version = (json.value as { v?: unknown } | null)?.v;
  if (version !== BUNDLE_VERSION)
    return { ok: false, reason: 'version', detail: JSON.stringify(version) ?? 'none' };
  const shape = exactObject(json.value, ['files', 'v']);
  const files = shape?.['files'];
  const sorted =
    Array.isArray(files) &&
    files.every(
      (path, at) => typeof path === 'string' && (at === 0 || (files[at - 1] as string) < path),
    );
  if (!sorted || (files as string[]).includes(MANIFEST_FILE))
    return { ok: false, reason: 'shape', detail: 'not a sorted list of paths' };
  return { ok: true, manifest: { v: BUNDLE_VERSION, files: files as string[] } };
}
