import { bad, ok, problem, type Result } from '../errors/index.ts';
import type { Annotations } from '../frontends/bpmn/annotations.ts';
import {
  CHANNEL_SEMANTICS,
  isChannelSemantics,
  isOutside,
  OUTSIDES,
} from '../frontends/bpmn/diagram.ts';
import { readBpmn, readWhole, type Beside } from '../frontends/bpmn/index.ts';
import { quietActions } from '../frontends/bpmn/quiet.ts';
import { ANNOTATION_SHAPE } from '../frontends/native/modelShape.ts';
import type { ReadModel, Submission } from './types.ts';
import { readShaped } from '../yaml/shaped.ts';

/** A diagram, with what is said of it beside it, as a model document. */
export async function modelOfDiagram({ source, ...said }: Submission): Promise<Result<ReadModel>> {
  const beside = readBeside(said);
  if (!beside.ok) return beside;
  const read = await readBpmn(source, beside.value);
  return read.ok ? ok({ document: read.value }) : read;
}

/** Gateways and events: of a diagram they need no events in a log. */
export async function quietActionsOf({
  source,
  ...said
}: Submission): Promise<ReadonlySet<string>> {
  const beside = readBeside(said);
  const read = beside.ok ? await readWhole(source, beside.value) : beside;
  return read.ok ? quietActions(read.value) : new Set();
}

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
  const read = readShaped<Annotations>(annotations, ANNOTATION_SHAPE);
  if (!read.ok) return read;
  const found = read.value.value;
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
