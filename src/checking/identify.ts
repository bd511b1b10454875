import { digestOf } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { typecheck } from '../model/typecheck.ts';
import { threatsOf } from '../threats/operators/index.ts';
import {
  isSpecification,
  type CheckedDocument,
  type SpecificationDocument,
} from '../model/specification.ts';
import type { CheckContext } from './context.ts';
import {
  SPECIFICATION_FORMATS,
  specificationFormat,
  strayOptions,
  type SpecificationFormat,
} from './formats.ts';
import { inspect } from './inspect.ts';
import type { CheckOptions, CompanionFile, Submission, Verification } from './types.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';

/** A submission by the document and the digest that name it; every format. Runs no engine. */
export async function identify(
  submission: Submission,
): Promise<Result<{ readonly document: CheckedDocument; readonly digest: string }>> {
  const stray =
    (submission.files ?? []).length > 0
      ? strayOptions(submission.format, ['files'], (option) => option)
      : [];
  if (stray.length > 0) return bad(...stray);
  const format = specificationFormat(submission.format);
  if (format) return identifySpecification(format, submission);
  const inspected = await inspect(submission);
  return inspected.ok
    ? ok({ document: inspected.value.document, digest: inspected.value.digest })
    : inspected;
}

async function identifySpecification(
  format: SpecificationFormat,
  submission: Submission,
): Promise<Result<{ readonly document: SpecificationDocument; readonly digest: string }>> {
  const read = await format.read(submission);
  return read.ok ? ok({ document: read.value, digest: digestOf(read.value) }) : read;
}

/** What can be asked by name. */
export async function propertyNames(document: CheckedDocument): Promise<ReadonlySet<string>> {
  return isSpecification(document)
    ? SPECIFICATION_FORMATS[document.format].propertyNames(document)
    : new Set([...Object.keys(document.properties ?? {}), ...IMPLICIT_KINDS]);
}

/** The ids of the threats to a model; a format that is checked as it is has none. */
export function threatIds(document: CheckedDocument): ReadonlySet<string> {
  const model = isSpecification(document) ? undefined : typecheck(document);
  return new Set(model?.ok ? threatsOf(model.value).map(({ id }) => id) : []);
}

/** What came beside the source of a specification, by its document. */
export function companionsOf(document: CheckedDocument): readonly CompanionFile[] | undefined {
  return isSpecification(document)
    ? SPECIFICATION_FORMATS[document.format].filesOf?.(document)
    : undefined;
}

/** What cannot be asked of a format that is checked as it is. */
export function specificationOptionProblems(name: string, options: CheckOptions): Problem[] {
  const format = specificationFormat(name);
  if (!format) return [];
  const { engine, refuses } = format;
  return [
    ...(options.threats || options.attacks
      ? [
          problem(
            'OPTION_INVALID',
            'threats',
            `threats are found in models, not in ${name}, which has no actors and channels`,
          ),
        ]
      : []),
    ...(options.crossCheck
      ? [problem('OPTION_INVALID', 'crossCheck', `${name} is answered by ${engine} alone`)]
      : []),
    ...(options.engines !== 'auto' && !options.engines.includes(engine)
      ? [problem('OPTION_INVALID', 'engines', `${name} is answered by ${engine} alone`)]
      : []),
    ...(refuses?.(options) ?? []),
  ];
}

/**
 * Checks a specification as it was submitted. The document goes into the evidence; nothing of ours
 * vouches for the answer.
 */
export async function checkSpecification(
  format: SpecificationFormat,
  submission: Submission,
  options: CheckOptions,
  context: CheckContext,
): Promise<Result<Verification>> {
  const identified = await identify(submission);
  if (!identified.ok) return identified;
  const { document, digest } = identified.value;
  const refused = specificationOptionProblems(submission.format, options);
  if (refused.length > 0 || !isSpecification(document)) return bad(...refused);
  const { name } = submission;
  const report = await format.check(document, { name, digest }, options, context);
  return report.ok ? ok({ report: report.value, document, artifacts: [] }) : report;
}
