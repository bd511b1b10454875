import type { ModelDocument } from './document.ts';
import { isRecord } from '../canonical/record.ts';

/**
 * A TLA+ specification or an SMT-LIB script, in the place where a model has its canonical document:
 * kept, named by the digest of its JCS text, and signed as `model.json` (public shape,
 * `specification.schema.json`). It holds the texts as they came, under the names of modules; there
 * are no paths in it.
 */
export type SpecificationDocument =
  | {
      readonly specification: 1;
      readonly format: 'tla';
      readonly root: string;
      readonly modules: Readonly<Record<string, string>>;
      readonly configuration: string;
    }
  | { readonly specification: 1; readonly format: 'smt'; readonly script: string };

/** What is checked, and stands under a verdict. */
export type CheckedDocument = ModelDocument | SpecificationDocument;

export const isSpecification = (document: CheckedDocument): document is SpecificationDocument =>
  Object.hasOwn(document, 'specification');

/** A name that a module may have: of what a file is written under. */
export const MODULE_NAME = /^[A-Za-z0-9_]{1,100}$/;

/**
 * Reads the document of a bundle, which anybody may have written: exactly its shape, or nothing.
 */
export function readSpecificationDocument(value: unknown): SpecificationDocument | undefined {
  if (!isRecord(value) || value['specification'] !== 1) return undefined;
  const { format, root, modules, configuration, script } = value;
  const has = (...keys: readonly string[]): boolean =>
    Object.keys(value).sort().join() === ['specification', 'format', ...keys].sort().join();
  if (format === 'smt')
    return has('script') && typeof script === 'string'
      ? { specification: 1, format, script }
      : undefined;
  if (
    format !== 'tla' ||
    !has('root', 'modules', 'configuration') ||
    typeof root !== 'string' ||
    typeof configuration !== 'string' ||
    !isRecord(modules)
  )
    return undefined;
  const fine =
    Object.hasOwn(modules, root) &&
    Object.entries(modules).every(
      ([name, text]) => MODULE_NAME.test(name) && typeof text === 'string',
    );
  return fine
    ? {
        specification: 1,
        format,
        root,
        modules: modules as Readonly<Record<string, string>>,
        configuration,
      }
    : undefined;
}
