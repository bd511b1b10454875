import { ok, type Locate, type Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import { MODEL_SHAPE } from './modelShape.ts';
import { readShaped } from '../../yaml/shaped.ts';

/** A native document and the way from its paths back to its text. */
export interface NativeModel {
  readonly document: ModelDocument;
  readonly locate: Locate;
}

/** Reads the native format. */
export function readNative(source: string): Result<NativeModel> {
  const read = readShaped<ModelDocument>(source, MODEL_SHAPE);
  return read.ok ? ok({ document: read.value.value, locate: read.value.locate }) : read;
}
