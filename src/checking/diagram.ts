import { bad, ok, problem, type Locate, type Result } from '../errors/index.ts';
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
import { CASE_PACKS } from '../frontends/native/packs/casePack.ts';
import { propertiesWithPacks, type WrittenModel } from '../frontends/native/packs/use.ts';
import type { ReadModel, Submission } from './types.ts';
import { readShaped } from '../yaml/shaped.ts';

/** A diagram, with what is said of it beside it, as a model document. */
export async function modelOfDiagram({ source, ...said }: Submission): Promise<Result<ReadModel>> {
  const beside = readBeside(said);
  if (!beside.ok) return beside;
  const { locate, ...rest } = beside.value;
  const read = await readBpmn(source, rest);
  return read.ok ? ok({ document: read.value, ...(locate && { locate }) }) : read;
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

/** What is said beside a diagram, and where in the side file that stands which packs brought. */
interface SaidBeside extends Beside {
  readonly locate?: Locate;
}

/** A side file as it is written: with packs, of which the properties have their place. */
type WrittenAnnotations = Annotations & Pick<WrittenModel, 'use'>;

/** What is said of a diagram beside it. */
export function readBeside({
  channels,
  outside,
  strict,
  annotations,
}: Pick<Submission, 'channels' | 'outside' | 'strict' | 'annotations'>): Result<SaidBeside> {
  const given = {
    ...(channels && { channels }),
    ...(outside && { outside }),
    ...(strict && { strict }),
  };
  if (annotations === undefined) return ok(given);
  const read = readShaped<WrittenAnnotations>(annotations, ANNOTATION_SHAPE);
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
  const { use, ...own } = found;
  const used = propertiesWithPacks(
    { use, properties: own.properties, sets: undefined, packs: CASE_PACKS },
    read.value.locate,
  );
  if (!used.ok) return used;
  const { properties, origin } = used.value;
  return ok({
    ...(found.channels !== undefined && { channels: found.channels }),
    ...given,
    annotations: properties ? { ...own, properties } : own,
    ...(use && { locate: origin }),
  });
}
