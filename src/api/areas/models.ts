import { modelTexts } from '../../service/read.ts';
import { submitModel, visibleModelHead, type SubmitInput } from '../../service/submit.ts';
import type { ModelHead, ModelTexts } from '../../store/index.ts';
import { valueOf, type Api, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import type { ApiContext } from '../context.ts';
import { EVERYBODY, MODELLERS } from '../roles.ts';
import { LOADS } from '../turns.ts';

const texts = (
  { service }: Api,
  model: ModelHead,
  { answer }: ApiContext,
): Promise<ModelTexts | undefined> =>
  answer.once(`model ${model.id}`, () => modelTexts(service, model), LOADS);

export const models: Area = {
  operations: {
    model: {
      on: 'Query',
      roles: EVERYBODY,
      run: ({ service }, { id }, principal) =>
        visibleModelHead(service, askerOf(principal), String(id)),
    },
    submitModel: {
      on: 'Mutation',
      roles: MODELLERS,
      run: async ({ service }, { input }, principal) =>
        valueOf(await submitModel(service, askerOf(principal), input as SubmitInput)),
    },
  },
  fields: {
    Model: {
      source: async (api, model: ModelHead, _args, context) =>
        context.answer.text((await texts(api, model, context))?.source),
      annotations: async (api, model: ModelHead, _args, context) =>
        context.answer.text((await texts(api, model, context))?.annotations),
      document: async (api, model: ModelHead, _args, context) =>
        context.answer.json((await texts(api, model, context))?.document),
    },
  },
  costs: { source: 5, annotations: 5, document: 5 },
};
