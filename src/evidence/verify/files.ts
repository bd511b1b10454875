import { MANIFEST_FILE, parseManifest } from '../bundle/manifest.ts';
import type { Statement } from '../statements/statement.ts';
import { toHex } from '../formats/encoding.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { type BundleFiles, type LayerStep, step } from './step.ts';
import { STATUS_FILE, TIMESTAMP_FILE } from '../statements/revocation.ts';

/** The files that every bundle has; the source and the evidence are named by the statement. */
export const REQUIRED_FILES = [
  MANIFEST_FILE,
  'envelope.json',
  'receipt.tlog-proof',
  'leaf.bin',
  'salt.bin',
  'model.json',
] as const;

/** What a bundle may have besides: nothing of it is named by the statement. */
export const OPTIONAL_FILES = ['anchor.json', STATUS_FILE, TIMESTAMP_FILE] as const;

/**
 * The format's version, and that the files are those that were put together: none lost, none added.
 */
export function checkManifest(files: BundleFiles): LayerStep<true> {
  const parsed = parseManifest(files.get(MANIFEST_FILE) ?? new Uint8Array(0));
  if (!parsed.ok)
    return step(
      'bundle',
      'failed',
      parsed.reason === 'version' ? 'BUNDLE_VERSION' : 'BUNDLE_MANIFEST',
      parsed.detail,
    );
  const listed = new Set(parsed.manifest.files);
  const differing = [
    ...parsed.manifest.files.filter((path) => !files.has(path)),
    ...[...files.keys()].filter((path) => path !== MANIFEST_FILE && !listed.has(path)),
  ];
  if (differing.length > 0) return step('bundle', 'failed', 'BUNDLE_FILES', differing.join(', '));
  return step(
    'bundle',
    'proved',
    'BUNDLE_COMPLETE',
    `version ${parsed.manifest.v}, ${listed.size} files`,
    true,
  );
}

export async function checkSubject(
  { subject }: Statement,
  files: BundleFiles,
  crypto: VerifierCrypto,
): Promise<LayerStep<true>> {
  for (const { name, digest } of subject) {
    const bytes = files.get(name);
    if (bytes === undefined) return step('subject', 'failed', 'SUBJECT_MISSING', name);
    if (toHex(await crypto.sha256(bytes)) !== digest.sha256)
      return step('subject', 'failed', 'SUBJECT_DIGEST', name);
  }
  return step('subject', 'proved', 'SUBJECT_MATCHES', `sha256:${subject[1].digest.sha256}`, true);
}

export async function checkEvidence(
  statement: Statement,
  files: BundleFiles,
  crypto: VerifierCrypto,
): Promise<LayerStep<true>> {
  const { evidence } = statement.predicate;
  for (const { path, digest } of evidence) {
    const bytes = files.get(path);
    if (bytes === undefined) return step('evidence', 'failed', 'EVIDENCE_MISSING', path);
    if (toHex(await crypto.sha256(bytes)) !== digest.sha256)
      return step('evidence', 'failed', 'EVIDENCE_DIGEST', path);
  }
  const known = new Set<string>([
    ...REQUIRED_FILES,
    ...OPTIONAL_FILES,
    ...statement.subject.map(({ name }) => name),
    ...evidence.map(({ path }) => path),
  ]);
  const unlisted = [...files.keys()].filter((path) => !known.has(path));
  if (unlisted.length > 0)
    return step('evidence', 'failed', 'EVIDENCE_UNLISTED', unlisted.join(', '));
  return step('evidence', 'proved', 'EVIDENCE_MATCHES', `${evidence.length} files`, true);
}
