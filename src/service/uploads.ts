import { createHash } from 'node:crypto';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import type { UploadRecord } from '../store/index.ts';
import type { Installation, Service } from './service.ts';

/** The digest by which an upload is named. */
const DIGEST = /^sha256:[0-9a-f]{64}$/u;
const PART_BYTES = 1024 * 1024;
const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
/** What was begun and got no further part for so long was cut off. */
const UNFINISHED_MS = 3_600_000;
const MOST_LISTED = 1_000;

export interface Uploaded {
  readonly upload: UploadRecord;
  /** It was there before. */
  readonly known: boolean;
}

/**
 * Takes bytes as they come, in parts, under the digest that names them; nothing stays of what is
 * another's digest, too large or cut off. Bytes that are there already are not read again.
 */
export async function upload(
  { store, config: { limits } }: Service,
  owner: string,
  digest: string,
  content: { readonly bytes: AsyncIterable<Uint8Array>; readonly announced: number | undefined },
): Promise<Result<Uploaded>> {
  if (!DIGEST.test(digest))
    return bad(
      problem('UPLOAD_DIGEST', 'digest', 'an upload is named `sha256:` and 64 hexadecimal digits'),
    );
  const known = await store.uploads.use(owner, digest);
  if (known) return ok({ upload: known, known: true });
  const most = limits.uploadMb * MIB;
  const tooLarge = problem(
    'INPUT_TOO_LARGE',
    'digest',
    `an upload has at most ${limits.uploadMb} MiB (PROBITY_UPLOAD_MB)`,
  );
  const left = limits.uploadsMb * MIB - (await store.uploads.storedBytes());
  const overQuota = problem(
    'QUOTA_EXCEEDED',
    'digest',
    `the uploads of the organisation have ${limits.uploadsMb} MiB together at most; erase some (\`uploadErase\`), or wait until they are ${limits.uploadDays} days old`,
  );
  if ((content.announced ?? 0) > most) return bad(tooLarge);
  if ((content.announced ?? 0) > left || left <= 0) return bad(overQuota);
  const id = await store.uploads.begin(owner, digest);
  let isWhole = false;
  try {
    const hash = createHash('sha256');
    let [size, position] = [0, 0];
    for await (const part of partsOf(content.bytes)) {
      size += part.length;
      if (size > most) return bad(tooLarge);
      if (size > left) return bad(overQuota);
      hash.update(part);
      await store.uploads.add(id, position, part);
      position += 1;
    }
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== digest)
      return bad(
        problem('UPLOAD_DIGEST', 'digest', `the bytes that came have the digest ${found}`),
      );
    await store.uploads.complete(id);
    isWhole = true;
  } finally {
    if (!isWhole) await store.uploads.drop(id);
  }
  const added = await store.uploads.use(owner, digest);
  return added ? ok({ upload: added, known: false }) : bad(unknownUpload('digest', digest));
}

/** The same bytes in parts of one size. */
async function* partsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < PART_BYTES) continue;
    const all = Buffer.concat(waiting);
    let at = 0;
    for (; all.length - at >= PART_BYTES; at += PART_BYTES) yield all.subarray(at, at + PART_BYTES);
    waiting = [all.subarray(at)];
    size = all.length - at;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

export function unknownUpload(path: string, digest: string) {
  return problem(
    'UPLOAD_UNKNOWN',
    path,
    `you have no upload ${digest.slice(0, 80)}: send it (PUT /uploads/DIGEST); uploads that nobody names are erased after some days`,
  );
}

/** What a digest names, for the one who sent it: from now on it is used. */
export async function uploadOf(
  { store }: Service,
  owner: string,
  digest: string,
  path: string,
): Promise<Result<UploadRecord>> {
  const found = DIGEST.test(digest) ? await store.uploads.use(owner, digest) : undefined;
  return found ? ok(found) : bad(unknownUpload(path, digest));
}

/** Its bytes, whole. */
export async function bytesOfUpload({ store }: Service, { id }: UploadRecord): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of store.uploads.parts(id)) parts.push(part);
  return Buffer.concat(parts);
}

/** An upload as the API shows it. */
export interface ShownUpload {
  readonly digest: string;
  readonly size: number;
  readonly createdAt: Date;
  /** When it goes, if nobody names it before. */
  readonly expiresAt: Date;
}

export function shownUpload(
  { config: { limits } }: Service,
  { digest, size, createdAt, usedAt }: UploadRecord,
): ShownUpload {
  const expiresAt = new Date(usedAt.getTime() + limits.uploadDays * DAY_MS);
  return { digest, size, createdAt, expiresAt };
}

export async function uploadsOf(service: Service, owner: string): Promise<ShownUpload[]> {
  const found = await service.store.uploads.list(owner, MOST_LISTED);
  return found.map((each) => shownUpload(service, each));
}

export async function eraseUpload(
  { store }: Service,
  owner: string,
  digest: string,
): Promise<Result<true>> {
  return (await store.uploads.erase(owner, digest))
    ? ok(true)
    : bad(unknownUpload('digest', digest));
}

/** Erases what is older than it may be, of all organisations. */
export function eraseOldUploads(
  { store, config: { limits } }: Installation,
  now: number = Date.now(),
): Promise<number> {
  return store.all.uploads.eraseUnused(
    new Date(now - limits.uploadDays * DAY_MS),
    new Date(now - UNFINISHED_MS),
  );
}
