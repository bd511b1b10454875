import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MAX_SOURCE_BYTES } from '../checking/inspect.ts';
import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { makeFolder } from '../processes/folders.ts';

/** The largest file of data that is read: event logs, Markov chains. */
const MAX_DATA_BYTES = 256 * 1024 * 1024;

/** The text of a file, refusing early what is too large or none. */
export function readText(file: string): Promise<Result<string>> {
  return readAs(file, MAX_SOURCE_BYTES, encodingOf, 'neither UTF-8 nor UTF-16 text');
}

/** The UTF-8 text of a file of data: larger than a model may be. Its byte order mark is kept. */
export function readLargeText(file: string): Promise<Result<string>> {
  return readAs(file, MAX_DATA_BYTES, () => DATA, 'not UTF-8 text');
}

/** The bytes of a file of data. */
export function readDataFile(file: string): Promise<Result<Uint8Array>> {
  return readBytes(file, MAX_DATA_BYTES);
}

const DATA = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

async function readAs(
  file: string,
  maxBytes: number,
  decoderOf: (bytes: Uint8Array) => TextDecoder,
  otherwise: string,
): Promise<Result<string>> {
  const read = await readBytes(file, maxBytes);
  if (!read.ok) return read;
  const bytes = read.value;
  try {
    return ok(decoderOf(bytes).decode(bytes));
  } catch {
    return bad(problem('INPUT_NOT_UTF8', file, `${file} is ${otherwise}`));
  }
}

async function readBytes(file: string, maxBytes: number): Promise<Result<Uint8Array>> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes)
      return bad(
        problem('INPUT_TOO_LARGE', file, `${file} has ${size} bytes; the limit is ${maxBytes}`),
      );
    return ok(await readFile(file));
  } catch (error) {
    return bad(
      problem(
        'INPUT_UNREADABLE',
        file,
        `${file}: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
}

/** UTF-8, or UTF-16 where a byte order mark says so. */
function encodingOf(bytes: Uint8Array): TextDecoder {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding, { fatal: true });
}

/** Writes an answer where it was asked for, with the folders above it. Throws DATA_DIR. */
export async function writeOut(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await writeFile(file, content);
  } catch (cause) {
    throw new Fault('DATA_DIR', `${file} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The same, but never over what is there already. */
export async function writeNew(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(file, content, { flag: 'wx' }).catch((cause: unknown) => {
    throw new Fault('DATA_DIR', `${file} cannot be written, or is there already`, { cause });
  });
}
