import { readBpmn } from '../../src/frontends/bpmn/index.ts';
import type { Report } from '../../src/model/outcome.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { collaboration, definitions, process } from '../frontends/bpmn/diagramXml.ts';

export { collaboration, definitions, process, readBpmn };

/** What explore says of a small diagram. */
export async function reportOf(source: string): Promise<Report> {
  const verified = await checkSubmission(
    { source, format: 'bpmn', name: 'test' },
    { ...DEFAULT_OPTIONS, engines: ['explore'] },
    { signal: new AbortController().signal, cacheDir: '', onProgress: () => undefined },
  );
  if (!verified.ok) throw new Error(JSON.stringify(verified.problems));
  return verified.value.report;
}

/** A choice whose ways a parallel gateway waits for: stuck. */
export const MISMATCH = definitions(
  process(
    'p',
    [
      'startEvent s',
      'exclusiveGateway split',
      'task a',
      'task b',
      'parallelGateway join',
      'task last',
      'endEvent e',
    ],
    ['s split', 'split a', 'split b', 'a join', 'b join', 'join last', 'last e'],
  ),
);

/** The other way round: both ways are taken, and merged one by one. */
export const UNJOINED = definitions(
  process(
    'p',
    [
      'startEvent s',
      'parallelGateway split',
      'task a',
      'task b',
      'exclusiveGateway join',
      'task last',
      'endEvent e',
    ],
    ['s split', 'split a', 'split b', 'a join', 'b join', 'join last', 'last e'],
  ),
);

export const SOUND = definitions(
  process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a e']),
);

/** A choice before a join; on another way, a split before a merge. */
export const TWO_FAULTS = definitions(
  process(
    'p',
    [
      'startEvent s',
      'exclusiveGateway which',
      'exclusiveGateway choice',
      'task a',
      'task b',
      'parallelGateway join',
      'endEvent joined',
      'parallelGateway split',
      'task c',
      'task d',
      'exclusiveGateway merge',
      'task after',
      'endEvent merged',
    ],
    [
      's which',
      'which choice',
      'which split',
      'choice a',
      'choice b',
      'a join',
      'b join',
      'join joined',
      'split c',
      'split d',
      'c merge',
      'd merge',
      'merge after',
      'after merged',
    ],
  ),
);
