import { drawingOfRun, fixesOfRun, toldOfRun } from '../../service/explanations.ts';
import type { RunHead } from '../../store/index.ts';
import { given, type Api, type Area } from '../area.ts';
import type { ApiContext } from '../context.ts';

const told = ({ service }: Api, run: RunHead, { answer }: ApiContext) =>
  answer.once(`told ${run.id}`, () => toldOfRun(service, run));

const fixes = ({ service }: Api, run: RunHead, { answer }: ApiContext) =>
  answer.once(`fixes ${run.id}`, () => fixesOfRun(service, run));

/** What is told of the run of a diagram: no operation of its own. */
export const explanations: Area = {
  operations: {},
  fields: {
    Run: {
      explanations: async (api, run: RunHead, _args, context) =>
        (await told(api, run, context))?.explanations ?? [],
      findings: async (api, run: RunHead, _args, context) =>
        context.answer.json((await told(api, run, context))?.findings ?? []),
      fixes: async (api, run: RunHead, _args, context) =>
        context.answer.json((await fixes(api, run, context))?.fixes ?? []),
      mended: async (api, run: RunHead, _args, context) =>
        context.answer.json((await fixes(api, run, context))?.mended),
      drawing: async ({ service }, run: RunHead, args, { answer }) => {
        const property = given<string>(args, 'property');
        const drawn = await answer.once(`drawing ${run.id} ${property}`, () =>
          drawingOfRun(service, run, property),
        );
        return answer.text(drawn);
      },
    },
  },
  costs: { explanations: 25, findings: 25, drawing: 25, fixes: 100, mended: 100 },
};
