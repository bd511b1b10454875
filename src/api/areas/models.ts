import { listModels, modelTexts } from '../../service/read.ts';
import { submitModel, visibleModelHead, type SubmitInput } from '../../service/submit.ts';
import type { ModelHead, ModelTexts } from '../../store/index.ts';
import { valueOf, type Api, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { connection, CONNECTION_FIELDS, DEFAULT_PAGE, filterFrom, pageFor } from '../connection.ts';
import type { ApiContext } from '../context.ts';
import { payload } from '../payload.ts';
import { MODELLERS, STAFF } from '../roles.ts';
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
      roles: STAFF,
      run: ({ service }, { id }, principal) =>
        visibleModelHead(service, askerOf(principal), String(id)),
    },
    models: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const page = pageFor(args, principal);
        return connection(await listModels(service, page, filterFrom(args)), page);
      },
    },
    submitModel: {
      on: 'Mutation',
      roles: MODELLERS,
      run: async ({ service }, { input }, principal) =>
        valueOf(await submitModel(service, askerOf(principal), input as SubmitInput)),
    },
    modelSubmit: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => ({
          model: valueOf(await submitModel(service, askerOf(principal), input as SubmitInput)),
        })),
    },
  },
  fields: {
    ModelConnection: CONNECTION_FIELDS,
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
  lists: { models: DEFAULT_PAGE },
};
