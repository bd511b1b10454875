import { explainerOf } from '../explain/formats.ts';
import { answerInThread } from '../explain/thread.ts';
import type { Answers, Reported } from '../explain/question.ts';
import type { RunHead } from '../store/index.ts';
import { modelOfRun, modelTexts, reportOfRun } from './read.ts';
import type { Service } from './service.ts';

/** Explanations, drawings and fixes of the run of what can be explained; of the rest nothing. */

type Explained = Pick<Service, 'store' | 'config'>;

export const toldOfRun = (service: Explained, run: RunHead): Promise<Answers['told'] | undefined> =>
  ofDiagram(service, run, (asked) => answerInThread({ ask: 'told', ...asked }));

export const drawingOfRun = (
  service: Explained,
  run: RunHead,
  property: string | undefined,
): Promise<string | undefined> =>
  ofDiagram(service, run, (asked) => answerInThread({ ask: 'drawing', property, ...asked }));

export const fixesOfRun = (
  service: Explained,
  run: RunHead,
): Promise<Answers['fixes'] | undefined> =>
  ofDiagram(service, run, (asked) =>
    answerInThread({ ask: 'fixes', cacheDir: service.config.cacheDir, ...asked }),
  );

async function ofDiagram<T>(
  service: Explained,
  run: RunHead,
  ask: (asked: Reported) => Promise<T | undefined>,
): Promise<T | undefined> {
  const model = await modelOfRun(service, run);
  if (model === undefined || explainerOf(model.format) === undefined) return undefined;
  const report = await reportOfRun(service, run);
  const texts = report && (await modelTexts(service, model));
  if (!texts) return undefined;
  const { source, annotations } = texts;
  return ask({ source, report, ...(annotations !== '' && { annotations }) });
}
