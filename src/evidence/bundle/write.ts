import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../../canonical/index.ts';
import { Fault } from '../../errors/index.ts';
import { fromBase64, toBase64, utf8 } from '../formats/encoding.ts';
import type { AnchorRecord } from '../statements/anchor.ts';
import { STATUS_FILE, TIMESTAMP_FILE } from '../statements/revocation.ts';
import { MANIFEST_FILE, manifestOf } from './manifest.ts';
import { evidenceTexts, sourceName, type Sealable, type Sealed } from './contents.ts';
import { MODEL_FILE } from '../statements/statement.ts';
import { writeZip } from '../formats/zip.ts';
import { makeFolder } from '../../processes/folders.ts';

/** The parts of a check that a bundle shows again; the rest is in the envelope. */
export type Bundled = Pick<Sealable, 'source' | 'report' | 'document' | 'artifacts' | 'risk'>;

export interface BundleAnchor {
  readonly record: AnchorRecord;
  /** From the size of the receipt's checkpoint to the anchored size: `log.consistencyProof(…)`. */
  readonly consistency: readonly Uint8Array[];
}

/**
 * All files of a bundle by path, forward slashes. Made again from the same parts, it is the same
 * bytes. `status` is `status.json`, `timestamp` `timestamp.tsr`.
 */
export function bundleFiles(
  parts: Bundled,
  sealed: Sealed,
  anchor?: BundleAnchor,
  status?: string,
  timestamp?: Uint8Array,
): Map<string, Uint8Array> {
  const texts: [string, string][] = [
    ['envelope.json', sealed.envelope],
    ['receipt.tlog-proof', sealed.receipt],
    ['leaf.bin', sealed.leaf],
    [MODEL_FILE, canonicalJson(parts.document)],
    [sourceName(parts.source), parts.source.text],
    ...evidenceTexts({ ...parts, id: sealed.id, options: {} }, sealed.information).map(
      ({ path, text }): [string, string] => [path, text],
    ),
  ];
  if (anchor !== undefined) {
    texts.push([
      'anchor.json',
      canonicalJson({ ...anchor.record, consistency: anchor.consistency.map(toBase64) }),
    ]);
  }
  if (status !== undefined) texts.push([STATUS_FILE, status]);
  const files = new Map(texts.map(([path, text]) => [path, utf8(text)]));
  files.set('salt.bin', fromBase64(sealed.salt) ?? new Uint8Array(0));
  if (timestamp !== undefined) files.set(TIMESTAMP_FILE, timestamp);
  return files.set(MANIFEST_FILE, manifestOf(files.keys()));
}

/** Writes a bundle as one file; DATA_DIR when there is one already, or it cannot be written. */
export async function writeBundleZip(
  file: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  await writeFile(file, writeZip(files), { flag: 'wx' }).catch((cause: unknown) => {
    throw new Fault(
      'DATA_DIR',
      (cause as NodeJS.ErrnoException).code === 'EEXIST'
        ? `${file} is there already`
        : `${file} cannot be written`,
      { cause },
    );
  });
}

/**
 * Writes a bundle into a new or empty folder; DATA_DIR when it is neither, or cannot be written.
 */
export async function writeBundle(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  try {
    await makeFolder(folder);
    if ((await readdir(folder)).length > 0) throw new Fault('DATA_DIR', `${folder} is not empty`);
    for (const [path, bytes] of files) {
      const file = join(folder, path);
      await makeFolder(dirname(file));
      await writeFile(file, bytes, { flag: 'wx' });
    }
  } catch (cause) {
    throw cause instanceof Fault
      ? cause
      : new Fault('DATA_DIR', `${folder} cannot be written`, { cause });
  }
}
