import type { Locate, Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import { MODEL_SHAPE } from './modelShape.ts';
import { withPacks, type WrittenModel } from './packs/use.ts';
import { readShaped } from '../../yaml/shaped.ts';

/** A native document and the way from its paths back to its text. */
export interface NativeModel {
  readonly document: ModelDocument;
  readonly locate: Locate;
}

/** Reads the native format. */
export function readNative(source: string): Result<NativeModel> {
  const read = readShaped<WrittenModel>(source, MODEL_SHAPE);
  return read.ok ? withPacks(read.value.value, read.value.locate) : read;
}
