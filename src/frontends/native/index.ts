import { ok, type Locate, type Result } from '../../errors/index.ts';
import type { ModelDocument } from '../../model/document.ts';
import { MODEL_SHAPE } from './modelShape.ts';
import { checkShape } from './shape.ts';
import { readYaml } from './yaml.ts';

/** A native document and the way from its paths back to its text. */
export interface NativeModel {
  readonly document: ModelDocument;
  readonly locate: Locate;
}

/** Reads the native format. */
export function readNative(source: string): Result<NativeModel> {
  const read = readYaml(source);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  const problems = checkShape(value, locate, MODEL_SHAPE);
  return problems.length > 0
    ? { ok: false, problems }
    : ok({ document: value as ModelDocument, locate });
}
