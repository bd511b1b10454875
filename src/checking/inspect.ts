import { canonicalJson, sha256 } from '../canonical/index.ts';
import { bad, ok, problem, type Locate, type Result } from '../errors/index.ts';
import type { Annotations } from '../frontends/bpmn/annotations.ts';
import {
  CHANNEL_SEMANTICS,
  isChannelSemantics,
  isOutside,
  OUTSIDES,
} from '../frontends/bpmn/diagram.ts';
import { readBpmn, type Beside } from '../frontends/bpmn/index.ts';
import { readNative } from '../frontends/native/index.ts';
import { ANNOTATION_SHAPE, checkShape } from '../frontends/native/shape.ts';
import { readYaml } from '../frontends/native/yaml.ts';
import { canonicalDocument } from '../model/canonicalDocument.ts';
import { typecheck } from '../model/typecheck.ts';
import type { ModelDocument } from '../model/document.ts';
import { checkInitial } from '../model/initial.ts';
import { Semantics } from '../model/semantics.ts';
import type { Format, ModelFormat, Submission } from './types.ts';

/** The largest source that is read at all. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

/**
 * A submission that was understood: its meaning, its canonical document, and the digest that names
 * it.
 */
export interface Inspected {
  readonly semantics: Semantics;
  readonly document: ModelDocument;
  readonly digest: string;
}

interface Read {
  readonly document: ModelDocument;
  readonly locate?: Locate;
}

/** One line per frontend. */
const FRONTENDS: Readonly<
  Record<ModelFormat, (submission: Submission) => Result<Read> | Promise<Result<Read>>>
> = {
  native: ({ source }) => readNative(source),
  bpmn: async ({ source, ...submission }) => {
    const beside = readBeside(submission);
    if (!beside.ok) return beside;
    const read = await readBpmn(source, beside.value);
    return read.ok ? ok({ document: read.value }) : read;
  },
};

/** What is said of a diagram beside it. */
export function readBeside({
  channels,
  outside,
  strict,
  annotations,
}: Pick<Submission, 'channels' | 'outside' | 'strict' | 'annotations'>): Result<Beside> {
  const given = {
    ...(channels && { channels }),
    ...(outside && { outside }),
    ...(strict && { strict }),
  };
  if (annotations === undefined) return ok(given);
  const read = readYaml(annotations);
  if (!read.ok) return read;
  const problems = checkShape(read.value.value, read.value.locate, ANNOTATION_SHAPE);
  if (problems.length > 0) return { ok: false, problems };
  const found = read.value.value as Annotations;
  if (found.channels !== undefined && !isChannelSemantics(found.channels)) {
    return bad(
      problem(
        'OPTION_INVALID',
        'channels',
        `channels is one of ${CHANNEL_SEMANTICS.join(', ')}, not \`${found.channels}\``,
        read.value.locate(['channels']),
      ),
    );
  }
  if (found.outside !== undefined && !isOutside(found.outside)) {
    return bad(
      problem(
        'OPTION_INVALID',
        'outside',
        `outside is ${OUTSIDES.join(' or ')}, not \`${found.outside}\``,
        read.value.locate(['outside']),
      ),
    );
  }
  return ok({
    ...(found.channels !== undefined && { channels: found.channels }),
    ...given,
    annotations: found,
  });
}

/** Reads, checks and names a submission that becomes a model; runs no engine. */
export async function inspect(submission: Submission): Promise<Result<Inspected>> {
  if (submission.source.length > MAX_SOURCE_BYTES) {
    return bad(
      problem(
        'INPUT_TOO_LARGE',
        '',
        `the source has ${submission.source.length} characters; the limit is ${MAX_SOURCE_BYTES}`,
      ),
    );
  }
  const frontend = Object.hasOwn(FRONTENDS, submission.format)
    ? FRONTENDS[submission.format as ModelFormat]
    : undefined;
  if (!frontend)
    return bad(
      problem(
        'FORMAT_UNKNOWN',
        '',
        `no frontend reads \`${submission.format}\`; known: ${Object.keys(FRONTENDS).join(', ')}`,
      ),
    );
  const read = await frontend(submission);
  if (!read.ok) return read;
  const { document, locate } = read.value;
  const checked = typecheck(document, locate);
  if (!checked.ok) return checked;
  const semantics = checkInitial(new Semantics(checked.value), locate);
  if (!semantics.ok) return semantics;
  const canonical = canonicalDocument(document, checked.value);
  return ok({
    semantics: semantics.value,
    document: canonical,
    digest: sha256(canonicalJson(canonical)),
  });
}

/** The format of a file, by its name and its beginning. */
export function formatOf(name: string, source: string): Format | undefined {
  if (/\.(bpmn|bpmn20\.xml|xml)$/i.test(name)) return 'bpmn';
  if (/\.(ya?ml|json)$/i.test(name)) return 'native';
  if (/\.tla$/i.test(name)) return 'tla';
  if (/\.smt2?$/i.test(name)) return 'smt';
  return /^\uFEFF?\s*</.test(source) ? 'bpmn' : undefined;
}
